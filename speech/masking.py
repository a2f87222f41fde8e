"""Personal data masked: in the text, in its words, and in the sound."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from speech.audio.decode import SAMPLE_RATE
from speech.personal import Hidden, find
from transcripts.transcript import Transcript, Turn, Word

__all__ = ["Hidden", "find", "hide", "mask", "moments"]

PADDING = 0.2  # seconds on both sides of a word: its times come from the model's attention
UNTIMED_PADDING = 0.5  # where only the turn has times
DIGIT = 6  # letters that a written digit takes to say: « 34 » is trente-quatre
TONE = 1000.0, 0.1  # hertz and amplitude, as broadcasters do

Span = tuple[int, int, str]  # of characters, with its kind


def mask(transcript: Transcript, names: Iterable[str] = ()) -> Transcript:
    """The transcript with [numéro], [carte], [IBAN], [sécurité sociale], [téléphone], [e-mail] or [nom] in their place.

    The words inside become one word with the times of all and the lowest confidence. What was flagged and the file's
    name are masked as well, since they are exported too.
    """
    names = tuple(names)
    texts, spoken = _found(transcript.turns, names)
    turns = [
        replace(turn, text=_masked(turn.text, text), words=_masked_words(turn.words, words))
        for turn, text, words in zip(transcript.turns, texts, spoken, strict=True)
    ]
    flagged = [replace(each, text=_alone(each.text, names)) for each in transcript.flagged]
    path = Path(transcript.audio.path)
    audio = (
        replace(transcript.audio, path=str(path.with_name(_alone(path.name, names)))) if path.name else transcript.audio
    )
    return replace(transcript, turns=turns, flagged=flagged, audio=audio)


def moments(transcript: Transcript, names: Iterable[str] = ()) -> list[tuple[int, float, float]]:
    """(channel, start, end) in seconds of all that `mask` hides, in order; what touches on one channel is one.

    By the words' times; in a turn without words, by the share of the text. What was flagged has no such times: it is
    hidden from start to end.
    """
    names = tuple(names)
    found = [
        (each.channel, each.start, each.end) for each in transcript.flagged if _alone(each.text, names) != each.text
    ]
    for turn, text, words in zip(transcript.turns, *_found(transcript.turns, names), strict=True):
        times = _times_of_words(turn, words) if turn.words else _shares(turn, text)
        found += [(turn.channel, max(0.0, start), end) for start, end in times]
    joined: list[tuple[int, float, float]] = []
    for channel, start, end in sorted(found):
        if joined and joined[-1][0] == channel and start <= joined[-1][2]:
            joined[-1] = channel, joined[-1][1], max(joined[-1][2], end)
        else:
            joined.append((channel, start, end))
    return sorted(joined, key=lambda moment: moment[1:])


def hide(
    waveform: np.ndarray, moments: Iterable[tuple[int, float, float]], tone: bool = False, start: float = 0.0
) -> np.ndarray:
    """A copy of float32 (channels, samples) at 16 kHz with silence, or a tone, at `moments`.

    On all channels: a voice leaks into the others. `start` is the second of the recording at which this block begins,
    so that a long one can pass block by block.
    """
    hidden = waveform.copy()
    first = round(start * SAMPLE_RATE)
    pitch, loudness = TONE
    for _, begin, end in moments:
        places = np.arange(
            max(round(begin * SAMPLE_RATE), first), min(round(end * SAMPLE_RATE), first + waveform.shape[1])
        )
        if len(places):
            sound = loudness * np.sin(2 * np.pi * pitch / SAMPLE_RATE * places) if tone else 0.0
            hidden[:, places[0] - first : places[-1] + 1 - first] = sound
    return hidden


def _found(turns: Sequence[Turn], names: tuple[str, ...]) -> tuple[list[list[Span]], list[list[Span]]]:
    """For each turn, what is hidden in its text, and in its words with a space between.

    They are the same until a turn is corrected by hand: then the words are searched by themselves, and also lose what
    stands in the place of what was found in the text.
    """
    heard = [replace(turn, text=_joined(turn.words)) if turn.words else turn for turn in turns]
    in_texts = _by_turn(turns, names)
    corrected = [turn.text != other.text for turn, other in zip(turns, heard, strict=True)]
    in_words = _by_turn(heard, names) if any(corrected) else list(in_texts)
    for place, (turn, other) in enumerate(zip(turns, heard, strict=True)):
        if corrected[place]:
            carried = [_carried(span, turn.text, other.text) for span in in_texts[place]]
            in_words[place] = _united([*in_words[place], *carried])
    return in_texts, in_words


def _by_turn(turns: Sequence[Turn], names: tuple[str, ...]) -> list[list[Span]]:
    spans: list[list[Span]] = [[] for _ in turns]
    for hidden in find(turns, names):
        spans[hidden.turn].append(hidden[1:])
    return spans


def _joined(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _carried(span: Span, text: str, other: str) -> Span:
    """The place in `other` of what stands at `span` in `text`."""
    start, end, kind = span
    steps = SequenceMatcher(None, text, other, autojunk=False).get_opcodes()
    same, first, _, at, until = next(step for step in steps if step[1] <= start < step[2])
    begin = at + start - first if same == "equal" else at
    same, first, _, at, until = next(step for step in steps if step[1] < end <= step[2])
    return begin, at + end - first if same == "equal" else until, kind


def _united(spans: Iterable[Span]) -> list[Span]:
    united: list[Span] = []
    for start, end, kind in sorted(spans):
        if united and start < united[-1][1]:
            united[-1] = united[-1][0], max(end, united[-1][1]), united[-1][2]
        elif start < end:
            united.append((start, end, kind))
    return united


def _masked(text: str, spans: Sequence[Span]) -> str:
    for start, end, kind in reversed(spans):
        text = f"{text[:start]}[{kind}]{text[end:]}"
    return text


def _alone(text: str, names: tuple[str, ...]) -> str:
    """A text masked by itself; an underscore in a file's name parts words."""
    return _masked(text, [hidden[1:] for hidden in find([Turn(0.0, 0.0, text, 1.0)], names)])


