"""Groups of digits, in figures or in words, and the letters spelled among them: what a long number is said in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from text_to_num import find_numbers

from speech.privacy.numbers.counted import Reading, Sure, counts, rest_of, written
from speech.privacy.numbers.fillers import HESITATIONS, NUMBER_WORDS
from speech.privacy.words import TextWord, vocabulary
from transcripts.transcript import Turn

COUNTRIES = vocabulary("AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MC MT NL NO PL PT RO SE")
GLUED = {"", "-", "."}
TIMES = {"double": 2, "triple": 3}


@dataclass(frozen=True)
class Piece:
    """A group of digits, or a letter that is spelled."""

    words: tuple[TextWord, ...]
    text: str
    reading: Reading | None = None  # what it counts, if it is no part of a row
    start: int = 0  # place of its first word in what is read

    @property
    def turn(self) -> int:
        return self.words[0].turn

    @property
    def digits(self) -> int:
        return sum(map(str.isdecimal, self.text))

    @property
    def sure(self) -> Sure:
        return self.reading.sure if self.reading else Sure.NOT


def pieces_of(voice: Sequence[TextWord], turns: Sequence[Turn], taken: set[int] = frozenset()) -> list[Piece]:
    """Digits, numbers in words and spelled letters, in order, each with what it counts if it is no part of a number.

    `taken`: places of words that are something else.
    """
    readings = {turn: written(turns[turn].text) for turn in {word.turn for word in voice}}
    pieces = []
    for piece in all_pieces(voice, turns):
        text, first, last = turns[piece.turn].text, piece.words[0], piece.words[-1]
        if any(word.place in taken for word in piece.words):
            continue
        reading = next((r for r in readings[piece.turn] if r.start <= first.start and last.end <= r.end), None)
        if not reading and counts(text, first.start, last.end):
            reading = Reading(*_span(piece), Sure.SURELY)
        if not reading and _is_article(piece, voice):
            continue
        pieces.append(replace(piece, reading=reading))
    return _with_amounts(pieces, turns)


def all_pieces(voice: Sequence[TextWord], turns: Sequence[Turn]) -> list[Piece]:
    """The same, whatever they count."""
    pieces = []
    for number, word in enumerate(voice):
        before = voice[number - 1] if number else None
        after = voice[number + 1] if number + 1 < len(voice) else None
        word.alone = word.plain == "virgule" or (word.plain == "et" and not _is_et_un(before, after))
        if word.said.isdecimal() and not (before and before.plain in {"cvv", "cvc"} and word.before == ""):
            pieces.append(Piece((word,), word.said, start=number))
        elif _is_zero(word, after):
            pieces.append(Piece((word,), "0", start=number))
        elif _is_spelled(word, before, after, turns[word.turn].text) or _is_bank(number, voice):
            pieces.append(Piece((word,), word.said.upper(), start=number))
    for number in find_numbers(list(voice), "fr", threshold=0):
        if number.text.isdecimal() and not _is_large(number.text):
            pieces.append(Piece(tuple(voice[number.start : number.end]), number.text, start=number.start))
    return [_repeated(piece, voice) for piece in sorted(pieces, key=lambda piece: piece.start)]


def _repeated(piece: Piece, voice: Sequence[TextWord]) -> Piece:
    """« double huit » is 88."""
    times = TIMES.get(voice[piece.start - 1].plain, 1) if piece.start and len(piece.text) == 1 else 1
    if times == 1 or piece.words[0].is_apart:
        return piece
    return Piece((voice[piece.start - 1], *piece.words), times * piece.text, start=piece.start - 1)


def _is_et_un(before: TextWord | None, after: TextWord | None) -> bool:
    return bool(
        before and after and before.plain.endswith(("ingt", "ante", "ente")) and re.match("une?$|onze$", after.plain)
    )


def _is_zero(word: TextWord, after: TextWord | None) -> bool:
    """« O6 », « oh six »: a zero that was taken for a letter."""
    follows = after and after.turn == word.turn and not after.is_apart
    return bool(word.plain in {"o", "oh"} and follows and (after.said.isdecimal() or after.plain in NUMBER_WORDS))


def _is_spelled(word: TextWord, before: TextWord | None, after: TextWord | None, text: str) -> bool:
    """A letter by itself that is no word, letters written together with digits, or those that begin an IBAN."""
    if word.said in COUNTRIES or (word.plain == "fr" and _is_key(after) and not (before and before.plain == "point")):
        return True
    if len(word.said) > 1:
        return bool(re.fullmatch("[A-Z]{2,4}", word.said)) and _touches_digits(word, before, after)
    if word.plain == "h" and before and before.said.isdecimal() and word.before.strip(" ") == "":
        return False  # 12h30
    return bool(re.fullmatch("[A-Zb-xz]", word.said)) and text[word.end : word.end + 1] not in {"'", "’"}


def _is_key(word: TextWord | None) -> bool:
    """The check digits after a country: fr76, « fr 76 »."""
    beside = word and word.said.isdecimal() and (word.before == "" or (word.before == " " and len(word.said) == 2))
    return bool(beside)


def _is_bank(place: int, voice: Sequence[TextWord]) -> bool:
    """Four letters after a country and its check digits: GB29 NWBK."""
    before = voice[max(0, place - 2) : place]
    after_country = len(before) == 2 and before[0].said in COUNTRIES and len(before[1].said) == 2
    return after_country and before[1].said.isdecimal() and bool(re.fullmatch("[A-Z]{4}", voice[place].said))


def _touches_digits(word: TextWord, before: TextWord | None, after: TextWord | None) -> bool:
    beside = [before] if before and word.before in GLUED else []
    beside += [after] if after and after.before in GLUED else []
    in_words = [other for other in (before, after) if other and other.plain in NUMBER_WORDS and len(word.said) == 2]
    return any(other.turn == word.turn and other.said.isdecimal() for other in beside) or bool(in_words)


def _is_large(number: str) -> bool:
    """In words, and too large or too round for a group of digits: it counts something."""
    return number[0] != "0" and (len(number) > 6 or (len(number) > 4 and number.endswith("000")))


def _is_article(piece: Piece, voice: Sequence[TextWord]) -> bool:
    """« un stylo », « une seconde »: a one before a word that is no number."""
    if len(piece.words) > 1 or piece.words[0].plain not in {"un", "une"}:
        return False
    after = voice[piece.start + 1] if piece.start + 1 < len(voice) else None
    if not after or after.turn != piece.turn or after.is_apart or not after.said.isalpha():
        return False
    return len(after.said) > 1 and after.plain not in NUMBER_WORDS | HESITATIONS


def _with_amounts(pieces: list[Piece], turns: Sequence[Turn]) -> list[Piece]:
    """« 14 heures 30 », « 3 euros 75 »: the figures before the word, and those right after it, are one reading.

    In « 06h45h12 » it is hardly one.
    """
    found = list(pieces)
    for number, piece in enumerate(pieces):
        text = turns[piece.turn].text
        rest = rest_of(piece.text, text, piece.words[-1].end)
        if not rest:
            continue
        begin, limit = rest
        after = pieces[number + 1] if number + 1 < len(pieces) else None
        follows = after and after.turn == piece.turn and not text[begin : after.words[0].start].strip()
        hours = limit == 60
        glued = follows and (hours or (not piece.reading and text[begin - 1 : after.words[0].start] == "€"))
        if glued and rest_of(after.text, text, after.words[-1].end):
            for place in (number, number + 1):
                found[place] = replace(pieces[place], reading=Reading(*_span(pieces[place]), Sure.MAYBE))
        elif not found[number].reading:
            reading = Reading(piece.words[0].start, begin, Sure.LIKELY)
            if follows and len(after.text) <= 2 and after.text.isdecimal() and int(after.text) < limit:
                reading = reading._replace(end=after.words[-1].end)
                found[number + 1] = replace(after, reading=reading)
            found[number] = replace(piece, reading=reading)
    whole = {(piece.turn, piece.reading) for piece in found if piece.reading and piece.reading.start == _span(piece)[0]}
    return [piece if (piece.turn, piece.reading) in whole else replace(piece, reading=None) for piece in found]


def _span(piece: Piece) -> tuple[int, int]:
    return piece.words[0].start, piece.words[-1].end
