"""python bench/efforts.py [--prompts N] [--minutes M] : the words that each effort gains, and the time that it takes.

Every N-th telephone prompt, and a simulated call of two channels, once with each effort in one process. WER has the
French normaliser. Core seconds are those of this process on all cores, which other work on the machine changes less
than it changes the clock's.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import corpus
from corpus.prompts import prompts
from corpus.simulate import simulate
from scoring.measures import rates
from speech.audio.decode import read
from speech.decoding.decode import Options, decode
from speech.decoding.effort import EFFORTS
from speech.engines import load
from speech.engines.base import Engine
from speech.models.choose import choose
from speech.transcribe import transcribe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=2, metavar="N", help="every N-th prompt (default: 2)")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the call (default: 10)")
    parser.add_argument("--seed", type=int, default=0, help="of the call")
    asked = parser.parse_args()
    engine = load(choose())
    with tempfile.TemporaryDirectory() as folder:
        (call,) = simulate(corpus.load("phone-prompts"), Path(folder), seconds=60 * asked.minutes, seed=asked.seed)
        print(f"{engine.model} {engine.precision}; a call of {asked.minutes:g} minutes, seed {asked.seed}\n")
        print(
            "| effort | beam | prompts: WER % | core seconds | call: WER % | core seconds |\n|---|---|---|---|---|---|"
        )
        for effort, beam in EFFORTS.items():
            options = Options(unsure_beam=beam, margin=engine.margin)
            clips = _timed(_prompts, engine, options, asked.prompts)
            turns = _timed(_call, engine, options, call)
            print(f"| {effort} | {beam} | {' | '.join(clips + turns)} |", flush=True)


def _timed(heard: Callable[..., float], *asked: object) -> list[str]:
    began = time.process_time()
    rate = heard(*asked)
    return [f"{rate:.1f}", f"{time.process_time() - began:.0f}"]


def _prompts(engine: Engine, options: Options, step: int) -> float:
    spoken = prompts()[::step]
    sounds = [read(prompt.path).waveform[0] for prompt in spoken]
    found = dict(pair for batch in decode(engine, sounds, options) for pair in batch)
    return rates([prompt.text for prompt in spoken], [found[at].text for at in range(len(sounds))])["wer"]


def _call(engine: Engine, options: Options, path: Path) -> float:
    """Each channel's turns in their order, against what was said there."""
    *_, last = transcribe(path, engine, options)
    said = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
    found = [{"channel": turn.channel, "text": turn.text} for turn in last.transcript.turns]
    texts = [
        [" ".join(turn["text"] for turn in turns if turn["channel"] == channel) for channel in (0, 1)]
        for turns in (said, found)
    ]
    return rates(*texts)["wer"]


if __name__ == "__main__":
    main()
