"""Work that waits for the visitor to decide, gone on with by one press or several."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from common.messages import Message, UserError
from ui.compare import tab as compare
from ui.kit.zero_gpu import Held, Quota
from ui.transcribe import tab as transcribe

pytestmark = pytest.mark.fast


async def taken(held: Held) -> list:
    return [piece async for piece in held.newer()]


def test_two_presses_at_once_both_end_with_the_last_piece():
    gates = [threading.Event() for _ in range(3)]

    def pieces():
        for at, gate in enumerate(gates):
            assert gate.wait(10)
            yield f"piece {at}"

    async def both() -> list[list]:
        held = Held(pieces(), Quota())
        presses = [asyncio.create_task(taken(held)) for _ in range(2)]
        for gate in gates:
            await asyncio.sleep(0.05)  # both are at the same piece
            gate.set()
        return await asyncio.gather(*presses)

    for found in asyncio.run(both()):
        assert found[-1] == "piece 2" and found == sorted(set(found))


def test_the_last_piece_is_not_lost_with_the_press_that_asked_for_it():
    asked, gate = threading.Event(), threading.Event()

    def pieces():
        asked.set()
        assert gate.wait(10)
        yield "all"

    async def gone_and_back() -> list:
        held = Held(pieces(), Quota())
        gone = asyncio.create_task(taken(held))
        assert await asyncio.to_thread(asked.wait, 10)
        gone.cancel()
        back = asyncio.create_task(taken(held))
        await asyncio.sleep(0.05)
        gate.set()
        return await back

    assert asyncio.run(gone_and_back()) == ["all"]


def test_it_stops_where_the_visitor_has_to_decide_and_goes_on_from_there():
    quota = Quota()

    def pieces():
        yield 1
        quota.refusal = Message("no GPU", "pas de GPU")
        yield 2
        yield 3

    held = Held(pieces(), quota)
    assert asyncio.run(taken(held)) == [1, 2] and held.waits
    quota.decide(on_cpu=True)
    assert asyncio.run(taken(held)) == [2, 3] and not held.waits


def test_a_refusal_is_told_to_who_asked_and_ends_the_work():
    def pieces():
        yield 1
        raise UserError(en="It is broken.", fr="C'est cassé.")

    held = Held(pieces(), Quota())
    with pytest.raises(UserError, match="broken"):
        asyncio.run(taken(held))
    assert asyncio.run(taken(held)) == [1]


def test_a_press_that_ends_after_the_decision_of_another_asks_nothing():
    """The decision takes the refusal away, which the sentence of the question has."""
    held, request = Held(iter(()), Quota()), SimpleNamespace(headers={})
    _, _, _, decide, *_ = transcribe._finish(None, held, request)
    assert not decide.visible
    assert not compare._finish(None, "", held, request).decide.visible
