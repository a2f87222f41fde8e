"""Whether a row of digits may be a number of someone, or counts something as far as its figures go."""

import re
from collections.abc import Sequence
from itertools import groupby, pairwise

from speech.privacy.numbers.counted import Sure
from speech.privacy.numbers.digits import Piece

DATE = re.compile(r"(?:0?[1-9]|[12]\d|3[01]) ?(?:0?[1-9]|1[0-2]) ?(?:19|20)\d\d")
SHORT_DATE = re.compile(r"(?:0[1-9]|[12]\d|3[01]) (?:0[1-9]|1[0-2]) \d\d")
YEAR = re.compile(r"(?:19|20)\d\d")
DIRECTORY = re.compile(r"118 ?\d{3}")  # whom everybody may call
TIME_STAMP = re.compile(r"1[4-9]\d{8}(?:\d{3}){0,3}")  # seconds since 1970, or thousandths of them
PAIRS_AFTER_ZERO = re.compile(r"0[1-9]\d{8}")
POSTAL_CODES = re.compile(r"(?:(?:0[1-9]|[1-8]\d|9[0-8]) ?\d{3}(?: |$)){2,}")
LONG_GROUP = 9  # digits that are no step of a list
PRICE = re.compile(r"\d+[05]|\d*9")  # cents that shops like


def is_date(run: Sequence[Piece]) -> bool:
    """A date, years or round figures, though they have many digits; or directory enquiries."""
    texts = [piece.text for piece in run]
    if DATE.fullmatch(" ".join(texts)) or DIRECTORY.fullmatch(" ".join(texts)):
        return True
    return len(texts) > 1 and all(YEAR.fullmatch(text) or re.fullmatch(r"[1-9]\d*00", text) for text in texts)


def may_count(run: Sequence[Piece]) -> bool:
    """A date with a short year, a time stamp or postal codes; or figures in order."""
    said = " ".join(piece.text for piece in run)
    return any(pattern.fullmatch(said) for pattern in (SHORT_DATE, TIME_STAMP, POSTAL_CODES)) or _is_in_order(run)


def _is_in_order(run: Sequence[Piece]) -> bool:
    """« 75, 77, 78, 91, 92 », « un, deux, trois, quatre, cinq... »"""
    texts = [piece.text for piece in run]
    if len(texts) < 5 or not all(text.isdecimal() and len(text) < LONG_GROUP for text in texts):
        return False
    steps = [int(second) - int(first) for first, second in pairwise(texts)]
    in_order = all(step > 0 for step in steps) or all(step < 0 for step in steps)
    alike = max(map(len, texts)) - min(map(len, texts)) < 2
    return in_order and alike and (texts[0][0] != "0" or set(steps) == {1})


def may_be_number(row: Sequence[Piece], start: int, end: int) -> bool:
    """Whether a stretch of a row may be a number though parts of it can be read as decimals, hours, amounts or dates.

    Not where it cuts such a reading in two. Where all of it can be read so, only if it is a telephone number, and not
    all of it hours and dates; or if it has the groups of a card, and not the prices of a shop.
    """
    run = row[start:end]
    for inside, outside in ((start, start - 1), (end - 1, end)):
        if 0 <= outside < len(row) and is_one(row[inside], row[outside]):
            return False
    if any(piece.sure == Sure.NOT for piece in run):
        return True
    if PAIRS_AFTER_ZERO.fullmatch("".join(piece.text for piece in run)):
        return any(piece.sure == Sure.MAYBE for piece in run)
    return all(piece.sure == Sure.MAYBE for piece in run) and _has_groups_of_a_card(run) and not may_count(run)


def _has_groups_of_a_card(run: Sequence[Piece]) -> bool:
    """« 49,70, 10,12, 34,56, 78,90 »."""
    read = [list(pieces) for _, pieces in groupby(run, key=lambda piece: (piece.turn, piece.reading))]
    cents = [pieces[-1].text for pieces in read if len(pieces) > 1]
    if not cents:
        return True  # « 49h70h10h12 »
    alike = all(sum(piece.digits for piece in pieces) == 4 for pieces in read)
    return alike and not all(PRICE.fullmatch(text) for text in cents)


def is_one(before: Piece, after: Piece) -> bool:
    """Whether one reading is made of both."""
    return before.reading is not None and before.turn == after.turn and before.reading == after.reading
