"""Units and amounts: how they are abbreviated, and how a number is read with them.

1,5 kg, un kilo et demi and un virgule cinq kilo are one; so are 12,90 €, douze euros quatre-vingt-dix and douze euros
quatre-vingt-dix centimes; 7h45, sept heures quarante-cinq and huit heures moins le quart.
"""

from collections.abc import Iterable, Sequence

from scoring.french.numbers import NUMBER_WORDS, Group, cardinal
from scoring.french.rules import Rule, compiled

# A unit after a number: its abbreviation or its name, singular or plural, becomes the name, plural unless one is one.
UNITS = {
    "h": "heure",
    "hr": "heure",
    "min": "minute",
    "mn": "minute",
    "sec": "seconde",
    "ms": "milliseconde",
    "km": "kilomètre",
    "dm": "décimètre",
    "cm": "centimètre",
    "mm": "millimètre",
    "kg": "kilo",
    "kilogramme": "kilo",
    "mg": "milligramme",
    "μg": "microgramme",
    "hl": "hectolitre",
    "dl": "décilitre",
    "cl": "centilitre",
    "ml": "millilitre",
    "ha": "hectare",
    "ko": "kilooctet",
    "kb": "kilooctet",
    "kilobit": "kilooctet",
    "mo": "méga",
    "mb": "méga",
    "mega": "méga",
    "mégaoctet": "méga",
    "mégabit": "méga",
    "go": "giga",
    "gb": "giga",
    "gigaoctet": "giga",
    "gigabit": "giga",
    "to": "téra",
    "tb": "téra",
    "tera": "téra",
    "téraoctet": "téra",
    "kv": "kilovolt",
    "kw": "kilowatt",
    "mw": "mégawatt",
    "wh": "wattheure",
    "kwh": "kilowattheure",
    "mwh": "mégawattheure",
    "mah": "milliampèreheure",
    "hz": "hertz",
    "khz": "kilohertz",
    "mhz": "mégahertz",
    "ghz": "gigahertz",
    "db": "décibel",
    "kcal": "kilocalorie",
    "hpa": "hectopascal",
    "tr": "tour",
    "eur": "euro",
    "usd": "dollar",
    "chf": "franc",
    "fr": "franc",
    "gbp": "livre",
    "ct": "centime",
    "mds": "milliard",
    "md": "milliard",
    "mrd": "milliard",
}
UNITS |= {name: name for name in UNITS.values() if name != "hertz"}
UNITS |= {name: name for name in ("mètre", "gramme", "litre", "tonne", "degré", "volt", "watt", "ampère", "jour")}
MONEY = {"euro", "dollar", "franc", "livre"}
PARTS = {"centime": MONEY, "minute": {"heure"}, "seconde": {"minute"}, "centimètre": {"mètre"}}  # of what
UNSAID = {"celsius": {"degré"}, "centigrade": {"degré"}, "suisse": {"franc"}}  # 25 °C, CHF 20

# What an amount may be for: « 12,90 €/mois » is par mois, « un euro vingt la minute » par minute.
PER = {
    "h": "heure",
    "min": "minute",
    "mn": "minute",
    "s": "seconde",
    "sec": "seconde",
    "j": "jour",
    "sem": "semaine",
    "pers": "personne",
    "kg": "kilo",
    "g": "gramme",
    "l": "litre",
    "km": "kilomètre",
    "m": "mètre",
    "m2": "mètre carré",
    "m3": "mètre cube",
    "t": "tonne",
    "kwh": "kilowattheure",
}
# fmt: off
PER |= {name: name for name in (
    *PER.values(), "an", "année", "mois", "trimestre", "semestre", "nuit", "appel", "sms", "message", "page", "unité",
    "pièce", "ligne", "séance", "repas", "adulte", "enfant", "heures", "jours",
)}
# fmt: on
FEMININE = (
    "h|min|mn|sec|fois|carte|facture|option|place|chambre|adresse|offre|demande|réponse|agence|commande|pièce|part|"
    "bouteille|voiture|maison|clé|copie|photo|lettre|voix|vie|date|rue|ville|étape|touche|erreur|heure|minute|seconde|"
    r"personne|semaine|année|journée|nuit|page|ligne|livre|tonne|\w{2,12}(?:tion|sion|ité|ance|ette|aine|ure)"
)
CURRENCY = r"€|\$|£|(?:euros?|eur|dollars?|usd|gbp|chf|francs?|frs?|f|livres?)(?!\w)"

