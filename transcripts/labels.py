"""Speakers' names before what they say, as people write them in plain text: « Marie : Allô ? »."""

import re
from collections import Counter
from collections.abc import Sequence

_LABEL = re.compile(r"(?P<name>[^:\n?!;]{1,60}?)\s*:\s+(?=\S)")
WORDS, ONCE, ALONE = 8, 5, 2  # that a name has at most: twice there, there where all have one, there once


def named(speaker: str | None, text: str) -> str:
    """The text on one line, after its speaker's name where it has one."""
    return " ".join(f"{label(speaker)} {text}".split())


def label(speaker: str | None) -> str:
    """The name and a colon, without the marks that would end the name; nothing without a speaker."""
    return " ".join(re.sub(r"[:?!;]", " ", speaker).split()) + " :" if speaker and speaker.strip() else ""


def split(texts: Sequence[str], carried: bool = False) -> list[tuple[str | None, str]]:
    """The name and the rest of each text.

    What stands before a colon is a name only in a file whose first text has one, and there only if it is short, or
    longer and all texts have one, or longer still and there twice. `carried`: a text without a name has the one before.
    """
    labels = [_LABEL.match(text) for text in texts]
    candidates = [m["name"] if m and len(m["name"].split()) <= WORDS else None for m in labels]
    if not candidates or candidates[0] is None:
        return [(None, text) for text in texts]
    times = Counter(candidates)
    all_have_one = None not in times
    found: list[tuple[str | None, str]] = []
    current = None
    for name, label, text in zip(candidates, labels, texts, strict=True):
        longest = WORDS if times[name] > 1 else ONCE if all_have_one else ALONE
        if name and len(name.split()) <= longest:
            current = name
            found.append((name, text[label.end() :]))
        else:
            found.append((current if carried else None, text))
    return found
