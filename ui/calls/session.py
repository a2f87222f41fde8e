"""A visitor's calls: a queue of them in a folder of their own, deleted when the visitor leaves.

Nothing here outlives the session: it ends with the page's connection, or an hour after the last sign of life.
"""

import os
import secrets
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from gradio.utils import get_upload_folder

from common.messages import Message, UserError
from ui.kit.i18n import message

if TYPE_CHECKING:
    from transcripts.transcript import Transcript, Turn

LIFETIME = 3600  # seconds after the last sign of life
SWEEP = 60  # seconds between two looks for what is to be deleted
MOST = 200  # recordings in a visitor's queue
TEXT = 5000  # characters of a corrected turn
VOICES = 4  # colours of the style

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"


@dataclass(frozen=True)
class CallOptions:
    """How a call is to be transcribed."""

    channels: str = "auto"
    speakers: int | None = None  # on one channel; None: found out
    language: str = "fr"
    adapter: str = ""  # its name; none: the page's model as it is


@dataclass(eq=False)
class Call:
    number: int  # from 1, in the order they came
    name: str  # the file's, for people
    path: Path
    upload: Path  # gradio's path, which a hash of the content is part of
    options: CallOptions
    status: str = WAITING
    error: Message | None = None  # why it failed
    share: float = 0.0  # of the speech that is transcribed, 0 to 1
    transcript: "Transcript | None" = None  # so far; with what the visitor corrects
    transcribed: list["Turn"] = field(default_factory=list)  # the turns as they were before that
    sound: Path | None = None  # what browsers play
    masked_sound: Path | None = None  # without what is masked, once that was asked for
    names: dict[str, str] = field(default_factory=dict)  # of the parties, by speaker
    checked: set[int] = field(default_factory=set)  # the turns that the visitor says are right, by their place

    @property
    def over(self) -> bool:
        return self.status in (DONE, FAILED, CANCELLED)

    @property
    def turns(self) -> list["Turn"]:
        return self.transcript.turns if self.transcript else []

    def correct(self, place: int, text: str) -> None:
        """Replaces the turn's words by the visitor's, at the times of those that they replace."""
        from speech.retiming import retimed

        text = " ".join(text.split())[:TEXT]
        if self.over and 0 <= place < len(self.turns) and text:
            if text != self.turns[place].text:
                words = retimed(self.turns[place].words, text)
                self.turns[place] = replace(self.turns[place], text=text, words=words, confidence=1.0)
                self.masked_sound = None  # other words may have to be masked now
            self.checked.add(place)

    def check(self, place: int) -> None:
        """Marks the turn as right; a second time takes the mark away."""
        if self.over and 0 <= place < len(self.turns):
            self.checked ^= {place}

    def rename(self, speaker: str, name: str) -> None:
        self.names[speaker] = " ".join(name.split())[:40]

    def swap(self) -> None:
        """Exchanges the names of the two parties."""
        a, b = (self.names.get(speaker) or speaker for speaker in "AB")
        self.names |= {"A": b, "B": a}

    def name_of(self, speaker: str | None) -> str | None:
        """The party's name, where it has one, else its letter."""
        return self.names.get(speaker) or speaker

    def update(self, transcript: "Transcript", share: float) -> None:
        """Takes what is transcribed so far."""
        self.transcript, self.transcribed, self.share = transcript, list(transcript.turns), share

    def again(self, options: CallOptions) -> None:
        """Puts the call back into the queue, with nothing transcribed."""
        self.status, self.error, self.share, self.options = WAITING, None, 0.0, options
        self.transcript = self.masked_sound = None
        self.transcribed.clear()
        self.checked.clear()


def voice(speaker: str | None) -> int:
    """The number of the party's colour, which does not depend on who spoke first."""
    return (ord(speaker[0]) - ord("A")) % VOICES if speaker else 0


class CallSession:
    """A visitor's calls, which that visitor's handlers read and change."""

    def __init__(self):
        # made with the first recording: a page that is being closed may begin a session that nobody ends
        self.folder = Path(get_upload_folder()) / "visits" / secrets.token_hex(16)
        self.seen = time.time()  # its last sign of life
        self.calls: list[Call] = []
        self.refusals = ""  # HTML: which of the last files did not come into the queue, and why
        self.chosen: Call | None = None
        self.working = False  # a call is being transcribed, one at a time
        self.player = ""  # HTML: the player as it is shown
        self.mask = False
        self.names = ""  # to mask too, as they were typed
        self._count = 0

    def add(self, upload: Path, options: CallOptions) -> Call:
        """Moves the recording into the session's folder. Raises UserError for one that is there already, or gone."""
        if any(call.upload == upload for call in self.calls):
            raise UserError(*message("call_twice", name=upload.name))
        if len(self.calls) >= MOST:
            raise UserError(*message("too_many_calls", most=MOST))
        self._count += 1
        folder = self.folder / str(self._count)
        folder.mkdir(parents=True)
        try:
            path = Path(shutil.move(upload, folder / upload.name))
        except FileNotFoundError as error:
            raise UserError(*message("call_gone", name=upload.name)) from error
        call = Call(self._count, upload.name, path, upload, options)
        self.calls.append(call)
        self.chosen = self.chosen or call
        return call

    def call(self, number: int | None) -> Call | None:
        return next((call for call in self.calls if call.number == number), None)

    def next(self) -> Call | None:
        return next((call for call in self.calls if call.status == WAITING), None)

    def remove(self, call: Call) -> None:
        call.status = CANCELLED  # its transcription stops
        self.calls.remove(call)
        shutil.rmtree(call.path.parent, ignore_errors=True)
        if self.chosen is call:
            self.chosen = self.calls[-1] if self.calls else None

    def clear(self) -> None:
        for call in list(self.calls):
            self.remove(call)

    def end(self) -> None:
        self.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def touch(self) -> None:
        """Notes a sign of life, on the disk too, where the sweeper looks."""
        self.seen = time.time()
        with suppress(FileNotFoundError):
            os.utime(self.folder)


_sessions: dict[str, CallSession] = {}
_lock = threading.Lock()


def session_of(request: gr.Request) -> CallSession:
    """The session that the request belongs to, begun where there is none."""
    key = request.session_hash or secrets.token_hex(16)  # without a session nobody shares another's
    with _lock:
        if key not in _sessions:
            _sessions[key] = CallSession()
        session = _sessions[key]
    session.touch()
    return session


def leave(request: gr.Request) -> None:
    """Ends the session of a page that was closed or loaded again."""
    with _lock:
        session = _sessions.pop(request.session_hash, None)
    if session:
        session.end()


def sweeping() -> None:
    """Starts the thread that deletes what is forgotten."""
    threading.Thread(target=_sweep_for_ever, name="sweeper", daemon=True).start()


def _sweep_for_ever() -> None:
    while True:
        sweep()
        time.sleep(SWEEP)


def sweep() -> None:
    """Deletes the sessions without a sign of life, this server's or another's that was killed."""
    with _lock:
        ended = [key for key, session in _sessions.items() if time.time() - session.seen > LIFETIME]
        sessions = [_sessions.pop(key) for key in ended]
    for session in sessions:
        session.end()
    for folder in (Path(get_upload_folder()) / "visits").glob("*"):
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > LIFETIME:
                shutil.rmtree(folder, ignore_errors=True)
