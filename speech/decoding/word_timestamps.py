"""Times of the words, out of the engine's alignment of tokens."""

from collections.abc import Sequence

from transformers.models.whisper.tokenization_whisper import _split_tokens_on_unicode

from speech.engines.base import Alignment, Engine
from transcripts.transcript import Word

UNSPACED = {"zh", "ja", "th", "lo", "my", "yue"}  # written without spaces: each character is a word of its own


def words_of(engine: Engine, tokens: Sequence[int], alignment: Alignment, language: str) -> tuple[Word, ...]:
    """The words of one clip's text tokens: what stands between spaces, « l'été, » with its elision and its comma.

    `alignment` has a start for each token and the end of the last; `language` is Whisper's code.
    """
    groups: list[list[int]] = []  # places of a word's tokens
    texts: list[str] = []
    for text, _, places in zip(*_split_tokens_on_unicode(engine.tokenizer, list(tokens)), strict=True):
        if groups and not text.startswith(" ") and language not in UNSPACED:
            groups[-1] += places
            texts[-1] += text
        else:
            groups.append(list(places))
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
