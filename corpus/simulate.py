"""Calls made out of clips: turns, pauses and overlaps of two parties, each on a telephone line, and what was said.

A call is NAME.wav, with a channel for each party or one for both, and NAME.json beside it: its turns and how it was
made. The conversation is drawn from the seed and the call's number alone: the same turns at the same times are carried
by another line where only the line is another.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import av
import numpy as np
import pandas as pd
import torch
from torchaudio.functional import resample, speed

from common.files import write_bytes
from common.messages import UserError
from common.pcm import to_int16
from corpus import line_sounds, telephone_line
from corpus.table import Corpus
from corpus.telephone_line import PACKET, RATE
from speech.audio.decode import SAMPLE_RATE
from speech.audio.limits import MAX_SECONDS

CLIP = 0.8, 15.0  # seconds: of shorter ones the error rate says little, longer ones are no turn
AGAIN = 0.2  # of turns but the first: the same party goes on
HOLD, HELD = 0.04, (2.0, 6.0)  # of turns after which nobody speaks for long, and how long, in seconds
REPLY, PAUSE = 0.5, (0.3, 1.0)  # seconds: mean time to an answer, and before the same party goes on
INTO = 0.2, 1.2  # seconds that an overlap lasts; half of the turn before at most
TRIES = 10  # clips that may be too long for what is left of a call, before it ends
BREATH = 0.1  # seconds between two turns of a party, and of a clip's sound around its voice
QUIET = 10**-3.5  # of the voice's power: what is below it at a clip's ends is no voice
LEVEL, LOUDER = -26.0, 3.0  # dBFS of a voice while it speaks, and how far a party's may be from it
VOICES = 0.88, 1.14  # speeds that make a second voice of one: deeper and slower, higher and quicker
ECHO = 0.01, 0.06  # seconds that leakage is late
LEAKAGE = -60.0, -3.0  # dB
QUIETER, AROUND = (-20.0, 0.0), 0.4  # dB of a sound beside a voice, and seconds of silence around it
LEAST, MOST_CALLS = 10.0, 10_000  # seconds, calls
IN_FILE = {"alaw": "pcm_alaw", "ulaw": "pcm_mulaw"}  # what such a line leaves is kept as it is


@dataclass(frozen=True)
class Manner:
    """How calls are made."""

    seconds: float = 120.0  # of a call, at most
    codec: str = "alaw"  # or ulaw, gsm, amr
    leakage: float | None = None  # dB of a party's voice in the other's channel
    snr: float | None = None  # dB of a voice over its line's noise
    loss: float = 0.0  # share of packets
    overlap: float = 0.1  # share of answers that begin before the question ends
    mono: bool = False  # both parties on one channel
    sounds: tuple[str, ...] = ()  # of line_sounds.KINDS, each once in a call

    def __post_init__(self):
        telephone_line.check(self.codec, self.snr, self.loss)
        line_sounds.check(self.sounds)
        if not LEAST <= self.seconds <= MAX_SECONDS:
            raise UserError(
                en=f"A call of {self.seconds:g} s cannot be made: choose {LEAST:g} to {MAX_SECONDS:g} s.",
                fr=f"Un appel de {self.seconds:g} s ne peut être fait : choisissez {LEAST:g} à {MAX_SECONDS:g} s.",
            )
        if self.leakage is not None and not LEAKAGE[0] <= self.leakage <= LEAKAGE[1]:
            raise UserError(
                en=f"A leakage of {self.leakage:g} dB is none: choose {LEAKAGE[0]:g} to {LEAKAGE[1]:g} dB.",
                fr=f"Une diaphonie de {self.leakage:g} dB n'en est pas une : choisissez {LEAKAGE[0]:g} à "
                f"{LEAKAGE[1]:g} dB.",
            )
        if not 0 <= self.overlap <= 1:
            raise UserError(
                en=f"The share of overlaps is {self.overlap:g}: choose 0 to 1.",
                fr=f"La part de chevauchements est {self.overlap:g} : choisissez 0 à 1.",
            )


@dataclass(frozen=True)
class Party:
    """One of the two, on channel 0 or 1 of a call with two."""

    speaker: str | None  # the corpus's name for the voice
    rows: list[int]  # of the corpus: what the party may say
    speed: float = 1.0  # another voice was made of it by playing it so much quicker, and so higher


@dataclass(frozen=True)
class Piece:
    """What sounds on the line beside the voices."""

    kind: str
    text: str  # of keys: which are pressed
    party: int  # on whose channel
    sound: torch.Tensor  # float32 at 8 kHz


@dataclass(frozen=True)
class Spoken:
    start: float  # seconds
    end: float
    party: int
    row: int


def simulate(corpus: Corpus, out: Path, *, calls: int = 1, seed: int = 0, **manner) -> list[Path]:
    """Makes so many calls of the corpus's clips in the folder `out`; gives the paths of their sound.

    `manner` are fields of `Manner`. A call's JSON has audio, turns [{start, end, channel, speaker, text, clip}] in
    order of their start (seconds; speaker A speaks first), parties {A: {channel, voice, speed}, B: ..}, sounds [{start,
    end, kind, text, channel}] where some were asked for, source, licence, seed and the manner. Parties are two speakers
    of the corpus; where it knows only one, the second voice is the first one played faster or slower. Raises UserError
    for what cannot be made or written.
    """
    how = Manner(**manner)
    if not 1 <= calls <= MOST_CALLS:
        raise UserError(
            en=f"{calls} calls cannot be made: choose 1 to {MOST_CALLS}.",
            fr=f"{calls} appels ne peuvent être faits : choisissez 1 à {MOST_CALLS}.",
        )
    if seed < 0:
        raise UserError(en=f"The seed is {seed}: choose 0 or more.", fr=f"La graine est {seed} : choisissez 0 ou plus.")
    paths = [Path(out) / f"call-{number:03}.wav" for number in range(1, calls + 1)]
    _make_room(Path(out), paths)
    for number, path in enumerate(paths):
        pieces = _pieces(how, np.random.default_rng((seed, number, 3)))
        rest = how.seconds - sum(_seconds(piece.sound) + 2 * AROUND for piece in pieces)
        turns, parties, lanes = _conversation(corpus, replace(how, seconds=rest), np.random.default_rng((seed, number)))
        turns, lanes, sounds = _with_pieces(turns, lanes, pieces)
        sound = _on_lines(lanes, how, (seed, number))
        facts = {"audio": path.name, "seconds": sound.shape[1] / RATE, "turns": _turns(corpus, turns, how)}
        facts["parties"] = {
            name: {"channel": 0 if how.mono else channel, "voice": party.speaker, "speed": party.speed}
            for channel, (name, party) in enumerate(zip("AB", parties, strict=True))
        }
        if sounds:
            facts["sounds"] = [sound | {"channel": 0 if how.mono else sound["channel"]} for sound in sounds]
        facts |= {"source": corpus.source, "licence": corpus.licence, "seed": seed, "asked": _asked(how)}
        _write(path, _wav(sound, IN_FILE.get(how.codec, "pcm_s16le")))
        _write(path.with_suffix(".json"), json.dumps(facts, ensure_ascii=False, indent=1).encode())
    return paths


def _asked(how: Manner) -> dict:
    """The manner for JSON; of calls without other sounds it says nothing of them."""
    return {name: value for name, value in asdict(how).items() if value != ()}


def _conversation(
    corpus: Corpus, how: Manner, random: np.random.Generator
) -> tuple[list[Spoken], tuple[Party, Party], torch.Tensor]:
    """Who says what and when, and the parties' voices: float32 (2, samples) at 8 kHz."""
    parties = _parties(corpus, random)
    gains = 10 ** ((LEVEL + random.uniform(-LOUDER, LOUDER, 2)) / 20)
    supplies = [_again_and_again(party.rows, random) for party in parties]
    lanes = torch.zeros(2, round(how.seconds * RATE))
    turns: list[Spoken] = []
    margin, party, tries = round(BREATH * RATE), 0, TRIES
    while tries:
        start, row = _start(turns, party, how.overlap, random), next(supplies[party])
        voice = _voice(corpus, row, parties[party].speed, margin) * gains[party]
        at = round(start * RATE) - margin
        if at + len(voice) > lanes.shape[1]:
            tries -= 1
            continue
        lanes[party, at : at + len(voice)] += voice
        turns.append(Spoken(start, start + (len(voice) - 2 * margin) / RATE, party, row))
        party = party if random.random() < AGAIN and len(turns) > 1 else 1 - party
    if {turn.party for turn in turns} != {0, 1}:
        raise UserError(
            en=f"In {how.seconds:g} s not both parties come to speak: make the call longer.",
            fr=f"En {how.seconds:g} s, les deux interlocuteurs ne prennent pas la parole : allongez l'appel.",
        )
    spoken = round((max(turn.end for turn in turns) + BREATH) * RATE)
    return sorted(turns, key=lambda turn: turn.start), parties, lanes[:, :spoken]


