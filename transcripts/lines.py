"""What the formats of the speech community share that have a line a segment and a comment after two semicolons."""

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from common.messages import Message, UserError
from transcripts.encoding import as_text
from transcripts.transcript import Transcript, Turn


def lines(content: bytes, notes: list[Message]) -> Iterator[tuple[int, str]]:
    """The number and the text of each line that is no comment."""
    for place, line in enumerate(as_text(content, notes).split("\n"), 1):
        if line.strip() and not line.lstrip().startswith(";"):
            yield place, line.strip()


def by_recording(turns: Iterable[tuple[str, Turn]]) -> list[Transcript]:
    """A transcript for each recording in the order in which they come, its turns in that of their starts."""
    found: dict[str, list[Turn]] = {}
    for recording, turn in turns:
        found.setdefault(recording, []).append(turn)
    ordered = {name: sorted(each, key=lambda turn: turn.start) for name, each in found.items()}
    return [Transcript.of_turns(each, name) for name, each in ordered.items()] or [Transcript.of_turns([])]


def label(name: str) -> str:
    """A name in a field that spaces end."""
    return "_".join(name.split()).lstrip(";")


def recording(transcript: Transcript) -> str:
    """What a recording is called in such a file."""
    return label(PurePath(transcript.audio.path).stem) or "call"


def channel(field: str) -> int:
    """The channel's number from 0 on, of what counts from 1 or from A on."""
    if field.isdecimal():
        return max(int(field) - 1, 0)
    return ord(field.upper()) - ord("A") if len(field) == 1 and field.isalpha() and field.isascii() else 0


def number(field: str, place: int, line: str) -> float:
    try:
        return float(field)
    except ValueError as error:
        raise UserError(
            en=f"Line {place} ({line[:60]}) has {field!r} where seconds are: write a number there.",
            fr=f"La ligne {place} ({line[:60]}) a {field!r} au lieu de secondes : écrivez-y un nombre.",
        ) from error


def bad_line(place: int, line: str, en: str, fr: str) -> UserError:
    """The refusal of a line that lacks fields."""
    return UserError(
        en=f"Line {place} ({line[:60]}) is cut short: it wants {en}.",
        fr=f"La ligne {place} ({line[:60]}) est incomplète : il y faut {fr}.",
    )
