"""What the numbers that everybody knows look like, and their check digits."""

import re
from collections.abc import Sequence

from stdnum import iban, luhn
from stdnum.fr import nir

from speech.privacy.kinds import CARD, IBAN, PHONE, PLATE, SOCIAL
from speech.privacy.numbers.digits import COUNTRIES, Piece

LONGEST = 34  # pieces of a known number: an IBAN, spelled

ACCOUNT = re.compile(r"(?P<country>[A-Z]{2})\d\d[A-Z\d]{10,30}")
FRENCH_ACCOUNT = re.compile(r"\d{10}[A-Z\d]{11}\d\d")  # bank, branch, account and key: a RIB
SECURITY = re.compile(r"[1278]\d\d(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d\d|2[AB])\d{6}(?:\d\d)?")
SECURITY_GROUPS = (1, 2, 2, 2, 3, 3)  # as it stands on the card
CARD_NUMBER = re.compile(r"[2-6]\d{15}|3[47]\d{13}")
OTHER_CARD = re.compile(r"3[068]\d{12}|4\d{12}|6\d{16,18}")
PHONE_NUMBER = re.compile(r"0[1-9]\d{8}|(?:00)?330?[1-9]\d{8}")
MOBILE = re.compile(r"[67] \d\d \d\d \d\d \d\d")  # its zero was lost
PLATE_NUMBER = re.compile(r"[A-HJ-NP-TV-Z]{2}\d{3}[A-HJ-NP-TV-Z]{2}")

LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")  # as a RIB's key counts them


def shape(pieces: Sequence[Piece], named: str | None = None) -> str | None:
    """The kind of number that the pieces make by themselves; None if they make none.

    `named`: the kind that was spoken of before. An account or a social security number has to have the right key, or
    the groups of the card, unless it was announced as one: Whisper may have misheard a digit of it.
    """
    text = "".join(piece.text for piece in pieces)
    if is_checked(text):
        return _checked(text)
    account = ACCOUNT.fullmatch(text)
    if account and account["country"] in COUNTRIES:
        return IBAN
    if named == IBAN and re.fullmatch(r"\d{22,25}", text):
        return IBAN
    if SECURITY.fullmatch(text) and (named == SOCIAL or _sizes(pieces)[:6] == SECURITY_GROUPS):
        return SOCIAL
    if CARD_NUMBER.fullmatch(text):
        return CARD
    if PHONE_NUMBER.fullmatch(text) or MOBILE.fullmatch(" ".join(piece.text for piece in pieces)):
        return PHONE
    return PLATE if PLATE_NUMBER.fullmatch(text) else None


def is_complete(pieces: Sequence[Piece]) -> bool:
    """Whether nobody would take the pieces for anything else, even with words between them."""
    if len(pieces) > LONGEST:
        return False
    text = "".join(piece.text for piece in pieces)
    fours = CARD_NUMBER.fullmatch(text) and set(_sizes(pieces)) == {4}
    return bool(fours or (text[0] == "0" and PHONE_NUMBER.fullmatch(text))) or is_checked(text)


def is_checked(text: str) -> bool:
    """Whether it is an account, a social security number or a card whose check digits are right."""
    return _checked(text) is not None


def _checked(text: str) -> str | None:
    if ACCOUNT.fullmatch(text) and iban.is_valid(text, check_country=False):
        return IBAN
    if FRENCH_ACCOUNT.fullmatch(text) and _has_french_key(text):
        return IBAN
    if SECURITY.fullmatch(text) and nir.is_valid(text):
        return SOCIAL
    card = CARD_NUMBER.fullmatch(text) or OTHER_CARD.fullmatch(text)
    return CARD if card and luhn.is_valid(text) else None


def _has_french_key(text: str) -> bool:
    """A RIB's key, which makes the sum of its weighted parts a multiple of 97 (NF Z 63-016)."""
    bank, branch, account, key = text[:5], text[5:10], text[10:21], text[21:]
    weighted = 89 * int(bank) + 15 * int(branch) + 3 * int(account.translate(LETTERS)) + int(key)
    return weighted % 97 == 0


def _sizes(pieces: Sequence[Piece]) -> tuple[int, ...]:
    return tuple(len(piece.text) for piece in pieces)
