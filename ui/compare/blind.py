"""The blind test: columns in an order that nobody knows, what the visitor chose among them, and the tally of it."""

import random
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from transcripts.formats.csv import dialect_of, table
from ui.compare import columns
from ui.compare.columns import LETTERS, ColumnResult
from ui.kit.html import render

TIE = "tie"


class Vote(NamedTuple):
    """A choice; models and texts in the order in which they were shown."""

    time: str
    audio: str
    chosen: str  # a model's name, or TIE
    models: tuple[str, ...]
    texts: tuple[str, ...]
    reference: str


class Ballot(NamedTuple):
    """Columns that are shown under numbers, in an order of their own."""

    results: tuple[ColumnResult, ...]  # in the visitor's order
    order: tuple[int, ...]  # which of them is 1, 2, ...

    @property
    def veiled(self) -> tuple[ColumnResult, ...]:
        return tuple(self.results[at] for at in self.order)

    @property
    def signs(self) -> list[str]:
        """The letter of each column and the number that it had, in the visitor's order."""
        return [f"{LETTERS[at]} = {self.order.index(at) + 1}" for at in range(len(self.results))]


def drawn(results: Sequence[ColumnResult]) -> Ballot:
    """The columns in an order of chance."""
    return Ballot(tuple(results), tuple(random.SystemRandom().sample(range(len(results)), len(results))))


def vote(ballot: Ballot, choice: int | None, audio: str, reference: str) -> Vote:
    """The choice of a column by its place, or of none of them."""
    names = [columns.names_of(ballot.results)[at] for at in ballot.order]
    return Vote(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        audio=audio,
        chosen=TIE if choice is None else names[choice],
        models=tuple(names),
        texts=tuple(each.text for each in ballot.veiled),
        reference=reference,
    )


def tally(votes: Sequence[Vote], reader: str) -> str:
    """How often each was chosen, as HTML."""
    chosen = Counter(vote.chosen for vote in votes)
    shown = Counter(name for vote in votes for name in vote.models)
    lines = [(name, chosen[name], shown[name]) for name in sorted(shown, key=lambda name: -chosen[name])]
    return render("compare/tally.html", reader, lines=lines, ties=chosen[TIE])


def export(votes: Sequence[Vote], folder: Path, reader: str) -> Path:
    """The visitor's choices as a CSV that the reader's spreadsheet opens, under a name that cannot be guessed."""
    file = folder / secrets.token_hex(16) / "choix.csv"
    file.parent.mkdir(parents=True)
    spread = [(f"model_{letter.lower()}", f"text_{letter.lower()}") for letter in LETTERS]
    header = ["time", "audio", "chosen", "reference", *(name for pair in spread for name in pair)]
    rows = [
        [vote.time, vote.audio, vote.chosen, vote.reference, *chain(*zip(vote.models, vote.texts, strict=True))]
        for vote in votes
    ]
    file.write_bytes(table([header, *rows], dialect_of(reader)))
    return file
