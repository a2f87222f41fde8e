"""The line in front of the engine: a few transcriptions at a time, the others wait and are told their place.

Gradio's own queue does not see what comes in by `ui.api`, counts no visitor's share, and refuses in English alone.
"""

import asyncio
import statistics
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

import gradio as gr
from starlette.requests import Request

from common.limits import count
from common.messages import UserError
from ui.kit import access
from ui.kit.i18n import message, say

T = TypeVar("T")
STEP = 0.2  # seconds between two looks at the line
REMEMBERED = 20  # transcriptions, of which the median tells how long one takes
PATIENCE = 30  # seconds after which somebody who is refused may try again, where nothing tells better


class Place(NamedTuple):
    """Where somebody stands who waits."""

    number: int  # 1 is next
    seconds: float | None  # until the turn comes, estimated; None where nothing has been transcribed yet


class Busy(UserError):
    """There is no more room in the line; `seconds` until it is worth another try."""

    def __init__(self, key: str, most: int, seconds: float):
        super().__init__(*message(key, most=most))
        self.seconds = seconds


class Gone(Exception):
    """Whoever waited has left."""


class Ticket:
    """A place in a line, from the moment that somebody comes until the work is done."""

    def __init__(self, line: "Line", visitor: str):
        self.visitor = visitor
        self.begun: float | None = None
        self._line = line

    def place(self) -> Place | None:
        """Where it stands; None where its turn has come."""
        return self._line.place(self)

    async def turn(self, gone: Callable[[], Awaitable[bool]] | None = None) -> None:
        """Waits for it. Raises Gone where whoever waits has left."""
        while self.place():
            if gone and await gone():
                raise Gone
            await asyncio.sleep(STEP)


class Line:
    """The tickets in the order in which they came: the first ALLO_AT_ONCE are at work, the others wait."""

    def __init__(self):
        self._tickets: list[Ticket] = []
        self._lock = threading.Lock()
        self._taken: deque[float] = deque(maxlen=REMEMBERED)  # seconds

    @contextmanager
    def enter(self, visitor: str) -> Iterator[Ticket]:
        """A ticket for this visitor. Raises Busy where the line, or the visitor's share of it, is full."""
        ticket = Ticket(self, visitor)
        with self._lock:
            own = sum(each.visitor == visitor for each in self._tickets)
            if own >= count("ALLO_PER_VISITOR"):
                raise Busy("queue_yours_full", count("ALLO_PER_VISITOR"), self._wait(1) or PATIENCE)
            if len(self._tickets) >= count("ALLO_AT_ONCE") + count("ALLO_QUEUE"):
                raise Busy("queue_full", count("ALLO_QUEUE"), self._wait(1) or PATIENCE)
            self._tickets.append(ticket)
        try:
            yield ticket
        finally:
            with self._lock:
                self._tickets.remove(ticket)
                if ticket.begun is not None:
                    self._taken.append(time.monotonic() - ticket.begun)

    def place(self, ticket: Ticket) -> Place | None:
        with self._lock:
            number = self._tickets.index(ticket) + 1 - count("ALLO_AT_ONCE")
            if number > 0:
                return Place(number, self._wait(number))
            if ticket.begun is None:
                ticket.begun = time.monotonic()
            return None

    def _wait(self, number: int) -> float | None:
        """Seconds until the one at this place begins: a place is freed as often as a transcription ends."""
        return statistics.median(self._taken) * number / count("ALLO_AT_ONCE") if self._taken else None


line = Line()  # of all visitors, and all tabs


async def in_turn(visitor: str, work: Callable[[], T]) -> T:
    """What `work` gives, done in a thread once the visitor's turn has come. Raises Busy, and what `work` raises."""
    with line.enter(visitor) as ticket:
        await ticket.turn()
        return await asyncio.to_thread(work)


def visitor_of(request: gr.Request | Request) -> str:
    """Whose share of the line it is: the page's session, else the address, which on a Space its proxy tells."""
    if session := getattr(request, "session_hash", None):
        return session
    told = request.headers.get("x-forwarded-for", "") if access.on_a_space() else ""
    return told.partition(",")[0].strip() or (request.client.host if request.client else "")


def sentence(place: Place, reader: str) -> str:
    """The place, and about how long it takes, for somebody who waits."""
    if place.seconds is None:
        return say(reader, "queue_place", number=str(place.number))
    minutes = max(1, round(place.seconds / 60))
    return say(reader, "queue_place_time", number=str(place.number), minutes=str(minutes))
