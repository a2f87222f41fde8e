"""From a recording to a transcript, as it grows: line, channels, voices, windows, turns. Whatever its length, what is
kept in memory is a minute of sound and the windows that are being heard."""

import os
import time
from bisect import bisect
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from statistics import geometric_mean
from typing import TYPE_CHECKING, Literal

import numpy as np

from speech.audio import channels as sides
from speech.audio.decode import SAMPLE_RATE, Recording, Stream, stream
from speech.audio.line_quality import LineMeter
from speech.audio.vad import FixedWindows, SpeechWindows, Window, pack
from speech.decoding.decode import DecodedClip, Options, check_language, decode, detect_language
from speech.decoding.word_timestamps import UNSPACED
from speech.engines.base import Engine
from transcripts.transcript import AudioFacts, Flagged, Line, Transcript, Turn

if TYPE_CHECKING:
    from speech.diarization.cluster import Diarizer

GROUP = 8  # batches of windows, at most, that are sorted by length together: so far partial text comes out of order
UNHEARD = 1.5  # seconds of voice after the last turn of a window that are worth a window of their own
PAUSE = 1.0  # seconds of silence at which a turn ends, where its words are timed
SPREAD = 6  # seconds by which windows of a batch may differ: padding costs time, and so do batches of one
LEAST = 1e-6  # of a word's probability, where a mean is taken
TELLING = 30.0  # seconds of windows from which a channel's language is told


@dataclass(frozen=True)
class TranscriptionProgress:
    seconds_done: float  # of the recording
    seconds_total: float
    transcript: Transcript  # what is there so far, in order of time; whole with the last one


def transcribe(
    source: Recording | str | os.PathLike,
    engine: Engine,
    options: Options,
    channels: Literal["auto", "mix", "split"] = "auto",
    speakers: int | None = 1,
) -> Iterator[TranscriptionProgress]:
    """Gives the transcript after each group of windows; stop asking, and the work stops.

    A path is decoded twice, as a stream: once to know the line, once to hear it. `channels`: "split" hears each channel
    by itself, "mix" their mean, "auto" those that carry a voice of their own. `speakers` are told apart where one
    waveform is heard: 1 for none of that, None where their number is to be found. Raises UserError for a language that
    the model does not know, channels that are none of these, and what `audio.read` and `speakers.Diarizer` refuse.
    """
    started = time.monotonic()
    sides.check(channels)
    check_language(engine, options.language)
    survey, leaks = LineMeter(), sides.Leakage()
    with _opened(source) as blocks:
        facts = blocks.facts
        hearing = _Hearing(engine, options, facts, started)
        for block in blocks:
            survey.add(block)
            leaks.add(block)
            yield hearing.progress()
    line = survey.line(facts)
    lanes = sides.separate_channels(line, channels)
    voices = None
    if speakers != 1 and len(lanes or (0,)) == 1:
        from speech.diarization.cluster import Diarizer

        voices = Diarizer(speakers)
    hearing.begin(line, lanes, voices)
    cleaned = leaks.without(lanes or ())
    with _opened(source) as blocks:
        for block in blocks:
            yield from hearing.add(block.mean(axis=0, keepdims=True) if lanes is None else cleaned.add(block))
    yield from hearing.end()


def _opened(source: Recording | str | os.PathLike) -> AbstractContextManager[Stream]:
    if not isinstance(source, Recording):
        return stream(source)
    minutes = range(0, max(1, source.waveform.shape[1]), 60 * SAMPLE_RATE)
    return nullcontext(Stream(source.facts, (source.waveform[:, at : at + 60 * SAMPLE_RATE] for at in minutes)))


@dataclass(eq=False)
class _Lane:
    """One waveform that is heard."""

    channel: int
    windows: SpeechWindows | FixedWindows
    language: str | None
    waiting: list[Window] = field(default_factory=list)  # until the language is told
    previous: str = ""  # text


