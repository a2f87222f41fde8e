"""The calls that a visitor has dropped: a line of them in a folder of their own, gone when he leaves.

Nothing here outlives the visit: it ends with the page's connection, or an hour after the last sign of life.
"""

import os
import secrets
import shutil
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from gradio.utils import get_upload_folder

from common.messages import Message, UserError
from ui.kit.i18n import message

if TYPE_CHECKING:
    from transcripts.transcript import Transcript, Turn, Word

KEPT = 3600  # seconds after the last sign of life
SWEEP = 60  # seconds between two looks for what is to be deleted
MOST = 200  # recordings in a visitor's line
TEXT = 5000  # characters of a corrected turn

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"


@dataclass(frozen=True)
class Wish:
    """How a call is to be heard."""

    channels: str = "auto"
    speakers: int | None = None  # on one channel; None: found out
    language: str = "fr"
    ear: str = ""  # the adapter to hear it with; none: the page's model


@dataclass(eq=False)
class Call:
    number: int  # from 1, in the order they came
    name: str  # the file's, for people
    path: Path
    upload: Path  # gradio's path, which a hash of the content is part of
    wish: Wish
    status: str = WAITING
    why: Message | None = None  # of a failure
    share: float = 0.0  # of the voices that are heard, 0 to 1
    transcript: "Transcript | None" = None  # so far; with what the visitor corrects
    sound: Path | None = None  # what browsers play
    names: dict[str, str] = field(default_factory=dict)  # of the parties, by speaker
    checked: set[int] = field(default_factory=set)  # the turns that the visitor vouches for, by their place

    @property
    def over(self) -> bool:
        return self.status in (DONE, FAILED, CANCELLED)

    @property
    def turns(self) -> list["Turn"]:
        return self.transcript.turns if self.transcript else []

    def correct(self, place: int, text: str) -> None:
        """The turn's words are the visitor's now, at the times of those that they replace."""
        text = " ".join(text.split())[:TEXT]
        if self.over and 0 <= place < len(self.turns) and text:
            if text != self.turns[place].text:
                words = retimed(self.turns[place].words, text)
                self.turns[place] = replace(self.turns[place], text=text, words=words, confidence=1.0)
            self.checked.add(place)

    def check(self, place: int) -> None:
        """The turn is right as it stands; once more, and nothing is said of it."""
        if self.over and 0 <= place < len(self.turns):
            self.checked ^= {place}

    def rename(self, speaker: str, name: str) -> None:
        self.names[speaker] = " ".join(name.split())[:40]

    def swap(self) -> None:
        """The two parties exchange their names."""
        a, b = (self.names.get(speaker) or speaker for speaker in "AB")
        self.names |= {"A": b, "B": a}

    def called(self, speaker: str | None) -> str | None:
        """The party's name, where it has one, else its letter."""
        return self.names.get(speaker) or speaker

    def again(self, wish: Wish) -> None:
        """To the line again, from the start."""
        self.status, self.why, self.share, self.transcript, self.wish = WAITING, None, 0.0, None, wish
        self.checked.clear()


def retimed(words: Sequence["Word"], text: str) -> tuple["Word", ...]:
    """The text's words: those that were heard keep their times, others share the time of what they stand for."""
    from transcripts.transcript import Word

    if not words:
        return ()
    new, found = text.split(), []
    steps = SequenceMatcher(None, [word.text for word in words], new, autojunk=False).get_opcodes()
    for kind, first, last, at, until in steps:
        if kind == "equal":
            found += words[first:last]
            continue
        start = words[first].start if first < last else words[max(0, first - 1)].end
        end = words[last - 1].end if first < last else words[min(first, len(words) - 1)].start
        each = max(0.0, end - start) / max(1, until - at)
        found += [
            Word(start + each * place, start + each * (place + 1), word, 1.0)
            for place, word in enumerate(new[at:until])
        ]
    return tuple(found)


class Visit:
    """A visitor's calls; each handler of his reads and changes them here."""

    def __init__(self):
        # made with the first recording: what a page asks for while it is being closed begins a visit that nobody ends
        self.folder = Path(get_upload_folder()) / "visits" / secrets.token_hex(16)
        self.seen = time.time()  # its last sign of life
        self.calls: list[Call] = []
        self.refusals = ""  # HTML: what of the last files did not come into the line, shown until the next press
        self.chosen: Call | None = None
        self.working = False  # one recording at a time
        self.played: Path | None = None  # what the player has
        self.mask = False
        self.hidden = ""  # names to hide, as they were typed
        self._count = 0

    def add(self, upload: Path, wish: Wish) -> Call:
        """The recording moves into the visit's folder. Raises UserError for one that is there already, or gone."""
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
        call = Call(self._count, upload.name, path, upload, wish)
        self.calls.append(call)
        self.chosen = self.chosen or call
        return call

    def call(self, number: int | None) -> Call | None:
        return next((call for call in self.calls if call.number == number), None)

    def next(self) -> Call | None:
        return next((call for call in self.calls if call.status == WAITING), None)

    def remove(self, call: Call) -> None:
        call.status = CANCELLED  # who listens to it stops
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
        """A sign of life, on the disk, for whoever sweeps."""
        self.seen = time.time()
        with suppress(FileNotFoundError):
            os.utime(self.folder)


_visits: dict[str, Visit] = {}
_lock = threading.Lock()


def of(request: gr.Request) -> Visit:
    """The visit that the request belongs to, begun where there is none."""
    key = request.session_hash or secrets.token_hex(16)  # without a session nobody shares another's
    with _lock:
        if key not in _visits:
            _visits[key] = Visit()
        visit = _visits[key]
    visit.touch()
    return visit


def leave(request: gr.Request) -> None:
    """The page was closed or loaded again."""
    with _lock:
        visit = _visits.pop(request.session_hash, None)
    if visit:
        visit.end()


def sweeping() -> None:
    """Starts to look for what is to be deleted, as long as the server lives."""
    threading.Thread(target=_sweep_for_ever, name="sweeper", daemon=True).start()


def _sweep_for_ever() -> None:
    while True:
        sweep()
        time.sleep(SWEEP)


def sweep() -> None:
    """Deletes the visits without a sign of life, this server's or another's that was killed."""
    with _lock:
        ended = [key for key, visit in _visits.items() if time.time() - visit.seen > KEPT]
        visits = [_visits.pop(key) for key in ended]
    for visit in visits:
        visit.end()
    for folder in (Path(get_upload_folder()) / "visits").glob("*"):
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > KEPT:
                shutil.rmtree(folder, ignore_errors=True)
