"""From a recording to a transcript, as it grows: line quality, channels, speakers, windows, turns.

Whatever the length of the recording, memory holds minutes of its sound and the windows that are being decoded.
"""

import math
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from common.ahead import Ahead
from speech.audio.call_sounds import CallSounds
from speech.audio.channels import Leakage, check_mode, separate_channels
from speech.audio.decode import SAMPLE_RATE, Recording, Stream, stream
from speech.audio.line_quality import LineMeter
from speech.audio.vad import FixedWindows, SpeechWindows, Window, pack
from speech.decoding.decode import DecodedClip, Options, check_language, decode, detect_language
from speech.decoding.word_timestamps import UNSPACED
from speech.engines.base import Engine
from speech.placement import cut_at_pauses, moved, without_silence
from transcripts.transcript import AudioFacts, Flagged, Line, Sound, Transcript, Turn

if TYPE_CHECKING:
    from speech.diarization.cluster import Diarizer

GROUP = 8  # batches of windows, at most, that are sorted by length together: so far partial text comes out of order
LEFT_OVER = 1.5  # seconds of speech after the last turn of a window that are worth a window of their own
SPREAD = 6  # seconds by which windows of a batch may differ: padding costs time, and so do batches of one
DETECTION = 30.0  # seconds of windows from which a channel's language is detected
AHEAD = 4  # blocks, a minute each, whose windows are found while others are decoded

Source = Recording | str | os.PathLike | Callable[[], AbstractContextManager[Stream]]


@dataclass(frozen=True)
class TranscriptionProgress:
    seconds_done: float  # of the recording
    seconds_total: float  # 0.0 as long as nobody knows
    transcript: Transcript  # what is there so far, in order of time; whole with the last one


def transcribe(
    source: Source,
    engine: Engine,
    options: Options,
    channels: Literal["auto", "mix", "split"] = "auto",
    speakers: int | None = 1,
    decoder: Callable[..., Iterator[list[tuple[int, DecodedClip]]]] = decode,
    at_once: int | None = None,
) -> Iterator[TranscriptionProgress]:
    """Gives the transcript after each group of windows; the work stops where the caller stops asking.

    A path, or a function that opens a stream, is decoded twice: once to measure the line, once to transcribe it.
    `channels`: "split" transcribes each channel by itself, "mix" their mean, "auto" those that carry a voice of their
    own. `speakers`: how many are told apart on one waveform, 1 for none, None where their number is to be found.
    `decoder` is called as `decode` is, and may decode elsewhere, `at_once` windows a call (None: few at first, so that
    text comes soon). Raises UserError for a language that the model does not know, channels that are none of these, and
    what `decode.stream` and `Diarizer` refuse.
    """
    started = time.monotonic()
    check_mode(channels)
    check_language(engine, options.language)
    meter, leakage = LineMeter(), Leakage()
    with _opened(source) as blocks:
        facts = blocks.facts
        work = _Transcription(engine, options, facts, started, decoder, at_once)
        for block in blocks:
            meter.add(block)
            leakage.add(block)
            yield work.progress()
    line = meter.line(facts)
    separate = separate_channels(line, channels)
    diarizer = None
    if speakers != 1 and len(separate or (0,)) == 1:
        from speech.diarization.cluster import Diarizer

        diarizer = Diarizer(speakers)
    work.begin(line, separate, diarizer)
    cleaned = leakage.without(separate or ())
    with closing(work):
        with _opened(source) as blocks:
            voices = (block.mean(axis=0, keepdims=True) if separate is None else cleaned.add(block) for block in blocks)
            with closing(Ahead(work.heard(voices), AHEAD)) as coming:
                for heard in coming:
                    yield from work.add(heard)
        yield from work.end()


def _opened(source: Source) -> AbstractContextManager[Stream]:
    if callable(source):
        return source()
    if not isinstance(source, Recording):
        return stream(source)
    minutes = range(0, max(1, source.waveform.shape[1]), 60 * SAMPLE_RATE)
    return nullcontext(Stream(source.facts, (source.waveform[:, at : at + 60 * SAMPLE_RATE] for at in minutes)))


@dataclass(eq=False)
class _Waveform:
    """A channel that is transcribed by itself, or the mean of all."""

    channel: int
    windows: SpeechWindows | FixedWindows
    language: str | None
    sounds: CallSounds | None  # that are no speech; None where the silences are decoded too
    waiting: list[Window] = field(default_factory=list)  # until the language is detected
    found: list[Sound] = field(default_factory=list)  # of `sounds`, so far
    previous: str = ""  # text

    def add(self, sound: np.ndarray) -> list[Window]:
        return list(self.windows.add(self.sounds.add(sound) if self.sounds else sound))

    def end(self) -> list[Window]:
        rest = list(self.windows.add(self.sounds.end())) if self.sounds else []
        return rest + list(self.windows.end())


