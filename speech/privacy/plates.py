"""Number plates as they are written: the system of 2009 by its form, the one before it where it is announced."""

import re
from collections.abc import Iterator

from speech.privacy.kinds import PLATE, Hidden

LETTER = "[A-HJ-NP-TV-Z]"  # without I, O and U, which look like others
TODAY = re.compile(rf"(?<![\w-])(?:{LETTER}[ .-]?){{2}}\d{{3}}[ .-]?{LETTER}[ .-]?{LETTER}(?![\w-])")
BEFORE_2009 = re.compile(
    r"\b(?i:plaques?|immatricul\w+|v[ée]hicule|voiture)\b[^.?!\n]{0,40}?"
    r"(?<![\w-])(?P<plate>\d{1,4}[ -]?[A-HJ-NP-TV-Z]{2,3}[ -]?(?:\d{2,3}|2[AB]))(?![\w-])"
)


def plates(text: str, turn: int) -> Iterator[Hidden]:
    """« AB-123-CD », « AB 123 CD »; « immatriculée 1234 AB 75 »."""
    for found in TODAY.finditer(text):
        yield Hidden(turn, *found.span(), PLATE)
    for found in BEFORE_2009.finditer(text):
        yield Hidden(turn, *found.span("plate"), PLATE)