# Where capitals tell a unit from a word or a letter: 16 A, 5 g and the 5G.
CASED: list[Rule] = compiled(
    (r"(?<=\d) ?A(?=$|[.,;:!?)/-]| (?:max|maxi|maximum|en|sur|et|ou|pour|par|à)\b)", " ampère "),
    (r"(?<=\d) ?V(?![\w'])", " volt "),
    (r"(?<!\w)(?<!\b[Ll]a )(\d) g(?![\w'])", r"\1 gramme "),
    (r"(?<![\w.,])([017-9])g(?![\w'])", r"\1 gramme "),
)
# Before anything else is made of the digits.
RATES: list[Rule] = compiled(
    (r"(?<=\d) ?([kmg])bps\b", r" \1b par seconde "),
    (
        rf"(\d(?: ?[€$£])?(?: ?[^\W\d_]{{1,12}})?) ?/ ?({'|'.join(sorted(PER, key=len, reverse=True))})(?!\w)",
        lambda found: f"{found[1]} par {PER[found[2]]} ",
    ),
)
MONEY_SIGNS: list[Rule] = compiled(
    (r"(?<!\w)(?<!\d )(€|\$|£|chf|eur|usd|gbp|fr\.) ?(\d+(?:[.,]\d+)?)(?![.,]?\d)", r"\2 \1"),
    (r"(?<=\d)[.,](?:[–—]|--?)(?!\d)", ""),  # 20.– francs
    (rf"(?<![\d.,])(\d{{1,15}})[.,](\d\d) ?({CURRENCY})", lambda found: _amount(*found.groups())),
    (r"(?<=\d) ?k ?€", " mille euros "),
    (r"(?<=\d) ?m(?= ?€| ?d'euros)", " millions "),
    (r"(?<=\d) ?m(?:r?ds?|ia)(?= ?€| ?d'euros)", " milliards "),
)
# Units of one letter, which a clitic (s'est, m'a, l'a) or a network (4G) must not pass for, and signs.
SIGNS: list[Rule] = compiled(
    (r"(?<=\d) ?m(?:²|2)(?!\w)", " mètres carrés "),
    (r"(?<=\d) ?m(?:³|3)(?!\w)", " mètres cubes "),
    (
        r"(?<=\d) ?([kcd]m)([23])(?!\w)",
        lambda found: f" {UNITS[found[1]]}s {'carrés' if found[2] == '2' else 'cubes'} ",
    ),
    (r"(\d)m(\d\d)(?!\d)", r"\1 mètre \2"),
    (r"(?<=\d) ?m(?![\w'])", " mètre "),
    (r"(?<=\d) ?s(?![\w'])", " seconde "),
    (r"(?<=\d) ?l(?![\w'])", " litre "),
    (r"(?<=\d) ?t(?![\w'])", " tonne "),
    (r"(?<=\d) ?v(?![\w'])", " volt "),
    (r"(?<=\d) ?w(?![\w'])", " watt "),
    (r"(?<=\d) ?f(?![\w'])", " franc "),
    (r"(?<=\d) ?j(?![\w'])", " jour "),
    (r"(?<=\d\d) ?g(?![\w'])", " gramme "),
    (r"(?<=\d) ?(?:cts|c€)(?!\w)", " centimes "),
    (r"(?<=\d) ?kgs\b", " kilo "),
    (r"(?<=\d) ?° ?f\b", " degré fahrenheit "),
    (r"(?<=\d) ?° ?c\b|°", " degré "),
    (rf"(?<![\d.,])1(?= ?(?:{FEMININE})s?(?![^\W\d_]))", "une "),
    (r"%", " pour cent "),
    (r"‰", " pour mille "),
    (r"€", " euro "),
    (r"\$", " dollar "),
    (r"£", " livres "),
)


