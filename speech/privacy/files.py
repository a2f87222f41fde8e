"""Personal data masked in a transcript's file, without its recording."""

import re
from dataclasses import replace
from pathlib import Path

from common.messages import Message
from speech.privacy.mask import mask
from speech.privacy.numbers.find import NAMED
from speech.privacy.words import plain
from transcripts import labels
from transcripts.clock import CLOCK
from transcripts.encoding import as_text
from transcripts.formats import check_format, format_of, reading, write
from transcripts.transcript import Transcript, Turn

TIMES = re.compile(rf"\s*[\[(]\s*{CLOCK}(?:\s*(?:-->|[-–—→])\s*{CLOCK})?\s*[\])]\s*")
SUBTITLES = ("srt", "vtt")


def masked(
    content: bytes,
    path: Path,
    names: list[str],
    format: str | None,
    notes: list[Message],
    dialect: str = "excel",
) -> bytes:
    """A file's content with its personal data masked, in its own format or in `format`.

    Of a plain text nothing else changes; of subtitles the times stay. `path` tells the format where the content does
    not, `dialect` how a table is written. `notes` receives a sentence for each thing that had to be mended.
    Raises UserError.
    """
    if format:
        check_format(format)
    found = format_of(content, path, notes)
    transcript = _with_its_labels(reading(content, found, notes))
    if found == "txt" and format in (None, "txt"):
        return _lines(as_text(content, []), names).encode()
    return write(mask(transcript, names), format or found, whole=found in SUBTITLES, dialect=dialect)


def _lines(text: str, names: list[str]) -> str:
    """A text of which each line is a turn, after its times and its speaker's name if it has them."""
    lines = text.split("\n")
    places = [place for place, line in enumerate(lines) if line.strip()]
    times = [match[0] if (match := TIMES.match(lines[place])) else "" for place in places]
    rests = [lines[place][len(before) :] for place, before in zip(places, times, strict=True)]
    turns = [Turn(0.0, 0.0, said, speaker=name) for name, said in labels.split(rests)]
    turns = _with_its_labels(Transcript.of_turns(turns)).turns
    for place, turn, hidden in zip(places, turns, mask(Transcript.of_turns(turns), names).turns, strict=True):
        before = lines[place][: -len(turn.text)] if turn.text else lines[place]
        if turn.speaker:
            before = before.replace(turn.speaker, hidden.speaker)
        lines[place] = before + hidden.text
    return "\n".join(lines)


def _with_its_labels(transcript: Transcript) -> Transcript:
    """With « Numéro de client : » in the text of its turn again: what is there once, and names a number, is no one."""
    speakers = [turn.speaker for turn in transcript.turns]
    turns = [
        replace(turn, text=f"{turn.speaker} : {turn.text}", speaker=None)
        if turn.speaker and speakers.count(turn.speaker) == 1 and _names_a_number(turn.speaker)
        else turn
        for turn in transcript.turns
    ]
    return replace(transcript, turns=turns)


def _names_a_number(label: str) -> bool:
    return not NAMED.keys().isdisjoint(re.findall(r"\w+", plain(label)))
