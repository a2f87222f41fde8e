"""Roman numerals, as digits: XIXe siècle is 19e siècle, Louis XIV Louis 14, François Ier François 1er."""

import re

from scoring.french.rules import Rule, compiled

UNITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
CANONICAL = "m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})(?<=[mdclxvi])"
# « mix », « vil » and the CD are words: a numeral of two or three letters is made of i, v and x.
NUMERAL = rf"(?=[ivx]{{2}}|[mdclxvi]{{4}}){CANONICAL}"
SUFFIX = "(?:i?[èe]me|è|e)s?"

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
    """What a Roman numeral in lower case is worth."""
    worth = [UNITS[letter] for letter in numeral]
    return sum(one if one >= after else -one for one, after in zip(worth, [*worth[1:], 0], strict=True))


def _digits(found: re.Match) -> str:
    return f"{value(found[1].lower())}{(found[2] or '').lower()}"


# Where capitals tell a numeral from a word: VIe and vie, Ire and ire.
CASED: list[Rule] = compiled(
    (rf"\b(?!MMe|CIe)(?=[IVX]|[MDCLXVI]{{2}})({CANONICAL.upper()})({SUFFIX})\b", _digits),
    (r"\bI(ers?|res?|ères?)\b", r"1\1"),
)
# One after another: ordinals, the first of a name, single letters after a name or a noun, and numerals that stand alone.
LOWER: list[Rule] = compiled(
    (rf"\b(?!vies?\b)(?=[ivx])({NUMERAL}) ?({SUFFIX})\b", _digits),
    (rf"\b(vi|[ivx])({SUFFIX})(?= (?:{ERAS})\b)", _digits),
    (rf"\bi(ers?\b|ères?\b|re\b(?= (?:{ERAS})\b))", r"1\1"),
    (rf"(?<!\w)({QUEENS}) i(?:re)?\b(?!['.])", r"\1 1re"),
    (rf"(?<!\w)({KINGS}) i\b(?!['.])", r"\1 1er"),
    (rf"(?<!\w)((?:{KINGS}|{NUMBERED}) )([ivx])\b(?!['.])", lambda found: f"{found[1]}{value(found[2])}"),
    (rf"\b({NUMERAL})\b(?!')()", _digits),
)
