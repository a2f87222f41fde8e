"""Turns of a call as clips: padded, of half a minute at most, and marked where another turn overlaps."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from common.messages import Message
from transcripts.transcript import Turn

PADDING = 0.2  # seconds before and after a turn, where no other turn stands
LONGEST = 30.0  # seconds of a clip: Whisper's window
OVERLAP = 0.1  # seconds that two turns of a channel have in common, so that their clips are marked
BEYOND = 0.5  # seconds that a turn may end behind its recording: it was rounded


def clips_of(turns: list[Turn], length: float) -> Iterator[tuple[dict, Message | None]]:
    """Each turn as the cells of a clip, divided where it is too long for one; and why it cannot be used."""
    split = len({turn.channel for turn in turns}) > 1
    by_channel = defaultdict(list)
    for turn in turns:
        by_channel[turn.channel].append(turn)
    for turn in turns:
        for part in _divided(turn):
            others = [other for other in by_channel[turn.channel] if other is not turn]
            first, last = _padded(part, others, length)
            cells = {
                "text": part.text,
                "start": round(part.start, 3),
                "end": round(part.end, 3),
                "channel": part.channel if split and part.channel < 2 else None,
                "speaker": part.speaker,
                "overlap": any(min(part.end, o.end) - max(part.start, o.start) > OVERLAP for o in others),
                "span": (first, last),
            }
            yield cells, _wrong(part, length)


def _divided(turn: Turn) -> list[Turn]:
    """The turn in parts that a clip can hold, where its words have times."""
    if turn.end - turn.start + 2 * PADDING <= LONGEST or not turn.words:
        return [turn]
    parts = [[turn.words[0]]]
    for word in turn.words[1:]:
        if word.end - parts[-1][0].start + 2 * PADDING > LONGEST:
            parts.append([])
        parts[-1].append(word)
    return [
        replace(turn, start=words[0].start, end=words[-1].end, text=" ".join(w.text for w in words), words=tuple(words))
        for words in parts
    ]


def _padded(turn: Turn, others: list[Turn], length: float) -> tuple[float, float]:
    """The turn with some silence around it, up to the middle of the pause to the turns beside it."""
    before = max((other.end for other in others if other.end <= turn.start), default=0.0)
    after = min((other.start for other in others if other.start >= turn.end), default=length)
    room = max(0.0, LONGEST - (turn.end - turn.start)) / 2
    start = max(0.0, turn.start - min(PADDING, room, (turn.start - before) / (2 if before else 1)))
    end = min(length, turn.end + min(PADDING, room, max(0.0, after - turn.end) / (2 if after < length else 1)))
    return round(float(start), 4), round(float(end), 4)


def _wrong(turn: Turn, length: float) -> Message | None:
    if turn.end > length + BEYOND or turn.start >= length:
        return Message(
            en=f"it ends at {turn.end:.1f} s and its recording at {length:.1f} s",
            fr=f"il finit à {turn.end:.1f} s et son enregistrement à {length:.1f} s",
        )
    if turn.end <= turn.start:
        return Message(en="it has no duration", fr="il n'a pas de durée")
    if turn.end - turn.start > LONGEST:
        return Message(
            en=f"it lasts {turn.end - turn.start:.0f} s and a clip {LONGEST:g} s at most: give the times of its words",
            fr=f"il dure {turn.end - turn.start:.0f} s et un extrait {LONGEST:g} s au plus : donnez les temps de ses "
            "mots",
        )
    return None
