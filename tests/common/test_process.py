"""Processes are known by their pid and start: the kernel's figure, which earlier versions stored as well."""

import subprocess
from pathlib import Path

import psutil
import pytest

from common.process import Process, started_at

pytestmark = pytest.mark.fast


def test_the_start_is_the_kernels():
    for pid in psutil.pids()[:20]:
        if (found := started_at(pid)) is not None:
            assert found == int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def test_who_has_the_pid_now_is_left_alone():
    sleeper = subprocess.Popen(["sleep", "60"])
    process = Process.of(sleeper.pid)
    stranger = process._replace(started=process.started - 1)
    stranger.end()
    process._replace(boot="of yesterday").end()
    assert process.lives and not stranger.lives and sleeper.poll() is None
    process.end()
    assert sleeper.wait(10) == -15 and not process.lives
    process.end()  # it has ended: nothing happens
