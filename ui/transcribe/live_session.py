"""The live sessions of visitors: sound in, lines of text out, whatever becomes of the connection."""

import logging
import secrets
import shutil
import threading
import time
import wave
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from common.limits import count
from common.messages import UserError
from common.pcm import to_int16
from ui.kit.i18n import message
from ui.kit.sound import SAMPLE_RATE, new_file

if TYPE_CHECKING:
    from speech.engines import Engine
    from speech.live.session import Event, LiveSession
    from speech.live.sound import RawSound
    from transcripts.transcript import Transcript

SILENT = 60.0  # seconds without sound after which a session is over: the connection is lost
KEPT = 600.0  # seconds for which what was said is kept after that, for a page that comes back
PATIENCE = 60.0  # seconds that the last turn may take
LOOK = 0.03  # seconds between two looks for sound, while nothing is to be decoded

Line = dict[str, object]  # what is sent: an event, or {"kind": "done" | "error", ...}
Send = Callable[[Line], None]

_log = logging.getLogger(__name__)


class VisitorSession:
    """One press of the microphone, or one call of an exchange; a thread of its own decodes it.

    A connection may break off and come back: `connect` says how much arrived, and what is missing is sent again.
    """

    def __init__(self, load: Callable[[], "Engine"], keep: bool, **options):
        """`load` gives the engine; what is said until it is there waits. `options` are those of decoding.

        `keep`: its sound is written to `path`, to be played afterwards.
        """
        self.token = secrets.token_hex(16)  # nobody can guess it
        self.transcript: Transcript | None = None
        self.error: UserError | None = None
        self.path = new_file("direct.wav") if keep else None
        self._load, self._options = load, options
        self._raw: RawSound | None = None
        self._lanes: list[LiveSession] = []
        self._early: list = []  # sound from before the engine was there
        self._file: wave.Wave_write | None = None
        self._send: Send | None = None
        self._said: dict[tuple[int, int], list[Line]] = {}  # by channel and turn: what a page that comes back needs
        self._seen = time.monotonic()
        self._sound, self._lines = threading.Lock(), threading.Lock()
        self._ended, self._left, self._taken, self._over = (threading.Event() for _ in range(4))
        threading.Thread(target=self._live, name="live", daemon=True).start()

    @property
    def over(self) -> bool:
        """No more is decoded."""
        return self._over.is_set()

    @property
    def behind(self) -> float:
        """Seconds of sound that wait in memory to be decoded."""
        waiting = [lane.buffered for lane in self._lanes] or [sum(sound.shape[-1] for sound in self._early)]
        return max(waiting) / SAMPLE_RATE

    def connect(self, raw: "RawSound", send: Send) -> int:
        """A connection that brings sound and takes lines, in place of an earlier one.

        Gives the bytes that arrived so far, and sends what was said so far.
        """
        with self._sound, self._lines:
            self._raw, self._send, self._seen = self._raw or raw, send, time.monotonic()
            for lines in self._said.values():
                for line in lines:
                    send(line)
            if self.over:
                send(self._last_line())
            return self._raw.received

    def is_connected_by(self, send: Send) -> bool:
        """This connection is still the session's own."""
        return self._send is send

    def add(self, data: bytes, send: Send) -> None:
        """Takes the next bytes; those of a connection that was replaced come too late."""
        with self._sound:
            if self.is_connected_by(send) and not self._ended.is_set():
                self._take(self._raw.add(data))

    def skip(self, count: int, send: Send) -> None:
        """Takes note of bytes that are lost: silence stands in their place."""
        with self._sound:
            if self.is_connected_by(send) and not self._ended.is_set():
                self._take(self._raw.skip(count))

    def end(self) -> None:
        """No more sound comes."""
        with self._sound:
            if not self._ended.is_set():
                self._ended.set()
                if self._file:
                    self._file.close()
                for lane in self._lanes:
                    lane.end()

    def result(self) -> "Transcript":
        """Waits for the last turn; the transcript. Raises UserError where decoding failed."""
        self.end()
        self._taken.set()
        self._over.wait(PATIENCE)
        if self.transcript is None:
            raise self.error or UserError(*message("interrupted"))
        return self.transcript

    def leave(self) -> None:
        """The visitor is gone: nothing is kept."""
        self._left.set()
        self.end()
        self._taken.set()
        if self.path:
            shutil.rmtree(self.path.parent, ignore_errors=True)

    def _take(self, sound) -> None:
        self._seen = time.monotonic()
        if self.path:
            self._write(sound)
        if not self._lanes:
            self._early.append(sound)
        for lane, samples in zip(self._lanes, sound, strict=False):
            lane.add(samples)

    def _write(self, sound) -> None:
        if self._file is None:
            self._file = wave.open(str(self.path), "wb")  # noqa: SIM115 open until the session ends
            self._file.setparams((len(sound), 2, SAMPLE_RATE, 0, "NONE", ""))
        self._file.writeframes(to_int16(sound.T).tobytes())

    def _live(self) -> None:
        """The thread: decodes until the sound ends, then waits until the transcript is taken."""
        try:
            self._begin()
            self._decode()
            self.transcript = self._together()
        except UserError as refusal:
            self.error = refusal
        except Exception:  # the page says so, and goes on without the server
            _log.exception("a live session broke")
            self.error = UserError(*message("interrupted"))
        with self._lines:
            self._over.set()
            if self._send:
                self._send(self._last_line())
        if not self._taken.wait(KEPT):
            take(self.token)
            self.leave()

    def _begin(self) -> None:
        from speech.decoding.decode import Options, check_language
        from speech.live.session import LiveSession

        engine, options = self._load(), Options(**self._options)
        check_language(engine, options.language)
        while self._raw is None and not self._is_lost():
            self._ended.wait(LOOK)
        with self._sound:
            count = self._raw.lanes if self._raw else 1
            self._lanes = [LiveSession(engine, options, channel=channel) for channel in range(count)]
            for sound in self._early:
                for lane, samples in zip(self._lanes, sound, strict=True):
                    lane.add(samples)
            self._early.clear()
            if self._ended.is_set():
                for lane in self._lanes:
                    lane.end()

    def _decode(self) -> None:
        from speech.live.pace import one_pass

        while not self._left.is_set():
            events = one_pass(self._lanes)
            for event in events or ():
                self._tell(event)
            if events is None and self._ended.is_set():
                return
            if events is None:
                self._ended.wait(LOOK)
            if self._is_lost():
                self.end()

    def _is_lost(self) -> bool:
        return self._ended.is_set() or time.monotonic() - self._seen > SILENT

    def _tell(self, event: "Event") -> None:
        seconds = max(lane.seconds for lane in self._lanes)
        factor = sum(lane.busy for lane in self._lanes) / seconds if seconds else 0.0
        line = event.to_dict() | {"factor": round(factor, 3)}
        with self._lines:
            lines = self._said.setdefault((event.channel, event.turn), [])
            if event.kind == "final":
                lines.clear()
            elif lines and lines[-1]["kind"] == "tentative":
                lines.pop()
            lines.append(line)
            if self._send:
                self._send(line)

    def _last_line(self) -> Line:
        if self.error is None:
            return {"kind": "done"}
        said = self.error.message
        return {"kind": "error", "en": said.en, "fr": said.fr}

    def _together(self) -> "Transcript":
        """The lanes in one transcript, the turns in order of their end."""
        name = self.path.name if self.path else "direct"
        lanes = [lane.transcript(name) for lane in self._lanes]
        several = len(lanes) > 1
        turns = [
            replace(turn, speaker=chr(ord("A") + turn.channel) if several else None)
            for lane in lanes
            for turn in lane.turns
        ]
        return replace(
            lanes[0],
            audio=replace(lanes[0].audio, channels=len(lanes)),
            turns=sorted(turns, key=lambda turn: turn.end),
            flagged=[each for lane in lanes for each in lane.flagged],
            seconds_taken=sum(lane.seconds_taken for lane in lanes),
        )


_sessions: dict[str, VisitorSession] = {}
_lock = threading.Lock()


def begin(load: Callable[[], "Engine"], keep: bool, **options) -> VisitorSession:
    """A session for a visitor, as VisitorSession takes it. Raises UserError where there are too many."""
    with _lock:
        if sum(not session.over for session in _sessions.values()) >= (most := count("ALLO_LIVE_VISITORS")):
            raise UserError(*message("live_full", most=most))
        session = VisitorSession(load, keep, **options)
        _sessions[session.token] = session
    return session


def current(token: str) -> VisitorSession | None:
    """The session of a token, as long as it is kept."""
    return _sessions.get(token)


def take(token: str) -> VisitorSession | None:
    """Takes a session out, to be finished or left."""
    with _lock:
        return _sessions.pop(token, None)
