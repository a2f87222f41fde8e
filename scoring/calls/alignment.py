"""A call word by word: what was written for each word of each turn, once it is known which speaker is which."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scoring.alignment import Step, align
from scoring.french import normalise
from transcripts.tracks import track
from transcripts.transcript import Turn

Assignment = Sequence[tuple[str | None, str | None]]  # speaker of the reference, speaker of the hypothesis


class TimedStep(NamedTuple):
    """A step of the alignment, and the second at which it was said, or written where nothing was said."""

    step: Step
    at: float


@dataclass(frozen=True)
class AlignedTurn:
    """A turn of the reference with what was written for it; or one of the hypothesis where no speaker is left."""

    start: float
    end: float
    channel: int
    speaker: str  # of the reference; of the hypothesis where it is nobody's
    written_by: str | None  # speaker of the hypothesis
    said: str  # as the reference writes it
    steps: tuple[TimedStep, ...]

    @property
    def edits(self) -> int:
        return sum(each.step.kind != "equal" for each in self.steps)

    @property
    def words(self) -> int:
        """Of the reference."""
        return sum(bool(each.step.reference) for each in self.steps)

    @property
    def written(self) -> str:
        return " ".join(each.step.hypothesis for each in self.steps if each.step.hypothesis)


class _Word(NamedTuple):
    text: str
    at: float  # its middle, in seconds
    turn: int


def aligned(reference: Sequence[Turn], hypothesis: Sequence[Turn], assignment: Assignment) -> list[AlignedTurn]:
    """The turns of the reference, by their starts, with the fewest edits between the speakers that belong together.

    What a speaker has too much stands in the turn beside it. The edits of all turns are those of the cpWER.
    """
    found: list[AlignedTurn] = []
    for said_by, written_by in assignment:
        said = [turn for turn in reference if said_by is not None and track(turn) == said_by]
        written = [turn for turn in hypothesis if written_by is not None and track(turn) == written_by]
        if said:
            found += _one_speaker(said, written, said_by, written_by)
        else:
            found += (_all_too_much(turn, written_by) for turn in written)
    return sorted((turn for turn in found if turn.steps), key=lambda turn: (turn.start, turn.end))


def _one_speaker(said: list[Turn], written: list[Turn], said_by: str, written_by: str | None) -> list[AlignedTurn]:
    spoken, transcribed = list(_words(said)), list(_words(written))
    steps: list[list[TimedStep]] = [[] for _ in said]
    at = other = turn = 0
    for step in align(" ".join(word.text for word in spoken), " ".join(word.text for word in transcribed)):
        if step.kind == "insert":
            time = transcribed[other].at
            after = spoken[at].turn if at < len(spoken) else turn
            turn = after if time > (said[turn].end + said[after].start) / 2 else turn
        else:
            time, turn = spoken[at].at, spoken[at].turn
        steps[turn].append(TimedStep(step, time))
        at += step.kind != "insert"
        other += step.kind != "delete"
    return [
        AlignedTurn(turn.start, turn.end, turn.channel, said_by, written_by, turn.text, tuple(own))
        for turn, own in zip(said, steps, strict=True)
    ]


def _all_too_much(turn: Turn, written_by: str) -> AlignedTurn:
    steps = tuple(TimedStep(Step("insert", "", word.text), word.at) for word in _words([turn]))
    return AlignedTurn(turn.start, turn.end, turn.channel, written_by, written_by, "", steps)


def _words(turns: Iterable[Turn]) -> Iterable[_Word]:
    """The words as they are compared, in the time of their turn by their letters."""
    for place, turn in enumerate(turns):
        texts = normalise(turn.text).split()
        letters = sum(map(len, texts))
        before = 0
        for text in texts:
            share = (before + len(text) / 2) / letters
            yield _Word(text, turn.start + share * (turn.end - turn.start), place)
            before += len(text)
