"""Plain text: a line a turn, after its speaker's name and, if wished, its times between brackets."""

import re

from common.messages import Message
from transcripts import labels
from transcripts.clock import CLOCK, clock, seconds
from transcripts.encoding import as_text
from transcripts.transcript import Transcript, Turn

EXTENSIONS = (".txt", ".text", ".md")
SIGNATURE = None
HOLDS = frozenset({"text", "speakers", "turns"})

_TIME = re.compile(rf"[\[(]?({CLOCK})(?:\s*(?:-->|[-–—→])\s*({CLOCK}))?[\])]?\s+(?=\S)")


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    """A turn a line; a line with one time lasts until the next one, and without any all turns are at 0."""
    lines = [line.strip() for line in as_text(content, notes).split("\n") if line.strip()]
    times = [_TIME.match(line) for line in lines]
    if not (times and all(times)):
        return [Transcript.of_turns(Turn(0.0, 0.0, text, speaker=name) for name, text in labels.split(lines))]
    starts = [seconds(match[1]) for match in times]
    ends = [
        seconds(match[6]) if match[6] else after for match, after in zip(times, [*starts[1:], starts[-1]], strict=True)
    ]
    said = labels.split([line[match.end() :] for line, match in zip(lines, times, strict=True)])
    turns = (Turn(*moment, text, speaker=name) for *moment, (name, text) in zip(starts, ends, said, strict=True))
    return [Transcript.of_turns(turns)]


def write(transcript: Transcript, options) -> bytes:
    lines = []
    for turn in transcript.turns:
        times = f"[{clock(turn.start)} - {clock(turn.end)}] " if options.times else ""
        lines.append(f"{times}{labels.named(turn.speaker, turn.text)}\n")
    return "".join(lines).encode()
