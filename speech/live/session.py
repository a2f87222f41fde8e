"""A live session: sound in, events out. It knows no page and no microphone, and asks the time of a clock it is given.

While a turn is spoken it is decoded again and again as it grows, greedily and in a window as short as the speech. Words
become committed where two passes agree. When the turn ends it is decoded once more as a recording is, and is final.
"""

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

import numpy as np

from speech.audio.decode import SAMPLE_RATE
from speech.decoding.decode import Options, decode, detect_language
from speech.decoding.hallucinations import is_too_long
from speech.engines.base import Engine
from speech.live.agreement import Agreement
from speech.live.sound import LOST
from speech.live.turns import ClosedTurn, TurnDetector
from transcripts.transcript import AudioFacts, Flagged, Transcript, Turn, Word

FIRST = 0.5  # seconds of voice before the first pass: less gives words that nobody said
NEXT = 0.4  # seconds of new sound before another pass
REST = 2.0  # times a pass's own cost that go by before the next: of a core, two thirds are left to others
LATE = (
    2.0  # seconds behind the end of a turn, from which on its last pass does without a beam: so the lag stays bounded
)


@dataclass(frozen=True)
class Event:
    """Something that a reader of the live text has to know; seconds from the start of the stream."""

    kind: Literal["tentative", "committed", "final"]
    start: float
    end: float
    text: str  # tentative: all words that are not certain yet; committed: the new ones; final: the whole turn's
    lag: float  # seconds from the moment in which the last of its sound came in
    turn: int = 0  # counts the turns of its channel from 0
    channel: int = 0
    turns: tuple[Turn, ...] = field(default=(), repr=False)  # of a final event: what goes into the transcript

    def to_dict(self) -> dict:
        """One line of `python -m speech live --json`."""
        known = asdict(self) | {name: round(getattr(self, name), 3) for name in ("start", "end", "lag")}
        return {name: known[name] for name in ("kind", "start", "end", "text", "lag", "turn", "channel")}


