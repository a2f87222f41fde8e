"""A visitor's calls: a queue of them in a folder of their own, deleted some time after the visitor has left.

A session belongs to a tab of a browser, which knows it by a secret token: a page that is loaded again, by the visitor
or after a lost connection, finds it as it was. Nothing here outlives the session.
"""

import hashlib
import os
import re
import secrets
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from gradio.utils import get_upload_folder

from common.limits import count
from common.messages import UserError
from ui.calls.call import CANCELLED, Call, CallOptions
from ui.calls.overview import Row, row
from ui.kit.i18n import message
from ui.kit.zero_gpu import Quota
from ui.server.uploads import second_name

if TYPE_CHECKING:
    from transcripts.work_file import Work

LIFETIME = 3600  # seconds after the last sign of life
GRACE = 600  # seconds in which a tab that was left finds its session again
SWEEP = 60  # seconds between two looks for what is to be deleted
TOKEN = re.compile(r"[0-9a-f]{32}")


class CallSession:
    """A visitor's calls. Its handlers read and change them while they hold its lock."""

    def __init__(self):
        # made with the first recording: a page that is being closed may begin a session that nobody ends
        self.folder = Path(get_upload_folder()) / "visits" / secrets.token_hex(16)
        self.lock = threading.RLock()
        self.seen = time.time()  # its last sign of life
        self.pages: set[str] = set()  # gradio's hashes of the pages that show it
        self.calls: list[Call] = []
        self.refusals = ""  # HTML: which of the last files did not come into the queue, and why
        self.chosen: Call | None = None
        self.worker: object = None  # whoever transcribes the queue, one at a time: the page that came last
        self.player = ""  # HTML: the player as it is shown
        self.acts = 0  # how often the visitor did something that all is drawn after
        self.quota = Quota()
        self.mask = False
        self.names = ""  # to mask too, as they were typed
        self.usual: dict[str, str] = {}  # what the parties of its calls are called, by speaker
        self.watched: list[str] = []  # words, in all calls
        self.pattern = ""  # of the files' names
        self._count = 0

    def add(self, upload: Path, options: CallOptions) -> Call:
        """Takes the recording into the session's folder. Raises UserError for one that is there already, or gone.

        A call of which only the work is here gets its recording.
        """
        sound = _digest(upload)
        known = next((call for call in self.calls if call.sound_hash == sound), None)
        if known and known.path:
            raise UserError(*message("call_twice", name=upload.name))
        call = known or self._new(upload.name, sound, options)
        try:
            call.path = second_name(upload, call.folder)
        except FileNotFoundError as error:
            raise UserError(*message("call_gone", name=upload.name)) from error
        call.upload = upload
        return call if known else self._append(call)

    def add_work(self, work: "Work") -> Call:
        """Opens a work file: into its recording's call, or by itself. Raises UserError where that has others."""
        known = next((call for call in self.calls if call.sound_hash == work.sound), None)
        if known and known.holds(work):
            return known
        if known and known.corrected:
            raise UserError(*message("work_twice", name=known.name))
        call = known or self._append(self._new(work.name, work.sound, CallOptions()))
        call.reopen(work)
        return call

    def recording_of(self, stem: str) -> Call | None:
        """The recording of that name without corrections, whatever its extension: whose transcript came beside it."""
        found = (call for call in self.calls if call.path and not call.corrected)
        return next((call for call in found if Path(call.name).stem == stem), None)

    def namesakes(self) -> list[str]:
        """The names of the calls without a recording where one of that name is here, but is another sound."""
        here = {call.name for call in self.calls if call.path}
        return [call.name for call in self.calls if call.path is None and call.name in here]

    def _new(self, name: str, sound: str, options: CallOptions) -> Call:
        if len(self.calls) >= (most := count("ALLO_MAX_CALLS")):
            raise UserError(*message("too_many_calls", most=most))
        self._count += 1
        folder = self.folder / str(self._count)
        folder.mkdir(parents=True)
        return Call(self._count, name, None, None, options, folder, sound)

    def _append(self, call: Call) -> Call:
        call.usual = self.usual
        self.calls.append(call)
        self.chosen = self.chosen or call
        return call

    def call(self, number: int | None) -> Call | None:
        return next((call for call in self.calls if call.number == number), None)

    def next(self) -> Call | None:
        return next((call for call in self.calls if not call.over and call.path), None)

    def call_parties(self, usual: dict[str, str]) -> None:
        """Remembers for the visit which side is the agent's."""
        self.usual = usual
        for call in self.calls:
            call.usual = usual

    def rows(self) -> list[Row]:
        """The calls that are transcribed, in figures."""
        return [row(call, self.watched, self.pattern) for call in self.calls if call.over and call.turns]

    def remove(self, call: Call) -> None:
        call.status = CANCELLED  # its transcription stops
        self.calls.remove(call)
        shutil.rmtree(call.folder, ignore_errors=True)
        if self.chosen is call:
            self.chosen = self.calls[-1] if self.calls else None

    def clear(self) -> None:
        for call in list(self.calls):
            self.remove(call)

    def end(self) -> None:
        with self.lock:
            self.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def touch(self) -> None:
        """Notes a sign of life, on the disk too, where the sweeper looks."""
        self.seen = time.time()
        with suppress(FileNotFoundError):
            os.utime(self.folder)

    @property
    def forgotten(self) -> bool:
        """Nobody comes back to it."""
        return time.time() - self.seen > (LIFETIME if self.pages else GRACE)


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError) as error:  # a visitor may name a folder
        raise UserError(*message("call_gone", name=file.name)) from error


_pages: dict[str, CallSession] = {}  # by gradio's hash of a page
_tabs: dict[str, CallSession] = {}  # by the token of a browser's tab
_lock = threading.Lock()


def session_of(request: gr.Request) -> CallSession:
    """The session that the request's page shows, begun where there is none."""
    key = request.session_hash or secrets.token_hex(16)  # without a session nobody shares another's
    with _lock:
        if key not in _pages:
            _pages[key] = CallSession()
        session = _pages[key]
        session.pages.add(key)
    session.touch()
    return session


def resume(token: str, request: gr.Request) -> CallSession:
    """The session of the tab with this token, which the request's page shows from now on."""
    if not TOKEN.fullmatch(token or ""):
        return session_of(request)
    with _lock:
        session = _tabs.setdefault(token, CallSession())
        _pages[request.session_hash] = session
    return session_of(request)


def of_tab(token: str) -> CallSession | None:
    """The session of the tab with this token, where it is still here."""
    with _lock:
        session = _tabs.get(token)
    if session:
        session.touch()
    return session


def leave(request: gr.Request) -> None:
    """Notes that a page was closed, loaded again or cut off: after a while without another one its session ends."""
    with _lock:
        session = _pages.get(request.session_hash)
    if session:
        session.pages.discard(request.session_hash)
        session.touch()


def sweeping() -> None:
    """Starts the thread that deletes what is forgotten."""
    threading.Thread(target=_sweep_for_ever, name="sweeper", daemon=True).start()


def _sweep_for_ever() -> None:
    while True:
        sweep()
        time.sleep(SWEEP)


def sweep() -> None:
    """Deletes the sessions that nobody comes back to, this server's or another's that was killed."""
    with _lock:
        ended = {session for session in [*_pages.values(), *_tabs.values()] if session.forgotten}
        for known in (_pages, _tabs):
            for key in [key for key, session in known.items() if session in ended]:
                del known[key]
    for session in ended:
        session.end()
    for folder in (Path(get_upload_folder()) / "visits").glob("*"):
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > LIFETIME:
                shutil.rmtree(folder, ignore_errors=True)
