"""A process that cannot be taken for another: a pid comes back, but not with the same start on the same boot."""

import os
import signal
from pathlib import Path
from typing import NamedTuple

BOOT = Path("/proc/sys/kernel/random/boot_id")


class Process(NamedTuple):
    pid: int
    started: int | None  # clock ticks since the machine's start; None: it was no more
    boot: str  # which start of the machine, or of the container

    @classmethod
    def of(cls, pid: int) -> "Process":
        return cls(pid, started_at(pid), boot())

    @classmethod
    def this(cls) -> "Process":
        return cls.of(os.getpid())

    @property
    def lives(self) -> bool:
        return self.started is not None and self.boot == boot() and started_at(self.pid) == self.started

    def end(self) -> None:
        """Asks it to end, and nobody else: between a look at a pid and a signal to it, the pid may change hands."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            if self.lives:  # so the handle is its own
                signal.pidfd_send_signal(handle, signal.SIGTERM)
        finally:
            os.close(handle)


def started_at(pid: int) -> int | None:
    """When process `pid` began, in clock ticks since the machine's start; None where it is no more."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if facts[0] in "ZX" else int(facts[19])


def boot() -> str:
    """A container that starts again on the same machine has another first process."""
    return f"{BOOT.read_text().strip()}-{started_at(1)}"
