"""NIST's segment time marks: recording, channel, speaker, start, end and text on a line, for many recordings at once.

A space in a name becomes an underscore.
"""

import re

from common.messages import Message
from transcripts.encoding import one_line
from transcripts.lines import bad_line, by_recording, channel, label, lines, number, recording
from transcripts.tracks import of_track, track
from transcripts.transcript import Transcript, Turn

EXTENSIONS = (".stm",)
SIGNATURE = re.compile(
    r"\A(?:;;[^\n]*\n|[^\S\n]*\n)*+(?!SPEAKER )\S+[ \t]+\S+[ \t]+(?!\d+\.\d*\s)\S+[ \t]+\d+\.\d+[ \t]+\d+\.\d+(?:\s|\Z)"
)
HOLDS = frozenset({"text", "times", "speakers", "channels", "turns"})
_LABEL = re.compile(r"\A<(?:NA|[^<>\s]*,[^<>\s]*)?>\s*")  # <o,f0,male>
IGNORED = "ignore_time_segment_in_scoring"


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    """A turn a line, but those that are marked as not to be scored."""
    found: list[tuple[str, Turn]] = []
    for place, line in lines(content, notes):
        parts = line.split(maxsplit=5)
        if len(parts) < 5:
            raise bad_line(
                place,
                line,
                "recording, channel, speaker, start, end, text",
                "enregistrement, canal, locuteur, début, fin, texte",
            )
        text = _LABEL.sub("", parts[5] if len(parts) > 5 else "")
        if text.casefold() != IGNORED:
            times = number(parts[3], place, line), number(parts[4], place, line)
            found.append((parts[0], Turn(*times, text, **{"channel": channel(parts[1]), **of_track(parts[2])})))
    return by_recording(found)


def write(transcript: Transcript, options) -> bytes:
    name = recording(transcript)
    return "".join(
        f"{name} {turn.channel + 1} {label(track(turn))} {turn.start:.3f} {turn.end:.3f} {one_line(turn.text)}\n"
        for turn in transcript.turns
    ).encode()
