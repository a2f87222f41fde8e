"""python bench/clips.py [--every N] [--only NAME...] : the telephone prompts through us and our peers, in one run.

Every system gets the same files (`systems.py`). WER is over the whole corpus with one normaliser for all, transformers'
BasicTextNormalizer.
"""

import argparse
import os
import platform
import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.systems import OTHERS, OURS, measured
from corpus.prompts import prompts

AT_LEAST = 0.6  # seconds


def error_rate(references: list[str], hypotheses: list[str]) -> float:
    import jiwer
    from transformers.models.whisper.english_normalizer import BasicTextNormalizer

    normal = BasicTextNormalizer()
    return 100 * jiwer.wer([normal(text) for text in references], [normal(text) for text in hypotheses])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take each Nth prompt (default: all)")
    parser.add_argument("--only", nargs="+", default=[], help="systems whose names hold one of these")
    asked = parser.parse_args()
    chosen = prompts(AT_LEAST)[:: asked.every]
    audio = sum(prompt.seconds for prompt in chosen)
    print(f"{len(chosen)} prompts, {audio:.0f} s; {platform.machine()}, {os.cpu_count()} cores, {date.today()}\n")
    print("| system | WER % | seconds | times real time | peak MB |\n|---|---|---|---|---|", flush=True)
    paths = [str(prompt.path) for prompt in chosen]
    for name in OURS["clips"] | OTHERS["clips"]:
        if asked.only and not any(part in name for part in asked.only):
            continue
        got = measured("clips", name, paths, warm=paths[0])
        rate = error_rate([prompt.text for prompt in chosen], got["found"])
        seconds = got["seconds"]
        print(
            f"| {name} | {rate:.1f} | {seconds:.0f} | {audio / seconds:.1f} | {got['memory'] / 1e6:.0f} |", flush=True
        )


if __name__ == "__main__":
    main()