class _Hearing:
    """What was found and heard so far."""

    def __init__(self, engine: Engine, options: Options, facts: AudioFacts, started: float):
        self.engine, self.options, self.facts, self.started = engine, options, facts, started
        self.line: Line | None = None
        self.lanes: list[_Lane] = []
        self.voices: Diarizer | None = None
        self.turns: list[Turn] = []
        self.flagged: list[Flagged] = []
        self.todo: deque[tuple[_Lane, Window]] = deque()
        self.again: list[tuple[_Lane, Window]] = []  # what a window left unheard, to be heard by itself
        self.spoken: Counter[str] = Counter()  # seconds of windows by language
        self.aligned = options.words  # whether words were asked for
        self.size = 1  # windows of the next group: the first text comes soon, and in order
        self.given = self.unheard = self.done = 0.0  # seconds

    def begin(self, line: Line, lanes: tuple[int, ...] | None, voices: "Diarizer | None") -> None:
        self.line, self.voices = line, voices
        self.facts = replace(self.facts, seconds=line.seconds)
        windows = SpeechWindows if self.options.voice_activity else FixedWindows
        self.lanes = [_Lane(channel, windows(), self.options.language) for channel in lanes or (0,)]
        if self.options.task == "transcribe":  # words tell turns apart; those of a translation have no times
            self.options = replace(self.options, words=True)

    def add(self, block: np.ndarray) -> Iterator[TranscriptionProgress]:
        """The next block of each lane, (lanes, samples)."""
        self.given += block.shape[1] / SAMPLE_RATE
        self._take({lane: list(lane.windows.add(sound)) for lane, sound in zip(self.lanes, block, strict=True)})
        while len(self.todo) >= self.size:
            yield from self._hear()
        yield self.progress()

    def end(self) -> Iterator[TranscriptionProgress]:
        self._take({lane: list(lane.windows.end()) for lane in self.lanes}, ended=True)
        while self.todo or self.again:
            yield from self._hear()
        self.done = self.facts.seconds
        yield self.progress(ended=True)

    def progress(self, ended: bool = False) -> TranscriptionProgress:
        turns = sorted(self.turns, key=lambda turn: (turn.start, turn.end))
        sure = None
        if ended and self.voices is not None:
            from speech.diarization.cluster import assign

            turns, sure = assign(turns, self.voices.spans()), self.voices.sure()
        if not self.aligned:
            turns = [replace(turn, words=()) for turn in turns]
        languages = self.spoken or {self.options.language or "fr": 0.0}  # a recording without speech counts as French
        transcript = Transcript(
            audio=self.facts,
            language=max(languages, key=languages.get),
            model=self.engine.model,
            adapter=self.engine.adapter,
            engine=self.engine.name,
            turns=turns,
            flagged=sorted(self.flagged, key=lambda found: found.start),
            seconds_taken=time.monotonic() - self.started,
            line=self.line,
            speakers_sure=sure,
        )
        lanes = max(1, len(self.lanes))
        self.done = max(self.done, self.given - self.unheard / lanes)
        return TranscriptionProgress(self.done, self.facts.seconds, transcript)

    def _take(self, found: dict[_Lane, list[Window]], ended: bool = False) -> None:
        """New windows of each lane; they wait until its language is told."""
        ready = []
        for lane, windows in found.items():
            self.unheard += sum(window.seconds for window in windows)
            if self.voices is not None:
                for window in windows:
                    self.voices.add(
                        window.sound, window.start, [(a - window.start, b - window.start) for a, b in window.stretches]
                    )
            lane.waiting += windows
            if lane.language is None and (ended or sum(window.seconds for window in lane.waiting) >= TELLING):
                lane.language = self._language(lane.waiting)
            if lane.language is not None:
                ready += [(lane, window) for window in lane.waiting]
                lane.waiting = []
        self.todo.extend(sorted(ready, key=lambda item: item[1].start))

    def _language(self, windows: list[Window]) -> str | None:
        """Of the window that has the most speech."""
        return detect_language(self.engine, max(windows, key=lambda w: w.seconds).sound) if windows else None

    def _hear(self) -> Iterator[TranscriptionProgress]:
        """The next group of windows, and what those before it left unheard."""
        windows, self.again = self.again, []
        if not (windows and self.options.context):
            windows += self._packed([self.todo.popleft() for _ in range(min(len(self.todo), self.size))])
            if not self.options.context:
                self.size = self.options.batch_size * min(self.size, GROUP)
        for language in dict.fromkeys(lane.language for lane, _ in windows):
            part = [(lane, window) for lane, window in windows if lane.language == language]
            options = replace(self.options, language=language, spread=SPREAD)
            sounds = [window.sound for _, window in part]
            several = {i for i, (_, window) in enumerate(part) if len(window.pieces) > 1}  # doubtful, they are parted
            for batch in decode(self.engine, sounds, options, part[0][0].previous, several):
                for i, heard in batch:
                    self._settle(*part[i], heard)
                yield self.progress()

    def _packed(self, group: list[tuple[_Lane, Window]]) -> list[tuple[_Lane, Window]]:
        """The group's windows end to end, where the times of words can part again what they hold."""
        if not self.options.words or self.options.context:
            return group
        own = {lane: [window for whose, window in group if whose is lane] for lane, _ in group}
        return [
            (lane, window)
            for lane, windows in own.items()
            for window in (windows if lane.language in UNSPACED else pack(windows))
        ]

    def _settle(self, lane: _Lane, window: Window, heard: DecodedClip) -> None:
        self.unheard -= window.seconds
        self.spoken[lane.language] += window.seconds
        turns = [piece for turn in heard.turns for piece in self._placed(turn, lane, window)]
        self.turns += turns
        if self.options.context:
            lane.previous = heard.text
        rest = self._unheard(window, turns)
        self.again += [(lane, piece) for piece in rest]
        self.unheard += sum(piece.seconds for piece in rest)
        for found in heard.flagged:
            start, end = window.place(found.start, found.end)
            if not any(piece.start <= start < piece.end for piece in rest):  # there it may come out better yet
                self.flagged.append(replace(found, start=start, end=end, channel=lane.channel))

    def _unheard(self, window: Window, turns: list[Turn]) -> list[Window]:
        """What Whisper passed over: it sometimes ends a window early, and skips one voice between others."""
        rest, pieces = [], window.parted()
        if len(pieces) > 1:
            spoken = [(turn.start + turn.end) / 2 for turn in turns]
            rest = [piece for piece in pieces if not any(piece.start <= at <= piece.end for at in spoken)]
        if self.options.timestamps and turns and pieces[-1] not in rest:
            until = turns[-1].end
            if window.voiced_after(until) > UNHEARD:
                rest.append(window.after(until))
        return rest

    def _placed(self, turn: Turn, lane: _Lane, window: Window) -> list[Turn]:
        speaker = chr(ord("A") + lane.channel) if len(self.lanes) > 1 else None
        turn = replace(_moved(turn, window), channel=lane.channel, speaker=speaker)
        pieces = [turn] if lane.language in UNSPACED else _at_pauses(turn, window.stretches)
        return [_tightened(piece, window.stretches) for piece in pieces]


