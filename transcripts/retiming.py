"""The times of words that somebody has corrected."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from transcripts.transcript import Word


def retimed(words: Sequence[Word], text: str) -> tuple[Word, ...]:
    """The text's words: those that `words` has too keep their times, others share the time of those they replace."""
    if not words:
        return ()
    new, found = text.split(), []
    steps = SequenceMatcher(None, [word.text for word in words], new, autojunk=False).get_opcodes()
    for kind, first, last, at, until in steps:
        if kind == "equal":
            found += words[first:last]
            continue
        start = words[first].start if first < last else words[max(0, first - 1)].end
        end = words[last - 1].end if first < last else words[min(first, len(words) - 1)].start
        each = max(0.0, end - start) / max(1, until - at)
        found += [
            Word(start + each * place, start + each * (place + 1), word, 1.0)
            for place, word in enumerate(new[at:until])
        ]
    return tuple(found)
