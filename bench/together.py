"""python bench/together.py [--hearings N] : how much slower a clip is transcribed beside a training.

A clip of three seconds is transcribed again and again by the page's engine, first alone, then while a training that was
started as the page starts it (the embedded whisper-base, the telephone prompts, the quick preset) has reached its
steps. Prints both medians, their ratio, and the training's clips a second.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

SECONDS = 3
NAME = "together"


def hearings(engine, options, clip, count: int) -> list[float]:
    """Seconds of each."""
    from speech.decoding.decode import decode

    found = []
    for _ in range(count):
        started = time.perf_counter()
        list(decode(engine, [clip], options))
        found.append(time.perf_counter() - started)
        time.sleep(0.5)  # as a visitor would, and the training takes the processor back
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hearings", type=int, default=20)
    asked = parser.parse_args()
    os.environ["ALLO_RUNS"] = tempfile.mkdtemp(prefix="allo-together-")

    from corpus.prompts import prompts
    from speech.audio.decode import SAMPLE_RATE, read
    from speech.decoding.decode import Options
    from speech.engines import load
    from speech.models.choose import choose
    from trainer.runs import background, folder

    engine = load(choose("whisper-base"))
    options = Options(margin=engine.margin)
    spoken = next(found for found in prompts(at_least=SECONDS))
    clip = read(spoken.path).waveform[0][: SECONDS * SAMPLE_RATE]
    hearings(engine, options, clip, 3)
    alone = statistics.median(hearings(engine, options, clip, asked.hearings))

    background.start(
        NAME, "--corpus", "phone-prompts", "--preset", "quick", "--model", "whisper-base", "--set", "minutes=30"
    )
    while folder.state(background.folder_of(NAME))["step"] < 2:
        time.sleep(1)
    beside = statistics.median(hearings(engine, options, clip, asked.hearings))
    speed = [
        line["clips_per_second"] for line in folder.metrics(background.folder_of(NAME)) if "clips_per_second" in line
    ]
    background.stop(NAME)

    print(
        f"{SECONDS} s of speech, {engine.name} {engine.precision}; {platform.machine()}, {os.cpu_count()} cores,",
        end=" ",
    )
    print(f"{date.today()}\n")
    print("| | seconds | times |\n|---|---|---|")
    print(f"| alone | {alone:.2f} | 1 |")
    print(f"| while a training runs | {beside:.2f} | {beside / alone:.1f} |")
    print(f"\nThe training: {f'{speed[-1]:.2f} clips a second' if speed else 'no figure yet'}.")


if __name__ == "__main__":
    main()