def _moved(turn: Turn, window: Window) -> Turn:
    """The turn at its place in the waveform. Its words tell in which pieces of the window it begins and ends."""
    words = [
        replace(word, start=start, end=end)
        for word in turn.words
        for start, end in [window.place(word.start, word.end)]
    ]
    start, end = window.place(turn.start, turn.end)
    sure = turn.confidence
    if words and len(window.pieces) > 1:  # of several pieces the model's confidence is one for all
        start, end = words[0].start, words[-1].end
        sure = geometric_mean(max(word.confidence, LEAST) for word in words)
    return replace(turn, start=start, end=end, confidence=sure, words=tuple(words))


def _at_pauses(turn: Turn, stretches: Sequence[tuple[float, float]]) -> list[Turn]:
    """The turn in pieces where the voice pauses for long: the other party may speak meanwhile. Words tell which."""
    pauses = [
        (a + b) / 2 for (_, a), (b, _) in pairwise(stretches) if b - a > PAUSE and turn.start < a and b < turn.end
    ]
    runs = [list(run) for _, run in groupby(turn.words, lambda word: bisect(pauses, (word.start + word.end) / 2))]
    if len(runs) < 2:
        return [turn]
    times = [(run[0].start, run[-1].end) for run in runs]
    times[0], times[-1] = (turn.start, times[0][1]), (times[-1][0], turn.end)
    return [
        replace(turn, start=start, end=end, text=" ".join(word.text for word in run), words=tuple(run))
        for run, (start, end) in zip(runs, times, strict=True)
    ]


def _tightened(turn: Turn, stretches: Sequence[tuple[float, float]]) -> Turn:
    """Without the silence that the model counts as the turn's: from its first voice, or word, to its last."""
    voiced = [(start, end) for start, end in stretches if start < turn.end and end > turn.start]
    if not voiced:
        return turn
    words = turn.words
    first = min(voiced[0][0], words[0].start) if words else voiced[0][0]
    last = max(voiced[-1][1], words[-1].end) if words else voiced[-1][1]
    return replace(turn, start=max(turn.start, first), end=min(turn.end, last))
