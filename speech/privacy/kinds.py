"""The kinds of personal data, each called as it is shown in its place, and where one of them stands."""

from collections.abc import Iterable
from typing import NamedTuple

CARD, IBAN, SOCIAL, PHONE, NUMBER = "carte", "IBAN", "sécurité sociale", "téléphone", "numéro"
PLATE, CODE, PASSWORD = "immatriculation", "code", "mot de passe"
EMAIL, NAME, BIRTH, ADDRESS = "e-mail", "nom", "date de naissance", "adresse"

# Where two findings overlap, the more telling kind is shown.
KINDS = (EMAIL, IBAN, SOCIAL, CARD, PHONE, PLATE, BIRTH, ADDRESS, PASSWORD, CODE, NUMBER, NAME)


class Hidden(NamedTuple):
    """A stretch of a turn's text that is personal: `turn` counts from 0, start and end are places of characters."""

    turn: int
    start: int
    end: int
    kind: str


def apart(found: Iterable[Hidden]) -> list[Hidden]:
    """In order; what overlaps becomes one, of the more telling kind."""
    united: list[Hidden] = []
    for hidden in sorted(set(found), key=lambda each: (each.turn, each.start, -each.end, KINDS.index(each.kind))):
        last = united[-1] if united else None
        if last and last.turn == hidden.turn and hidden.start < last.end:
            kind = min(last.kind, hidden.kind, key=KINDS.index)
            united[-1] = last._replace(end=max(last.end, hidden.end), kind=kind)
        else:
            united.append(hidden)
    return united
