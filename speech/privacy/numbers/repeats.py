"""Parts of a known number that somebody says again, or says apart from it: « ça finit par 78 »."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby

from speech.privacy.numbers.digits import Piece
from speech.privacy.numbers.fillers import is_filler
from speech.privacy.numbers.find import Number, joined, trimmed
from speech.privacy.numbers.rows import Row
from speech.privacy.words import PAUSE, TextWord, vocabulary
from transcripts.transcript import Turn

Reading = Sequence[TextWord]

TURNS = 12  # and PAUSE seconds, within which a number may be said again
LEAST = 4  # digits said again, among other words
LEAST_ALONE = 2  # digits that are all that is said in a turn; one in the midst of the number
SAID_BEFORE = vocabulary(
    "commence commencent commencant debute finit finissent finissant finir termine terminent terminant "
    "dernier derniers derniere dernieres premier premiers premiere premieres indicatif"
)
SAID_AFTER = vocabulary("fin debut devant dernier premier")
REACH_BEFORE, REACH_AFTER = 4, 3  # words between such a word and the digits
AT_AN_EDGE = range(2, 5)  # digits


def repeats(
    rows: Sequence[tuple[Reading, Row]], numbers: Sequence[Number], turns: Sequence[Turn]
) -> Iterator[tuple[Reading, Number]]:
    """What of the rows of each reading is a part of a number that was said just before or after, and is not in it."""
    numbers = sorted(numbers, key=_turn)
    known = {piece.words[0].place for number in numbers for piece in number.pieces}
    for reading, row in rows if numbers else ():
        part = trimmed([piece for piece in row if piece.words[0].place not in known])
        if not part:
            continue
        first = bisect_left(numbers, part[0].turn - TURNS, key=_turn)
        last = bisect_right(numbers, part[0].turn + TURNS, key=_turn)
        near = [number for number in numbers[first:last] if _soon(part, number, turns)]
        counts = any(piece.reading for piece in part)
        kind = None if counts else _repeated(trimmed(row), near, reading) or _repeated(part, near, reading)
        if kind or (near and not counts and _is_at_an_edge(part, reading)):
            yield reading, Number(part, kind or near[0].kind)
            continue
        for _, pieces in groupby(part, key=lambda piece: (piece.turn, piece.reading)):  # said again piece by piece
            again = trimmed(list(pieces))
            if again and not again[0].reading and (kind := _repeated(again, near, reading)):
                yield reading, Number(again, kind)


def _repeated(part: Sequence[Piece], numbers: Sequence[Number], reading: Reading) -> str | None:
    digits = joined(part)
    alone = _is_all_of_its_turn(part, reading)
    if not alone and (len(digits) < LEAST or len(part) == 1):
        return None
    of = (n for n in numbers if digits in n.digits and (len(digits) >= LEAST_ALONE or _is_within(part, n)))
    return next((number.kind for number in of), None)


def _is_within(part: Sequence[Piece], number: Number) -> bool:
    """The number goes on after it."""
    return _turn(number) < part[0].turn < number.pieces[-1].turn


def _turn(number: Number) -> int:
    return number.pieces[0].turn


def _soon(part: Sequence[Piece], number: Number, turns: Sequence[Turn]) -> bool:
    turn = turns[part[0].turn]
    first, last = turns[number.pieces[0].turn], turns[number.pieces[-1].words[-1].turn]
    return first.start - PAUSE <= turn.end and turn.start <= last.end + PAUSE


def _is_all_of_its_turn(part: Sequence[Piece], reading: Reading) -> bool:
    first, last = part[0].words[0], part[-1].words[-1]
    if first.turn != last.turn:
        return False
    before, after = part[0].start, part[-1].start + len(part[-1].words)
    rest = [word.plain for word in reading[max(0, before - 5) : before] if word.turn == first.turn]
    rest += [word.plain for word in reading[after : after + 5] if word.turn == first.turn]
    return is_filler(rest)


def _is_at_an_edge(part: Sequence[Piece], reading: Reading) -> bool:
    if len(joined(part)) not in AT_AN_EDGE:
        return False
    turn, begin, end = part[0].turn, part[0].start, part[-1].start + len(part[-1].words)
    before = {word.plain for word in reading[max(0, begin - REACH_BEFORE) : begin] if word.turn == turn}
    after = {word.plain for word in reading[end : end + REACH_AFTER] if word.turn == turn}
    return bool(before & SAID_BEFORE or after & SAID_AFTER)