def _pieces(how: Manner, random: np.random.Generator) -> list[Piece]:
    """The sounds that were asked for, in their order, none louder than a voice and some 20 dB quieter."""
    found = []
    for kind in (kind for kind in line_sounds.KINDS if kind in how.sounds):
        level = 10 ** ((LEVEL + random.uniform(*QUIETER)) / 20)
        text, party = "", 1  # the called one's side rings, plays and hangs up
        if kind == "keys":
            text, party = "".join(random.choice(list("0123456789"), random.integers(4, 11))), 0
            sound = line_sounds.pressed(text, level)
        elif kind == "music":
            tune = line_sounds.melodies()[random.integers(len(line_sounds.melodies()))]
            sound = line_sounds.melody(tune, random.uniform(*line_sounds.SECONDS), level, random)
        else:
            sound = getattr(line_sounds, kind)(int(random.integers(2, 4)) + (kind == "busy"), level)
        found.append(Piece(kind, text, party, resample(torch.from_numpy(sound), SAMPLE_RATE, RATE)))
    if found and how.seconds - sum(_seconds(piece.sound) + 2 * AROUND for piece in found) < LEAST:
        raise UserError(
            en=f"{how.seconds:g} s do not hold these sounds and {LEAST:g} s of talk: make the call longer.",
            fr=f"{how.seconds:g} s ne contiennent pas ces sons et {LEAST:g} s de paroles : allongez l'appel.",
        )
    return found


