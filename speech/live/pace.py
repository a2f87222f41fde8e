"""The pace at which sound comes in: that of speech, or as fast as it can be worked off, by one and the same loop."""

import queue
import threading
import time
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from speech.audio.decode import SAMPLE_RATE
from speech.live.session import Event, LiveSession

CHUNK = 0.1  # seconds of a file that arrive at a time
IDLE = 0.02  # seconds between two looks for sound, while nothing is to be decoded


class Clock:
    """Seconds that pass as they do, but a `skipping` clock jumps over waits: what work costs still counts."""

    def __init__(self, skipping: bool = False):
        self.skipping, self._skipped = skipping, 0.0

    def __call__(self) -> float:
        return time.monotonic() + self._skipped

    def wait_until(self, moment: float) -> None:
        left = moment - self()
        if left > 0 and self.skipping:
            self._skipped += left
        elif left > 0:
            time.sleep(left)


def chunks(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Blocks (channels, samples) at 16 kHz, cut into what a telephone would send at a time."""
    size = round(CHUNK * SAMPLE_RATE)
    for block in blocks:
        for at in range(0, block.shape[1], size):
            yield block[:, at : at + size]


def played(sessions: Sequence[LiveSession], sound: Iterable[np.ndarray], clock: Clock) -> Iterator[Event]:
    """Plays chunks (channels, samples) at 16 kHz to a session a channel, at the pace of speech by `clock`."""
    started, seconds = clock(), 0.0
    for chunk in sound:
        seconds += chunk.shape[1] / SAMPLE_RATE
        while clock() < started + seconds:
            events = one_pass(sessions)
            if events is None:
                clock.wait_until(min(started + seconds, clock() + IDLE if not clock.skipping else started + seconds))
            else:
                yield from events
        for session, samples in zip(sessions, chunk, strict=True):  # late, where a pass took longer than a chunk
            session.add(samples, came=started + seconds)
    yield from finished(sessions)


def received(sessions: Sequence[LiveSession], sound: Iterable[np.ndarray]) -> Iterator[Event]:
    """Gives chunks (channels, samples) at 16 kHz to a session a channel as they come, from a thread that reads them."""
    waiting: queue.SimpleQueue[np.ndarray | BaseException | None] = queue.SimpleQueue()

    def read() -> None:
        try:
            for chunk in sound:
                waiting.put(chunk)
            waiting.put(None)
        except BaseException as error:  # raised again where the events are read
            waiting.put(error)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            chunk = waiting.get(block=not any(session.due for session in sessions))
        except queue.Empty:
            yield from one_pass(sessions) or ()
            continue
        if isinstance(chunk, BaseException):
            raise chunk
        if chunk is None:
            yield from finished(sessions)
            return
        for session, samples in zip(sessions, chunk, strict=True):
            session.add(samples)


def finished(sessions: Sequence[LiveSession]) -> Iterator[Event]:
    """Ends the sessions, and gives what was still to come."""
    for session in sessions:
        session.end()
    while (events := one_pass(sessions)) is not None:
        yield from events


def one_pass(sessions: Sequence[LiveSession]) -> list[Event] | None:
    """Lets the first session work that has something to do, those that waited longest first; None where none has."""
    due = [session for session in sessions if session.due]
    return min(due, key=lambda session: session.busy).work() if due else None
