"""Dates of birth: the date that is said after « né le » or « date de naissance », by whoever says it."""

import re
from collections.abc import Iterator, Sequence

from speech.privacy.kinds import BIRTH, Hidden
from speech.privacy.numbers.counted import MONTHS
from speech.privacy.numbers.digits import Piece, all_pieces
from speech.privacy.words import TextWord, plain, stretches, vocabulary
from transcripts.transcript import Turn

REACH = 12  # words
BORN = vocabulary("ne nee nes nees naissance naquit ddn anniversaire")
BEFORE_DATE = {"le", "du", "au"}
AFTER_BORN = {"en", "un", "une"}  # « né en avril 1982 »; « ne » is no birth before these
FIRST = {"premier", "1er"}
MONTH = re.compile(plain(MONTHS.replace("[eé]", "e").replace("[uû]", "u")))


def births(words: Sequence[TextWord], reading: Sequence[TextWord], turns: Sequence[Turn]) -> Iterator[Hidden]:
    """The dates in a reading before which, among all words of the call, birth was spoken of."""
    pieces = {piece.start: piece for piece in all_pieces(reading, turns)}
    at = 0
    while at < len(reading):
        end = _end_of_date(at, pieces, reading)
        if end and _birth_was_named(reading[at], words):
            yield from stretches(reading[at:end], reading, BIRTH)
        at = end or at + 1


def _birth_was_named(first: TextWord, words: Sequence[TextWord]) -> bool:
    before = words[max(0, first.place - REACH) : first.place]
    born = [place for place, word in enumerate(before) if word.plain in BORN]
    if not born:
        return False
    said, after = before[born[-1]], {word.plain for word in before[born[-1] + 1 :]}
    if not said.plain.startswith("ne"):
        return True
    return bool(after & (BEFORE_DATE | AFTER_BORN if "é" in said.said.lower() else BEFORE_DATE))  # « ne » also is no


def _end_of_date(at: int, pieces: dict[int, Piece], reading: Sequence[TextWord]) -> int | None:
    """The place after a date that begins at `at`: day, month and year, or month and year, in figures or in words."""
    if reading[at].plain in FIRST or MONTH.fullmatch(reading[at].plain):
        month = _month(at + (reading[at].plain in FIRST), pieces, reading)
        return _year(month, pieces, reading) if month else None
    day = pieces.get(at)
    if not day or not day.text.isdecimal():
        return None
    if len(day.text) == 4 and day.text[:2] in {"19", "20"}:
        order = (_month, _day)  # 1980-03-12
    elif 1 <= int(day.text) <= 31:
        order = (_month, _year)
    else:
        return None
    end = at + len(day.words)
    if end < len(reading) and reading[end].plain in {"er", "premier"}:
        end += 1
    if month_and_year := _month_and_year(end, pieces):
        return month_and_year
    for part in order:
        end = part(end, pieces, reading) if end else None
    return end if end and reading[end - 1].turn - reading[at].turn <= 2 else None


def _month_and_year(at: int, pieces: dict[int, Piece]) -> int | None:
    """« zéro trois mille neuf cent quatre-vingts », which adds up to 3980."""
    at += bool(pieces.get(at) and pieces[at].text == "0")
    piece = pieces.get(at)
    added = piece and re.fullmatch(r"0?[1-9]9\d\d", piece.text) and any(word.plain == "mille" for word in piece.words)
    return at + len(piece.words) if added else None


def _month(at: int, pieces: dict[int, Piece], reading: Sequence[TextWord]) -> int | None:
    if at < len(reading) and MONTH.fullmatch(reading[at].plain):
        return at + 1
    return _figure(at, pieces, range(1, 13))


def _day(at: int, pieces: dict[int, Piece], reading: Sequence[TextWord]) -> int | None:
    return _figure(at, pieces, range(1, 32))


def _year(at: int, pieces: dict[int, Piece], reading: Sequence[TextWord]) -> int | None:
    """« 1980 », « 80 », « mille neuf cent quatre-vingts »; « 19 80 »."""
    end = _figure(at, pieces, range(1900, 2100)) or _figure(at, pieces, range(100))
    if end and pieces[at].text in {"19", "20"} and (rest := _figure(end, pieces, range(100))):
        return rest
    return end


def _figure(at: int, pieces: dict[int, Piece], allowed: range) -> int | None:
    piece = pieces.get(at)
    zeros = 0
    while piece and piece.text == "0" and zeros == 0:  # « zéro trois »
        at, zeros = at + len(piece.words), 1
        piece = pieces.get(at)
    if not piece or not piece.text.isdecimal() or int(piece.text) not in allowed:
        return None
    return at + len(piece.words)
