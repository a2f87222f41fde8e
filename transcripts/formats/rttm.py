"""NIST's rich transcription time marks, of diarization: who speaks when, without a text.

A space in a name becomes an underscore.
"""

import re

from common.messages import Message
from transcripts.lines import bad_line, by_recording, channel, label, lines, number, recording
from transcripts.tracks import of_track, track
from transcripts.transcript import Transcript, Turn

EXTENSIONS = (".rttm",)
SIGNATURE = re.compile(r"\A(?:;;[^\n]*\n|[^\S\n]*\n)*+(?:SPEAKER|SPKR-INFO)[ \t]+\S+[ \t]+\S+[ \t]")
HOLDS = frozenset({"times", "speakers", "channels", "turns"})


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    """A turn without text for each line of the type SPEAKER."""
    found: list[tuple[str, Turn]] = []
    for place, line in lines(content, notes):
        parts = line.split()
        if parts[0] != "SPEAKER":
            continue
        if len(parts) < 8:
            raise bad_line(
                place,
                line,
                "SPEAKER, recording, channel, start, duration, <NA>, <NA>, speaker",
                "SPEAKER, enregistrement, canal, début, durée, <NA>, <NA>, locuteur",
            )
        start = number(parts[3], place, line)
        end = round(start + number(parts[4], place, line), 6)
        found.append((parts[1], Turn(start, end, "", **{"channel": channel(parts[2]), **of_track(parts[7])})))
    return by_recording(found)


def write(transcript: Transcript, options) -> bytes:
    name, none = recording(transcript), "<NA> <NA>"
    return "".join(
        f"SPEAKER {name} {turn.channel + 1} {turn.start:.3f} {turn.end - turn.start:.3f} "
        f"{none} {label(track(turn))} {none}\n"
        for turn in transcript.turns
    ).encode()
