"""The line before a device: one at a time, in the order they came, and the dead hold nobody up."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from trainer.runs.queue import LOOK, turn, waiting

HOLDER = """
import sys, time
from pathlib import Path
from trainer.runs.queue import turn
with turn("cpu", Path(sys.argv[1]), lambda before: None):
    print("mine", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path / "cache"))


def holding(run: Path) -> subprocess.Popen:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, run], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "mine\n"
    return holder


def in_turn(order: list[str], name: str, tmp_path: Path) -> threading.Thread:
    def wait():
        with turn("cpu", tmp_path / name, lambda before: None):
            order.append(name)

    thread = threading.Thread(target=wait)
    thread.start()
    while str(tmp_path / name) not in [ticket.run for ticket in waiting("cpu")]:
        time.sleep(0.01)
    return thread


def test_one_after_another_in_the_order_they_came(tmp_path):
    order = []
    with turn("cpu", tmp_path / "first", lambda before: None):
        threads = [in_turn(order, name, tmp_path) for name in ("second", "third", "fourth")]
        assert [Path(ticket.run).name for ticket in waiting("cpu")] == ["first", "second", "third", "fourth"]
        time.sleep(2 * LOOK)
        assert order == []
    for thread in threads:
        thread.join(20)
    assert order == ["second", "third", "fourth"] and waiting("cpu") == []


def test_who_dies_holds_nobody_up(tmp_path):
    holder, told = holding(tmp_path / "killed"), []

    def tell(before: int) -> None:
        told.append(before)
        holder.kill()

    with turn("cpu", tmp_path / "mine", tell):
        assert [Path(ticket.run).name for ticket in waiting("cpu")] == ["mine"]
    assert told[0] == 1
    holder.wait()


def test_who_gives_up_leaves_the_line(tmp_path):
    holder = holding(tmp_path / "other")

    class Enough(Exception):
        pass

    def give_up(before: int) -> None:
        raise Enough

    with pytest.raises(Enough), turn("cpu", tmp_path / "mine", give_up):
        pass
    assert [Path(ticket.run).name for ticket in waiting("cpu")] == ["other"]
    holder.kill()
    holder.wait()
    assert waiting("cpu") == []


def test_each_device_has_a_line_of_its_own(tmp_path):
    with turn("cpu", tmp_path / "one", lambda before: None), turn("cuda", tmp_path / "two", lambda before: None):
        assert len(waiting("cpu")) == len(waiting("cuda")) == 1
