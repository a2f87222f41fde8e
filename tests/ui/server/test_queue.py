"""The line in front of the engine: who is at work, who waits, for how long, and who is refused."""

import asyncio
from contextlib import ExitStack

import pytest

from ui.server import queue
from ui.server.queue import Busy, Gone, Line, Place

pytestmark = pytest.mark.fast


@pytest.fixture(autouse=True)
def limits(monkeypatch):
    for name, value in {"ALLO_AT_ONCE": "2", "ALLO_QUEUE": "3", "ALLO_PER_VISITOR": "2"}.items():
        monkeypatch.setenv(name, value)


def test_the_first_are_at_work_and_the_others_told_their_place():
    line = Line()
    with ExitStack() as others, line.enter("ada") as first:
        second, third, fourth = (others.enter_context(line.enter(f"visitor {i}")) for i in range(3))
        assert [each.place() for each in (first, second)] == [None, None]
        assert [each.place() for each in (third, fourth)] == [Place(1, None), Place(2, None)]


def test_who_leaves_makes_room_and_the_wait_is_estimated(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(queue.time, "monotonic", lambda: now[0])
    line = Line()
    with ExitStack() as first:
        ticket = first.enter_context(line.enter("a"))
        assert ticket.place() is None
        with line.enter("b"), line.enter("c") as third, line.enter("d") as fourth:
            now[0] = 90.0
            first.close()  # it took 90 s
            assert third.place() is None
            assert fourth.place() == Place(1, 45.0)
            assert "environ 1 min" in queue.sentence(fourth.place(), "fr")
            assert "number 1" in queue.sentence(Place(1, None), "en")


def test_a_full_line_and_a_greedy_visitor_are_refused():
    line = Line()
    with ExitStack() as others:
        for _ in range(2):
            others.enter_context(line.enter("greedy"))
        with pytest.raises(Busy, match="already have 2"):
            others.enter_context(line.enter("greedy"))
        for i in range(3):
            others.enter_context(line.enter(f"visitor {i}"))
        with pytest.raises(Busy, match="3 recordings are waiting already") as refused:
            others.enter_context(line.enter("late"))
        assert refused.value.seconds > 0
    with line.enter("late") as ticket:  # nothing of them is left
        assert ticket.place() is None


def test_somebody_who_leaves_while_waiting_is_forgotten():
    line = Line()

    async def wait() -> None:
        async def gone() -> bool:
            return True

        with line.enter("impatient") as ticket:
            await ticket.turn(gone)

    with line.enter("a"), line.enter("b"):
        with pytest.raises(Gone):
            asyncio.run(wait())
        with line.enter("c") as ticket:
            assert ticket.place() == Place(1, None)
