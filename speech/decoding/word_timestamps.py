"""Times of the words, out of the engine's alignment of tokens."""

from collections.abc import Iterator, Sequence

from speech.engines.base import Alignment, Engine
from transcripts.transcript import Word

UNSPACED = {"zh", "ja", "th", "lo", "my", "yue"}  # written without spaces: each character is a word of its own


def words_of(engine: Engine, tokens: Sequence[int], alignment: Alignment, language: str) -> tuple[Word, ...]:
    """The words of one clip's text tokens: what stands between spaces, « l'été, » with its elision and its comma.

    `alignment` has a start for each token and the end of the last; `language` is Whisper's code.
    """
    groups: list[list[int]] = []  # places of a word's tokens
    texts: list[str] = []
    for text, places in _characters(engine, tokens):
        if groups and not text.startswith(" ") and language not in UNSPACED:
            groups[-1] += places
            texts[-1] += text
        else:
            groups.append(places)
            texts.append(text)
    return tuple(
        Word(
            start=alignment.times[places[0]],
            end=max(alignment.times[places[-1] + 1], alignment.times[places[0]]),
            text=text.strip(),
            confidence=min(alignment.probabilities[i] for i in places),
        )
        for text, places in zip(texts, groups, strict=True)
        if text.strip()
    )


def _characters(engine: Engine, tokens: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """The shortest runs of tokens that hold whole characters: their text, and their places. A token is some bytes, and
    a letter may have several; those that are no letter anywhere are given as they come."""
    whole, at, places = engine.vocabulary.text(tokens), 0, []
    for place in range(len(tokens)):
        places.append(place)
        text = engine.vocabulary.text([tokens[i] for i in places])
        broken = text.find("\ufffd")
        if broken < 0 or whole[at + broken : at + broken + 1] in ("", "\ufffd"):
            yield text, places
            at, places = at + len(text), []
