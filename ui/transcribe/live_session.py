"""A visitor's live session: the microphone's chunks in, what the page shows out. One thread decodes for each."""

import os
import secrets
import threading
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from gradio.utils import get_upload_folder

from common.messages import UserError
from common.pcm import to_int16
from ui.kit.i18n import message
from ui.kit.sound import SAMPLE_RATE

if TYPE_CHECKING:
    from speech.engines import Engine
    from speech.live.session import Event, LiveSession
    from transcripts.transcript import Transcript

# Live visitors at once. Not measured yet: one visitor was seen to take 0.4 s of decoding a second (see bench/live.py).
AT_MOST = int(os.environ.get("ALLO_LIVE_VISITORS") or max(1, (os.cpu_count() or 1)) * 2)
SILENT = 60.0  # seconds without a chunk after which a session is over: the connection is lost for good
PATIENCE = 60.0  # seconds that the last turn may take


@dataclass
class LiveTurn:
    """A turn as the page shows it."""

    start: float
    committed: str = ""
    tentative: str = ""
    final: bool = False
    confidence: float = 1.0

    @property
    def text(self) -> str:
        return self.committed or self.tentative


@dataclass
class LiveState:
    """What is on the page."""

    turns: dict[int, LiveTurn] = field(default_factory=dict)  # by their number
    lag: float = 0.0  # seconds, of the last event

    def add(self, event: "Event") -> None:
        turn = self.turns.setdefault(event.turn, LiveTurn(event.start))
        self.lag = event.lag
        if event.kind == "tentative":
            turn.tentative = event.text
        elif event.kind == "committed":
            turn.committed = f"{turn.committed} {event.text}".strip()
            turn.tentative = ""
        else:
            turn.start, turn.committed, turn.tentative, turn.final = event.start, event.text, "", True
            turn.confidence = min((each.confidence for each in event.turns), default=1.0)


class PageSession:
    """One press of the microphone, until it is released, lost or left."""

    def __init__(self, load: Callable[[], "Engine"], **options):
        """`load` gives the engine; what is said until it is there waits. `options` are those of decoding."""
        from speech.live.sound import Resampler

        self.live: LiveSession | None = None
        self.state, self.level, self.error = LiveState(), 0.0, None
        self._load, self._options, self._early = load, options, []  # chunks from before the engine was there
        self.seen = time.monotonic()
        folder = Path(get_upload_folder()) / secrets.token_hex(16)
        folder.mkdir(parents=True)
        self.path = folder / "direct.wav"
        self._file = wave.open(str(self.path), "wb")  # noqa: SIM115 open until the session ends
        self._file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        self._resampler, self._ended, self._lock = Resampler(), threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._work, name="live", daemon=True)
        self._thread.start()

    def add(self, rate: int, samples: np.ndarray) -> None:
        """Takes a chunk as gradio gives it: int16 (samples,) or (samples, channels)."""
        sound = self._resampler.add(samples, rate)[0]
        self.seen = time.monotonic()
        self.level = float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0
        with self._lock:
            if self._ended.is_set():
                return
            self._file.writeframes(to_int16(sound).tobytes())
            self.live.add(sound) if self.live else self._early.append(sound)

    @property
    def seconds(self) -> float:
        """Of sound that came so far."""
        return self._file.getnframes() / SAMPLE_RATE

    @property
    def busy(self) -> float:
        """Seconds that decoding took."""
        return self.live.busy if self.live else 0.0

    def finish(self) -> "Transcript":
        """Ends it, waits for the last turn and gives the transcript. Raises UserError where decoding failed."""
        self.close()
        self._thread.join(PATIENCE)
        if self.error:
            raise self.error
        if self.live is None:  # the engine did not load in that time
            raise UserError(*message("interrupted"))
        return self.live.transcript(self.path.name)

    def close(self) -> None:
        """No more sound comes."""
        with self._lock:
            if not self._ended.is_set():
                self._file.close()
                self._ended.set()
                if self.live:
                    self.live.end()

    def leave(self) -> None:
        """The visitor is gone: nothing is kept."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _work(self) -> None:
        try:
            self._begin()
            while self.live.due or not self._ended.is_set():
                for event in self.live.work():
                    self.state.add(event)
                if not self.live.due:
                    self._ended.wait(0.03)
                if time.monotonic() - self.seen > SILENT:
                    self.close()
        except UserError as refusal:
            self.error = refusal

    def _begin(self) -> None:
        from speech.decoding.decode import Options
        from speech.live.session import LiveSession

        live = LiveSession(self._load(), Options(**self._options))
        with self._lock:
            for sound in self._early:
                live.add(sound)
            self._early.clear()
            if self._ended.is_set():
                live.end()
            self.live = live


_sessions: dict[str, PageSession] = {}
_lock = threading.Lock()


def begin(key: str, load: Callable[[], "Engine"], **options) -> PageSession:
    """A session for this visitor, in place of an earlier one. Raises UserError where there are too many."""
    with _lock:
        for gone in [each for each, session in _sessions.items() if time.monotonic() - session.seen > SILENT]:
            _sessions.pop(gone).leave()
        if old := _sessions.pop(key, None):
            old.leave()
        if len(_sessions) >= AT_MOST:
            raise UserError(*message("live_full", most=AT_MOST))
        session = _sessions[key] = PageSession(load, **options)
    return session


def current(key: str) -> PageSession | None:
    """The visitor's session that runs."""
    return _sessions.get(key)


def end(key: str) -> PageSession | None:
    """Takes the visitor's session out of those that run, to be finished or left."""
    with _lock:
        return _sessions.pop(key, None)
