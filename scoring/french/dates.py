"""Dates in digits and the time of day, as they are read aloud: 12/03/2024, le 05 mai, 8h00-12h00, 14:30."""

import re

from scoring.french.numbers import aloud, cardinal, ordinal
from scoring.french.rules import Rule, compiled

# fmt: off
MONTHS = [
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
]
# fmt: on
MONTH = rf"(?:{'|'.join(MONTHS)}|fevrier|aout|decembre)\b"
SHORT = {"janv": 1, "févr": 2, "fév": 2, "avr": 4, "juil": 7, "sept": 9, "oct": 10, "nov": 11, "déc": 12}
FRACTIONS = {"1/2": "un demi", "1/3": "un tiers", "2/3": "deux tiers", "1/4": "un quart", "3/4": "trois quarts"}
FRACTIONS |= {f"1/{n}": f"un {ordinal(n)}" for n in range(5, 10)} | {"50/50": "cinquante cinquante"}
COUNTED = (  # before these a number has lost nothing with its leading zero: 05 km, 08 personnes
    "h|heures?|min|minutes?|s|sec|secondes?|j|jours?|nuits?|semaines?|mois|ans?|années?|km|kilomètres?|m|mètres?|cm|kg|"
    "kilos?|g|grammes?|l|litres?|€|euros?|%|fois|personnes?|clients?|enfants?|adultes?|pièces?|places?|billets?|lignes?|"
    "étages?|chambres?|appels?|degrés?|°"
)


def _date(written: str, day: str, month: str, year: str = "") -> str:
    """The date in words; as it was written where there is none such."""
    if not (1 <= int(day) <= 31 and 1 <= int(month) <= 12):
        return written
    named = "premier" if int(day) == 1 else cardinal(int(day))
    return f" {named} {MONTHS[int(month) - 1]} {aloud(year) if year else ''} "


def _after_le(found: re.Match) -> str:
    """« le 14/07 » is a day, « le 1/2 » is none."""
    if f"{found[2]}/{found[3]}" in FRACTIONS:
        return found[0]
    return f"{found[1]} " + _date(found[0][len(found[1]) :], found[2], found[3])


def _time(hour: str, minutes: str, seconds: str = "") -> str:
    """The time in words, so that no number joins it; 00 is not said."""
    words = ["une" if int(hour) == 1 else cardinal(int(hour)), "heures" if int(hour) > 1 else "heure"]
    words += ["une" if int(minutes) == 1 else cardinal(int(minutes))] if int(minutes) else []
    words += [cardinal(int(seconds)), "secondes"] if int(seconds or 0) else []
    return f" {' '.join(words)} "


def _seconds(found: re.Match) -> str:
    """20" is twenty seconds, but the end of « "20" » is a quotation mark."""
    return f"{found[1]} seconde " if found[2] == "''" or found.string.count('"') == 1 else found[0]


DATES: list[Rule] = compiled(
    (
        r"(?<![\d/.-])((?:1[5-9]|20)\d\d)([/-])(\d\d)\2(\d\d)(?![\d/-])",
        lambda found: _date(*found.group(0, 4, 3, 1)),
    ),
    (
        r"(?<![\d/.,-])(\d{1,2})(?:er)?( ?[/.-] ?)(\d{1,2})\2((?:1[5-9]|20)\d\d)(?![\d/-]|[.,]\d)",
        lambda found: _date(*found.group(0, 1, 3, 4)),
    ),
    (r"(?<![\d/.,-])(\d{1,2})/(\d{1,2})/(\d\d)(?![\d/-]|[.,]\d)", lambda found: _date(*found.group(0, 1, 2, 3))),
    (
        r"(?<![\d/.,-])(0[1-9]|1[0-2])/((?:19|20)\d\d)(?![\d/])",
        lambda found: f" {MONTHS[int(found[1]) - 1]} {aloud(found[2])} ",
    ),
    (r"(?<![\d/.,-])(\d{1,2})/(0[1-9])(?![\d/]|[.,]\d)", lambda found: _date(*found.group(0, 1, 2))),
    (r"\b(le|du|au) (\d{1,2})/(\d{1,2})(?![\d/]|[.,]\d)", _after_le),
    (r"\b(le|du|au) (\d{1,2})\.(0[1-9]|1[0-2])(?![\d/.,])", _after_le),
    (rf"(\d(?:er)? )({'|'.join(SHORT)})\.(?!\w)", lambda found: f"{found[1]}{MONTHS[SHORT[found[2]] - 1]}"),
    (
        rf"(?<!\w)({'|'.join(SHORT)})\.? (?=(?:19|20)\d\d(?!\d))",
        lambda found: f"{MONTHS[SHORT[found[1]] - 1]} ",
    ),
    (r"(\d ?(?:h|heures?|jours?|semaines?|mois|ans?|kg|kilos?|km|kilomètres?|litres?)) ?1/2(?![\d/])", r"\1 et demi "),
    (r"(?<![\d/])1/2 ?h(?:eures?)?(?!\w)", " une demi heure "),
    (rf"(\d)/(?=\d{{1,2}} {MONTH})", r"\1 "),
    (rf"(?<![\d.,:/-])(?<!\d )0?1 (?={MONTH})", "premier "),
    (rf"\b(du|le) 0?1 (?=au \d{{1,2}} {MONTH})", r"\1 premier "),
    (
        rf"(?<![\d.,:/+-])(?<!\d )0([1-9])(?=(?:(?: ?[-/,&] ?| au | et | ou | à )(?:le )?\d{{1,2}}){{0,4}} {MONTH})",
        r"\1",
    ),
    (rf"(?<=\d[-/,])0([1-9])(?= {MONTH})", r"\1"),
)
CLOCK: list[Rule] = compiled(
    (r"(?<![\d:])(\d{1,2}):([0-5]\d):([0-5]\d)(?![\d:])", lambda found: _time(*found.groups())),
    (
        r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?: ?h(?:eures?)?(?!\w))?(?![\d:])",
        lambda found: _time(*found.groups()),
    ),
    (r"(\d ?h ?(?:\d\d)?) ?/ ?(?!24)(?=\d{1,2} ?h(?![^\W\d_]|/))", r"\1 "),  # 8h/12h
    (
        r"(?<![\d.,])(\d{1,3}) ?(?:heures?|hrs?|h)\.? ?([0-5]?\d)(?: ?(?:minutes?|min|mn|m)(?![\w'])|"
        r"(?![:/]?\d)(?!(?<= \d)[.,]\d)(?!(?<= \d\d)[.,]\d))(?! ?(?:h|heures?)(?!\w))",
        lambda found: _time(*found.groups()),
    ),
    (r"(\d) ?(?:min|mn) ?([0-5]\d)(?: ?(?:sec|s)(?![\w'])|(?![\d.,]?\d))", r"\1 minute \2"),
    (r"(?<!['\d])(\d{1,3})'([0-5]\d)(?:''|\")?(?![\d'])", r"\1 minute \2"),
    (r"(?<!['\d])(\d{1,3})'(?![\w'])", r"\1 minute "),
    (r"(?<!['\d])(\d{1,3})(''|\")(?![\w\"])", _seconds),
    (r"\bh ?/ ?24\b", "h sur 24"),
    (rf"(?<![\d.,:/+-])(?<!\d )0(\d)(?= ?(?:{COUNTED})(?![\w']))", r"\1"),
)
