"""NIST's conversation time marks: recording, channel, start, duration, word and confidence on a line. No speakers."""

import re
from itertools import groupby

from common.messages import Message
from transcripts.lines import bad_line, by_recording, channel, lines, number, recording
from transcripts.tracks import from_words
from transcripts.transcript import Transcript, Turn, Word
from transcripts.word_times import moments

EXTENSIONS = (".ctm",)
SIGNATURE = re.compile(
    r"\A(?:;;[^\n]*\n|[^\S\n]*\n)*+\S+[ \t]+\S+[ \t]+\d+\.\d*[ \t]+\d+\.\d*[ \t]+\S+(?:[ \t]+[\d.]+)?\s*(?:\n|\Z)"
)
HOLDS = frozenset({"text", "times", "channels", "words", "confidence"})


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    """Turns of the words of a channel between two pauses of half a second."""
    found = []
    for place, line in lines(content, notes):
        parts = line.split()
        if len(parts) < 5:
            raise bad_line(
                place, line, "recording, channel, start, duration, word", "enregistrement, canal, début, durée, mot"
            )
        start, seconds = number(parts[2], place, line), number(parts[3], place, line)
        sure = number(parts[5], place, line) if len(parts) > 5 and parts[5].upper() != "NA" else 1.0
        found.append((parts[0], channel(parts[1]), Word(start, round(start + seconds, 6), parts[4], sure)))
    turns: list[tuple[str, Turn]] = []
    for (name, side), each in groupby(sorted(found, key=_side), key=_side):
        words = sorted((word for *_, word in each), key=lambda word: word.start)
        turns += ((name, turn) for turn in from_words(words, channel=side))
    return by_recording(turns)


def write(transcript: Transcript, options) -> bytes:
    """The turns' words, or those of their text, with times in proportion to their letters."""
    name = recording(transcript)
    marks = []
    for turn in transcript.turns:
        texts = turn.text.split()
        words = turn.words or [
            Word(*times, text, turn.confidence) for text, times in zip(texts, moments(turn, texts), strict=True)
        ]
        for word in words:
            times = f"{word.start:.3f} {word.end - word.start:.3f}"
            marks.append((turn.channel, word.start, f"{times} {'_'.join(word.text.split())} {word.confidence:.3f}"))
    return "".join(f"{name} {side + 1} {rest}\n" for side, _, rest in sorted(marks, key=_side)).encode()


def _side(mark: tuple) -> tuple[str, int]:
    """The recording and the channel, with which a mark begins."""
    return mark[:2]
