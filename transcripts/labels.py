"""Speakers' names before what they say, as people write them in plain text: « Marie : Allô ? »."""

import re
from collections import Counter
from collections.abc import Sequence

_LABEL = re.compile(r"(?P<name>[^:\n?!;]{1,60}?)\s*:\s+(?=\S)")
WORDS = 5  # that a name has at most


def named(speaker: str | None, text: str) -> str:
    """The text on one line, after its speaker's name where it has one."""
    return " ".join((f"{speaker} : {text}" if speaker else text).split())


def split(texts: Sequence[str], carried: bool = False) -> list[tuple[str | None, str]]:
    """The name and the rest of each text.

    What stands before a colon is a name only in a file whose first text has one, and only if it is there twice, or all
    texts have one, or it is one or two words. `carried`: a text without a name has the one before it.
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
        if name and (all_have_one or times[name] > 1 or len(name.split()) <= 2):
            current = name
            found.append((name, text[label.end() :]))
        else:
            found.append((current if carried else None, text))
    return found