def _places(words: Sequence[Word]) -> list[tuple[int, int]]:
    """Where each word stands in `_joined`."""
    places, at = [], 0
    for word in words:
        places.append((at, at + len(word.text)))
        at += len(word.text) + 1
    return places


def _groups(words: Sequence[Word], spans: Sequence[Span]) -> list[tuple[int, int, list[Span]]]:
    """(first word, word after the last, spans) of each row of words that spans touch."""
    places = _places(words)
    groups: list[tuple[int, int, list[Span]]] = []
    for span in spans:
        touched = [number for number, (start, end) in enumerate(places) if start < span[1] and span[0] < end]
        if not touched:
            continue
        if groups and touched[0] < groups[-1][1]:
            first, _, held = groups[-1]
            groups[-1] = first, touched[-1] + 1, [*held, span]
        else:
            groups.append((touched[0], touched[-1] + 1, [span]))
    return groups


def _masked_words(words: tuple[Word, ...], spans: Sequence[Span]) -> tuple[Word, ...]:
    kept, at, places = [], 0, _places(words)
    for first, after, held in _groups(words, spans) if words else ():
        start = places[first][0]
        text = _masked(_joined(words[first:after]), [(s - start, e - start, kind) for s, e, kind in held])
        inside = words[first:after]
        times = min(word.start for word in inside), max(word.end for word in inside)
        kept += [*words[at:first], Word(*times, text, min(word.confidence for word in inside))]
        at = after
    return (*kept, *words[at:])


def _times_of_words(turn: Turn, spans: Sequence[Span]) -> list[tuple[float, float]]:
    """The seconds of each row of words; one at the turn's edge reaches to where the turn itself does."""
    times = []
    for first, after, _ in _groups(turn.words, spans):
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
