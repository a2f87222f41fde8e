"""What else is written with digits or signs, as it is read aloud: thousands, telephone numbers, ordinals, codes."""

import re

from scoring.french import units
from scoring.french.dates import CLOCK, DATES, FRACTIONS
from scoring.french.numbers import aloud, ordinal
from scoring.french.rules import Rule, compiled

FIRST = r"(?<![\d,.'])(?<!\d[ .])[1-9]\d{0,2}"  # of thousands in threes


def _joined(found: re.Match) -> str:
    digits = re.sub(r"\D", "", found[0])
    return digits if len(digits) >= 4 else found[0]


def _code(found: re.Match) -> str:
    """*31# key by key; its digits stay numbers."""
    return found[0].replace("*", " étoile ").replace("#", " dièse ")


def _ip(found: re.Match) -> str:
    return found[0].replace(".", " point ") if all(int(part) < 256 for part in found.groups()) else found[0]


MINUS: list[Rule] = compiled(
    (r"(?<!\d)(?<!\d )\b([jh]) ?- ?(?=\d+\b)", r"\1 moins "),
    (r"(?<![\w.,)€%°\"'])-(?!0\d)(?=\d)", " moins "),
    (
        r"(?<![\w.,)€%°])(?<![\d€%°h] )[-–] ?(?=\d{1,6}(?:[.,]\d+)?(?: (?:à|et|ou) -? ?\d{1,6})?"
        r" ?(?:%|°|degrés?\b|pour ?cent))",
        " moins ",
    ),
)
NUMBERS: list[Rule] = compiled(
    # A telephone number with any signs between; it becomes one string of digits, which is read in pairs.
    (r"(?<![\d.,:/-])(?<!\d )0[1-9](?:[ .,/-]{0,2}\d\d){4}(?!\d)", _joined),
    (r"(?<![\d.,:/-])(?<!\d )0[ .,]{0,2}\d(?:[ .,:/–-]{1,3}\d{2,3}){3,}(?!\d)", _joined),
    # Thousands in threes, as the French, the Swiss and the English write them.
    (rf"{FIRST}(?:[ .']\d{{3}})+(?![ .']?\d)", _joined),
    (rf"{FIRST}(?:[ ']\d{{3}})+(?=[.,]\d{{1,2}}(?!\d|[ .,]\d))", _joined),
    (rf"{FIRST}(?:,\d{{3}})+(?=\.\d{{1,2}}(?!\d))", _joined),
    (rf"{FIRST}(?:(?:,000)+|(?:,\d{{3}}){{2,}})(?![\d,])", _joined),
    *units.MONEY_SIGNS,
    (r"(?<![\d.,])([1-9]\d{0,2})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?!\.?\d)", _ip),
    (r"(?<![\d.,])(0|[1-9]\d*)[.,](\d+)(?![.,]?\d)", r"\1 virgule \2"),
    (r"\+ ?33[ .-]?([1-9])[ .-]?(\d\d)[ .-]?(\d\d)[ .-]?(\d\d)[ .-]?(\d\d)(?!\d)", r" plus 33 \1 \2 \3 \4 \5 "),
    (r"(?<![\d.,:/-])0\d*(?:[ .-]\d{1,3})+(?!\d)", _joined),
)
RANKS: list[Rule] = compiled(
    (r"(?<!\d)1 ?er(s?)\b", r"premier\1"),
    (r"(?<!\d)1 ?(?:è|e)?re(s?)\b", r"première\1"),
    (r"(?<!\d)2(?: ?nd|d)(e?s?)\b(?!')", r"second\1"),
    (r"(?<!\d)(\d{1,12})°(?= (?:étage|arrondissement|siècle)\b)", lambda found: f" {ordinal(int(found[1]))} "),
    (r"(?<!\d)(\d{1,12})(?: ?i?[èe]me| ?è|e)(s?)\b", lambda found: f" {ordinal(int(found[1]))}{found[2]} "),
    (r"(?<![\d/,.])(\d{1,6}|et) 1/2(?![\d/])", lambda found: found[1] + " et" * (found[1] != "et") + " demi "),
    (rf"(?<![\d/])(?:{'|'.join(FRACTIONS)})(?![\d/])", lambda found: f" {FRACTIONS[found[0]]} "),
    (r"(?<![\d/])([1-9]\d*) ?j(?:ours?)? ?/ ?([1-9]\d*)(?![\d/])", r"\1 jours sur \2"),
    (r"(?<![\d/])([1-9]\d*)( ?h(?:eures?)?)? ?/ ?([1-9]\d*)(?![\d/])", r"\1\2 sur \3"),
)
KEYS: list[Rule] = compiled(
    (r"(?<![\w*#])[*#]+\d[\d*#]*|(?<![\d*#])\d+[*#][\d*#]*", _code),
    (r"&", " et "),
    (r"#", " dièse "),
    (r"(?<!\S)\*(?![^\s.,])", " étoile "),
    (r"\+(?= ?\d)|(?<=[^\W\d_])\+(?![\w+])|(?<!\S)\+(?!\S)", " plus "),
    (r"(?<=\d) ?= ?(?=\d)", " égale "),
    (r"@", " arobase "),
    (r"\d+", lambda found: f" {aloud(found[0])} "),
)
# In this order: what is read as a whole comes before its parts.
LOWER = [*MINUS, *units.RATES, *DATES, *CLOCK, *NUMBERS, *RANKS, *units.SIGNS, *KEYS]
