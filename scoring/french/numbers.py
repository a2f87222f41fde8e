"""Numbers: in words from digits, and found among words.

Numbers are compared as they sound: 22, vingt-deux and « 20, 2 » are one. A number read digit by digit differs from the
number, except after a zero, where telephone numbers are, and in the short numbers of `_row`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from text_to_num import Token, find_numbers

# fmt: off
SMALL = [
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize",
    "quatorze", "quinze", "seize",
]
# fmt: on
TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante"}
SCALES = ((10**9, "milliard"), (10**6, "million"))
SWISS_TENS = {"septante", "huitante", "octante", "nonante"}
NUMBER_WORDS = {*SMALL, *TENS.values(), *SWISS_TENS, "une", "cent", "cents", "mil", "mille", "vingts"} | {
    name + plural for _, name in SCALES for plural in ("", "s")
}
COMPOUNDING = NUMBER_WORDS - {"un", "une"}  # without any of these there is nothing to spell anew
LONGEST = 15  # digits of what is read as one number

# Before a number that is dialled; 3949 and 118 218 are read in parts there.
DIALLED = {"le", "au", "du", "composez", "composer", "appelez", "appeler", "faites", "tapez", "numéro", "code"}
SHORT_NUMBER = re.compile(r"(3\d|10)(\d\d)|(118)(\d{3})")
POSTCODE = re.compile(r"[1-9]\d 0 (0 \d|\d\d)")  # soixante-quinze zéro zéro un
EMERGENCY = re.compile(r"1 1 [2-9]")  # un un deux
DIVIDED = {word + plural for word in ("heure", "minute", "euro", "dollar", "franc", "mètre") for plural in ("", "s")}
COUNTED = DIVIDED | {"kilomètres", "personnes", "pour"}  # what follows a number that was counted, not dialled


class Group(NamedTuple):
    """A number, or any other word."""

    words: str  # as they are to be written, with single spaces
    digits: str = ""  # of a cardinal number; empty for other words
    rank: str = ""  # the digits of an ordinal number


def cardinal(number: int) -> str:
    """The number in words, without hyphens and without the s of cents and vingts, which nobody hears."""
    if number < 17:
        return SMALL[number]
    if number < 20:
        return f"dix {SMALL[number - 10]}"
    if number < 100:
        base = number // 20 * 20 if number >= 60 else number // 10 * 10
        rest = number - base
        ten = "quatre vingt" if base == 80 else TENS[base // 10]
        return ten + (rest > 0) * f"{' et' if rest in (1, 11) and base < 80 else ''} {cardinal(rest)}"
    for scale, name in SCALES:
        if number >= scale:
            many, rest = divmod(number, scale)
            return f"{cardinal(many)} {name}{'s' if many > 1 else ''}" + (rest > 0) * f" {cardinal(rest)}"
    scale, name = (1000, "mille") if number >= 1000 else (100, "cent")
    many, rest = divmod(number, scale)
    return (many > 1) * f"{cardinal(many)} " + name + (rest > 0) * f" {cardinal(rest)}"


def ordinal(number: int) -> str:
    """The number's rank in words; the first is premier."""
    if number == 1:
        return "premier"
    *before, last = cardinal(number).split()
    last = {"cinq": "cinqu", "neuf": "neuv", "millions": "million", "milliards": "milliard"}.get(last, last)
    return " ".join([*before, last.removesuffix("e") + "ième"])


def aloud(digits: str) -> str:
    """A group of digits in words: a number, or pairs where it starts with a zero or no number is that long."""
    if (digits[0] == "0" and len(digits) > 1) or len(digits) > LONGEST:
        return " ".join(group.words for group in _pairs(digits))
    return cardinal(int(digits))


def _pairs(digits: str) -> Iterator[Group]:
    for start in range(0, len(digits), 2):
        pair = digits[start : start + 2]
        if len(pair) == 2 and pair[0] == "0":
            yield Group("zéro", "0")
            pair = pair[1]
        yield Group(cardinal(int(pair)), pair)


class _Word(Token):
    """What text2num asks of a word. `alone`: it is no part of a number."""

    def __init__(self, text: str, alone: bool):
        self._text, self._alone = text, alone

    def text(self) -> str:
        return self._text

    def nt_separated(self, previous: "_Word") -> bool:
        return self._text[:4] == previous._text[:4] == "cent"  # else huit cents cent vingt would be 801, 20

    def not_a_number_part(self) -> bool:
        return self._alone


