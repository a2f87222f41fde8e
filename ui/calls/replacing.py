"""Find and replace in the texts of calls: with or without regard to case and accents, whole words or parts of them."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from transcripts.edits import Edited

MOST = 200  # characters that are looked for


@dataclass(frozen=True)
class Wanted:
    text: str
    case: bool = False  # differs
    accents: bool = False  # differ
    words: bool = True  # whole ones only

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where it stands in a text, from left to right."""
        wanted, _ = self._folded(" ".join(self.text.split())[:MOST])
        folded, places = self._folded(text)
        found, at = [], folded.find(wanted) if wanted else -1
        while at >= 0:
            end = at + len(wanted)
            start, stop = places[at], places[end - 1] + 1
            while unicodedata.combining(text[stop : stop + 1] or " "):
                stop += 1
            cuts_a_letter = (at and places[at - 1] == start) or (end < len(places) and places[end] == stop - 1)
            if not cuts_a_letter and (not self.words or _is_whole(text, start, stop)):
                found.append((start, stop))
            else:
                end = at + 1
            at = folded.find(wanted, end)
        return found

    def _folded(self, text: str) -> tuple[str, list[int]]:
        """The text as it is compared, and the place in `text` of each of its letters."""
        folded, places = "", []
        for place, letter in enumerate(text.replace("’", "'")):
            plain = letter if self.case else letter.casefold()
            if not self.accents:
                plain = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
            folded += plain
            places += [place] * len(plain)
        return folded, places


def _is_whole(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isalnum() and text[start].isalnum()) and not (after.isalnum() and text[end - 1].isalnum())


def count(turns: Iterable[Edited], wanted: Wanted) -> int:
    return sum(len(wanted.spans(each.turn.text)) for each in turns)


def replaced(turns: Iterable[Edited], wanted: Wanted, put: str) -> dict:
    """The entry of the journal that replaces all; a turn that would be left without a text stays as it is."""
    texts = []
    for place, each in enumerate(turns):
        text = each.turn.text
        for start, end in reversed(wanted.spans(text)):
            text = text[:start] + put + text[end:]
        if text != each.turn.text and text.strip():
            texts.append([place, " ".join(text.split())])
    return {"kind": "texts", "texts": texts}
