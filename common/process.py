"""A process that cannot be taken for another: a pid comes back, but not with the same start on the same boot."""

import os
from pathlib import Path
from typing import NamedTuple

import psutil

BOOT = Path("/proc/sys/kernel/random/boot_id")
TICKS = os.sysconf("SC_CLK_TCK")  # a second


class Process(NamedTuple):
    pid: int
    started: int | None  # clock ticks since the machine's start; None: it had ended
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
        """Sends SIGTERM to this process and to no other that got its pid since."""
        try:
            process = psutil.Process(self.pid)  # it refuses to signal a pid that changed hands from here on
            if self.lives:
                process.terminate()
        except psutil.NoSuchProcess:
            return


def started_at(pid: int) -> int | None:
    """When process `pid` began, in clock ticks since the machine's start; None where it has ended.

    psutil's time since 1970 follows the clock when it is set; since the machine's start it stays what it was.
    """
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return None
        return round((process.create_time() - psutil.boot_time()) * TICKS)
    except psutil.NoSuchProcess:
        return None


def boot() -> str:
    """A container that starts again on the same machine has another first process."""
    return f"{BOOT.read_text().strip()}-{started_at(1)}"
