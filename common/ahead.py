"""An iterator that works in a thread of its own while its items are used."""

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")
END = object()


class Ahead(Generic[Item]):
    """Finds out the next items from now on, `most` at a time, and gives them in order; what that raises is raised here.

    It has to be closed, unless it was used up; `waits`: closing waits for the item that is being found out.
    """

    def __init__(self, items: Iterable[Item], most: int = 1, waits: bool = True):
        self._source, self._waits = iter(items), waits
        self._closed = False
        self._thread = ThreadPoolExecutor(1, "ahead")
        self._coming: deque[Future] = deque()
        for _ in range(most):
            self._find_out()

    def _find_out(self) -> None:
        self._coming.append(self._thread.submit(next, self._source, END))

    def __iter__(self) -> "Ahead[Item]":
        return self

    def __next__(self) -> Item:
        item = self._coming.popleft().result()
        if item is END:
            self.close()
            raise StopIteration
        self._find_out()
        return item

    def close(self) -> None:
        """Leaves the other items, and closes what gives them; twice is as once."""
        if self._closed:
            return
        self._closed = True
        for each in self._coming:
            each.cancel()
        if hasattr(self._source, "close"):
            self._thread.submit(self._source.close)
        self._thread.shutdown(self._waits)
