"""Letters and signs in the one form that stands for all of theirs, without what stands in brackets."""

import re
import unicodedata
from collections import Counter

from scoring.french.rules import Rule, compiled, rewritten

SIGNS = str.maketrans("’‘‛ʼ՚′`´＇ºᵒ−", "'''''''''°°-") | {ord("№"): "n°"}
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "OE", "Æ": "AE", "\N{FRACTION SLASH}": "/", "″": '"'})
UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff\u0300-\u036f]")  # and accents that no letter of Unicode carries
PAIRS = {")": "(", "]": "[", "}": "{", ">": "<"}
BRACKET = re.compile(r"[][(){}<>]")
METRES = {"m": "mètre", "km": "kilomètre", "cm": "centimètre", "dm": "décimètre", "mm": "millimètre"}
BEFORE: list[Rule] = compiled(  # what the compatible form of Unicode would lose
    (r"(?<=[eE])´(?!\w)", "\N{COMBINING ACUTE ACCENT}"),
    (r"(?=[¼½¾⅓⅔])", " "),
    (r"(?<![^\W\d_])([kcdm]?m) ?²", lambda found: f" {METRES[found[1]]} carré"),
    (r"(?<![^\W\d_])([kcdm]?m) ?³", lambda found: f" {METRES[found[1]]} cube"),
    (r"− ?(?=\d)", "\N{MINUS SIGN}"),
    (r"\bx{3,}\b", ""),  # what a transcriber could not make out
)
PREFIX: list[Rule] = compiled(  # digits in brackets are said where digits follow: (01) 23 45 67 89
    (r"((?:\+|\b00) ?\d{2,3}|\b33) ?\(0\)", r"\1 "),
    (r"\((\+? ?\d{1,4})\)(?= ?\d)", r" \1 "),
)


def plain(text: str) -> str:
    """Composed, with straight apostrophes, without ligatures and brackets; capitals stay."""
    text = unicodedata.normalize("NFKC", rewritten(text, BEFORE).translate(SIGNS)).translate(SIGNS)
    text = UNSEEN.sub("", text.translate(LIGATURES))
    return " ".join(_spoken(rewritten(text, PREFIX)).split())


def _spoken(text: str) -> str:
    """The text without what stands in brackets, which nobody said; a bracket without its fellow is no bracket."""
    kept, at = [], 0
    opened, count = [], Counter()  # of each open bracket its kind, and how many pieces stood before it
    for found in BRACKET.finditer(text):
        kept.append(text[at : found.start()])
        at, sign = found.end(), found[0]
        fellow = PAIRS.get(sign)
        if count[fellow]:
            kind = ""
            while kind != fellow:
                kind, place = opened.pop()
                count[kind] -= 1
            del kept[place:]
            sign = " "
        elif fellow is None:
            opened.append((sign, len(kept)))
            count[sign] += 1
        kept.append(sign)
    return "".join([*kept, text[at:]])
