"""python bench/start.py [--runs N] [CHECKOUT...] : what a start takes, from nothing to a text, and the memory.

Three seconds of a telephone prompt by the command line, and the page with its engine loaded, each N times in a process
of its own. With other checkouts of this repository their runs take turns with ours, and `times` is ours over theirs.
Seconds are the clock's; core seconds, which other work on the machine changes less, are those of all threads. Nothing
of ours is imported here: a process's peak counts the one that it was forked from.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HOUSE = Path(__file__).parent.parent
CLIP = "/usr/share/asterisk/sounds/fr_CA_f_June/conf-getpin.wav"  # Debian's asterisk-core-sounds-fr-wav
PAGE = "import ui.page; from ui.kit.engine_pool import Setting, loaded; loaded(Setting())"
STARTS = {
    "`speech transcribe` of 3 s": ["-m", "speech", "transcribe", CLIP],
    "the page, with its engine": ["-c", PAGE],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", nargs="*", type=Path, metavar="CHECKOUT", help="others, to compare with")
    parser.add_argument("--runs", type=int, default=5, help="of each (default: 5)")
    asked = parser.parse_args()
    print("| start | checkout | seconds | core seconds | peak MB |\n|---|---|---|---|---|")
    for name, command in STARTS.items():
        houses = [HOUSE, *asked.checkouts]
        for house in houses:
            _started(house, command)  # what is built once is built
        runs = [[_started(house, command) for house in houses] for _ in range(asked.runs)]
        medians = [
            [statistics.median(column) for column in zip(*some, strict=True)] for some in zip(*runs, strict=True)
        ]
        for house, found in zip(houses, medians, strict=True):
            print(f"| {name} | {house.resolve().name} | {found[0]:.1f} | {found[1]:.1f} | {found[2]:.0f} |")
        for house, found in zip(houses[1:], medians[1:], strict=True):
            times = " | ".join(f"{ours / theirs:.2f}" for ours, theirs in zip(medians[0], found, strict=True))
            print(f"| {name} | times {house.resolve().name} | {times} |", flush=True)


def _started(house: Path, command: list[str]) -> tuple[float, float, float]:
    """Seconds, core seconds and megabytes at most of one start."""
    environment = os.environ | {"ALLO_OFFLINE": "1"}
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command], cwd=house, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{house}: exit status {process.returncode}")
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
