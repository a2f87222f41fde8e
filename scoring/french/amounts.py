"""Amounts in one reading, and units in full.

1,5 kg, un kilo et demi and un virgule cinq kilo are one; so are 12,90 €, douze euros quatre-vingt-dix and douze euros
quatre-vingt-dix centimes; 7h45, sept heures quarante-cinq and huit heures moins le quart.
"""

from collections.abc import Sequence

from scoring.french.numbers import NUMBER_WORDS, Group, cardinal
from scoring.french.units import MONEY, PARTS, PER, UNSAID, unit_of

LARGE = {"million", "millions", "milliard", "milliards"}


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
    if number.words.rpartition(" ")[2] in LARGE and unit in MONEY:
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
    elif before[-1:] == ["et"] and word == "demi" and before[0].split()[-1] in LARGE and found[-2].digits:
        number, _, large = found[-2].words.rpartition(" ")
        found[-2:] = [Group(number), Group("virgule"), Group("cinq", "5"), Group(f"{large.removesuffix('s')}s")]
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
    """`found` ends with an amount of money and « la », « l », « le », « du », « de l » or « à l »."""
    if not found or found[-1].words not in {"la", "le", "l", "du"}:
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
