"""Live transcription as a user feels it: make bench BENCH=live [ARGS="--prompts 24 --real --visitors 1 2 4 8"]

Plays prompts with pauses between them to a live session, at the pace of speech by a clock that jumps over waits (what
decoding takes counts in full), or with --real by the clock on the wall. Beside it the policy of the peers,
LocalAgreement-2 over windows padded to 30 s, by the same weights on the same threads. Prints medians and 90th
percentiles of seconds, flicker, WER beside that of the whole recording transcribed at once, and processor time.

With --visitors, that many speak at once, each without a break and at the pace of speech, and the limit is the most with
whom nine lags in ten, of words and of final texts, stay BEARABLE. --beside file or --beside training: while the same
engine transcribes a recording, or a training runs as the page starts one.
"""

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from corpus.prompts import Prompt, prompts
from scoring.measures import score
from speech.audio.decode import SAMPLE_RATE, Recording, read
from speech.decoding.decode import Options, decode
from speech.engines import Engine, load
from speech.live.pace import Clock, chunks, played
from speech.live.session import Event, LiveSession
from speech.live.turns import SILENCE
from speech.models.choose import choose
from speech.transcribe import transcribe
from trainer.runs.background import GENTLE
from transcripts.transcript import AudioFacts

PAUSE = 1.2  # seconds between two prompts
BEARABLE = 3.0  # seconds from a word to its text, beyond which nobody calls it live


def recording(some: list[Prompt]) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """The prompts with pauses, and where the voice begins and ends in each: its loudest 99.9 % of power."""
    silence = np.zeros(round(PAUSE * SAMPLE_RATE), np.float32)
    pieces, places, at = [silence], [], len(silence)
    for prompt in some:
        sound = read(prompt.path).waveform[0]
        power = np.cumsum(np.square(sound, dtype=np.float64))
        first, last = np.searchsorted(power, [0.0005 * power[-1], 0.9995 * power[-1]])
        places.append(((at + first) / SAMPLE_RATE, (at + last) / SAMPLE_RATE))
        pieces += [sound, silence]
        at += len(sound) + len(silence)
    return np.concatenate(pieces), places


class ThirtySecondSession(LiveSession):
    """The peers' policy: the turn so far in a window padded to 30 s."""

    def __init__(self, engine: Engine, options: Options, clock: Callable[[], float]):
        super().__init__(engine, options, clock)
        self.options = replace(self.options, margin=None)


def measured(session: LiveSession, sound: np.ndarray, places: list, clock: Clock) -> dict[str, object]:
    """Plays the recording to the session; what its events say."""
    began = time.process_time()
    events = list(played([session], chunks([sound[None]]), clock))
    finals = [event for event in events if event.kind == "final"]
    return {
        "first": first_words(events, places),
        "commit": [event.lag for event in events if event.kind == "committed"],
        "final": [event.lag - SILENCE for event in finals],
        "worst": max(event.lag for event in events if event.kind != "tentative"),
        "flicker": session.taken_back / max(1, session.committed_words),
        "text": " ".join(event.text for event in finals),
        "factor": session.busy / session.seconds,
        "processor": (time.process_time() - began) / session.seconds,
    }


def first_words(events: list[Event], places: list[tuple[float, float]]) -> list[float]:
    """Seconds from the beginning of each voice to its first tentative words."""
    found = []
    for start, end in places:
        shown = [event for event in events if event.kind != "final" and start - 1 <= event.start <= end]
        if shown:
            found.append(max(0.0, shown[0].end - start) + shown[0].lag)
    return found


def whole(engine: Engine, sound: np.ndarray) -> str:
    facts = AudioFacts("bench", len(sound) / SAMPLE_RATE, SAMPLE_RATE, 1, "pcm_f32le")
    *_, last = transcribe(Recording(facts, sound[None]), engine, Options(margin=engine.margin))
    return " ".join(turn.text for turn in last.transcript.turns)


