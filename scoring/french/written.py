"""What is written with digits or signs, as it is read aloud: dates, the clock, telephone numbers, ordinals, codes."""

import re

from scoring.french.numbers import NUMBER_WORDS, aloud, cardinal, ordinal
from scoring.french.rules import Rule, compiled
from scoring.french.units import MONEY_SIGNS, RATES, SIGNS

MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre"]
MONTHS += ["novembre", "décembre"]
MONTH = rf"(?:{'|'.join(MONTHS)}|fevrier|aout|decembre)\b"
SHORT_MONTHS = {"janv": 1, "févr": 2, "fév": 2, "avr": 4, "juil": 7, "sept": 9, "oct": 10, "nov": 11, "déc": 12}
COUNTED = (  # what a day or a number with a leading zero is followed by, where no digits were dictated
    "h|heures?|min|minutes?|s|sec|secondes?|j|jours?|nuits?|semaines?|mois|ans?|années?|km|kilomètres?|m|mètres?|cm|kg|"
    "kilos?|g|grammes?|l|litres?|€|euros?|%|fois|personnes?|clients?|enfants?|adultes?|pièces?|places?|billets?|lignes?|"
    "étages?|chambres?|appels?|degrés?|°"
)
# Known without a www before them; words as « de » or « me » follow a full stop too.
DOMAINS = frozenset("fr com org net eu ch be ca lu mc io bzh biz edu tv uk".split())
ADDRESS = re.compile(r"(?<![\w.+@-])[\w.+-]*(?:@[\w-]+)?(?:\.[\w-]+)+(?:/[\w-]+(?:\.[\w-]+)*)*/?")
ADDRESS_SIGNS = {".": " point ", "@": " arobase ", "-": " tiret ", "_": " underscore ", "/": " slash ", "+": " plus "}
NUMBER = "|".join(sorted(NUMBER_WORDS))
FRACTIONS = {"1/2": "un demi", "1/3": "un tiers", "2/3": "deux tiers", "1/4": "un quart", "3/4": "trois quarts"}
FRACTIONS |= {f"1/{n}": f"un {ordinal(n)}" for n in range(5, 10)} | {"50/50": "cinquante cinquante"}

AFTER_TO = (
    "demain|bientôt|tout|toute|toutes|plus|la|votre|vos|ce|cet|cette|quel|quelle|partir|cause|propos|côté|droite|gauche"
)

# Where capitals tell abbreviations from words, and À from a.
CASED: list[Rule] = compiled(
    (r"\bMM ?\. ?(?=[^\W\d_]{2})|\bMM (?=[A-ZÉÈ][^\W\d_])", "messieurs "),
    (r"\bMe (?=[A-ZÉÈ][^\W\d_])", "maître "),
    (r"\b(?:Pr\.?|Prof\.) (?=[A-ZÉÈ][^\W\d_])", "professeur "),
    (
        r"(?:^|(?<!\b[A-Z]\. )(?<!MM\. )(?<=[.!?…:;«–—-] ))A\.? (?!(?i:comme|et|ou|puis|t|eu|majuscule|minuscule)\b)"
        rf"(?!(?i:{NUMBER})\b(?!(?:[ -][^\W\d_]+){{0,3}}[ -](?i:heures?|euros?|ans|pour)\b))"
        r"(?!(?!(?i:côté|volonté|proximité|égalité)\b)\w{1,20}(?i:é(?:e|s|es)?)\b)"
        rf"(?=\w[a-zà-ÿ]|(?i:{AFTER_TO})\b|[ldLD]'|\d[\d.,]{{0,12}} ?(?:[hH]|:|€|%|km|ans|euro|pour))",
        "à ",
    ),
)


def _address(found: re.Match) -> str:
    """An address of the Web or of mail, with its signs in words; anything else as it was."""
    name = found[0].partition("/")[0]
    known = "@" in name or name.startswith("www.") or name.rpartition(".")[2] in DOMAINS
    if not known or not re.search(r"[^\W\d]", name):
        return found[0]
    return "".join(ADDRESS_SIGNS.get(sign, sign) for sign in found[0].removesuffix("/")) + " "


def _date(written: str, day: str, month: str, year: str = "") -> str:
    """The date in words; as it was written where there is none such."""
    if not (1 <= int(day) <= 31 and 1 <= int(month) <= 12):
        return written
    return f" {_day(day)} {MONTHS[int(month) - 1]} {aloud(year) if year else ''} "


def _day(day: str) -> str:
    return "premier" if int(day) == 1 else cardinal(int(day))


def _of_le(found: re.Match) -> str:
    """« le 14/07 » is a day, « le 1/2 » is none."""
    if f"{found[2]}/{found[3]}" in FRACTIONS:
        return found[0]
    return f"{found[1]} " + _date(found[0][len(found[1]) :], found[2], found[3])


