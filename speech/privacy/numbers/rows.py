"""Pieces that are said in a row, whatever stands between them."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import groupby

from speech.privacy.numbers.counted import Sure
from speech.privacy.numbers.digits import Piece
from speech.privacy.numbers.fillers import SMALL_WORDS, is_filler
from speech.privacy.numbers.plausible import is_date, is_one, may_be_number, may_count
from speech.privacy.numbers.shapes import LONGEST, is_complete
from speech.privacy.words import PAUSE, TextWord
from transcripts.transcript import Turn

TURNS_BETWEEN = 2  # short turns without a number (« Attendez, je prends un stylo. »)
WORDS_BETWEEN = 8
LONGEST_REMARK = 10  # words of any sort that may stand between the parts of a number whose shape is known
MOST_REMARKS = 3
SENTENCE_END = re.compile(r"[.?!]")


class Gap(Enum):
    """What stands between two pieces."""

    NONE = 0  # nothing, signs or a filler: the row goes on
    REMARK = 1  # some words: it goes on if both sides make a number that is complete
    BREAK = 2


class Row(list[Piece]):
    """Pieces in the order in which they were said; `counts` where a unit is said once for all of them."""

    counts = False


def rows_of(pieces: Sequence[Piece], reading: Sequence[TextWord], turns: Sequence[Turn]) -> list[Row]:
    """The rows of a reading; what surely counts something is in none of them."""
    rows: list[Row] = []
    for piece in pieces:
        last = rows[-1][-1] if rows else None
        if piece.sure == Sure.SURELY:
            if last and _between(last, piece, reading) in (["et"], ["ou"], ["a"]):
                rows[-1].counts = True  # « 10, 12 et 14 ans »
        elif last and gap(last, piece, reading, turns) == Gap.NONE:
            rows[-1].append(piece)
        else:
            rows.append(Row([piece]))
    return _with_remarks(rows, reading, turns)


def gap(before: Piece, after: Piece, reading: Sequence[TextWord], turns: Sequence[Turn]) -> Gap:
    if turns[after.turn].start - turns[before.words[-1].turn].end > PAUSE:
        return Gap.BREAK
    between = reading[before.start + len(before.words) : after.start]
    ends = {before.words[-1].turn, after.turn}
    others = [len(list(said)) for turn, said in groupby(between, key=lambda word: word.turn) if turn not in ends]
    if len(others) > TURNS_BETWEEN or max(others, default=0) > WORDS_BETWEEN:
        return Gap.BREAK
    near = [word for word in between if word.turn in ends]
    if is_filler([word.plain for word in near]):
        return Gap.NONE
    counts = not near[0].is_apart and near[0].plain not in SMALL_WORDS  # « 06 cas »
    sentences = any(SENTENCE_END.search(word.before) for word in near[1:])
    return Gap.BREAK if counts or sentences or len(near) > LONGEST_REMARK else Gap.REMARK


def _between(before: Piece, after: Piece, reading: Sequence[TextWord]) -> list[str]:
    return [word.plain for word in reading[before.start + len(before.words) : after.start]]


def _with_remarks(rows: list[Row], reading: Sequence[TextWord], turns: Sequence[Turn]) -> list[Row]:
    """Rows between which something was remarked are one where they make a complete number together."""
    joined: list[Row] = []
    at = 0
    while at < len(rows):
        near = rows[at : at + MOST_REMARKS + 1]
        several = (parts for parts in _neighbours(near, reading, turns) if _makes_a_number(parts))
        together = next(several, near[:1])
        row = Row(piece for part in together for piece in part)
        row.counts = len(together) == 1 and together[0].counts
        joined.append(row)
        at += len(together)
    return joined


def _neighbours(rows: Sequence[Row], reading: Sequence[TextWord], turns: Sequence[Turn]) -> Iterator[list[Row]]:
    """The first two rows, then the first three, as long as mere remarks part them."""
    for last in range(1, len(rows)):
        if gap(rows[last - 1][-1], rows[last][0], reading, turns) != Gap.REMARK:
            return
        yield list(rows[: last + 1])


def _may_count(part: Row) -> bool:
    """As it looks; but « 06 12 34 » begins a telephone number more often than it is a date."""
    return may_count(part) and not re.match("0[67]", part[0].text)


def _makes_a_number(parts: Sequence[Row]) -> bool:
    if any(is_date(part) or _may_count(part) or all(piece.sure > Sure.MAYBE for piece in part) for part in parts):
        return False
    middle = [piece for part in parts[1:-1] for piece in part]
    first, last = parts[0][-LONGEST:], parts[-1][:LONGEST]
    heads = (first[start:] for start in range(len(first)) if not start or not is_one(first[start - 1], first[start]))
    tails = [last[:end] for end in range(1, len(last) + 1) if end == len(last) or not is_one(last[end - 1], last[end])]
    runs = ([*head, *middle, *tail] for head in heads for tail in tails)
    return any(is_complete(run) and may_be_number(run, 0, len(run)) and not may_count(run) for run in runs)
