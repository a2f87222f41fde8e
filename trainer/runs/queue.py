"""One training at a time on a device; the others wait in a queue, each in its own process, in the order they came.

A ticket in the cache folder tells which run waits and since when, and a lock which one trains. Both belong to the
process: when it dies they are free, and no other process has to live for the queue to move on.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from common.cache import cache_folder
from common.files import write_json
from common.process import Process

LOOK = 0.5  # seconds between two looks at the queue


class Ticket(NamedTuple):
    path: Path  # its name is the time at which it was drawn
    process: Process
    run: str  # the run's folder


def waiting(device: str) -> list[Ticket]:
    """The tickets of living processes in their order; the first one trains, or is about to.

    Those of dead processes are deleted.
    """
    found = []
    for path in sorted(_folder(device).glob("*.json")):
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:  # its run ended just now
            continue
        ticket = Ticket(path, Process(**stored["process"]), stored["run"])
        if ticket.process.lives:
            found.append(ticket)
        else:
            path.unlink(missing_ok=True)
    return found


@contextmanager
def turn(device: str, run: Path, on_wait: Callable[[int], None]) -> Iterator[None]:
    """Waits for the device, which is this run's within.

    `on_wait` gets how many are before it, again and again, and may raise.
    """
    folder = _folder(device)
    folder.mkdir(parents=True, exist_ok=True)
    ticket = _drawn(folder, run)
    try:
        with _held(FileLock(folder / ".lock", timeout=0), device, ticket, on_wait):
            yield
    finally:
        ticket.unlink(missing_ok=True)


def _drawn(folder: Path, run: Path) -> Path:
    ticket = folder / f"{time.time_ns():020}-{os.getpid()}.json"
    write_json(ticket, {"process": Process.this()._asdict(), "run": str(run.resolve())})
    return ticket


@contextmanager
def _held(lock: FileLock, device: str, ticket: Path, on_wait: Callable[[int], None]) -> Iterator[None]:
    while True:
        before = [other.path for other in waiting(device)].index(ticket)
        if before == 0:
            try:
                held = lock.acquire()
                break
            except Timeout:  # its holder is about to release it
                before = 1
        on_wait(before)
        time.sleep(LOOK)
    with held:  # `with lock` would acquire it once more, and keep it
        yield


def _folder(device: str) -> Path:
    return cache_folder() / "line" / device