def _time(hour: str, minutes: str, seconds: str = "") -> str:
    """The time in words, so that no number joins it; 00 is not said."""
    words = [cardinal(int(hour)) if int(hour) != 1 else "une", "heures" if int(hour) > 1 else "heure"]
    words += [cardinal(int(minutes))] * (int(minutes) > 0)
    words += [cardinal(int(seconds)), "secondes"] if int(seconds or 0) else []
    return f" {' '.join(words)} "


def _seconds(found: re.Match) -> str:
    """20" is twenty seconds, but the end of « "20" » is a quotation mark."""
    return f"{found[1]} seconde " if found[2] == "''" or found.string.count('"') == 1 else found[0]


def _code(found: re.Match) -> str:
    """*31# key by key; its digits stay numbers."""
    return found[0].replace("*", " étoile ").replace("#", " dièse ")


def _ip(found: re.Match) -> str:
    return found[0].replace(".", " point ") if all(int(part) < 256 for part in found.groups()) else found[0]


def _joined(found: re.Match) -> str:
    digits = re.sub(r"\D", "", found[0])
    return digits if len(digits) >= 4 else found[0]


ABBREVIATIONS: list[Rule] = compiled(
    (r"\baujourd[ '-]*hui\b", "aujourd'hui"),
    (r"(?<!\d)(?<!\d )(?<!\w\. )(?<!['-])\bm ?\. ?(?=[^\W\d_]{2}|[a-z]\.? [^\W\d_]{2})", "monsieur "),
    (r"\bn ?°(s?) ?", r" numéro\1 "),
    (r"\bno\.? ?(?=\d)", "numéro "),
    (r"\bav\.? (?=jc\b)", "avant "),
    (r"\bap\.? (?=jc\b)", "après "),
    (r"\bt[ée]l ?[.:] ?", "téléphone "),
    (r"\bb[âa]t\. ?(?=\w)", "bâtiment "),
    (r"\bpl\. ?(?=\w)", "place "),
    (r"\bboul\. ?(?=\w)", "boulevard "),
    (r"\b(?:p\. ?)?ex\. ?(?=\w)", "par exemple "),
    (r"(?<=e )s\.(?= |$)", "siècle "),
    (
        rf"(\d(?:er)? )({'|'.join(SHORT_MONTHS)})\.(?!\w)",
        lambda found: f"{found[1]}{MONTHS[SHORT_MONTHS[found[2]] - 1]}",
    ),
)
MINUS: list[Rule] = compiled(
    (r"(?<!\d)(?<!\d )\b([jh]) ?- ?(?=\d+\b)", r"\1 moins "),
    (r"(?<![\w.,)€%°\"'])-(?!0\d)(?=\d)", " moins "),
    (
        r"(?<![\w.,)€%°])(?<![\d€%°h] )[-–] ?(?=\d{1,6}(?:[.,]\d+)?(?: (?:à|et|ou) -? ?\d{1,6})?"
        r" ?(?:%|°|degrés?\b|pour ?cent))",
        " moins ",
    ),
)
ADDRESSES: list[Rule] = compiled(
    (r"\bhttps?://", ""),
    (r"(?<=\w) ?@ ?(?=\w)", "@"),
    (rf"(@[\w-]+) ?\. ?(?=(?:{'|'.join(sorted(DOMAINS))})\b)", r"\1."),
    (ADDRESS.pattern, _address),
)
DATES: list[Rule] = compiled(
    (r"(?<![\d/.-])((?:1[5-9]|20)\d\d)-(\d\d)-(\d\d)(?![\d/-])", lambda found: _date(*found.group(0, 3, 2, 1))),
    (
        r"(?<![\d/.,-])(\d{1,2})( ?[/.-] ?)(\d{1,2})\2((?:1[5-9]|20)\d\d)(?![\d/-]|[.,]\d)",
        lambda found: _date(*found.group(0, 1, 3, 4)),
    ),
    (r"(?<![\d/.,-])(\d{1,2})/(\d{1,2})/(\d\d)(?![\d/-]|[.,]\d)", lambda found: _date(*found.group(0, 1, 2, 3))),
    (r"(?<![\d/.,-])(\d{1,2})/(0[1-9])(?![\d/]|[.,]\d)", lambda found: _date(*found.group(0, 1, 2))),
    (r"\b(le|du|au) (\d{1,2})/(\d{1,2})(?![\d/]|[.,]\d)", _of_le),
    (r"\b(le|du|au) (\d{1,2})\.(0[1-9]|1[0-2])(?![\d/.,])", _of_le),
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
    (r"(\d ?h ?(?:\d\d)?) ?/ ?(?!24)(?=\d{1,2} ?h(?![^\W\d_]|/))", r"\1 "),
    (
        r"(?<![\d.,])(\d{1,3}) ?(?:heures?|hrs?|h)\.? ?([0-5]?\d)(?: ?(?:minutes?|min|mn|m)(?![\w'])|(?![:/]?\d)(?!(?<= \d)[.,]\d)(?!(?<= \d\d)[.,]\d))"
        r"(?! ?(?:h|heures?)(?!\w))",
        lambda found: _time(*found.groups()),
    ),
    (r"(\d) ?(?:min|mn) ?([0-5]\d)(?: ?(?:sec|s)(?![\w'])|(?![\d.,]?\d))", r"\1 minute \2"),
    (r"(?<!['\d])(\d{1,3})'([0-5]\d)(?:''|\")?(?![\d'])", r"\1 minute \2"),
    (r"(?<!['\d])(\d{1,3})'(?![\w'])", r"\1 minute "),
    (r"(?<!['\d])(\d{1,3})(''|\")(?![\w\"])", _seconds),
    (r"\bh ?/ ?24\b", "h sur 24"),
    (rf"(?<![\d.,:/+-])(?<!\d )0(\d)(?= ?(?:{COUNTED})(?![\w']))", r"\1"),
)
PHONES: list[Rule] = compiled(
    (r"(?<![\d.,:/-])(?<!\d )0[ .,]{0,2}\d(?:[ .,:/–-]{1,3}\d{2,3}){3,}(?!\d)", _joined),
)
NUMBERS: list[Rule] = compiled(
    # Thousands in threes.
    (r"(?<![\d,.'])(?<!\d[ .])[1-9]\d{0,2}(?:[ .']\d{3})+(?![ .']?\d)", _joined),
    (r"(?<![\d,.'])(?<!\d[ .])[1-9]\d{0,2}(?:[ ']\d{3})+(?=[.,]\d{1,2}(?!\d|[ .,]\d))", _joined),
    (r"(?<![\d,.'])(?<!\d[ .])[1-9]\d{0,2}(?:,\d{3})+(?=\.\d{1,2}(?!\d))", _joined),
    (r"(?<![\d,.'])(?<!\d[ .])[1-9]\d{0,2}(?:(?:,000)+|(?:,\d{3}){2,})(?![\d,])", _joined),
    *MONEY_SIGNS,
    (r"(?<![\d.,])([1-9]\d{0,2})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?!\.?\d)", _ip),
    (r"(?<![\d.,])(0|[1-9]\d*)[.,](\d+)(?![.,]?\d)", r"\1 virgule \2"),
    # Telephone numbers: one string of digits, read in pairs.
    (r"\+ ?33[ .-]?([1-9])[ .-]?(\d\d)[ .-]?(\d\d)[ .-]?(\d\d)[ .-]?(\d\d)(?!\d)", r" plus 33 \1 \2 \3 \4 \5 "),
    (r"(?<![\d.,:/-])0\d*(?:[ .-]\d{1,3})+(?!\d)", _joined),
)
ORDINALS: list[Rule] = compiled(
    (r"(?<!\d)1 ?er(s?)\b", r"premier\1"),
    (r"(?<!\d)1 ?(?:è|e)?re(s?)\b", r"première\1"),
    (r"(?<!\d)2(?: ?nd|d)(e?s?)\b(?!')", r"second\1"),
    (r"(?<!\d)(\d{1,12})°()(?= (?:étage|arrondissement|siècle)\b)", lambda found: f" {ordinal(int(found[1]))} "),
    (
        r"(?<!\d)(\d{1,12})(?: ?i?[èe]me| ?è|e)(s?)\b",
        lambda found: f" {ordinal(int(found[1]))}{found[2]} ",
    ),
)
FRACTION: list[Rule] = compiled(
    (r"(?<![\d/,.])(\d{1,6}|et) 1/2(?![\d/])", lambda found: found[1] + " et" * (found[1] != "et") + " demi "),
    (rf"(?<![\d/])(?:{'|'.join(FRACTIONS)})(?![\d/])", lambda found: f" {FRACTIONS[found[0]]} "),
    (r"(?<![\d/])([1-9]\d*) ?j(?:ours?)? ?/ ?([1-9]\d*)(?![\d/])", r"\1 jours sur \2"),
    (r"(?<![\d/])([1-9]\d*)( ?h(?:eures?)?)? ?/ ?([1-9]\d*)(?![\d/])", r"\1\2 sur \3"),
)
READ: list[Rule] = compiled(
    (r"(?<=\d) ?[x×] ?(?=\d)|(?<=\d) ?[x×](?![\w'])", " fois "),
    (r"\bkm ?/ ?h\b", "km heure"),
    *SIGNS,
    (r"(?<![\w*#])[*#]+\d[\d*#]*|(?<![\d*#])\d+[*#][\d*#]*", _code),
    (r"&", " et "),
    (r"#", " dièse "),
    (r"(?<!\S)\*(?![^\s.,])", " étoile "),
    (r"\+(?= ?\d)|(?<=[^\W\d_])\+(?![\w+])|(?<!\S)\+(?!\S)", " plus "),
    (r"(?<=\d) ?= ?(?=\d)", " égale "),
    (r"@", " arobase "),
    (r"\d+", lambda found: f" {aloud(found[0])} "),
)
WRITTEN = [*ABBREVIATIONS, *MINUS, *RATES, *DATES, *CLOCK, *PHONES, *NUMBERS, *ORDINALS, *FRACTION, *READ]
