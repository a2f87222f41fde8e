"""Numbers of someone: of telephones, cards, accounts, social security, customers, contracts...

A number is found by the digits that are said in a row, however they are written: « 06 12 34 56 78 », « zéro six, douze,
34 », « 0,6. 12h34, 56 78 », « F R 76 ». The row goes on over hesitations, and over the end of a turn. What counts
something stays, unless the row it stands in is too plainly a number; and so does what is too short to be anyone's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import NamedTuple

from speech.privacy.kinds import CARD, IBAN, NUMBER, PHONE, PLATE, SOCIAL, Hidden
from speech.privacy.numbers.counted import Sure
from speech.privacy.numbers.digits import Piece
from speech.privacy.numbers.fillers import DICTATED, UNITS
from speech.privacy.numbers.plausible import is_date, may_be_number, may_count
from speech.privacy.numbers.rows import Row
from speech.privacy.numbers.shapes import LONGEST, is_checked, is_complete, shape
from speech.privacy.words import TextWord, stretches, vocabulary

LONG = 9  # digits that are a number of someone, whatever is said around them
LONG_AFTER_ZERO = 6  # a telephone number of which two pairs were lost: Whisper loses digits
LONG_AFTER_ITS_NAME = 6  # after « mon portable », « la carte », « mon dossier »...
LONG_BESIDE_READINGS = 4  # digits without a reading as decimal or hour, where others of the row have one
REACH = 12  # words before a number that may name it
SHORT = 2  # digits beside a known number that may be a part of it

NAMED = {
    word: kind
    for kind, words in {
        PHONE: "telephone tel telephones portable mobile fixe joindre rappeler rappelez joignable ligne whatsapp sms "
        "standard fax",
        CARD: "carte cb visa mastercard bancaire cryptogramme cvv cvc amex",
        IBAN: "iban rib virement",
        SOCIAL: "secu securite sociale social vitale nir ameli",
        PLATE: "plaque immatriculation immatricule immatriculee",
        NUMBER: "numero numeros dossier contrat client cliente reference compte siret siren identifiant matricule "
        "passeport permis identite allocataire caf adherent abonne abonnee licence imei iccid fiscal pdl prm pce",
    }.items()
    for word in words.split()
}
ANY = vocabulary("numero numeros client cliente reference compte")  # which a more precise word goes before
PUBLIC = vocabulary(  # what is asked for by these is on no one's account
    "postal postaux cedex departement departements article articles chapitre version versions insee vol vols bus "
    "tirage loto chaine chaines canal frequence frequences barre barres ean isbn issn"
)


class Context(NamedTuple):
    """What was said before a row."""

    kind: str | None  # that it named
    public: bool = False  # it named something that is nobody's
    sign: TextWord | None = None  # « plus », as in +33


@dataclass(frozen=True)
class Number:
    pieces: list[Piece]
    kind: str
    sign: TextWord | None = None

    @property
    def digits(self) -> str:
        return joined(self.pieces)


def joined(pieces: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def context(row: Row, words: Sequence[TextWord]) -> Context:
    first = row[0].words[0]
    before = words[max(0, first.place - REACH) : first.place]
    said = [word.plain for word in before if word.plain in NAMED or word.plain in PUBLIC]
    if any(word.plain == "n" and after.before.strip() in {"°", "º"} for word, after in pairwise([*before, first])):
        said.insert(0, "numero")
    kinds = [NAMED.get(word, NUMBER) for word in reversed(said) if word not in PUBLIC and word not in ANY]
    kind = next(iter(kinds), NUMBER if any(word in ANY for word in said) else None)
    sign = next((word for word in before[-1:] if word.plain in {"plus", "+"} and word.turn == first.turn), None)
    return Context(kind, bool(said) and said[-1] in PUBLIC, sign)


def numbers_in(row: Row, said: Context) -> Iterator[Number]:
    """The personal numbers in a row: those that have a known shape and what is left of the row beside them, else the
    whole row if it is long enough for what was said before it."""
    whole = trimmed(row)
    free = [piece for piece in whole if not piece.reading]
    if not whole or is_date(whole) or is_date(free) or (may_count(whole) and not said.kind):
        return
    shaped = list(_shaped(row, said.kind))
    if shaped:
        yield from _with_what_is_left(row, shaped, said.sign)
    elif not said.public and not row.counts:
        yield from _unshaped(row, said)


def complete_in(row: Row) -> Iterator[Number]:
    """Those alone that are complete and cannot be taken for anything else."""
    for start, end, kind in _shaped(row, None):
        if is_complete(row[start:end]):
            yield Number(row[start:end], kind)


def trimmed(run: Sequence[Piece]) -> list[Piece]:
    """Without the letters at its ends."""
    with_digits = [place for place, piece in enumerate(run) if piece.digits]
    return list(run[with_digits[0] : with_digits[-1] + 1]) if with_digits else []


def where(number: Number, reading: Sequence[TextWord]) -> Iterator[Hidden]:
    """Where a number stands in the turns; what was remarked between its parts stays."""
    said = [number.sign] if number.sign else []
    said += number.pieces[0].words
    for before, piece in pairwise(number.pieces):
        between = reading[before.start + len(before.words) : piece.start]
        dictated = all(word.plain in DICTATED for word in between)
        parted = any(word.is_apart for word in (*between, piece.words[0]))
        units = takewhile(lambda word: word.plain in UNITS and not word.is_apart, between)  # « 06h, 45 euros, 12 »
        said += [*(between if dictated and not parted else units), *piece.words]
    yield from stretches(said, reading, number.kind)


# Known shapes


def _shaped(row: Row, kind: str | None) -> Iterator[tuple[int, int, str]]:
    """Stretches of pieces that have the shape of a known number, the surest and longest first from each place on."""
    start = 0
    while start < len(row):
        ends = [end for end in range(min(len(row), start + LONGEST), start, -1) if may_be_number(row, start, end)]
        ends.sort(key=lambda end: not is_checked(joined(row[start:end])))
        found = next(((end, named) for end in ends if (named := shape(row[start:end], kind))), None)
        if found:
            yield start, *found
        start = found[0] if found else start + 1


def _with_what_is_left(row: Row, shaped: Sequence[tuple[int, int, str]], sign: TextWord | None) -> Iterator[Number]:
    """Known numbers, each with what stands beside it and may belong to it: a pair too many, the end of a card's.

    Not so a small figure that a comma keeps apart before the first of them, nor what counts something.
    """
    for number, (start, end, kind) in enumerate(shaped):
        until = shaped[number + 1][0] if number + 1 < len(shaped) else len(row)
        before = _beside(row[:start], last=True) if not number else []
        if before and row[start].words[0].is_apart and sum(piece.digits for piece in before) <= SHORT:
            before = []
        after = _beside(row[end:until], last=False)
        yield Number([*before, *row[start:end], *after], kind, sign if start - len(before) == 0 else None)


def _beside(run: Sequence[Piece], last: bool) -> list[Piece]:
    """The pieces next to a number, up to the first one that counts something; without letters at the far end."""
    near: list[Piece] = []
    for piece in reversed(run) if last else run:
        if piece.reading:
            break
        near.append(piece)
    while near and not near[-1].digits:
        near.pop()
    return near[::-1] if last else near


# By length and name


def _unshaped(row: Row, said: Context) -> Iterator[Number]:
    whole = _without_readings_at_its_ends(row)
    digits = sum(piece.digits for piece in whole)
    free = [piece for piece in whole if not piece.reading]
    free_digits = sum(piece.digits for piece in free)
    if len(free) < len(whole) and (len(free) < 2 or free_digits < max(LONG_BESIDE_READINGS, digits / 2)):
        return
    kind = said.kind or (PHONE if said.sign else None)
    likely = any(piece.sure == Sure.LIKELY for piece in whole)
    if digits >= LONG_AFTER_ZERO and whole[0].text[0] == "0":
        yield Number(whole, PHONE if kind in {None, NUMBER} else kind, said.sign)
    elif (free_digits if likely and not kind else digits) >= LONG or (kind and digits >= LONG_AFTER_ITS_NAME):
        yield Number(with_letters(row, whole) if kind else whole, kind or NUMBER, said.sign)


def _without_readings_at_its_ends(row: Row) -> list[Piece]:
    """Without hours and amounts there, which are no part of an incomplete number, unless a zero begins the row."""
    whole = trimmed(row)
    while whole and whole[-1].sure == Sure.LIKELY and whole[0].text[0] != "0":
        whole.pop()
    while whole and whole[0].sure == Sure.LIKELY and whole[0].text[0] != "0":
        whole.pop(0)
    return trimmed(whole)


def with_letters(row: Row, whole: Sequence[Piece]) -> list[Piece]:
    """With those at its ends that no comma parts from it: « FR2023-0045678 », « 1 234 567 A »."""
    start, end = row.index(whole[0]), row.index(whole[-1]) + 1
    while start and not row[start - 1].digits and not row[start].words[0].is_apart:
        start -= 1
    while end < len(row) and not row[end].digits and not row[end].words[0].is_apart:
        end += 1
    return row[start:end]