class _Heard(NamedTuple):
    """What a stretch of the recording holds, of each waveform."""

    seconds: float
    windows: dict[_Waveform, list[Window]]
    sounds: dict[_Waveform, list[Sound]]  # from the recording's start


_Decoded = tuple[_Waveform, Window, DecodedClip]


class _Transcription:
    """A recording that is being transcribed: what was found so far, and what is still to be decoded."""

    def __init__(
        self,
        engine: Engine,
        options: Options,
        facts: AudioFacts,
        started: float,
        decoder: Callable,
        at_once: int | None,
    ):
        self.engine, self.options, self.facts, self.started = engine, options, facts, started
        self.decoder, self.at_once = decoder, at_once
        self.line: Line | None = None
        self.waveforms: list[_Waveform] = []
        self.diarizer: Diarizer | None = None
        self.turns: list[Turn] = []
        self.flagged: list[Flagged] = []
        self.todo: deque[tuple[_Waveform, Window]] = deque()
        self.again: list[tuple[_Waveform, Window]] = []  # what a window passed over, to be decoded by itself
        self.spoken: Counter[str] = Counter()  # seconds of windows by language
        self.words_asked = options.words
        self.size = at_once or 1  # windows of the next group: the first text comes soon, and in order
        self.groups: deque[Iterator[list[_Decoded]]] = deque()  # that are being decoded
        # beside the one whose text is taken, so that no worker waits for the end of a group's last batch
        self.meanwhile = int(decoder is decode and engine.workers > 1 and not options.context)
        self.given = self.left = self.done = 0.0  # seconds

    def begin(self, line: Line, channels: tuple[int, ...] | None, diarizer: "Diarizer | None") -> None:
        self.line, self.diarizer = line, diarizer
        self.facts = replace(self.facts, seconds=line.seconds)
        windows = SpeechWindows if self.options.voice_activity else FixedWindows
        self.waveforms = [
            _Waveform(channel, windows(), self.options.language, CallSounds() if self.options.voice_activity else None)
            for channel in channels or (0,)
        ]
        if self.options.task == "transcribe":  # words tell turns apart; those of a translation have no times
            self.options = replace(self.options, words=True)

    def heard(self, blocks: Iterator[np.ndarray]) -> Iterator[_Heard]:
        """What is in the blocks of the waveforms, (waveforms, samples). It may be found out in another thread."""
        for block in blocks:
            windows = {one: one.add(sound) for one, sound in zip(self.waveforms, block, strict=True)}
            yield self._listened(block.shape[1] / SAMPLE_RATE, windows)
        yield self._listened(0.0, {one: one.end() for one in self.waveforms})

    def _listened(self, seconds: float, windows: dict[_Waveform, list[Window]]) -> _Heard:
        if self.diarizer is not None:
            for window in (window for some in windows.values() for window in some):
                speech = [(start - window.start, end - window.start) for start, end in window.speech]
                self.diarizer.add(window.sound, window.start, speech)
        return _Heard(seconds, windows, {one: one.sounds.found(one.channel) for one in windows if one.sounds})

    def add(self, heard: _Heard) -> Iterator[TranscriptionProgress]:
        self.given += heard.seconds
        for waveform, sounds in heard.sounds.items():
            waveform.found = sounds
        self._take(heard.windows)
        while len(self.todo) >= self.size:
            yield from self._decode()
        yield self.progress()

    def end(self) -> Iterator[TranscriptionProgress]:
        self._take({one: [] for one in self.waveforms}, ended=True)
        while self.todo or self.again or self.groups:
            yield from self._decode()
        self.done = self.facts.seconds
        yield self.progress(ended=True)

    def progress(self, ended: bool = False) -> TranscriptionProgress:
        turns = sorted(self.turns, key=lambda turn: (turn.start, turn.end))
        confidence = None
        if ended and self.diarizer is not None:
            from speech.diarization.cluster import assign

            turns, confidence = assign(turns, self.diarizer.spans()), self.diarizer.confidence()
        if not self.words_asked:
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
            speakers_sure=confidence,
            sounds=sorted((sound for one in self.waveforms for sound in one.found), key=lambda sound: sound.start),
        )
        self.done = max(self.done, self.given - self.left / max(1, len(self.waveforms)))
        total = 0.0 if math.isnan(self.facts.seconds) else self.facts.seconds
        return TranscriptionProgress(self.done, total, transcript)

    def _take(self, found: dict[_Waveform, list[Window]], ended: bool = False) -> None:
        """Takes new windows of each waveform; they wait until its language is detected."""
        ready = []
        for waveform, windows in found.items():
            self.left += sum(window.seconds for window in windows)
            waveform.waiting += windows
            if waveform.language is None and (ended or sum(window.seconds for window in waveform.waiting) >= DETECTION):
                waveform.language = self._language(waveform.waiting)
            if waveform.language is not None:
                ready += [(waveform, window) for window in waveform.waiting]
                waveform.waiting = []
        self.todo.extend(sorted(ready, key=lambda item: item[1].start))

    def _language(self, windows: list[Window]) -> str | None:
        """The language of the longest window."""
        return detect_language(self.engine, max(windows, key=lambda w: w.seconds).sound) if windows else None

    def _decode(self) -> Iterator[TranscriptionProgress]:
        """Begins to decode the next group of windows, and takes the text of the one that began before it."""
        begins = bool(self.todo or self.again)
        if begins:
            group = self._decoded(self._group())
            batches = GROUP * self.options.batch_size  # at most; a batch takes seconds
            self.groups.append(Ahead(group, batches, waits=False) if self.meanwhile else group)
        if len(self.groups) > (self.meanwhile if begins else 0):
            for batch in self.groups[0]:
                for waveform, window, decoded in batch:
                    self._settle(waveform, window, decoded)
                yield self.progress()
            self.groups.popleft()

    def _group(self) -> list[tuple[_Waveform, Window]]:
        """The next windows, and what those before them passed over."""
        windows, self.again = self.again, []
        if not (windows and self.options.context):
            windows += self._pack([self.todo.popleft() for _ in range(min(len(self.todo), self.size))])
            if not self.options.context:
                self.size = self.at_once or self.options.batch_size * min(self.size, GROUP)
        return windows

    def _decoded(self, windows: list[tuple[_Waveform, Window]]) -> Iterator[list[_Decoded]]:
        for language in dict.fromkeys(waveform.language for waveform, _ in windows):
            part = [(waveform, window) for waveform, window in windows if waveform.language == language]
            options = replace(self.options, language=language, spread=SPREAD)
            sounds = [window.sound for _, window in part]
            # Unreliable text of several pieces is not decoded again as it is, but piece by piece.
            several = {i for i, (_, window) in enumerate(part) if len(window.pieces) > 1}
            for batch in self.decoder(self.engine, sounds, options, part[0][0].previous, several):
                yield [(*part[i], decoded) for i, decoded in batch]

    def close(self) -> None:
        """Leaves the groups that are still being decoded."""
        for group in self.groups:
            group.close()

    def _pack(self, group: list[tuple[_Waveform, Window]]) -> list[tuple[_Waveform, Window]]:
        """The group's windows end to end, where the times of words can separate again what they hold."""
        if not self.options.words or self.options.context:
            return group
        own = {waveform: [window for whose, window in group if whose is waveform] for waveform, _ in group}
        return [
            (waveform, window)
            for waveform, windows in own.items()
            for window in (windows if waveform.language in UNSPACED else pack(windows))
        ]

    def _settle(self, waveform: _Waveform, window: Window, decoded: DecodedClip) -> None:
        self.left -= window.seconds
        self.spoken[waveform.language] += window.seconds
        turns = [piece for turn in decoded.turns for piece in self._placed(turn, waveform, window)]
        self.turns += turns
        if self.options.context:
            waveform.previous = decoded.text
        rest = self._passed_over(window, turns)
        self.again += [(waveform, piece) for piece in rest]
        self.left += sum(piece.seconds for piece in rest)
        for found in decoded.flagged:
            start, end = window.place(found.start, found.end)
            if not any(piece.start <= start < piece.end for piece in rest):  # there it may come out better yet
                self.flagged.append(replace(found, start=start, end=end, channel=waveform.channel))

    def _passed_over(self, window: Window, turns: list[Turn]) -> list[Window]:
        """The pieces without text: Whisper sometimes ends a window early, or skips one voice between others."""
        rest, pieces = [], window.split()
        if len(pieces) > 1:
            spoken = [(turn.start + turn.end) / 2 for turn in turns]
            rest = [piece for piece in pieces if not any(piece.start <= at <= piece.end for at in spoken)]
        if self.options.timestamps and turns and pieces[-1] not in rest:
            until = turns[-1].end
            if window.speech_after(until) > LEFT_OVER:
                rest.append(window.remainder(until))
        return rest

    def _placed(self, turn: Turn, waveform: _Waveform, window: Window) -> list[Turn]:
        speaker = chr(ord("A") + waveform.channel) if len(self.waveforms) > 1 else None
        turn = replace(moved(turn, window), channel=waveform.channel, speaker=speaker)
        pieces = [turn] if waveform.language in UNSPACED else cut_at_pauses(turn, window.speech)
        return [without_silence(piece, window.speech) for piece in pieces]
