"""Who said what in a call: cpWER, tcpWER and ORC-WER by meeteval, after the French normaliser.

cpWER  each speaker's words on end, the speakers of both sides matched so that the edits are fewest
tcpWER the same where a word must also have been written about when it was said, `collar` seconds more or less
ORC-WER each turn of the reference to whichever speaker of the hypothesis suits: errors of words, not of speakers
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from scoring.calls.alignment import AlignedTurn, aligned
from scoring.calls.diarization import COLLAR, Diarization, diarization
from scoring.french import normalise
from transcripts.tracks import track
from transcripts.transcript import Transcript, Turn

if TYPE_CHECKING:
    from meeteval.io import SegLST

TIME_COLLAR = 5.0  # seconds: what the CHiME challenges take for tcpWER
EXACT = 2**26  # steps of the exact ORC-WER, a second or two; where there are more, meeteval's greedy one is near it


class Edits(NamedTuple):
    substitutions: int
    deletions: int
    insertions: int
    words: int  # of the reference

    @property
    def errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """In percent; None where the reference has no word."""
        return 100 * self.errors / self.words if self.words else None

    def plus(self, other: "Edits") -> "Edits":
        return Edits(*map(sum, zip(self, other, strict=True)))


@dataclass(frozen=True)
class Call:
    """One call's score. What needs words or times that a side does not have is None."""

    name: str
    seconds: float  # to the end of the last turn
    cp: Edits | None
    tcp: Edits | None
    orc: Edits | None  # where channels tell the speakers, it is None too
    orc_greedy: bool
    diarization: Diarization | None
    forgiving: Diarization | None  # but COLLAR seconds around the reference's borders
    speakers: tuple[int, int]  # of the reference, of the hypothesis
    turns: tuple[AlignedTurn, ...]


def measured(name: str, reference: Transcript, hypothesis: Transcript, collar: float = TIME_COLLAR) -> Call:
    """The score of a hypothesis of one call."""
    said, written = reference.turns, hypothesis.turns
    worded, timed = _has_words(said), _timed(reference) and _timed(hypothesis)
    worded = worded and (_has_words(written) or not written)  # who speaks when, and no word, is not a transcript
    cp, assignment = _cp(said, written) if worded else (None, ())
    orc, greedy = (None, False) if not worded or _channels_tell(said, written) else _orc(said, written)
    return Call(
        name,
        max((turn.end for turn in (*said, *written)), default=0.0),
        cp,
        _tcp(said, written, collar) if worded and timed else None,
        orc,
        greedy,
        diarization(said, written) if timed else None,
        diarization(said, written, COLLAR) if timed else None,
        (len(set(map(track, said))), len(set(map(track, written)))),
        tuple(aligned(said, written, assignment)),
    )


def _has_words(turns: Sequence[Turn]) -> bool:
    return any(normalise(turn.text) for turn in turns)


def _timed(transcript: Transcript) -> bool:
    return transcript.timed or not transcript.turns


def _channels_tell(*sides: Sequence[Turn]) -> bool:
    """Whether each speaker of both sides has a channel alone."""
    for turns in sides:
        places = {(track(turn), turn.channel) for turn in turns}
        speakers, channels = ({place[i] for place in places} for i in (0, 1))
        if turns and not 1 < len(channels) == len(speakers) == len(places):
            return False
    return True


def _segments(turns: Sequence[Turn]) -> "SegLST":
    """The words as they are compared; a side without a turn has one without words, which changes no count."""
    from meeteval.io import SegLST

    logging.getLogger("preprocess").setLevel(logging.ERROR)  # that a speaker's turns overlap is no fault here
    return SegLST(
        [
            {
                "session_id": "call",
                "speaker": track(turn),
                "start_time": turn.start,
                "end_time": turn.end,
                "words": normalise(turn.text),
            }
            for turn in turns or [Turn(0.0, 0.0, "", speaker="")]
        ]
    )


def _cp(said: Sequence[Turn], written: Sequence[Turn]) -> tuple[Edits, tuple[tuple[str | None, str | None], ...]]:
    from meeteval.wer.wer.cp import cp_word_error_rate

    found = cp_word_error_rate(_segments(said), _segments(written))
    return _edits(found), tuple(found.assignment)


def _tcp(said: Sequence[Turn], written: Sequence[Turn], collar: float) -> Edits:
    from meeteval.wer.wer.time_constrained import tcp_word_error_rate

    return _edits(tcp_word_error_rate(_segments(said), _segments(written), collar=collar))


def _orc(said: Sequence[Turn], written: Sequence[Turn]) -> tuple[Edits, bool]:
    """The edits, and whether they are the greedy ones."""
    from meeteval.wer.wer.orc import greedy_orc_word_error_rate, orc_word_error_rate

    lengths: dict[str, int] = {}
    for turn in written:
        lengths[track(turn)] = lengths.get(track(turn), 1) + len(normalise(turn.text).split())
    steps = sum(len(normalise(turn.text).split()) for turn in said) * math.prod(lengths.values())
    greedy = steps > EXACT or len(lengths) > 10  # the exact one refuses more speakers
    measure = greedy_orc_word_error_rate if greedy else orc_word_error_rate
    return _edits(measure(_segments(said), _segments(written))), greedy


def _edits(found) -> Edits:
    return Edits(found.substitutions, found.deletions, found.insertions, found.length)
