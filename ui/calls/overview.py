"""All calls of a visit together: a table of figures, words to watch for, and the places where something is said.

When somebody spoke is counted from the words as they were transcribed, so that a corrected text does not change it;
words are counted and looked for in the texts as they are now. What a machine says is in the texts, and in no figure.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from common.messages import UserError
from speech.turn_taking import analyse, said_by_people
from transcripts.formats.csv import table
from transcripts.transcript import Turn
from ui.calls.call import Call
from ui.calls.replacing import Wanted
from ui.kit.format import percent
from ui.kit.i18n import message, say

PLACES = 200  # that a search shows
AROUND = 40  # characters of a text before and after what was found
FIELD = re.compile(r"\{(\w+)\}")
EXAMPLE = "{date}_{agent}"  # of a pattern
SORTS = ("order", "name", "seconds", "silence", "monologue", "pace", "wait", "doubt")


@dataclass(frozen=True)
class Row:
    """A call in figures. Shares from 0 to 1; None where there is nothing to count."""

    call: Call
    seconds: float
    silence: float  # share of the call
    talk: dict[str, float]  # each party's share of what is spoken
    monologue: float  # seconds of the longest stretch of one party
    pace: float | None  # words a minute of speech
    wait: float | None  # seconds between a party's end and the other's answer, in the mean
    doubt: float  # share of the words that the model was less than half sure of
    watched: dict[str, int] = field(default_factory=dict)  # how often each watched word is said
    fields: dict[str, str] = field(default_factory=dict)  # out of the file's name


@dataclass(frozen=True)
class Place:
    """Where something is said."""

    call: Call
    turn: int
    start: float
    before: str
    found: str
    after: str


def row(call: Call, watched: Sequence[str] = (), pattern: str = "") -> Row:
    turns = said_by_people(call.transcribed, call.sounds)
    seconds = max([call.transcript.audio.seconds, *(turn.end for turn in call.transcribed)])
    found = analyse(turns, seconds)
    spoken = sum(end - start for spans in found.talk.values() for start, end in spans)
    words = sum(len(turn.text.split()) for turn in said_by_people(call.turns, call.sounds))
    sure = [word.confidence for turn in turns for word in turn.words]
    said = " \n ".join(turn.text for turn in call.turns)
    return Row(
        call,
        seconds,
        found.silence / seconds if seconds else 0.0,
        {str(call.name_of(speaker) or ""): found.share(speaker) for speaker in found.talk},
        _monologue(turns),
        60 * words / spoken if spoken else None,
        _wait(turns),
        sum(each < 0.5 for each in sure) / len(sure) if sure else 0.0,
        {word: len(Wanted(word).spans(said)) for word in watched},
        fields(call.name, pattern),
    )


def watched(words: str) -> list[str]:
    """The words to watch for, out of what was typed: between commas, a phrase may have several."""
    return list(dict.fromkeys(word for each in re.split(r"[,;\n]", words) if (word := " ".join(each.split()))))[:50]


def _monologue(turns: Sequence[Turn]) -> float:
    longest, start, before = 0.0, 0.0, object()
    for turn in turns:
        if turn.speaker != before:
            start, before = turn.start, turn.speaker
        longest = max(longest, turn.end - start)
    return longest


def _wait(turns: Sequence[Turn]) -> float | None:
    waits = [max(0.0, b.start - a.end) for a, b in pairwise(turns) if a.speaker != b.speaker]
    return sum(waits) / len(waits) if waits else None


def fields(name: str, pattern: str) -> dict[str, str]:
    """What a file's name says by a pattern like `{date}_{agent}_{number}`; empty where it does not fit."""
    names = FIELD.findall(pattern)
    if not names:
        return {}
    parts = FIELD.split(pattern)
    regex = "".join("(.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    found = re.fullmatch(regex, Path(name).stem)
    return dict(zip(names, found.groups() if found else [""] * len(names), strict=True))


def check_pattern(pattern: str) -> None:
    """Raises UserError for a pattern that names no field, or one twice."""
    names = FIELD.findall(pattern)
    if pattern.strip() and (not names or len(set(names)) < len(names) or "}{" in pattern or len(pattern) > 200):
        raise UserError(*message("pattern_wrong", example=EXAMPLE))


def ordered(rows: Iterable[Row], sort: str, words: str = "") -> list[Row]:
    """Sorted, the most first but for names; only those in which `words` stand, of a name or a text."""
    wanted = Wanted(words, words=False)
    kept = [each for each in rows if not words.strip() or _has(each, wanted)]
    if sort == "name":
        return sorted(kept, key=lambda each: each.call.name.casefold())
    return sorted(kept, key=lambda each: -(getattr(each, sort) or 0.0)) if sort in SORTS[2:] else kept


def _has(row: Row, wanted: Wanted) -> bool:
    return any(wanted.spans(text) for text in (row.call.name, *(turn.text for turn in row.call.turns)))


def places(calls: Iterable[tuple[Call, Sequence[Turn]]], words: str) -> list[Place]:
    """Where it is said, in the turns of all calls as they may be shown, up to `PLACES`."""
    wanted, found = Wanted(words, words=False), []
    for call, turns in calls:
        for at, turn in enumerate(turns):
            for start, end in wanted.spans(turn.text):
                text = turn.text
                before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
                found.append(Place(call, at, turn.start, before, text[start:end], after))
                if len(found) == PLACES:
                    return found
    return found


def as_csv(rows: Sequence[Row], reader: str, dialect: str) -> bytes:
    """The table as a file: a row a call; seconds, and shares in percent."""
    named = [each for row in rows for each in row.fields]
    watched = [each for row in rows for each in row.watched]
    own, words = list(dict.fromkeys(named)), list(dict.fromkeys(watched))
    keys = ("call", "duration", "silence", "talk", "monologue", "pace", "wait", "doubt")
    head = [say(reader, f"all_{key}") for key in keys]
    lines = [
        [
            row.call.name,
            round(row.seconds, 1),
            round(100 * row.silence, 1),
            shares(row, reader),
            round(row.monologue, 1),
            None if row.pace is None else round(row.pace),
            None if row.wait is None else round(row.wait, 2),
            round(100 * row.doubt, 1),
            *(row.fields.get(each, "") for each in own),
            *(row.watched.get(each, 0) for each in words),
        ]
        for row in rows
    ]
    return table([[*head, *own, *words], *lines], dialect)


def shares(row: Row, reader: str) -> str:
    """Each party's part of what is said: « Agent 62 % · Voix B 38 % »."""
    names = {name: say(reader, "speaker", name=name) if len(name) == 1 else name or "?" for name in row.talk}
    return " · ".join(f"{names[name]} {percent(100 * share, reader, 0)}" for name, share in row.talk.items())