def grouped(words: Sequence[str]) -> list[Group]:
    """The words cut into numbers, each written as `cardinal` and `ordinal` do, and other words."""
    groups = list(_found(words) if not COMPOUNDING.isdisjoint(words) else _others(words))
    if not any(group.digits for group in groups):
        return groups
    return list(_rows(groups))


def _found(words: Sequence[str]) -> Iterator[Group]:
    """text2num is kept from what it gets wrong: zero before hundreds, decimals before millions, et anywhere."""
    tokens = [_Word(word, _is_alone(words, at)) for at, word in enumerate(words)]
    at = 0
    for number in find_numbers(tokens, "fr", threshold=0):
        yield from _others(words[at : number.start])
        found, at = words[number.start : number.end], number.end
        if number.is_ordinal:
            rank, plural = re.fullmatch(r"(\d+)\D+?(s?)", number.text).groups()
            yield Group(found[0] if len(found) == 1 else ordinal(int(rank)) + plural, rank=rank)
        elif len(found) == 1 and found[0] not in SWISS_TENS:
            yield from _others(found)
        else:
            yield Group(cardinal(int(number.text)), number.text)
    yield from _others(words[at:])


def _others(words: Iterable[str]) -> Iterator[Group]:
    for word in words:
        word = {"cents": "cent", "vingts": "vingt", "mil": "mille"}.get(word, word)
        yield Group(word, DIGITS.get(word, ""), RANKS.get(word.removesuffix("s"), ""))


def _is_alone(words: Sequence[str], at: int) -> bool:
    """Zero and virgule are read on their own; et belongs to vingt et un and its like only."""
    if words[at] != "et":
        return words[at] in {"zéro", "virgule"}
    before, after = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
    return before not in {*TENS.values(), *SWISS_TENS} or not re.fullmatch(r"une?|onze|(un|onz)ièmes?", after)


SINGLE = (*range(2, 17), 20, 30, 40, 50, 60, 100, 1000)  # numbers of one word
DIGITS = {cardinal(n): str(n) for n in (0, 1, *SINGLE)}
RANKS = {ordinal(n): str(n) for n in SINGLE}


def _rows(groups: Sequence[Group]) -> Iterator[Group]:
    """Numbers that follow one another, where they are one: telephone numbers, short numbers, postcodes."""
    runs = [(numbers, list(run)) for numbers, run in groupby(groups, key=lambda group: group.digits != "")]
    for at, (numbers, run) in enumerate(runs):
        before = runs[at - 1][1][-1].words if at else ""
        after = runs[at + 1][1][0].words if at + 1 < len(runs) else ""
        yield from _row(run, before, after) if numbers else run


def _row(run: list[Group], before: str, after: str) -> Iterator[Group]:
    spaced = " ".join(group.digits for group in run)
    joined = spaced.replace(" ", "")
    dialled = (before in DIALLED and after not in COUNTED) or joined == "3615"
    short = SHORT_NUMBER.fullmatch(joined) if len(run) == 1 and dialled else None
    if short:
        for part in filter(None, short.groups()):
            yield from _pairs(part) if len(part) == 2 else [Group(cardinal(int(part)), part)]
    elif POSTCODE.fullmatch(spaced) or EMERGENCY.fullmatch(spaced):
        yield Group(cardinal(int(joined)), joined)
    elif before in DIVIDED and re.fullmatch(r"0 \d", spaced):  # 14h05 is read with its zero or without
        yield from run[1:] if joined != "00" else ()
    else:
        yield from _after_zero(run)


def _after_zero(run: list[Group]) -> Iterator[Group]:
    """From a zero on a row is read in pairs, as far as its numbers are short and where it has four digits."""
    at = 0
    while at < len(run):
        end = at + 1
        if run[at].digits == "0":
            end = next((end for end in range(at, len(run)) if len(run[end].digits) > 3), len(run))
        digits = "".join(group.digits for group in run[at:end])
        yield from _pairs(digits) if len(digits) >= 4 and end > at + 1 else run[at:end]
        at = end
