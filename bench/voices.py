"""python bench/voices.py [--people chosen|held-out] [--unpacked DIR] : the number of speakers on one channel, found.

Simulated calls of one, two and three real persons, each on a level, a codec and a noise of their own. The persons are
those of Debian's telephone prompts, of ktuberling's game and of klettres' letters, in many languages: diarization does
not mind the language. What is chosen is chosen on some of them, and judged on the others. Two are in packages that
take the place of prompts that the tests need; they are unpacked, not installed:

    apt-get download asterisk-prompt-fr-armelle asterisk-prompt-es-co
    for each in *.deb; do dpkg-deb -x $each DIR; done
"""

import argparse
import os
import platform
import sys
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torchaudio.functional import resample

sys.path.insert(0, str(Path(__file__).parent.parent))

from common.messages import UserError
from corpus import telephone_line
from corpus.telephone_line import PACKET, RATE
from scoring.calls.diarization import COLLAR, diarization
from speech.audio.decode import SAMPLE_RATE, read
from speech.audio.vad import SpeechWindows
from speech.diarization.cluster import Diarizer
from transcripts.transcript import Turn

SHARE = Path("/usr/share")
SOUNDS = "asterisk/sounds"
PEOPLE = {  # where each one's clips are, and the language: two of one language may be one person
    "June": (f"{SOUNDS}/fr_CA_f_June", "*.wav", "frca"),
    "Allison": (f"{SOUNDS}/en_US_f_Allison", "*.wav", "en"),
    "Carlo": (f"{SOUNDS}/it_IT_m_Carlo", "*.wav", "it1"),
    "Russian": (f"{SOUNDS}/ru_RU_f_IvrvoiceRU", "*.wav", "ru"),
    "Menardi": (f"{SOUNDS}/it_IT_f_Menardi", "*.wav", "it"),
    "Armelle": (f"{SOUNDS}/fr", "*.gsm", "fr0"),
    "Colombian": (f"{SOUNDS}/es", "*.gsm", "es"),
}
UNPACKED = "Armelle", "Colombian"
GAMES = {True: ("da", "en", "fr", "lt", "uk", "wa"), False: ("ca", "de", "el", "gl", "nn", "sl")}  # held out, and not
LETTERS = {True: ("ar", "cs", "he", "nl", "tn"), False: ("hu", "pt_BR", "nds")}
for held in (True, False):
    PEOPLE |= {f"game-{it}": (f"ktuberling/sounds/{it}", "*", it) for it in GAMES[held]}
    PEOPLE |= {f"letters-{it}": (f"klettres/{it}", "*.ogg", it) for it in LETTERS[held]}
HELD_OUT = ["Allison", "Menardi", "Armelle"]
HELD_OUT += [f"game-{it}" for it in GAMES[True]] + [f"letters-{it}" for it in LETTERS[True]]
SEEDS = {"chosen": 11, "held-out": 12}
CLIP, CLIPS = (0.4, 8.0), 120  # seconds of a clip, and how many of a person
TURN, BETWEEN = (0.5, 2.0, 8.0), (0.08, 0.3)  # seconds of a turn: least, mean of the rest, most; between its clips
CODECS = ("alaw", "ulaw", "gsm")
LEVEL, LOUDER = -26.0, 6.0  # dBFS of a voice, and how far a party's may be from it
SNR = 15.0, 35.0  # dB of a voice over its line's noise
EQUAL = 6.0  # how alike the parties' shares of the turns are
REPLY, AGAIN, OVERLAP, INTO = 0.5, 0.25, 0.1, 0.4  # seconds, share, share, seconds

Spoken = tuple[float, float, str]  # start and end in seconds, who


@cache
def clip(path: str) -> torch.Tensor:
    """The clip's voice at 8 kHz and 0 dBFS, from the first sound of it to the last; nothing where there is none."""
    try:
        sound = resample(torch.from_numpy(read(path).waveform[0].copy()), SAMPLE_RATE, RATE)
    except UserError:  # a few of the prompts are empty
        return torch.empty(0)
    if not sound.any():
        return torch.empty(0)
    powers = telephone_line.powers(sound)
    loud = torch.nonzero(powers > 10**-3.5 * powers.max()).flatten()
    return sound[int(loud[0]) * PACKET : int(loud[-1] + 1) * PACKET] / telephone_line.power(sound) ** 0.5


@cache
def paths(who: str, unpacked: Path) -> list[str]:
    """The person's clips that are of use, in an order of chance that is always the same."""
    folder, pattern, _ = PEOPLE[who]
    root = unpacked / "usr/share" if who in UNPACKED else SHARE
    found = sorted(path for path in (root / folder).rglob(pattern) if path.is_file() and path.parent.name != "silence")
    if not found:
        sys.exit(f"{who}: nothing in {root / folder}: see --help")
    found = [found[at] for at in np.random.default_rng(0).permutation(len(found))[:CLIPS]]
    return [str(path) for path in found if CLIP[0] <= len(clip(str(path))) / RATE <= CLIP[1]]


