"""The items come in order, whatever the thread does meanwhile, and it ends with whoever uses them."""

import threading
import time
from contextlib import closing

import pytest

from common.ahead import Ahead

pytestmark = pytest.mark.fast


def counted(done: list[int], until: int):
    try:
        for number in range(until):
            done.append(number)
            yield number
    finally:
        done.append(-1)


@pytest.mark.parametrize("most", [1, 3, 100])
def test_the_items_come_in_order(most):
    with closing(Ahead(range(10), most)) as items:
        assert list(items) == list(range(10))


def test_it_works_from_now_on_and_not_too_far():
    done = []
    with_ahead = Ahead(counted(done, 9), 2)
    deadline = time.monotonic() + 5
    while len(done) < 2 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    assert done == [0, 1]
    assert next(with_ahead) == 0
    with_ahead.close()
    assert done == [0, 1, 2, -1] or done == [0, 1, -1]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]


def test_an_error_comes_where_its_item_would():
    def broken():
        yield 1
        raise ValueError("ours")

    items = Ahead(broken(), 3)
    assert next(items) == 1
    with pytest.raises(ValueError, match="ours"):
        next(items)
    items.close()
