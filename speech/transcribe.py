"""From a recording to a transcript, as it grows: channels, voices, windows, turns."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from speech import voice
from speech.audio import Recording
from speech.decoding import Heard, Options, check_language, decode, detect_language
from speech.engines.base import Engine
from speech.said import Refusal
from speech.transcript import Flagged, Transcript, Turn
from speech.voice import Window

CHANNELS = ("auto", "mix", "split")
GROUP = 2  # batches of windows that are sorted by length together: partial text comes in the order of time
UNHEARD = 1.5  # seconds of voice after the last turn of a window that are worth a window of their own


@dataclass(frozen=True)
class Progress:
    seconds_done: float
    seconds_total: float
    transcript: Transcript  # what is there so far, in order; whole with the last one


def transcribe(
    recording: Recording, engine: Engine, options: Options, channels: Literal["auto", "mix", "split"] = "auto"
) -> Iterator[Progress]:
    """Gives the transcript after each group of windows; stop asking, and the work stops.

    `channels`: "split" hears each channel by itself, "mix" their mean, "auto" splits a two-channel call whose channels
    differ. Raises Refusal for a language that the model does not know or channels that are none of these.
    """
    started = time.monotonic()
    lanes = _lanes(recording.waveform, channels)
    check_language(engine, options.language)
    windows = [(channel, window) for channel, lane in enumerate(lanes) for window in _windows(lane, options)]
    total = sum(window.end - window.start for _, window in windows)
    options = replace(options, language=options.language or _language(engine, lanes, windows))
    turns, flagged, done = [], [], 0.0

    def so_far() -> Progress:
        transcript = Transcript(
            audio=recording.facts,
            language=options.language,
            model=engine.model,
            adapter=engine.adapter,
            engine=engine.name,
            turns=sorted(turns, key=lambda turn: (turn.start, turn.end)),
            flagged=sorted(flagged, key=lambda found: found.start),
            seconds_taken=time.monotonic() - started,
        )
        return Progress(min(done, total), total, transcript)

    for settled in _hear(engine, lanes, windows, options):
        for channel, window, heard in settled:
            done += window.end - window.start
            turns += [_placed(turn, channel, window, len(lanes)) for turn in heard.turns]
            flagged += [_moved(found, channel, window) for found in heard.flagged]
        yield so_far()
    done = total
    yield so_far()


def _lanes(waveform: np.ndarray, channels: str) -> list[np.ndarray]:
    """The waveforms to hear, out of (channels, samples)."""
    if channels not in CHANNELS:
        raise Refusal(
            en=f"There is no channel mode {channels!r}: choose one of {', '.join(CHANNELS)}.",
            fr=f"Le mode de canaux {channels!r} n'existe pas : choisissez parmi {', '.join(CHANNELS)}.",
        )
    two_parties = len(waveform) == 2 and not _alike(*waveform)
    if len(waveform) > 1 and (channels == "split" or (channels == "auto" and two_parties)):
        return list(waveform)
    return [waveform.mean(axis=0)]


def _alike(left: np.ndarray, right: np.ndarray) -> bool:
    """One voice on both channels: the same signal twice, or a room's two microphones."""
    power = np.sqrt(np.dot(left, left) * np.dot(right, right))
    return bool(power > 0 and np.dot(left, right) / power > 0.9)


def _windows(lane: np.ndarray, options: Options) -> list[Window]:
    return voice.windows(lane) if options.voice_activity else voice.whole(lane)


def _language(engine: Engine, lanes: list[np.ndarray], windows: list[tuple[int, Window]]) -> str:
    """Detected in the window that has the most speech; a recording without any counts as French."""
    if not windows:
        return "fr"
    channel, window = max(windows, key=lambda item: item[1].end - item[1].start)
    return detect_language(engine, window.cut(lanes[channel]))


def _hear(
    engine: Engine, lanes: list[np.ndarray], windows: list[tuple[int, Window]], options: Options
) -> Iterator[list[tuple[int, Window, Heard]]]:
    """Windows in the order of time, a group at a time; what a window left unheard at its end comes next."""
    todo = deque(sorted(windows, key=lambda item: item[1].start))
    previous = dict.fromkeys(range(len(lanes)), "")
    size = 1  # the first text comes soon
    while todo:
        group = [todo.popleft() for _ in range(min(len(todo), size))]
        size = 1 if options.context else GROUP * options.batch_size
        clips = [window.cut(lanes[channel]) for channel, window in group]
        for batch in decode(engine, clips, options, previous[group[0][0]]):
            settled = [(*group[i], heard) for i, heard in batch]
            for channel, window, heard in settled:
                if options.context:
                    previous[channel] = heard.text
                if options.timestamps and (rest := _rest(window, heard)):
                    todo.appendleft((channel, rest))
            yield settled


def _rest(window: Window, heard: Heard) -> Window | None:
    """What follows the last turn, where a voice goes on: Whisper sometimes ends a window early."""
    if not heard.turns:
        return None
    start = window.start + heard.turns[-1].end
    return Window(start, window.end, window.voiced_until) if window.voiced_until - start > UNHEARD else None


def _placed(turn: Turn, channel: int, window: Window, lanes: int) -> Turn:
    speaker = chr(ord("A") + channel) if lanes > 1 else None
    return replace(turn.shifted(window.start), channel=channel, speaker=speaker)


def _moved(flagged: Flagged, channel: int, window: Window) -> Flagged:
    return replace(flagged, start=flagged.start + window.start, end=flagged.end + window.start, channel=channel)
