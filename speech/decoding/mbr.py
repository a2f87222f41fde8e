"""Of several texts the one that the others agree with most: minimum Bayes risk, as Goel and Byrne (2000) have it."""

import math
import re
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein


def consensus(texts: Sequence[str], logprobs: Sequence[float], characters: bool = False) -> int:
    """The place of the text from which the others differ by the fewest words, each weighted by its probability.

    `logprobs` are of whole texts, natural logarithm; of the texts that differ in nothing but capitals and punctuation
    the likeliest stands for all. With `characters`, for languages written without spaces, those are counted.
    """
    likeliest = max(logprobs)
    shares: dict[tuple[str, ...], float] = {}
    places: dict[tuple[str, ...], int] = {}
    for place in sorted(range(len(texts)), key=lambda at: -logprobs[at]):
        words = tuple(re.findall(r"\w" if characters else r"\w+", texts[place].lower()))
        shares[words] = shares.get(words, 0.0) + math.exp(logprobs[place] - likeliest)
        places.setdefault(words, place)
    risks = {one: sum(shares[other] * Levenshtein.distance(one, other) for other in shares) for one in shares}
    return places[min(risks, key=risks.get)]
