"""SubRip subtitles: the speaker's name before the first words of a turn, two lines of at most 42 characters."""

import io
import re

from common.messages import Message, UserError
from transcripts import labels
from transcripts.clock import clock, seconds
from transcripts.encoding import as_text
from transcripts.subtitles import cues
from transcripts.transcript import Transcript, Turn

EXTENSIONS = (".srt",)
_TIME = r"(?:\d+:)?\d{1,2}:\d{1,2}(?:[,.]\d{1,9})?"
_TIMES = rf"[ \t]*({_TIME})[ \t]*-->[ \t]*({_TIME})[^\n]*"
SIGNATURE = re.compile(rf"(?m)\A\s*+(?:\d+[ \t]*\n+)?{_TIMES}$")
HOLDS = frozenset({"text", "times", "speakers"})

_INDEX = re.compile(rf"(?m)^(?:[ \t]*\d+[ \t]*\n)?{_TIMES}$")
_ARROW = re.compile(r"(?m)^(?=[^\n]*\d:\d)[^\n]*-->[^\n]*$")
_MARKUP = re.compile(r"(?i)</?(?:[biu]|s|font)(?:\s[^<>]*)?>|\{\\an?\d\}")


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    """A turn a subtitle, without bold, italics and colours; one without index is read like the others."""
    import webvtt

    text = as_text(content, notes)
    for line in _ARROW.findall(text):
        if not re.fullmatch(_TIMES, line):
            raise UserError(
                en=f"The times {line.strip()!r} cannot be read: write them as 00:01:02,345 --> 00:01:04,000.",
                fr=f"Les temps {line.strip()!r} sont illisibles : écrivez-les comme 00:01:02,345 --> 00:01:04,000.",
            )
    first = _INDEX.search(text)
    if not first:
        raise UserError(
            en="There is no subtitle in the file: a line such as 00:01:02,345 --> 00:01:04,000 stands before each.",
            fr="Le fichier n'a aucun sous-titre : une ligne comme 00:01:02,345 --> 00:01:04,000 précède chacun.",
        )
    numbered = _INDEX.sub(lambda times: f"\n1\n{_full(times[1])} --> {_full(times[2])}", text[first.start() :])
    captions = webvtt.from_buffer(io.StringIO(f"{numbered.strip()}\n\n"), format="srt")
    texts = [" ".join(_MARKUP.sub("", caption.raw_text).split()) for caption in captions]
    turns = [
        Turn(seconds(caption.start), seconds(caption.end), said, speaker=name)
        for caption, (name, said) in zip(captions, labels.split(texts, carried=True), strict=True)
    ]
    return [Transcript.of_turns(turn for turn in turns if turn.text)]


def write(transcript: Transcript, options) -> bytes:
    found = []
    for turn in transcript.turns:
        for cue in cues(turn, labels.label(turn.speaker), options.whole):
            times = f"{clock(cue.start, ',')} --> {clock(cue.end, ',')}"
            lines = (line.replace("-->", "→") for line in cue.lines)  # which only times may have
            found.append("\n".join([str(len(found) + 1), times, *lines, ""]))
    return "\n".join(found).encode()


def _full(time: str) -> str:
    """With hours and three digits after the comma, as webvtt-py reads it."""
    return clock(seconds(time), ",")
