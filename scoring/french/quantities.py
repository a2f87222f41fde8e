"""The numbers that a text says, by value: whether spoken or written, 12,90 € is 12.9."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from scoring.french import normalise
from scoring.french.numbers import Group, grouped
from scoring.french.units import MONEY, unit_of

SCALES = {"million": 10**6, "milliard": 10**9}


def values(text: str) -> list[Decimal]:
    """The numbers of a text in their order; equal for two spellings of the same words.

    An amount of money is one number, its hundredths included; 14h30 is two, and a telephone number its pairs. Ordinals
    count but for premier; « un » and « une » do where a unit or a number stands beside them, for they are articles too.
    """
    return list(_values(grouped(normalise(text).split())))


def _values(groups: Sequence[Group]) -> Iterator[Decimal]:
    at = 0
    while at < len(groups):
        found = _decimal(groups, at) or _amount(groups, at) or _plain(groups, at)
        if found:
            yield found[0]
        at += found[1] if found else 1


def _words(groups: Sequence[Group], at: int) -> str:
    return groups[at].words if 0 <= at < len(groups) else ""


def _digits(groups: Sequence[Group], at: int) -> str:
    return groups[at].digits if 0 <= at < len(groups) else ""


def _decimal(groups: Sequence[Group], at: int) -> tuple[Decimal, int] | None:
    """Value, and how many groups it takes: 1,05 million."""
    if not _digits(groups, at) or _words(groups, at + 1) != "virgule" or not _digits(groups, at + 2):
        return None
    end = at + 2
    while _digits(groups, end) == "0" and _digits(groups, end + 1):
        end += 1
    after, scale = _words(groups, end), 1
    for name, worth in SCALES.items():
        if after.removesuffix("s").endswith(f" {name}"):
            scale = worth  # « cinq millions » is one group
    last = str(int(_digits(groups, end)) // scale)
    zeros = "0" * (end - at - 2)
    return Decimal(f"{groups[at].digits}.{zeros}{last}") * scale, end + 1 - at


def _amount(groups: Sequence[Group], at: int) -> tuple[Decimal, int] | None:
    """Value, and how many groups it takes: cinq euros vingt, vingt centimes."""
    number = _digits(groups, at) or "1" * (_words(groups, at) in {"un", "une"})
    unit = unit_of(_words(groups, at + 1))
    if number and unit == "centime":
        return Decimal(number) / 100, 2
    if not number or unit not in MONEY:
        return None
    parts = _digits(groups, at + 2)
    if parts and len(parts) <= 3 and not unit_of(_words(groups, at + 3)):
        return Decimal(number) + Decimal(int(parts)) / 10 ** max(2, len(parts)), 3
    return Decimal(number), 2


def _plain(groups: Sequence[Group], at: int) -> tuple[Decimal, int] | None:
    group = groups[at]
    if group.words in {"un", "une"}:
        beside = _digits(groups, at - 1), _digits(groups, at + 1), unit_of(_words(groups, at + 1))
        return (Decimal(1), 1) if any(beside) else None
    if group.digits or group.rank:
        return Decimal(group.digits or group.rank), 1
    return None
