"""python bench/stages.py [--minutes M] [--seed S] [--efforts ...] [--engine NAME] : where the time of a call goes.

A simulated call of two channels, once for each effort in one process. Each worker has one thread, so that the seconds
spent in its calls are core seconds, as long as the machine has nothing else to do.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from functools import wraps
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import corpus
from corpus.simulate import simulate
from speech import transcribe as transcription
from speech.audio.line_quality import LineMeter
from speech.decoding.decode import Options
from speech.decoding.effort import EFFORTS, beam_of
from speech.engines import load
from speech.models.choose import choose

ENGINE = {
    "mel": "mel features",
    "encode": "encoder",
    "generate": "greedy decoding",
    "beam": "beam",
    "align": "times of words",
}
spent: Counter[str] = Counter()  # seconds by stage


def timed(owner: object, method: str, stage: str) -> None:
    """Counts the time of every call of a method."""
    call = getattr(owner, method)

    @wraps(call)
    def counted(*args, **how):
        began = time.perf_counter()
        try:
            return call(*args, **how)
        finally:
            spent[stage] += time.perf_counter() - began

    setattr(owner, method, counted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="of the call")
    parser.add_argument("--seed", type=int, default=71, help="of the call")
    parser.add_argument("--efforts", nargs="+", default=["fast", "balanced"], choices=EFFORTS)
    parser.add_argument("--engine", default="ctranslate2")
    asked = parser.parse_args()
    engine = load(choose(), asked.engine)
    for method, stage in ENGINE.items():
        timed(engine, method, stage)
    timed(LineMeter, "add", "line quality")
    timed(transcription._Waveform, "add", "voice activity and sounds")
    with tempfile.TemporaryDirectory() as folder:
        clips = corpus.load("phone-prompts")
        (call,) = simulate(clips, Path(folder, "call"), seconds=60 * asked.minutes, seed=asked.seed)
        for effort in asked.efforts:
            spent.clear()
            core, clock = time.process_time(), time.perf_counter()
            options = Options(margin=engine.margin, unsure_beam=beam_of(effort))
            for _ in transcription.transcribe(call, engine, options):
                pass
            core, clock = time.process_time() - core, time.perf_counter() - clock
            print(f"\n{effort}, {engine.name}: {clock:.1f} s, {core:.1f} core seconds on {engine.workers} workers\n")
            print("| stage | seconds | % |\n|---|---|---|")
            for stage, seconds in spent.most_common():
                print(f"| {stage} | {seconds:.1f} | {100 * seconds / core:.0f} |", flush=True)


if __name__ == "__main__":
    main()
