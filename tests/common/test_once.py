"""Found out once for all who ask; nobody waits for what somebody else asked."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.once import Once

pytestmark = pytest.mark.fast


def test_one_finds_out_and_the_others_wait():
    once, began, go_on, calls = Once(kept=4), threading.Event(), threading.Event(), []

    def slow() -> str:
        calls.append(1)
        began.set()
        assert go_on.wait(5)
        return "slow"

    with ThreadPoolExecutor() as threads:
        waiting = [threads.submit(once, "a", slow) for _ in range(5)]
        assert began.wait(5)
        assert once("b", lambda: "at once") == "at once"  # while the other is being found out
        go_on.set()
        assert [each.result() for each in waiting] == ["slow"] * 5 and calls == [1]


def test_the_last_ones_are_kept():
    once, calls = Once(kept=2), []

    def ask(question: str) -> str:
        return once(question, lambda: calls.append(question) or question)

    assert [ask(question) for question in "abacab"] == list("abacab")
    assert calls == list("abcb")  # b was asked for longest ago when c came
    assert once("d", lambda: None) is None and once("d", lambda: 1) is None


def test_an_error_is_not_kept():
    once = Once(kept=2)
    with pytest.raises(OSError, match="gone"):
        once("a", lambda: (_ for _ in ()).throw(OSError("gone")))
    assert once("a", lambda: 1) == 1
