"""What a beam's other hypotheses have in the place of each word: where they disagree, somebody has to listen."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rapidfuzz.distance import Levenshtein

from transcripts.transcript import Alternative, Word

MOST = 4  # alternatives of a word
LEAST = 0.005  # of the probability, that an alternative has at least


def with_alternatives(words: Sequence[Word], texts: Sequence[str], logprobs: Sequence[float]) -> tuple[Word, ...]:
    """The words, each with what the other `texts` of the same sound have in its place.

    `logprobs` are of whole texts, natural logarithm: that of the words first, then those of `texts`. A difference in
    capitals or punctuation alone is none.
    """
    weights = [math.exp(each - max(logprobs)) for each in logprobs]
    spoken = [at for at, word in enumerate(words) if _key(word.text)]  # a « that stands by itself is none
    own = [_key(words[at].text) for at in spoken]
    found: list[dict[str, Alternative]] = [{} for _ in words]
    for text, weight in zip(texts, weights[1:], strict=True):
        other = [word for word in text.split() if _key(word)]
        for place, first, last in _differences(own, list(map(_key, other))):
            written, at = " ".join(other[first:last]), spoken[place]
            known = found[at].get(_key(written), Alternative(_between_marks(written, words[at].text), 0.0))
            found[at][_key(written)] = replace(known, share=known.share + weight / sum(weights))
    return tuple(replace(word, alternatives=_likeliest(some)) for word, some in zip(words, found, strict=True))


def _key(text: str) -> str:
    return "".join(re.findall(r"\w+", text.lower()))


def _between_marks(text: str, word: str) -> str:
    """The text with the punctuation that stands around the word."""
    bare = re.sub(r"^\W+|\W+$", "", text)
    before, after = re.match(r"\W*", word)[0], re.search(r"\W*$", word)[0]
    return before + bare + after if bare else ""


def _likeliest(found: dict[str, Alternative]) -> tuple[Alternative, ...]:
    some = sorted((each for each in found.values() if each.share >= LEAST), key=lambda each: -each.share)
    return tuple(some[:MOST])


def _differences(own: Sequence[str], other: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """For each of `own` that has something else in its place: its place, and from where to where that is in `other`.

    Of several words in a row that differ each has one in its place, and the last one those that are left. What is
    added between two words that both have belongs to the first.
    """
    equal = [step for step in Levenshtein.opcodes(own, other) if step.tag == "equal"]
    starts = [*((step.src_start, step.dest_start) for step in equal), (len(own), len(other))]
    ends = [(0, 0), *((step.src_end, step.dest_end) for step in equal)]
    for (first, begin), (end, until) in zip(ends, starts, strict=True):
        for place in range(first, end):
            at = min(begin + place - first, until)
            yield place, at, until if place == end - 1 else min(at + 1, until)
        if first == end and begin < until and own:
            yield (first - 1, begin - 1, until) if first else (0, 0, until + 1)