def _amount(whole: str, parts: str, currency: str) -> str:
    """5,05 € as cinq euros cinq; the hundredths in words, so that no other number joins them."""
    if int(whole) == 0 and int(parts):
        return f" {cardinal(int(parts))} centimes "
    return f" {int(whole)} {currency} {cardinal(int(parts)) if int(parts) else ''} "


def unit_of(word: str) -> str:
    """The name of the unit that the word is, in the singular; "" where it is none."""
    return UNITS.get(word) or UNITS.get(word.removesuffix("s"), "")


def measured(groups: Sequence[Group]) -> list[str]:
    """The words, with the units after numbers in full and amounts in one reading."""
    found: list[Group] = []
    for group, after in zip(groups, [*groups[1:], Group("")], strict=True):
        _add(found, group, after.words)
    return " ".join(group.words for group in found if group.words).split()


def _add(found: list[Group], group: Group, after: str) -> None:
    """Puts the next word or number behind those found, which it may change."""
    unit = unit_of(group.words)
    if unit and _is_number(found[-1:]):
        _add_unit(found, unit, after)
    elif unit and len(found) > 1 and found[-1].words == "d" and _is_number(found[-2:-1]):
        found.append(Group(unit + "s"))  # deux millions d euros
    elif group.digits:
        _add_number(found, group, after)
    else:
        _add_word(found, group)


def _add_unit(found: list[Group], unit: str, after: str) -> None:
    number = found[-1]
    if _unit_before(found, 1) in PARTS.get(unit, ()):
        return  # « dix euros vingt » with or without its centimes
    if len(found) > 2 and found[-2].words == "et" and unit == "centime" and _unit_before(found, 2) in MONEY:
        del found[-2]
        return
    if number.words.endswith(("million", "millions", "milliard", "milliards")) and unit in MONEY:
        found.append(Group("d"))
    decimal = _decimal(found)
    if decimal and after not in {"carré", "carrés", "cube", "cubes"} and (split := _split(*decimal, unit)):
        del found[-2 - len(decimal[1]) :]
        found += split
        return
    alone = len(found) < 2 or not (_is_number(found[-2:-1]) or found[-2].words in {"et", "virgule"})
    one = number.words in {"un", "une", "zéro"} and alone
    found.append(Group(unit if one or unit == "hertz" else unit + "s"))


def _add_number(found: list[Group], group: Group, after: str) -> None:
    """« zéro euro vingt » is vingt centimes, « huit heures moins vingt » sept heures quarante."""
    before = [each.words for each in found[-2:]]
    if _unit_before(found, 0) in MONEY and found[-2].digits == "0" and len(group.digits) <= 2:
        found[-2:] = [group, Group("centimes")]
    elif (
        before[-1:] == ["moins"]
        and group.digits in {"5", "10", "20", "25"}
        and after not in {"pour", "degrés", "euros", "virgule"}
        and _unit_before(found, 1) == "heure"
        and (hour := _value(found[-3])) > 1
    ):
        found[-3:] = _clock(hour - 1, 60 - int(group.digits))
    else:
        found.append(group)