def _with_pieces(
    turns: list[Spoken], lanes: torch.Tensor, pieces: list[Piece]
) -> tuple[list[Spoken], torch.Tensor, list[dict]]:
    """The conversation with the pieces between its turns: ringing before it, busy after it, the rest within."""
    sounds: list[dict] = []
    for place, piece in enumerate(pieces):
        share = {"ringing": 0.0, "busy": 1.0}.get(piece.kind, (place + 1) / (len(pieces) + 1))
        at = _pause(turns, share, lanes.shape[1] / RATE)
        length = _seconds(piece.sound)
        gap = torch.zeros(2, len(piece.sound) + round(2 * AROUND * RATE))
        gap[piece.party, round(AROUND * RATE) :][: len(piece.sound)] = piece.sound
        cut = round(at * RATE)
        lanes = torch.cat([lanes[:, :cut], gap, lanes[:, cut:]], dim=1)
        later = gap.shape[1] / RATE
        turns = [replace(t, start=t.start + later, end=t.end + later) if t.start >= at else t for t in turns]
        for sound in (sound for sound in sounds if sound["start"] >= at):
            sound |= {"start": round(sound["start"] + later, 3), "end": round(sound["end"] + later, 3)}
        times = {"start": round(at + AROUND, 3), "end": round(at + AROUND + length, 3)}
        sounds.append(times | {"kind": piece.kind, "text": piece.text, "channel": piece.party})
    return turns, lanes, sorted(sounds, key=lambda sound: sound["start"])


def _pause(turns: list[Spoken], share: float, seconds: float) -> float:
    """A moment at which nobody speaks, near this share of the call."""
    if share in (0.0, 1.0):
        return share * seconds
    spans = [(turn.start, turn.end) for turn in turns]
    moments = [(end + BREATH / 2) for _, end in spans]
    free = [at for at in moments if not any(start - BREATH / 2 <= at < end for start, end in spans)]
    return min(free, key=lambda at: abs(at - share * seconds))


def _seconds(sound: torch.Tensor) -> float:
    return len(sound) / RATE


def _start(turns: list[Spoken], party: int, overlap: float, random: np.random.Generator) -> float:
    """When the party's next turn begins, in seconds."""
    if not turns:
        return random.uniform(0.5, 1.5)
    last = turns[-1]
    silent = max(turn.end for turn in turns[-3:])
    if last.party == party:
        return silent + random.uniform(*PAUSE)
    if random.random() < overlap:
        own = max((turn.end for turn in turns[-3:] if turn.party == party), default=0.0)
        into = min(random.uniform(*INTO), (last.end - last.start) / 2)
        return max(last.end - into, own + BREATH)
    held = random.uniform(*HELD) if random.random() < HOLD else 0.0
    return silent + BREATH + random.exponential(REPLY) + held


