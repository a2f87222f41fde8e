"""The diarization error rate, by pyannote.metrics: how much of the time another speaks than was written."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transcripts.tracks import track
from transcripts.transcript import Turn

if TYPE_CHECKING:
    from pyannote.core import Annotation

COLLAR = 0.25  # seconds around the borders of the reference's turns that are forgiven, as is usual


@dataclass(frozen=True)
class Diarization:
    """Seconds; where two speak at once, each counts."""

    spoken: float
    missed: float
    false_alarm: float
    confusion: float

    @property
    def wrong(self) -> float:
        return self.missed + self.false_alarm + self.confusion

    @property
    def rate(self) -> float | None:
        """In percent; None where nobody speaks."""
        return 100 * self.wrong / self.spoken if self.spoken else None

    def __add__(self, other: "Diarization") -> "Diarization":
        return Diarization(
            self.spoken + other.spoken,
            self.missed + other.missed,
            self.false_alarm + other.false_alarm,
            self.confusion + other.confusion,
        )


def diarization(reference: Sequence[Turn], hypothesis: Sequence[Turn], collar: float = 0.0) -> Diarization:
    """Who speaks when in two transcripts of a call, their speakers matched as is best.

    `collar`: seconds on each side of a border of the reference that are not counted. Overlaps are.
    """
    from pyannote.core import Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    end = max((turn.end for turn in (*reference, *hypothesis)), default=0.0)
    metric = DiarizationErrorRate(collar=2 * collar)  # pyannote's is the whole width
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a turn without a duration is none
        found = metric(_speech(reference), _speech(hypothesis), detailed=True, uem=Timeline([Segment(0, end + 1)]))
    parts = ("total", "missed detection", "false alarm", "confusion")
    return Diarization(*(float(found[part]) for part in parts))


def _speech(turns: Sequence[Turn]) -> "Annotation":
    """A speaker's turns that overlap are one stretch of speech."""
    from pyannote.core import Annotation, Segment

    speech = Annotation()
    for place, turn in enumerate(turns):
        if turn.end > turn.start:
            speech[Segment(turn.start, turn.end), place] = track(turn)
    return speech.support()
