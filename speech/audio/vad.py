"""Voice activity detection: the speech that silero-vad finds, block by block, joined into windows for Whisper."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from speech.audio.decode import SAMPLE_RATE
from speech.networks.silero import FRAME, SpeechDetector, intervals

MAX_WINDOW = 29.0  # seconds, padding included: Whisper's window has 30
MAX_SPEECH = 24.0  # seconds: with what a joint may add to it, one window still holds it
PADDING = 0.8  # seconds kept around speech: the detector misses soft first sounds (« Au revoir » lost its « Au »)
EDGE = 0.03  # seconds on both sides that silero counts as speech
SPEECH_THRESHOLD = (
    0.35  # probability of a voice; at silero's own 0.5, « onze » and a spelled letter spoken alone were lost
)
SILENCE = 0.3  # seconds that end an interval of speech
SHORTEST = 0.1  # seconds of speech: « oui » on a telephone
JOINED_GAP = 2 * PADDING  # seconds of silence that a window keeps: two would have as much
PACK = 25.0  # seconds of windows that are decoded end to end
JOINT = 3.0  # seconds in which the quietest moment is looked for, where a voice never pauses


@dataclass(frozen=True)
class Window:
    """A piece of a waveform at 16 kHz, or several end to end, with its sound.

    Times are seconds from the waveform's start, except where a method says that they are of the window's sound.
    """

    pieces: tuple[tuple[float, float], ...]  # (start, end), in order
    speech: tuple[tuple[float, float], ...]  # (start, end) of what is spoken, in order
    sound: np.ndarray = field(repr=False, compare=False)  # float32

    @property
    def start(self) -> float:
        return self.pieces[0][0]

    @property
    def end(self) -> float:
        return self.pieces[-1][1]

    @property
    def seconds(self) -> float:
        """The length of its sound."""
        return sum(end - start for start, end in self.pieces)

    def place(self, start: float, end: float) -> tuple[float, float]:
        """(start, end) in the waveform of what lies from `start` to `end` in the sound, in the piece of its middle."""
        at, middle = 0.0, (start + end) / 2
        for first, last in self.pieces:
            moved = first - at
            if middle < at + last - first:
                break
            at += last - first
        return min(max(first, start + moved), last), max(first, min(last, end + moved))

    def split(self) -> list["Window"]:
        """A window for each of its pieces."""
        windows, at = [], 0
        for start, end in self.pieces:
            own = tuple(spoken for spoken in self.speech if start <= spoken[0] < end)
            windows.append(Window(((start, end),), own, self.sound[at : at + _samples(end - start)]))
            at += _samples(end - start)
        return windows

    def speech_after(self, seconds: float) -> float:
        """Seconds of speech that follow a moment."""
        return sum(end - max(start, seconds) for start, end in self.speech if end > seconds)

    def remainder(self, seconds: float) -> "Window":
        """The window from a moment within it to its end."""
        rest = tuple((max(start, seconds), end) for start, end in self.speech if end > seconds)
        pieces = tuple((max(start, seconds), end) for start, end in self.pieces if end > seconds)
        left = sum(end - start for start, end in pieces)
        return Window(pieces, rest, self.sound[len(self.sound) - _samples(left) :])


def pack(windows: Iterable[Window]) -> list[Window]:
    """Joins the windows of a waveform end to end, up to PACK seconds: alone, each would pay for a margin of its own."""
    groups: list[list[Window]] = []
    for window in windows:
        if not groups or sum(each.seconds for each in groups[-1]) + window.seconds > PACK:
            groups.append([])
        groups[-1].append(window)
    return [
        Window(
            tuple(piece for window in group for piece in window.pieces),
            tuple(spoken for window in group for spoken in window.speech),
            np.concatenate([window.sound for window in group]),
        )
        for group in groups
    ]


class SpeechWindows:
    """The windows that hold all speech of a waveform, in order, each at most MAX_WINDOW long.

    The sound comes block by block, and what holds no speech is dropped. The windows do not depend on the blocks.
    """

    def __init__(self):
        self._detector = SpeechDetector()
        self._held = SoundBuffer()
        self._probabilities: list[float] = []  # of speech, frame by frame, where no interval has ended yet
        self._done = 0  # frames before them
        self._open: list[tuple[float, float]] = []  # speech of the window that may still grow
        self._taken = 0.0  # seconds: the next window may begin there

    def add(self, block: np.ndarray) -> Iterator[Window]:
        """Float32 (samples,) at 16 kHz; the blocks of a waveform in their order."""
        self._held.add(block)
        self._probabilities += self._detector.add(block)
        yield from self._joined(self._intervals(ended=False))
        known = self._done * FRAME / SAMPLE_RATE - EDGE
        if self._open and known - self._open[-1][1] > JOINED_GAP:
            yield self._closed(known)
        self._held.forget((self._open[0][0] if self._open else known) - PADDING)

    def end(self) -> Iterator[Window]:
        """Gives the last windows."""
        self._probabilities += self._detector.end()
        yield from self._joined(self._intervals(ended=True))
        if self._open:
            yield self._closed(None)

    def _intervals(self, ended: bool) -> list[tuple[float, float]]:
        """(start, end) of the speech that has ended; its frames are dropped, and what follows is found as with them."""
        pieces = intervals(self._probabilities, SPEECH_THRESHOLD, SHORTEST, SILENCE, MAX_SPEECH)
        frames = len(self._probabilities)
        if not pieces:
            done = max(0, frames - 1 - int(SHORTEST * SAMPLE_RATE / FRAME))  # too short yet, speech may be open
        elif ended or pieces[-1][1] < frames:
            done = min(frames, pieces[-1][1] + 1 + int(SILENCE * SAMPLE_RATE / FRAME))
        else:
            done = pieces.pop()[0]
        before, self._done = self._done, self._done + done
        del self._probabilities[:done]
        at = [(np.array(piece) + before) * FRAME / SAMPLE_RATE for piece in pieces]
        return [(max(0.0, float(start) - EDGE), min(float(end) + EDGE, self._held.seconds)) for start, end in at]

    def _joined(self, intervals: list[tuple[float, float]]) -> Iterator[Window]:
        for start, end in intervals:
            if self._open:
                gap, length = start - self._open[-1][1], end - self._open[0][0]
                if gap <= JOINED_GAP and length <= MAX_WINDOW - 2 * PADDING:
                    self._open.append((start, end))
                    continue
                yield self._closed(start)
                if gap < SHORTEST:
                    start = self._taken
            self._open = [(start, end)]

    def _closed(self, next_start: float | None) -> Window:
        """Closes the open window, padded up to the middle of the gap to its neighbour at most.

        A voice that never pauses is cut where it is quietest, and so not inside a word.
        """
        start, end = self._open[0][0], self._open[-1][1]
        if next_start is None:
            joint = self._held.seconds
        elif next_start - end < SHORTEST:
            joint = self._held.quietest(end - JOINT, next_start)
        else:
            joint = (end + next_start) / 2
        start, end = max(self._taken, start - PADDING), min(joint, end + PADDING)
        window = Window(((start, end),), tuple(self._open), self._held.cut(start, end))
        self._open, self._taken = [], joint
        return window


class FixedWindows:
    """The whole waveform in windows one after the other, without voice activity detection; used as `SpeechWindows`."""

    def __init__(self):
        self._held = SoundBuffer()
        self._taken = 0.0

    def add(self, block: np.ndarray) -> Iterator[Window]:
        self._held.add(block)
        while self._held.seconds - self._taken > 30:
            yield self._window(self._held.quietest(self._taken + MAX_SPEECH, self._taken + MAX_WINDOW))

    def end(self) -> Iterator[Window]:
        yield self._window(self._held.seconds)

    def _window(self, end: float) -> Window:
        window = Window(((self._taken, end),), ((self._taken, end),), self._held.cut(self._taken, end))
        self._taken = end
        self._held.forget(end)
        return window


class SoundBuffer:
    """The last part of a waveform, addressed by seconds from the waveform's start."""

    def __init__(self):
        self._sound = np.empty(0, np.float32)
        self._from = 0

    def __len__(self) -> int:
        """Samples that are held."""
        return len(self._sound)

    @property
    def seconds(self) -> float:
        return (self._from + len(self._sound)) / SAMPLE_RATE

    def add(self, block: np.ndarray) -> None:
        self._sound = np.concatenate([self._sound, block])

    def forget(self, seconds: float) -> None:
        """Drops what lies before a moment."""
        cut = max(0, _samples(seconds) - self._from)
        self._sound = self._sound[cut:].copy()
        self._from += cut

    def cut(self, start: float, end: float) -> np.ndarray:
        return self._sound[_samples(start) - self._from : _samples(end) - self._from].copy()

    def quietest(self, start: float, end: float) -> float:
        """The middle of the quietest tenth of a second between two moments."""
        tenth = SAMPLE_RATE // 10
        power = np.cumsum(np.square(self.cut(start, end), dtype=np.float64))
        return start + (int(np.argmin(power[tenth:] - power[:-tenth])) + tenth / 2) / SAMPLE_RATE


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)