def _parties(corpus: Corpus, random: np.random.Generator) -> tuple[Party, Party]:
    """Two speakers of the corpus, by chance, the more likely the more there is of them; else two voices made of one."""
    rows = corpus.rows[corpus.rows["seconds"].between(*CLIP)]
    if len(rows) < 2:
        raise UserError(
            en=f"{corpus.name} has no two clips of {CLIP[0]:g} to {CLIP[1]:g} s: give a corpus that has some.",
            fr=f"{corpus.name} n'a pas deux extraits de {CLIP[0]:g} à {CLIP[1]:g} s : donnez un corpus qui en a.",
        )
    spoken: pd.Series = rows.groupby("speaker")["seconds"].sum()
    if len(spoken) > 1:
        names = random.choice(spoken.index.to_numpy(), 2, replace=False, p=spoken / spoken.sum())
        first, second = (Party(str(name), rows.index[rows["speaker"] == name].tolist()) for name in names)
        return first, second
    voice = spoken.index[0] if len(spoken) else None
    order = random.permutation(rows.index).tolist()
    return Party(voice, order[::2]), Party(voice, order[1::2], float(random.choice(VOICES)))


def _again_and_again(rows: list[int], random: np.random.Generator) -> Iterator[int]:
    """All of them in an order of chance, then all of them in another."""
    while True:
        yield from random.permutation(rows).tolist()


def _voice(corpus: Corpus, row: int, quicker: float, margin: int) -> torch.Tensor:
    """The clip's voice at 8 kHz and 0 dBFS, from the first sound of it to the last and `margin` samples around."""
    clip = torch.from_numpy(np.ascontiguousarray(corpus.clip(row)))
    if quicker != 1:
        clip, _ = speed(clip, SAMPLE_RATE, quicker)
    sound = resample(clip, SAMPLE_RATE, RATE)
    loudness = telephone_line.power(sound) if len(sound) else 0.0
    if not loudness:
        name = corpus.rows["id"][row]
        raise UserError(
            en=f"Clip {name!r} of {corpus.name} is silent: leave it out of the corpus.",
            fr=f"L'extrait {name!r} de {corpus.name} est muet : retirez-le du corpus.",
        )
    heard = torch.nonzero(telephone_line.powers(sound) > QUIET * loudness).flatten()
    first, last = int(heard[0]) * PACKET, min(len(sound), int(heard[-1] + 1) * PACKET)
    around = torch.nn.functional.pad(sound, (margin, margin))
    return around[first : last + 2 * margin] / loudness**0.5


def _on_lines(lanes: torch.Tensor, how: Manner, seed: tuple[int, ...]) -> np.ndarray:
    """What is recorded of the voices (2, samples) at the other end of their lines: float32 (channels, samples)."""
    if how.leakage is not None:
        late = round(np.random.default_rng((*seed, 2)).uniform(*ECHO) * RATE)
        echo = torch.nn.functional.pad(lanes, (late, 0))[:, : lanes.shape[1]].flip(0)
        lanes = lanes + 10 ** (how.leakage / 20) * echo
    recorded = torch.stack(
        [
            telephone_line.carried(lane, how.codec, snr=how.snr, loss=how.loss, seed=(*seed, channel))
            for channel, lane in enumerate(lanes)
        ]
    )
    return (recorded.sum(dim=0, keepdim=True) if how.mono else recorded).clamp(-1, 1).numpy()


def _turns(corpus: Corpus, turns: list[Spoken], how: Manner) -> list[dict]:
    return [
        {
            "start": round(turn.start, 3),
            "end": round(turn.end, 3),
            "channel": 0 if how.mono else turn.party,
            "speaker": "AB"[turn.party],
            "text": corpus.rows["text"][turn.row],
            "clip": corpus.rows["id"][turn.row],
        }
        for turn in turns
    ]


def _wav(sound: np.ndarray, codec: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="wav") as container:
        layout = "mono" if len(sound) == 1 else "stereo"
        stream = container.add_stream(codec, rate=RATE, layout=layout)
        samples = np.ascontiguousarray(to_int16(sound.T)).reshape(1, -1)
        second = RATE * len(sound)
        for start in range(0, samples.shape[1], second):
            frame = av.AudioFrame.from_ndarray(samples[:, start : start + second], "s16", layout)
            frame.sample_rate = RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def _make_room(out: Path, paths: list[Path]) -> None:
    """The folder, in which none of the calls may be there already."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritten(out, error) from error
    for path in paths:
        if path.exists() or path.with_suffix(".json").exists():
            raise UserError(
                en=f"{out} holds a {path.stem} already: name another folder.",
                fr=f"{out} contient déjà un {path.stem} : nommez un autre dossier.",
            )


def _write(path: Path, content: bytes) -> None:
    try:
        write_bytes(path, content)
    except OSError as error:
        raise _unwritten(path, error) from error


def _unwritten(path: Path, error: OSError) -> UserError:
    return UserError(
        en=f"{path} cannot be written ({error.strerror}): free the disk, or name another folder.",
        fr=f"{path} ne peut être écrit ({error.strerror}) : libérez le disque, ou nommez un autre dossier.",
    )
