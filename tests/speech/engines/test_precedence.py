"""Whose batch is next, without a model: who speaks goes first, and nobody is passed over."""

import threading
import time

import pytest

from speech.engines import precedence as precedence_module
from speech.engines.precedence import Precedence
from tests.kit.pages import until

pytestmark = pytest.mark.fast


def test_who_speaks_goes_before_the_next_batch_of_a_file_each_in_their_turn():
    precedence, order = Precedence(1), []

    def batch(name: str, urgent: bool) -> None:
        with precedence.turn(urgent):
            order.append(name)

    threads = []
    with precedence.turn(urgent=False):
        for place, (name, urgent) in enumerate([("file", False), ("Ana", True), ("Luc", True), ("other file", False)]):
            threads.append(threading.Thread(target=batch, args=(name, urgent)))
            threads[-1].start()
            until(lambda: len(precedence._urgent) + len(precedence._patient) == place + 1, seconds=10)  # noqa: B023
        assert order == []
    for thread in threads:
        thread.join()
    assert order == ["Ana", "Luc", "file", "other file"]


def test_a_spare_place_is_for_who_speaks_only():
    precedence = Precedence(1, spare=1)
    waiting = threading.Thread(target=lambda: precedence.turn(urgent=False).__enter__(), daemon=True)
    with precedence.turn(urgent=False):
        with precedence.turn(urgent=True):
            waiting.start()
            time.sleep(0.05)
            assert waiting.is_alive()
        assert waiting.is_alive()
    waiting.join(10)
    assert not waiting.is_alive()


def test_as_long_as_somebody_speaks_a_place_is_left_free(monkeypatch):
    monkeypatch.setattr(precedence_module, "SPEAKING", 0.3)
    precedence = Precedence(2)
    with precedence.turn(urgent=True):
        pass
    began = time.monotonic()
    with precedence.turn(urgent=False):
        assert time.monotonic() - began < 0.3
        with precedence.turn(urgent=False):
            assert time.monotonic() - began >= 0.25


def test_a_batch_that_breaks_gives_its_place_back():
    precedence = Precedence(1)
    for urgent in (True, False):
        with pytest.raises(ValueError, match="broken"), precedence.turn(urgent):
            raise ValueError("broken")
    with precedence.turn(urgent=False):
        pass