def together(engine: Engine, sound: np.ndarray, count: int) -> None:
    """Lets so many visitors speak at once, each from another place of the recording on; prints how far behind they
    are."""

    def visit(place: int) -> tuple[list[Event], LiveSession]:
        clock = Clock()
        session = LiveSession(engine, Options(), clock)
        own = np.roll(sound, -place * len(sound) // count)
        return list(played([session], chunks([own[None]]), clock)), session

    began = time.process_time()
    with ThreadPoolExecutor(count) as crowd:
        found = list(crowd.map(visit, range(count)))
    processor = (time.process_time() - began) / sum(session.seconds for _, session in found)
    events = [event for some, _ in found for event in some]
    words = [event.lag for event in events if event.kind == "committed"]
    finals = [event.lag - SILENCE for event in events if event.kind == "final"]
    factor = statistics.mean(session.busy / session.seconds for _, session in found)
    print(
        f"{count:3}  words {quantiles(words)} s  final {quantiles(finals)} s  longest {max(words + finals):.1f} s",
        end="",
    )
    bearable = np.quantile(words + finals, 0.9) <= BEARABLE
    print(f"  real-time factor {factor:.2f}, processor {processor:.2f} each  {'' if bearable else 'not '}bearable")


@contextmanager
def beside(what: str | None, engine: Engine, sound: np.ndarray) -> Iterator[None]:
    """Something else that wants the processor meanwhile."""
    over = threading.Event()

    def files() -> None:
        facts = AudioFacts("bench", len(sound) / SAMPLE_RATE, SAMPLE_RATE, 1, "pcm_f32le")
        while not over.is_set():
            for _ in transcribe(Recording(facts, sound[None]), engine, Options(margin=engine.margin)):
                if over.is_set():
                    break

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as worker:
        training = None
        if what == "file":
            worker.submit(files)
        elif what == "training":
            command = ["-m", "trainer", "train", "--corpus", "phone-prompts", "--preset", "quick"]
            command = [*GENTLE, sys.executable, *command, "--output", f"{folder}/run"]
            training = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(60)  # until it trains
        yield
        over.set()
        if training:
            assert training.poll() is None, "the training ended too early to be measured beside"
            training.terminate()
            training.wait()


def quantiles(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({np.quantile(values, 0.9):.2f})" if values else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--adapter")
    parser.add_argument("--real", action="store_true", help="by the clock on the wall")
    parser.add_argument(
        "--visitors", type=int, nargs="+", metavar="N", help="so many at once, by the clock on the wall"
    )
    parser.add_argument("--beside", choices=("file", "training"))
    asked = parser.parse_args()
    usable = [prompt for prompt in prompts(at_least=1.0) if prompt.seconds < 15]
    some = random.Random(asked.seed).sample(usable, asked.prompts)
    engine = load(choose(None, asked.adapter))
    sound, places = recording(some)
    said = [" ".join(prompt.text for prompt in some)]
    list(decode(engine, [sound[: 2 * SAMPLE_RATE]], Options()))  # the first use is slower
    print(f"{len(some)} prompts, {len(sound) / SAMPLE_RATE:.0f} s, {engine.name} {engine.precision}, seed {asked.seed}")
    if asked.visitors:
        print(f"Visitors at once, beside {asked.beside or 'nothing'}: median (90th percentile)")
        with beside(asked.beside, engine, sound):
            for count in asked.visitors:
                together(engine, sound, count)
        return
    print(f"The whole recording at once: WER {score(said, [whole(engine, sound)]).wer:.1f}")
    for name, kind in (("Allô, live", LiveSession), ("30-s windows", ThirtySecondSession)):
        clock = Clock(skipping=not asked.real)
        found = measured(kind(engine, Options(), clock), sound, places, clock)
        print(f"\n{name}: median (90th percentile)")
        print(f"  voice begins -> first words      {quantiles(found['first'])} s")
        print(f"  word spoken -> committed         {quantiles(found['commit'])} s")
        print(f"  turn and {SILENCE} s silence over -> final  {quantiles(found['final'])} s")
        print(f"  longest lag                      {found['worst']:.2f} s")
        print(f"  words taken back per committed   {found['flicker']:.2f}")
        print(f"  WER of the final text            {score(said, [found['text']]).wer:.1f}")
        print(f"  real-time factor                 {found['factor']:.2f}, processor {found['processor']:.2f}")


if __name__ == "__main__":
    main()
