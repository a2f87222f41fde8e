"""Which words of a growing turn are certain enough to stand: those that two passes in a row agree on.

The policy is LocalAgreement-2 (Macháček, Dabre and Bojar, 2023): the longest common prefix of two hypotheses.
"""

from collections.abc import Sequence

from speech.decoding.hallucinations import plain
from transcripts.transcript import Word

OVERLAP = 5  # words at the joint that may be written twice, where the times of two passes differ
JITTER = 0.1  # seconds by which two passes may time the same word differently
SENTENCE, WORDS = 4.0, 10.0  # seconds of committed words after which a sentence's end, or any word's, settles them


class Agreement:
    """The words of one turn, committed one after the other; what is committed never changes."""

    def __init__(self):
        self.committed: list[Word] = []
        self._tentative: Sequence[Word] = ()  # of the pass before
        self.taken_back = 0  # tentative words that the next pass did not repeat
        self.settled = 0.0  # the next pass may begin here: what lies before costs no more time

    @property
    def is_empty(self) -> bool:
        """No pass has given a word yet."""
        return not self.committed and not self._tentative

    def add(self, words: Sequence[Word]) -> tuple[list[Word], list[Word]]:
        """Takes the words of a pass over the whole turn; gives those that become certain, and those that do not yet."""
        rest = self._after_committed(words)
        agreed = _common(rest, self._tentative)
        self.taken_back += len(self._tentative) - agreed
        self.committed += rest[:agreed]
        self._tentative = rest[agreed:]
        self._settle(rest[:agreed])
        return rest[:agreed], rest[agreed:]

    def before(self, second: float) -> str:
        """The committed text up to a moment."""
        return " ".join(word.text for word in self.committed if word.end <= second)

    def _settle(self, words: Sequence[Word]) -> None:
        begun = max(self.settled, self.committed[0].start) if self.committed else 0.0
        for word in words:
            if word.end - begun >= (SENTENCE if word.text.endswith((".", "?", "!", "…")) else WORDS):
                self.settled = begun = word.end

    def _after_committed(self, words: Sequence[Word]) -> list[Word]:
        if not self.committed:
            return list(words)
        end = self.committed[-1].end - JITTER
        rest = [word for word in words if (word.start + word.end) / 2 > end]
        for size in range(min(OVERLAP, len(rest), len(self.committed)), 0, -1):
            if _common(rest, self.committed[-size:]) == size:
                return rest[size:]
        return rest


def _common(some: Sequence[Word], others: Sequence[Word]) -> int:
    """How many words the two begin with alike, whatever their case and punctuation."""
    for place, (one, other) in enumerate(zip(some, others, strict=False)):
        if plain(one.text) != plain(other.text):
            return place
    return min(len(some), len(others))
