"""python bench/windows.py [--every N] [--margins 2 4 full...] : what the short window costs and brings, untrained.

The telephone prompts through CTranslate2 int8, greedy, two threads, in windows of the clip plus a margin, with and
without timestamps: WER (BasicTextNormalizer), seconds, and how many clips were decoded a second time. `first look` is
the WER of the short window alone.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.clips import AT_LEAST, error_rate
from bench.systems import THREADS
from corpus.prompts import prompts
from speech.audio.decode import read
from speech.decoding.decode import Options, decode
from speech.engines import load
from speech.models.choose import choose


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take each Nth prompt (default: all)")
    parser.add_argument("--margins", nargs="+", default=["1", "2", "3", "4", "6", "full"])
    asked = parser.parse_args()
    engine = load(choose("whisper-base"), "ctranslate2", threads=THREADS)
    chosen = prompts(AT_LEAST)[:: asked.every]
    references = [prompt.text for prompt in chosen]
    clips = [read(prompt.path).waveform[0] for prompt in chosen]
    print(f"{len(clips)} prompts\n")
    print(
        "| window | timestamps | first | WER % | second attempts | seconds |\n|---|---|---|---|---|---|",
        flush=True,
    )
    for margin in asked.margins:
        for timestamps in (False, True):
            options = Options(timestamps=timestamps, margin=None if margin == "full" else float(margin))
            first, _, _ = decoded(engine, clips, replace(options, temperatures=() if options.margin else (0.0,)))
            texts, again, seconds = decoded(engine, clips, options)
            rates = f"{error_rate(references, first):.1f} | {error_rate(references, texts):.1f}"
            window = "full" if margin == "full" else f"clip + {margin} s"
            print(f"| {window} | {'yes' if timestamps else 'no'} | {rates} | {again} | {seconds:.0f} |", flush=True)


def decoded(engine, clips: list, options: Options) -> tuple[list[str], int, float]:
    """Texts, how many took more than one attempt, seconds."""
    started = time.perf_counter()
    found = dict(item for batch in decode(engine, clips, options) for item in batch)
    seconds = time.perf_counter() - started
    return [found[i].text for i in range(len(clips))], sum(h.attempts > 1 for h in found.values()), seconds


if __name__ == "__main__":
    main()
