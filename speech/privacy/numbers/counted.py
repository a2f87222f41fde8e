"""Figures that count something: prices, ages, dates, hours, distances. They are nobody's number.

How sure that is depends on how it was written. « 45 ans » is surely an age; but Whisper also writes « 06,45 » and
« 06h45 » for the pairs of a telephone number, so decimals, hours and amounts are only readings, which `numbers` weighs
against the row they stand in.
"""

import re
from enum import IntEnum
from typing import NamedTuple


class Sure(IntEnum):
    """How sure it is that figures count something."""

    NOT = 0
    MAYBE = 1  # decimals and thousands
    LIKELY = 2  # hours, amounts, dates with a short year
    SURELY = 3


class Reading(NamedTuple):
    start: int
    end: int
    sure: Sure


MONTHS = "janvier|f[eé]vrier|mars|avril|mai|juin|juillet|ao[uû]t|septembre|octobre|novembre|d[eé]cembre"
STREETS = "rue|avenue|boulevard|bd|place|all[eé]es?|chemin|impasse|route|quai|cours|square|passage|sentier|faubourg"
UNIT = re.compile(
    rf"""\s*(?:[$£%°²]|k€|(?:petite?s?\s+)?(?:{MONTHS}|(?:bis\s|ter\s)?(?:{STREETS})|centimes?|francs?|dollars?|livres?|balles
    |pour\s?cents?|pourcents?|degr[eé]s?|ans?|ann[eé]es?|mois|semaines?|jours?|nuits?|(?-i:m)(?![.'’])
    |minutes?|min|mn|secondes?|km|kilom[eè]tres?|m[eè]tres?|cm|centim[eè]tres?|mm|kg|kilos?|kilogrammes?|grammes?|litres?
    |tonnes?|m[eé]gas?|gigas?|go|mo|octets|watts?|kw|kwh|kilowatts?(?:[ -]?heures?)?|volts?|personnes?|habitants?
    |clients?|points?\sde|pages?|pi[eè]ces?|colis|(?:millisecondes?|ms)|sur\s(?:\d|vingt|sept|cent|dix|cinq))\b)""",
    re.IGNORECASE | re.VERBOSE,
)
HOUR = re.compile(r"\s*(?:heures?\b|(?-i:h)(?![.'’]|[^\W\d]))", re.IGNORECASE)
AMOUNT = re.compile(r"\s*(?:€|(?:d['’]\s?)?(?:euros?|eur)\b)", re.IGNORECASE)
SCALE = re.compile(r"\s*(?:mille|millions?|milliards?)\b", re.IGNORECASE)  # after digits: « 12 millions »
RANK = re.compile(r"(?:er|re|e|è|nd|i?[èe]mes?|[GK])\b")
AFTER_MONTH = re.compile(rf"\b(?:{MONTHS})\s+$", re.IGNORECASE)

WRITTEN = [
    (re.compile(pattern), sure)
    for pattern, sure in (
        (r"(?<![\d/.-])[0-3]?\d([/.-])[01]?\d\1(?:19|20)\d\d(?!\d|[/.-]\d)", Sure.SURELY),  # 12/03/1980
        (r"(?<![\d/.-])(?:19|20)\d\d([/.-])[01]\d\1[0-3]\d(?!\d|[/.-]\d)", Sure.SURELY),
        (r"(?<![\d/.-])[0-3]?\d([/.-])[01]?\d\1\d\d(?!\d|[/.-]\d)", Sure.LIKELY),  # 12/03/80
        (r"(?<![\d.])(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})(?![\s.,-]*\d)", Sure.SURELY),  # 192.168.1.1
        (r"\b24\s?(?:h|heures)?\s?/\s?24\b|\b7\s?(?:j|jours)\s?/\s?7\b", Sure.SURELY),
        (r"(?<!/)\b7/7\b(?!/)", Sure.LIKELY),
        (r"(?<![\d:])(?<!:\s)(?:[01]?\d|2[0-4])\s?[hH:]\s?[0-5]\d(?:\s?:\s?[0-5]\d)?(?!\d|\s?:)", Sure.LIKELY),  # 14h30
        (r"\b\d{5}(?=\s+[A-ZÀ-Ý][a-zà-ÿ])", Sure.LIKELY),  # 75001 Paris
        (r"(?<![\d,.-])\d{1,2}-\d{1,2}(?![\d-])", Sure.MAYBE),  # 21-19
        (r"(?<![\d,.])(?:0|[1-9]\d*)[,.]\d{1,3}(?![,.]?\d)", Sure.MAYBE),  # 12,50
        (r"(?<![\d,.])(?:0|[1-9]\d{0,2})[,.]\d{4,}(?![\s,.]?\d)", Sure.MAYBE),  # 3,14159
        (r"(?<![\d,.€h])(?<!\d[\s.])[1-9]\d{0,2}(?:[\s.]\d{3})+,\d\d?(?!\d)", Sure.MAYBE),  # 1 250,75
    )
]
THOUSANDS = re.compile(r"(?<![\d,.€h])(?<!\d[\s.])[1-9]\d{0,2}(?:[\s.]\d{3})+(?![\s.,]?\d)")  # 12 500


def written(text: str) -> list[Reading]:
    """Where a text has dates, hours, decimals and thousands, the surest first."""
    found = []
    for pattern, sure in WRITTEN:
        found += [Reading(*match.span(), max(sure, _unit(text, match.end()))) for match in pattern.finditer(text)]
    for match in THOUSANDS.finditer(text):
        sure = Sure.SURELY if match[0].endswith("000") else _unit(text, match.end())
        if sure:
            found.append(Reading(*match.span(), sure))
    return sorted(found, key=lambda reading: -reading.sure)


def _unit(text: str, end: int) -> Sure:
    if UNIT.match(text, end):
        return Sure.SURELY
    return Sure.LIKELY if HOUR.match(text, end) or AMOUNT.match(text, end) else Sure.NOT


def counts(text: str, start: int, end: int) -> bool:
    """Whether a unit follows the figures, or a month goes before them, or a letter makes them a rank (2e) or 4G."""
    if text[start:end].isdecimal() and (RANK.match(text, end) or (end - start < 4 and SCALE.match(text, end))):
        return True
    return bool(UNIT.match(text, end) or AFTER_MONTH.search(text, max(0, start - 12), start))


def rest_of(figures: str, text: str, end: int) -> tuple[int, int] | None:
    """After figures with « heures » or « euros »: where those of the minutes or cents begin, and how many there are.

    None where no such word follows, or where nobody counts so: « 0956 € », « 4460 h ».
    """
    if hour := HOUR.match(text, end):
        return (hour.end(), 60) if len(figures) < 4 else None
    amount = AMOUNT.match(text, end)
    return (amount.end(), 100) if amount and not re.match(r"0\d", figures) else None