class LiveSession:
    """One voice channel that is transcribed while it is spoken.

    `add` takes sound and is quick; `work` decodes once, where that is due. The two may run in different threads: sound
    that comes meanwhile waits, and a pass that would come late is left out, so that the lag stays bounded.
    """

    def __init__(self, engine: Engine, options: Options, clock: Callable[[], float] = time.monotonic, channel: int = 0):
        """`options.language` None is detected in the first turn. `clock` gives seconds that never go back."""
        self.engine, self.clock, self.channel = engine.ahead(), clock, channel
        self.options = replace(options, words=options.task == "transcribe", margin=engine.margin)
        self.turns: list[Turn] = []
        self.flagged: list[Flagged] = []
        self.busy = 0.0  # seconds of the clock that decoding took
        self.committed_words = self.taken_back = 0
        self._detector = TurnDetector()
        self._arrivals: deque[tuple[float, float]] = deque()  # (seconds of sound so far, when it came)
        self._closed: deque[tuple[int, ClosedTurn]] = deque()  # turns that wait for their last pass
        self._number = 0  # of the open turn, or the next one
        self._agreement = Agreement()
        self._next = FIRST  # seconds of the open turn's voice at which a pass is due
        self._lock, self._working = threading.Lock(), threading.Lock()

    @property
    def seconds(self) -> float:
        """Of sound that came so far."""
        return self._detector.seconds

    @property
    def buffered(self) -> int:
        """Samples in memory."""
        with self._lock:
            return self._detector.buffered + sum(len(turn.sound) for _, turn in self._closed)

    def add(self, sound: np.ndarray, at: float | None = None, came: float | None = None) -> None:
        """Takes the next float32 samples at 16 kHz, -1 to 1, however many.

        `at`, the seconds at which they begin, where the sender knows: what came twice is dropped, and what was lost on
        the way is silence. `came`, when it came by the clock, where that is not now: the lag counts from there.
        """
        sound = np.nan_to_num(np.asarray(sound, np.float32)).clip(-1, 1)
        with self._lock:
            if at is not None:
                sound = self._in_place(sound, at)
            for closed in self._detector.add(sound):
                self._close(closed)
            self._arrivals.append((self._detector.seconds, self.clock() if came is None else came))
            oldest = min([self._detector.seconds - 1, *(turn.start for _, turn in self._closed)])
            oldest = min(oldest, self._detector.open.start) if self._detector.open else oldest
            while len(self._arrivals) > 1 and self._arrivals[1][0] < oldest:
                self._arrivals.popleft()

    def end(self) -> None:
        """No more sound comes: what is open ends. `work` until it gives nothing more."""
        with self._lock:
            for closed in self._detector.end():
                self._close(closed)

    @property
    def due(self) -> bool:
        """Whether `work` has something to do now."""
        with self._lock:
            return bool(self._closed) or self._pass_is_due()

    def work(self) -> list[Event]:
        """Decodes once, the last pass over a turn that ended before any other; gives what is new."""
        with self._working:
            with self._lock:
                if self._closed:
                    number, closed = self._closed[0]
                elif self._pass_is_due():
                    number, closed = self._number, None
                    agreement = self._agreement
                    start = max(self._detector.open.start, agreement.settled)
                    sound = self._detector.sound(start)
                else:
                    return []
            began = self.clock()
            events = self._final(number, closed) if closed else self._partial(number, start, sound, agreement)
            cost = self.clock() - began
            with self._lock:
                self.busy += cost
                if closed:
                    self._closed.popleft()
                elif self._detector.open and number == self._number:
                    covered = start + len(sound) / SAMPLE_RATE - self._detector.open.voiced
                    now = self._detector.seconds - self._detector.open.voiced
                    self._next = max(covered + NEXT, now + REST * cost)
            return events

    def transcript(self, name: str) -> Transcript:
        """All final turns so far, as a recording's transcript; `name` is what the recording is called."""
        with self._lock:
            facts = AudioFacts(name, self.seconds, SAMPLE_RATE, 1, "pcm_f32le")
            return Transcript(
                audio=facts,
                language=self.options.language or "fr",
                model=self.engine.model,
                adapter=self.engine.adapter,
                engine=self.engine.name,
                turns=list(self.turns),
                flagged=list(self.flagged),
                seconds_taken=self.busy,
            )

    def _in_place(self, sound: np.ndarray, at: float) -> np.ndarray:
        missing = round((at - self._detector.seconds) * SAMPLE_RATE)
        if missing < 0:
            return sound[-missing:]
        return np.concatenate([np.zeros(min(missing, round(LOST * SAMPLE_RATE)), np.float32), sound])

    def _close(self, closed: ClosedTurn) -> None:
        self._closed.append((self._number, closed))
        self.committed_words += len(self._agreement.committed)
        self.taken_back += self._agreement.taken_back
        self._number, self._agreement, self._next = self._number + 1, Agreement(), FIRST

    def _pass_is_due(self) -> bool:
        turn = self._detector.open
        return turn is not None and self._detector.seconds - turn.voiced >= self._next

    def _partial(self, number: int, start: float, sound: np.ndarray, agreement: Agreement) -> list[Event]:
        once = () if self.options.margin is not None else (0.0,)  # the short window alone, where there is one
        quick = replace(self.options, unsure_beam=1, beam_size=1, temperatures=once, language=self._language(sound))
        if agreement.is_empty:
            quick = replace(quick, words=False)  # an eighth of a first pass; what is tentative needs no exact times
        found = self._decoded(sound, quick, start, agreement.before(start))
        if is_too_long(" ".join(turn.text for turn in found), len(sound) / SAMPLE_RATE):
            return []  # a short window ran away; the next pass has more to go by
        words = [word for turn in found for word in turn.words or _untimed(turn)]
        with self._lock:
            if number != self._number:  # the turn ended meanwhile, and its last pass says it all
                return []
            committed, tentative = agreement.add(words)
        events = [self._event("committed", committed, number)] if committed else []
        if tentative:
            events.append(self._event("tentative", tentative, number))
        return events

    def _final(self, number: int, closed: ClosedTurn) -> list[Event]:
        options = replace(self.options, language=self._language(closed.sound))
        if self._lag(closed.until) >= LATE:
            options = replace(options, unsure_beam=1)
        found = self._decoded(closed.sound, options, closed.start, flagged=self.flagged)
        with self._lock:
            self.turns += found
        text = " ".join(turn.text for turn in found)
        start, end = (found[0].start, found[-1].end) if found else (closed.voiced, closed.until)
        lag = self._lag(closed.until)
        return [Event("final", start, end, text, lag, number, self.channel, tuple(found))]

    def _decoded(
        self,
        sound: np.ndarray,
        options: Options,
        start: float,
        previous: str = "",
        flagged: list[Flagged] | None = None,
    ) -> list[Turn]:
        """The turns in a piece of sound after some text, at their place in the stream."""
        [(_, decoded)] = [pair for batch in decode(self.engine, [sound], options, previous) for pair in batch]
        if flagged is not None:
            flagged += [
                replace(each, start=each.start + start, end=each.end + start, channel=self.channel)
                for each in decoded.flagged
            ]
        return [replace(turn.shifted(start), channel=self.channel) for turn in decoded.turns]

    def _language(self, sound: np.ndarray) -> str:
        if self.options.language is None:
            self.options = replace(self.options, language=detect_language(self.engine, sound))
        return self.options.language

    def _event(self, kind: Literal["tentative", "committed"], words: list[Word], number: int) -> Event:
        text = " ".join(word.text for word in words)
        end = words[-1].end
        return Event(kind, words[0].start, end, text, self._lag(end), number, self.channel)

    def _lag(self, second: float) -> float:
        """Seconds since the sound of that moment came in."""
        with self._lock:
            arrivals = list(self._arrivals)
        place = min(bisect_left(arrivals, (second, 0.0)), len(arrivals) - 1)
        return max(0.0, self.clock() - arrivals[place][1])


def _untimed(turn: Turn) -> list[Word]:
    """Words that no alignment times, of a first pass or a translation: spread over the turn by their letters."""
    texts = turn.text.split()
    letters = np.cumsum([0, *(len(text) + 1 for text in texts)])
    times = turn.start + (turn.end - turn.start) * letters / max(1, letters[-1])
    return [Word(float(a), float(b), t, turn.confidence) for a, b, t in zip(times, times[1:], texts, strict=False)]
