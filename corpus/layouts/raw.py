"""A source as it came: its rows, its clips, and what was left out of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from common.messages import Message, UserError
from corpus.clips import Clips
from transcripts.transcript import Turn

NAMED = Message(en="you named it", fr="vous l'avez nommé")
MAX_ROWS = 2_000_000  # of one source: more are a mistake or an attack, and each costs some microseconds


class LeftOut(NamedTuple):
    """A row or a file that is not used: its id or name, or the row's number in the source from 1 on."""

    where: str | int
    reason: Message


class Call(NamedTuple):
    """A whole recording, and the turns that people wrote down of it."""

    name: str  # the path of the recording from the corpus's folder on
    recording: Path
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Raw:
    """A source before its rows have the schema: a line a row, the clips by the same count from 0."""

    name: str
    source: str
    licence: str | None
    reason: Message  # why this source
    frame: pd.DataFrame
    clips: Clips
    refused: dict[int, Message] = field(default_factory=dict)  # rows that cannot be used, and why
    files_left_out: tuple[LeftOut, ...] = ()
    notes: tuple[Message, ...] = ()  # what was recognised in it: a unit, a layout
    clean: Callable[[str], str] | None = None
    calls: tuple[Call, ...] = ()  # whole recordings with what is said in them, where the clips are their turns
    published: bool = False  # it has more splits than the frame, of which only the first rows were fetched, may show


def check_rows(count: int, source: str) -> None:
    """Raises UserError where a source has more rows than a corpus may have."""
    if count > MAX_ROWS:
        raise UserError(
            en=f"{source} has {count} rows and {MAX_ROWS} are the most: divide it.",
            fr=f"{source} a {count} lignes et {MAX_ROWS} sont le maximum : divisez-le.",
        )
