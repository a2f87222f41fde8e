"""Personal data masked in the sound: silence or a tone while it is said."""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from speech.audio.decode import SAMPLE_RATE
from speech.privacy.mask import Span, groups, masked_text, spans_of
from transcripts.transcript import Sound, Transcript, Turn

PADDING = 0.2  # seconds on both sides of a word: its times come from the model's attention
UNTIMED_PADDING = 0.5  # where only the turn has times
HESITATION = 1.0  # seconds between two parts of a number, of which nobody needs the sound
DIGIT = 6  # letters that a written digit takes to say: « 34 » is trente-quatre
TONE = 1000.0, 0.1  # hertz and amplitude, as broadcasters do


def moments(transcript: Transcript, names: Iterable[str] = ()) -> list[tuple[int, float, float]]:
    """(channel, start, end) in seconds of all that `mask` hides, in order; what nearly touches on one channel is one.

    By the words' times; in a turn without words, by the share of the text. What was flagged has no such times: it is
    hidden from start to end. So are keypad tones, of which a machine reads the digits.
    """
    names = tuple(names)
    found = [
        (each.channel, each.start, each.end)
        for each in transcript.flagged
        if masked_text(each.text, names) != each.text
    ]
    found += [(each.channel, max(0.0, each.start - PADDING), each.end + PADDING) for each in _keys(transcript)]
    for turn, text, words in zip(transcript.turns, *spans_of(transcript.turns, names), strict=True):
        times = _times_of_words(turn, words) if turn.words else _shares(turn, text)
        found += [(turn.channel, max(0.0, start), end) for start, end in times]
    joined: list[tuple[int, float, float]] = []
    for channel, start, end in sorted(found):
        if joined and joined[-1][0] == channel and start <= joined[-1][2] + HESITATION:
            joined[-1] = channel, joined[-1][1], max(joined[-1][2], end)
        else:
            joined.append((channel, start, end))
    return sorted(joined, key=lambda moment: moment[1:])


def hide(
    waveform: np.ndarray,
    moments: Iterable[tuple[int, float, float]],
    tone: bool = False,
    start: float = 0.0,
    rate: int = SAMPLE_RATE,
) -> np.ndarray:
    """A copy of float32 (channels, samples) at `rate` Hz with silence, or a tone, at `moments`.

    On all channels: a voice leaks into the others. `start` is the second of the recording at which this block begins,
    so that a long one can pass block by block.
    """
    hidden = waveform.copy()
    first = round(start * rate)
    pitch, loudness = TONE
    for _, begin, end in moments:
        places = np.arange(max(round(begin * rate), first), min(round(end * rate), first + waveform.shape[1]))
        if len(places):
            sound = loudness * np.sin(2 * np.pi * pitch / rate * places) if tone else 0.0
            hidden[:, places[0] - first : places[-1] + 1 - first] = sound
    return hidden


def _keys(transcript: Transcript) -> list[Sound]:
    return [sound for sound in transcript.sounds if sound.kind == "keys"]


def _times_of_words(turn: Turn, spans: Sequence[Span]) -> list[tuple[float, float]]:
    """The seconds of each row of words; one at the turn's edge reaches to where the turn itself does."""
    times = []
    for first, after, _ in groups(turn.words, spans):
        start = min(word.start for word in turn.words[first:after])
        end = max(word.end for word in turn.words[first:after])
        start = start if first else min(start, turn.start)
        end = end if after < len(turn.words) else max(end, turn.end)
        times.append((start - PADDING, end + PADDING))
    return times


def _shares(turn: Turn, spans: Sequence[Span]) -> list[tuple[float, float]]:
    """The seconds of each span if all letters take the same time to say, and digits what their words take."""
    length = max(1, _said(turn.text))
    seconds = (turn.end - turn.start) / length
    return [
        (
            turn.start + _said(turn.text[:start]) * seconds - UNTIMED_PADDING,
            turn.start + _said(turn.text[:end]) * seconds + UNTIMED_PADDING,
        )
        for start, end, _ in spans
    ]


def _said(text: str) -> int:
    """Letters as they are said."""
    return len(re.sub(r"\d", "_" * DIGIT, text))
