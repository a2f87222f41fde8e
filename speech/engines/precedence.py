"""Who may decode next: batches that somebody waits for while speaking go before the next batch of a file."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

SPEAKING = 2.0  # seconds after an urgent batch in which the next one is expected, and a place is left free for it


class Precedence:
    """Lets in as many batches at a time as there are places; urgent ones first, each kind in the order it came in.

    An urgent batch may also take a spare place, so that it does not wait for the end of those in hand; and as long as
    somebody speaks, files have one of several places less.
    """

    def __init__(self, places: int, spare: int = 0):
        self.places, self.spare = places, spare
        self._urgent: deque[object] = deque()
        self._patient: deque[object] = deque()
        self._inside = 0
        self._urgent_until = 0.0  # by time.monotonic()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, urgent: bool) -> Iterator[None]:
        """Waits until it is this batch's turn, and holds its place while it is decoded."""
        line, ticket = self._urgent if urgent else self._patient, object()
        with self._changed:
            line.append(ticket)
            try:
                while not self._changed.wait_for(lambda: line[0] is ticket and self._is_free(urgent), SPEAKING):
                    pass  # time alone may free a place
                self._inside += 1
            finally:
                line.remove(ticket)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                if urgent:
                    self._urgent_until = time.monotonic() + SPEAKING
                self._changed.notify_all()

    def _is_free(self, urgent: bool) -> bool:
        if urgent:
            return self._inside < self.places + self.spare
        left = self.places - (time.monotonic() < self._urgent_until)
        return not self._urgent and self._inside < max(1, left)
