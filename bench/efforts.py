"""python bench/efforts.py [--prompts N] [--minutes M] [--seeds S...] : what each effort gains in words, and takes.

Every N-th telephone prompt (0: none), and simulated calls of two channels, once with each effort in one process. WER
has the French normaliser. Core seconds are those of this process on all cores, which other work on the machine changes
less than it changes the clock's. `--beams` measures other beams than the efforts'.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import corpus
from corpus.prompts import prompts
from corpus.simulate import simulate
from scoring.measures import rates
from speech.audio.decode import read
from speech.decoding import decode as decoding
from speech.decoding.decode import LONG, Options, decode
from speech.decoding.effort import EFFORTS
from speech.engines import load
from speech.engines.base import Engine
from speech.models.choose import choose
from speech.transcribe import transcribe

Texts = tuple[list[str], list[str]]  # references and hypotheses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=2, metavar="N", help="every N-th prompt (default: 2)")
    parser.add_argument("--minutes", type=float, default=5.0, help="of a call (default: 5)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of the calls (default: 0)")
    parser.add_argument("--beams", type=int, nargs="+", default=[*EFFORTS.values()])
    parser.add_argument("--long", type=int, nargs="+", default=[LONG], metavar="S", help=f"seconds (default: {LONG})")
    asked = parser.parse_args()
    engine, names = load(choose()), {beam: effort for effort, beam in EFFORTS.items()}
    with tempfile.TemporaryDirectory() as folder:
        clips, seconds = corpus.load("phone-prompts"), 60 * asked.minutes
        calls = [simulate(clips, Path(folder, str(s)), seconds=seconds, seed=s)[0] for s in asked.seeds]
        print(f"{engine.model} {engine.precision}; calls of {asked.minutes:g} minutes, seeds {asked.seeds}\n")
        columns = ["beam", "effort", "at once from", "of", "words", "WER %", "core seconds", "seconds"]
        print(f"| {' | '.join(columns)} |\n{len(columns) * '|---'}|")
        for beam, decoding.LONG in product(asked.beams, asked.long):
            options = Options(unsure_beam=beam, margin=engine.margin)
            if asked.prompts:
                row(beam, names, "prompts", on_prompts, engine, options, asked.prompts)
            row(beam, names, "calls", on_calls, engine, options, calls)


def row(beam: int, names: dict[int, str], of: str, texts: Callable[..., Texts], *asked: object) -> None:
    core, clock = time.process_time(), time.perf_counter()
    found = rates(*texts(*asked))
    core, clock = time.process_time() - core, time.perf_counter() - clock
    figures = f"{decoding.LONG} s | {of} | {found['words']} | {found['wer']:.1f} | {core:.0f} | {clock:.0f}"
    print(f"| {beam} | {names.get(beam, '')} | {figures} |", flush=True)


def on_prompts(engine: Engine, options: Options, step: int) -> Texts:
    spoken = prompts()[::step]
    sounds = [read(prompt.path).waveform[0] for prompt in spoken]
    found = dict(pair for batch in decode(engine, sounds, options) for pair in batch)
    return [prompt.text for prompt in spoken], [found[at].text for at in range(len(sounds))]


def on_calls(engine: Engine, options: Options, paths: list[Path]) -> Texts:
    """Each channel's turns in their order, against what was said there."""
    said, found = [], []
    for path in paths:
        *_, last = transcribe(path, engine, options)
        turns = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
        for channel in (0, 1):
            said.append(" ".join(turn["text"] for turn in turns if turn["channel"] == channel))
            found.append(" ".join(turn.text for turn in last.transcript.turns if turn.channel == channel))
    return said, found


if __name__ == "__main__":
    main()