def _add_word(found: list[Group], group: Group) -> None:
    word, before = group.words, [each.words for each in found[-2:]]
    singular = word.removesuffix("s")
    if before == ["moins", "le"] and word == "quart" and _unit_before(found, 2) == "heure" and _value(found[-4]) > 1:
        found[-4:] = _clock(_value(found[-4]) - 1, 45)
    elif before[-1:] == ["et"] and word == "quart" and _unit_before(found, 1) == "heure":
        found[-1] = Group("quinze", "15")
    elif before[-1:] == ["et"] and word in {"demi", "demie"} and (unit := _unit_before(found, 1)):
        one = [Group("un", "1")] if found[-3].words == "une" else found[-3:-2]
        found[-3:] = [*one, Group("virgule"), Group("cinq", "5"), Group(unit)]
    elif singular == "heure" and before and before[-1].removesuffix("s").endswith(("watt", "ampère")):
        found[-1] = Group(f"{before[-1].removesuffix('s')}heures")
    elif _unit_before(found, 0) in (UNSAID.get(word) or UNSAID.get(singular, ())):
        pass
    elif singular in {"carré", "cube"} and before and before[-1].endswith("mètres"):
        found.append(Group(singular + "s"))
    elif word in PER and _is_amount(found):
        found[_article(found) :] = [Group("par"), group]
    else:
        found.append(group)


def _clock(hour: int, minutes: int) -> list[Group]:
    hours = [Group("une"), Group("heure")] if hour == 1 else [Group(cardinal(hour), str(hour)), Group("heures")]
    return [*hours, Group(cardinal(minutes), str(minutes))]


def _decimal(found: list[Group]) -> tuple[str, list[str]] | None:
    """The digits before and after the virgule of the number that `found` ends with; None where it has none."""
    for back in (2, 3, 4):
        if len(found) > back and found[-back].words == "virgule":
            whole, after = found[-back - 1].digits, [group.digits for group in found[1 - back :]]
            return (whole, after) if whole and all(after) else None
    return None


def _split(whole: str, after: list[str], unit: str) -> list[Group] | None:
    """The amount 1,5 as it is read: un euro cinquante, un mètre cinquante, une heure trente; None for other units."""
    parts = "".join(after)
    short = len(parts) <= 2
    hundredths = int(parts.ljust(2, "0"))
    if unit in {"heure", "minute"}:
        divided = hundredths == 50 and short
        hundredths = 30
    elif unit in MONEY:
        divided = short or (len(parts) == 3 and parts[0] != "0")  # 1,859 € a litre
    else:
        divided = unit == "mètre" and short and whole != "0"
    if not divided:
        return None
    rest = [Group(cardinal(hundredths), str(hundredths))] if hundredths else []
    if whole == "0" and rest:
        return [*rest, Group("minutes" if hundredths == 30 and unit == "heure" else "centimes")] if short else None
    number = Group("une" if whole == "1" and unit in {"heure", "minute"} else cardinal(int(whole)), whole)
    return [number, Group(unit + "s" * (whole not in "01")), *rest]


def _article(found: list[Group]) -> int:
    """Where « la », « l », « par », « de l » or « à l » begins, that `found` ends with."""
    words = [group.words for group in found[-2:]]
    return -2 if words[-1:] == ["l"] and words[0] in {"de", "à"} else -1


def _is_amount(found: list[Group]) -> bool:
    """`found` ends with an amount of money and « la », « l », « le », « de l » or « à l »."""
    if not found or found[-1].words not in {"la", "le", "l"}:
        return False
    before = found[: _article(found)][-3:]
    if before and before[-1].digits:
        before.pop()
    return _unit_before(before, 0) in MONEY | {"centime"}


def _unit_before(found: Sequence[Group], back: int) -> str:
    """The unit that stands `back` places before the last, where a number stands before it; else ""."""
    if len(found) < back + 2 or not _is_number(found[-back - 2 : -back - 1]):
        return ""
    return unit_of(found[-back - 1].words)


def _is_number(groups: Sequence[Group]) -> bool:
    return bool(groups) and groups[-1].words.rpartition(" ")[2] in NUMBER_WORDS


def _value(group: Group) -> int:
    return 1 if group.words == "une" else int(group.digits or 0)
