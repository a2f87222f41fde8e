"""A call of a visitor's: the recording, how far it is transcribed, and what was corrected since."""

import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from common.messages import Message
from speech.decoding.effort import EFFORT
from transcripts.edits import Journal

if TYPE_CHECKING:
    import numpy as np

    from speech.transcribe import TranscriptionProgress
    from transcripts.transcript import Sound, Transcript, Turn
    from transcripts.work_file import Work

VOICES = 4  # colours of the style
WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
HELD = "held"  # no GPU is lent any more, and the visitor has not decided yet


@dataclass(frozen=True)
class CallOptions:
    """How a call is to be transcribed."""

    channels: str = "auto"
    speakers: int | None = None  # on one channel; None: found out
    language: str = "fr"
    adapter: str = ""  # its name; none: the page's model as it is
    hot_words: str = ""  # to expect
    effort: str = EFFORT  # how wide to search where the text is unsure


@dataclass(eq=False)
class Call:
    number: int  # from 1, in the order they came
    name: str  # the file's, for people
    path: Path | None  # of the recording; None where only the work on it is here
    upload: Path | None  # gradio's path, which a hash of the content is part of
    options: CallOptions
    folder: Path | None = None  # of its files
    sound_hash: str = ""  # sha256 of the recording's bytes, in hex
    status: str = WAITING
    error: Message | None = None  # why it failed, or is held
    share: float = 0.0  # of the speech that is transcribed, 0 to 1
    transcript: "Transcript | None" = None  # so far, as the model wrote it
    sound: Path | None = None  # what browsers play
    masked_sound: Path | None = None  # without what is masked, once that was asked for
    usual: dict[str, str] = field(default_factory=dict)  # what its parties are called where nobody says more
    reopened: bool = False  # its work was done before, and came back
    fingerprint: "list[np.ndarray] | None" = None  # of its channels' sound, once there are others
    pieces: "Iterator[TranscriptionProgress] | None" = None  # of its transcription
    stepping: threading.Lock = field(default_factory=threading.Lock)  # held while a piece is transcribed
    era: str = field(default_factory=lambda: secrets.token_hex(8))  # of its journal: another one after ↻
    _journal: Journal | None = None

    @property
    def over(self) -> bool:
        return self.status in (DONE, FAILED, CANCELLED)

    @property
    def journal(self) -> Journal | None:
        """What was corrected; None while nothing can be."""
        if self._journal is None and self.over and self.transcript:
            self._journal = Journal(self.transcript.turns)
        return self._journal

    @property
    def corrected(self) -> bool:
        return bool(self._journal and self._journal.entries)

    def holds(self, work: "Work") -> bool:
        """Whether it has the same corrections of the same text."""
        return (
            self.corrected and self._journal.entries == work.journal.entries and self.transcribed == work.machine.turns
        )

    @property
    def turns(self) -> list["Turn"]:
        """As they are now."""
        if self.journal:
            return self.journal.turns
        return self.transcript.turns if self.transcript else []

    @property
    def transcribed(self) -> list["Turn"]:
        """The turns as the model wrote them."""
        return self.transcript.turns if self.transcript else []

    @property
    def sounds(self) -> list["Sound"]:
        """What is no speech, and what a machine says."""
        return self.transcript.sounds if self.transcript else []

    @property
    def checked(self) -> set[int]:
        """The turns that the visitor says are right, by their place."""
        return {at for at, each in enumerate(self.journal.state.turns) if each.checked} if self.journal else set()

    def edit(self, *entries: dict) -> None:
        """Adds entries to the journal. Raises ValueError for what is none, and keeps those before."""
        for entry in entries:
            self.journal.add(entry)
        self.masked_sound = None  # other words may have to be masked now

    def name_of(self, speaker: str | None) -> str | None:
        """The party's name: the one it was given, else what such a party is called in this visit, else its letter."""
        name = self.given_name(speaker) or speaker
        return self.usual.get(name, name)

    def given_name(self, speaker: str | None) -> str | None:
        """What was typed; after an exchange it may be the other's letter."""
        return self.journal.state.names.get(speaker) if self.journal else None

    def update(self, transcript: "Transcript", share: float) -> None:
        """Takes what is transcribed so far."""
        self.transcript, self.share = transcript, share

    def again(self, options: CallOptions) -> None:
        """Puts the call back into the queue, with nothing transcribed."""
        self.status, self.error, self.share, self.options = WAITING, None, 0.0, options
        self.transcript = self.masked_sound = self.pieces = self._journal = None
        self.reopened, self.era = False, secrets.token_hex(8)

    def reopen(self, work: "Work") -> None:
        """Takes a transcript and its corrections that were made before."""
        self.status, self.share, self.reopened = DONE, 1.0, True
        self.transcript = replace(work.machine, audio=replace(work.machine.audio, path=self.name))
        self._journal, self.era = work.journal, secrets.token_hex(8)


def voice(speaker: str | None) -> int:
    """The number of the party's colour, which does not depend on who spoke first."""
    return (ord(speaker[0]) - ord("A")) % VOICES if speaker else 0
