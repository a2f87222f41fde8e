"""allo-fr-2: French as it is read aloud, so that two spellings of the same words become the same text.

The canonical form is lower case, accents kept, numbers in words, one space between words. In words and not in digits,
because the article un, the adjective neuf and second then need no guess, and because a number counts for as many words
as were said. So numbers are compared as they sound: 22, vingt-deux and « 20, 2 » are one. A number read digit by digit
differs from the number, except after a zero, where telephone numbers are: 06 12 34, 061234 and zéro six un deux trois
quatre are one.
Abbreviations, units, Roman numerals and signs are read out where they can mean one thing only (14h30, 5,50 €, 10 km,
n°, Mme, XIXe); where a sign has two readings, both are one (5,50 € has its centimes or not). 2e is deuxième and 2nd is
second, which stay different, as do un and une. What stands in brackets, [rire], (rires) or <bruit>, was not said and is
left out. Euh, hum, ben, bah and hein are fillers; ah, oh and eh are words. An acronym is one word, spelled or not.

Both sides of a comparison get the same function. It is idempotent, and takes time in proportion to the text.
"""

import re
from functools import lru_cache

from scoring.french import abbreviations, addresses, amounts, digits, letters, roman, spelling, units
from scoring.french.characters import plain
from scoring.french.numbers import NUMBER_WORDS, cardinal, grouped
from scoring.french.rules import rewritten

__all__ = ["NAME", "WITHOUT_FILLERS", "cardinal", "normalise"]

NAME = "allo-fr-2"
WITHOUT_FILLERS = f"{NAME} without fillers"

CASED = [*roman.CASED, *abbreviations.CASED, *units.CASED]
READ = [*abbreviations.LOWER, *digits.LOWER]
SIGNS = re.compile(r"[\d%‰€$£&#*°@+/§]|\b[^\W\d_]{1,4} ?\.|\bt[ée]l\b|aujourd")
PER_HOUR = re.compile(r"\b(km|kilomètres?) (?:à l|par) heure\b")
WORD = re.compile(r"aujourd'hui|[^\W_]+")


def normalise(text: str, fillers: bool = True) -> str:
    """The canonical form of `text`: words with single spaces between, possibly none.

    Fillers (euh, hum, ben, bah, hein) keep one spelling each, or are left out with `fillers=False`.
    """
    whole = _canonical(text)
    if fillers or not any(map(spelling.FILLERS.fullmatch, whole.split())):
        return whole
    return _canonical.__wrapped__(text, fillers=False)  # anew, since « vingt euh deux » is a number without its euh


@lru_cache(maxsize=2**16)  # many turns are one word, and references come back with every hypothesis
def _canonical(text: str, fillers: bool = True) -> str:
    words = spelling.hesitations(WORD.findall(_lower(plain(text))), fillers, NUMBER_WORDS)
    words = PER_HOUR.sub(r"\1 heure", " ".join(spelling.spelled(words))).split()
    if not NUMBER_WORDS.isdisjoint(words):
        while (
            settled := amounts.measured(grouped(words))
        ) != words:  # a number that was rewritten may join its neighbour
            words = settled
    return " ".join(words)


def _lower(text: str) -> str:
    """In lower case, and read aloud where it has digits and signs."""
    text = rewritten(text, letters.DOTTED)
    if not text.isupper() or len(max(WORD.findall(text), key=len, default="")) == 1:
        text = rewritten(text, letters.CAPITALS)  # where all is in capitals, one of them may be a word
    text = rewritten(rewritten(text, CASED).lower(), roman.LOWER)
    text = rewritten(text, addresses.LOWER)
    if SIGNS.search(text):
        text = rewritten(text, READ)
    return rewritten(text, letters.SPELLED)
