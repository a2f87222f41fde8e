"""Where a turn begins and ends, found while it is spoken."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from speech.audio.decode import SAMPLE_RATE
from speech.audio.vad import FRAME, SPEECH_THRESHOLD, SoundBuffer, SpeechDetector

STEP = FRAME / SAMPLE_RATE  # seconds that the detector classifies at a time
BEGINS = 3  # voiced frames in a row that open a turn: 0.1 s, « oui » on a telephone
SILENCE = 0.5  # seconds without a voice that end a turn
BEFORE, AFTER = 0.5, 0.3  # seconds kept around the voice: the detector misses soft first and last sounds
LONGEST = 25.0  # seconds of a turn; then it is cut at its best pause
EARLIEST, LATEST = 16.0, 0.2  # seconds from the start and before now between which that pause is looked for


@dataclass
class OpenTurn:
    """A turn that is being spoken; seconds from the start of the stream."""

    start: float  # padding included
    voiced: float  # where the voice itself begins
    until: float  # the last moment with a voice
    probabilities: list[float] = field(default_factory=list, repr=False)  # of a voice, a frame each, from `voiced` on


@dataclass(frozen=True)
class ClosedTurn:
    start: float
    end: float
    sound: np.ndarray = field(repr=False)  # float32 at 16 kHz
    voiced: float  # seconds from the start of the stream, where the voice begins and where it ends
    until: float


class TurnDetector:
    """Finds turns in a stream of sound; of what is over it keeps nothing but a second or two."""

    def __init__(self):
        self._detector, self._held = SpeechDetector(), SoundBuffer()
        self._frames = 0  # classified so far
        self._run = 0  # voiced frames in a row, while no turn is open
        self._taken = 0.0  # where the last turn ended
        self.open: OpenTurn | None = None

    @property
    def seconds(self) -> float:
        """Of sound that came so far."""
        return self._held.seconds

    @property
    def buffered(self) -> int:
        """Samples that are held."""
        return len(self._held)

    def sound(self, start: float) -> np.ndarray:
        """The open turn so far, from a moment in it."""
        return self._held.cut(start, self.seconds)

    def add(self, sound: np.ndarray) -> Iterator[ClosedTurn]:
        """Float32 (samples,) at 16 kHz; gives the turns that it ends."""
        self._held.add(sound)
        for probability in self._detector.add(sound):
            self._frames += 1
            yield from self._classify(probability)
        self._held.forget((self.open.start if self.open else self.seconds - 1) - BEFORE)

    def end(self) -> Iterator[ClosedTurn]:
        """The end of the stream ends what is open."""
        if self.open:
            yield self._close(min(self.seconds, self.open.until + AFTER))

    def _classify(self, probability: float) -> Iterator[ClosedTurn]:
        now, voiced = self._frames * STEP, probability >= SPEECH_THRESHOLD
        if not self.open:
            self._run = self._run + 1 if voiced else 0
            if self._run == BEGINS:
                self._open_at(now - BEGINS * STEP, now)
            return
        self.open.probabilities.append(probability)
        if voiced:
            self.open.until = now
        if now - self.open.until >= SILENCE:
            yield self._close(self.open.until + AFTER)
        elif now - self.open.start >= LONGEST:
            pause = self._best_pause(now)
            rest = [p for p in self.open.probabilities[round((pause - self.open.voiced) / STEP) :]]
            until = self.open.until
            yield self._close(pause)
            self._open_at(pause, until, rest)

    def _open_at(self, voiced: float, until: float, probabilities: list[float] | None = None) -> None:
        start = max(self._taken, voiced - BEFORE, 0.0)
        frames = [1.0] * BEGINS if probabilities is None else probabilities
        self.open, self._run = OpenTurn(start, voiced, until, frames), 0

    def _close(self, end: float) -> ClosedTurn:
        turn, self.open, self._run = self.open, None, 0
        self._taken = end
        return ClosedTurn(turn.start, end, self._held.cut(turn.start, end), turn.voiced, min(turn.until, end))

    def _best_pause(self, now: float) -> float:
        """The middle of the longest pause; without one, the moment that is least like a voice."""
        turn = self.open
        first = round((turn.start + EARLIEST - turn.voiced) / STEP)
        some = np.array(turn.probabilities[first : round((now - LATEST - turn.voiced) / STEP)])
        quiet = np.flatnonzero(np.diff(np.concatenate([[0], some < SPEECH_THRESHOLD, [0]]).astype(int)))
        starts, ends = quiet[::2], quiet[1::2]
        if len(starts):
            longest = int(np.argmax(ends - starts))
            place = (starts[longest] + ends[longest]) / 2
        else:
            place = float(np.argmin(np.convolve(some, np.ones(3) / 3, "same")))
        return turn.voiced + (first + place) * STEP