def turn(who: str, random: np.random.Generator, unpacked: Path) -> torch.Tensor:
    """Clips of the person one after the other, until they last as a turn does."""
    least, mean, most = TURN
    wanted, parts = min(most, least + random.exponential(mean)), []
    while sum(map(len, parts)) / RATE < wanted:
        parts += [clip(str(random.choice(paths(who, unpacked)))), torch.zeros(round(random.uniform(*BETWEEN) * RATE))]
    return torch.cat(parts[:-1])


def call(people: list[str], number: int, seed: int, seconds: float, unpacked: Path) -> tuple[np.ndarray, list[Spoken]]:
    """A call of one, two or three of the people, by its number: float32 mono at 8 kHz, and who speaks when."""
    random, count, parties = np.random.default_rng((seed, number)), 1 + number % 3, []
    while len({PEOPLE[who][2] for who in parties}) < count:
        parties = [str(who) for who in random.choice(people, count, replace=False)]
    shares = random.dirichlet(np.full(count, EQUAL))
    lanes = {who: torch.zeros(round(seconds * RATE)) for who in parties}
    lines = {who: (str(random.choice(CODECS)), random.uniform(*SNR), random.uniform(-1, 1)) for who in parties}
    spoken, at, who = [], 0.5, parties[0]
    while at + len(said := turn(who, random, unpacked)) / RATE <= seconds:
        end = at + len(said) / RATE
        lanes[who][round(at * RATE) : round(at * RATE) + len(said)] += said
        spoken.append((at, end, who))
        at = end + random.exponential(REPLY)
        others = [other for other in parties if other != who]
        if others and (random.random() >= AGAIN or len(spoken) < count):
            weights = np.array([shares[parties.index(other)] for other in others])
            new = len(spoken) < count  # everybody speaks
            who = parties[len(spoken)] if new else str(random.choice(others, p=weights / weights.sum()))
            if random.random() < OVERLAP:
                at = end - min(random.uniform(0, INTO), len(said) / RATE / 2)
    mixed = torch.zeros(round(seconds * RATE))
    for who, (codec, snr, louder) in lines.items():
        voice = lanes[who] * 10 ** ((LEVEL + LOUDER * louder) / 20)
        if voice.any():
            mixed += telephone_line.carried(voice, codec, snr=snr, loss=0.0, seed=random)
    return mixed.clamp(-1, 1).numpy(), spoken


def diarized(sound: np.ndarray) -> Diarizer:
    """The call as `transcribe` gives it to the diarizer."""
    waveform = resample(torch.from_numpy(sound), RATE, SAMPLE_RATE).numpy()
    windows, diarizer = SpeechWindows(), Diarizer(None)
    for window in [*windows.add(waveform), *windows.end()]:
        diarizer.add(window.sound, window.start, [(a - window.start, b - window.start) for a, b in window.speech])
    return diarizer


def turns(spans) -> list[Turn]:
    return [Turn(start, end, "", speaker=str(who)) for start, end, who in spans]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", choices=SEEDS, default="held-out", help="(default: held-out)")
    parser.add_argument("--calls", type=int, default=42, help="(default: 42)")
    parser.add_argument("--seconds", type=float, default=90.0, help="of a call (default: 90)")
    parser.add_argument("--unpacked", type=Path, default=Path("unpacked"), metavar="DIR")
    asked = parser.parse_args()
    people = [who for who in PEOPLE if (who in HELD_OUT) == (asked.people == "held-out")]
    print(f"{', '.join(people)}; {platform.machine()}, {os.cpu_count()} cores, {date.today()}\n")
    found: dict[int, list] = {1: [], 2: [], 3: []}
    for number in range(asked.calls):
        sound, spoken = call(people, number, SEEDS[asked.people], asked.seconds, asked.unpacked)
        spans = [(span.start, span.end, span.speaker) for span in diarized(sound).spans()]
        rates = diarization(turns(spoken), turns(spans), COLLAR)
        persons, voices = (len({who for *_, who in each}) for each in (spoken, spans))
        found[persons].append((voices, 100 * rates.confusion / rates.spoken))
        print(f"{number}: {persons}, found {voices}", file=sys.stderr)
    print(f"| persons | calls | number right | numbers | confused %, but {COLLAR:g} s |\n|---|---|---|---|---|")
    for persons, calls in found.items():
        numbers = [voices for voices, _ in calls]
        right, confused = numbers.count(persons), np.mean([rate for _, rate in calls])
        print(f"| {persons} | {len(calls)} | {right} | {', '.join(map(str, sorted(numbers)))} | {confused:.1f} |")


if __name__ == "__main__":
    main()
