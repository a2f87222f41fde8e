"""Roman numerals in words: XIXe siècle is dix-neuvième siècle, Louis XIV is Louis quatorze."""

import re

from scoring.french.numbers import cardinal, ordinal
from scoring.french.rules import Rule, compiled

WORTH = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
CANONICAL = "m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
# « mix », « vil » and the CD are words: a numeral of two or three letters is made of i, v and x.
NUMERAL = rf"(?=[ivx]{{2}}|[mdclxvi]{{4}}){CANONICAL}(?<=[mdclxvi])"
SUFFIX = "(?:i?[èe]me|è|e)(s?)"
START, END = r"(?<![^\W\d])", r"(?![^\W\d]|')"

KINGS = (
    "albert|alexandre|alphonse|baudouin|benoît|boniface|catherine|charles|christian|clément|constantin|édouard|edouard|"
    "élisabeth|elisabeth|elizabeth|ferdinand|françois|francois|frédéric|georges?|grégoire|guillaume|gustave|henri|"
    "innocent|jacques|jean|jules|léon|léopold|louis|mohammed|napoléon|nicolas|paul|philippe|pie|pierre|ramsès|richard|"
    "sixte|urbain|victoria"
)
QUEENS = "élisabeth|elisabeth|elizabeth|catherine|victoria|isabelle|marguerite"
NUMBERED = (
    "acte|annexe|article|chapitre|classe|épisode|groupe|guerre mondiale|livre|livret|niveau|partie|phase|saison|scène|"
    "section|titre|tome|type|volume"
)
ERAS = "siècles?|république|arrondissement|dynastie|empire|internationale|guerre|corps"


def value(numeral: str) -> int:
    """What a Roman numeral is worth."""
    worth = [WORTH[letter] for letter in numeral.lower()]
    return sum(one if one >= after else -one for one, after in zip(worth, [*worth[1:], 0], strict=True))


def _number(found: re.Match) -> str:
    return f" {cardinal(value(found[1]))} "


def _rank(found: re.Match) -> str:
    return f" {ordinal(value(found[1]))}{found[2]} "


# Where capitals tell a numeral from a word: VIe and vie, Ire and ire.
CASED: list[Rule] = compiled(
    (rf"{START}(?!MMe|CIe)(?=[IVX]|[MDCLXVI]{{2}})({CANONICAL.upper()}){SUFFIX}{END}", _rank),
    (rf"{START}Ier(s?){END}", r" premier\1 "),
    (rf"{START}Iè?re(s?){END}", r" première\1 "),
)
# In this order: ordinals, the first of a name, single letters after a name or a noun, and numerals that stand alone.
LOWER: list[Rule] = compiled(
    (rf"{START}(?!vies?{END})(?=[ivx])({NUMERAL}) ?{SUFFIX}{END}", _rank),
    (rf"{START}(vi|[ivx]){SUFFIX}(?= (?:{ERAS})\b)", _rank),
    (rf"{START}ier(s?){END}", r" premier\1 "),
    (rf"{START}ière(s?){END}|{START}ire(s?)(?= (?:{ERAS})\b)", " première "),
    (rf"(?<!\w)({QUEENS}) i(?:re)?{END}(?!\.)", r"\1 première"),
    (rf"(?<!\w)({KINGS}) i{END}(?!\.)", r"\1 premier"),
    (rf"(?<!\w)((?:{KINGS}|{NUMBERED}) )([ivx]){END}(?!\.)", lambda found: found[1] + cardinal(value(found[2]))),
    (rf"{START}({NUMERAL}){END}", _number),
)
