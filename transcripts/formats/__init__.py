"""The formats of transcripts: one module a format, found by its name, by a file's extension or by a file's content.

A format is a module with
    EXTENSIONS  of its files; the first one is written
    SIGNATURE   a pattern found in the first characters of its files and of no other's, or None
    HOLDS       the keys of `CONTENTS` that it keeps
    read(content, notes)        bytes to the transcripts in them; a sentence in `notes` for each thing mended
    write(transcript, options)  bytes
and it imports the library that it needs inside its functions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from common.messages import Message, UserError
from transcripts.encoding import HEAD, as_text
from transcripts.formats import chat, csv, ctm, docx, eaf, json, rttm, seglst, srt, stm, textgrid, txt, vtt
from transcripts.transcript import Transcript, Turn

FORMATS: dict[str, ModuleType] = {
    **{"txt": txt, "srt": srt, "vtt": vtt, "json": json, "csv": csv, "docx": docx},
    **{"textgrid": textgrid, "eaf": eaf, "chat": chat, "stm": stm, "ctm": ctm, "rttm": rttm, "seglst": seglst},
}

TIMED = ("srt", "vtt", "textgrid", "eaf", "stm", "ctm", "rttm", "seglst")  # that mean nothing without times
BINARY = ("docx", "textgrid")
LARGEST = 100_000_000  # bytes: two hours with the times of all words are three million

CONTENTS = {
    "text": Message("the text", "le texte"),
    "times": Message("the times", "les temps"),
    "speakers": Message("the speakers", "les locuteurs"),
    "channels": Message("the channels", "les canaux"),
    "words": Message("the words' times", "les temps des mots"),
    "confidence": Message("the confidence", "la confiance"),
    "language": Message("the language", "la langue"),
    "flagged": Message("the text that was left out", "le texte écarté"),
    "sounds": Message("the tones, music and recorded messages", "les tonalités, la musique et les annonces"),
    "turns": Message(
        "the limits of long turns, which come back in several",
        "les limites des longs tours de parole, qui reviennent en plusieurs",
    ),
}


@dataclass(frozen=True)
class Options:
    """What a writer may be asked for; each reads what concerns it."""

    times: bool = False  # txt: start and end before each turn
    dialect: str = "excel"  # csv: one of csv.DIALECTS
    language: str = "fr"  # docx: of the headings
    whole: bool = False  # srt, vtt: a subtitle a turn, however long


def read(path: str | Path, format: str | None = None, notes: list[Message] | None = None) -> Transcript:
    """The transcript in a file, whose format is found by its content and its extension unless it is named.

    `notes` receives a sentence for each thing that had to be mended. Raises UserError for a file that cannot be read or
    holds several recordings.
    """
    return _only(read_all(path, format, notes), str(path))


def read_all(path: str | Path, format: str | None = None, notes: list[Message] | None = None) -> list[Transcript]:
    """The same of a file that may hold several recordings, as STM, CTM, RTTM, SegLST and CSV may."""
    path = Path(path)
    content = content_of(path)
    notes = [] if notes is None else notes
    try:
        found = _readings(content, format or format_of(content, path, notes), notes)
    except UserError as error:
        raise UserError(en=f"{path}: {error.message.en}", fr=f"{path} : {error.message.fr}") from error
    return [each if each.audio.path else replace(each, audio=replace(each.audio, path=path.stem)) for each in found]


def content_of(path: Path) -> bytes:
    """A file's bytes, up to the first one too many. Raises UserError."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise UserError(
            en=f"{path} cannot be read ({error.strerror}): name another transcript.",
            fr=f"{path} ne peut être lu ({error.strerror}) : nommez une autre transcription.",
        ) from error


def reading(content: str | bytes, format: str | None = None, notes: list[Message] | None = None) -> Transcript:
    """The transcript in a text or in a file's bytes."""
    content = content.encode("utf-8", "replace") if isinstance(content, str) else content
    notes = [] if notes is None else notes
    return _only(_readings(content, format or format_of(content, Path(), notes), notes), "")


def write(transcript: Transcript, format: str, **options) -> bytes:
    """The transcript as a file of `format`. `options` are those of `Options`. Raises UserError."""
    if format in TIMED and transcript.turns and not transcript.timed:
        raise UserError(
            en=f"The transcript has no times, and {format} is made of them: choose txt, docx, csv, json or chat.",
            fr=f"La transcription n'a pas de temps, et {format} en est fait : choisissez txt, docx, csv, json ou chat.",
        )
    return _module(format).write(transcript, Options(**options))


def extension(format: str) -> str:
    """What the names of the format's files end with, the dot included."""
    return _module(format).EXTENSIONS[0]


def check_format(format: str) -> None:
    """Raises UserError for a format that is not here."""
    _module(format)


def format_for(path: str | Path) -> str | None:
    """The format that a file's extension stands for; None where it stands for none."""
    name = Path(path).name.lower()
    endings = [
        (len(ending), each) for each, module in FORMATS.items() for ending in module.EXTENSIONS if name.endswith(ending)
    ]
    return max(endings, default=(0, None))[1]


def lost(transcript: Transcript, format: str) -> list[Message]:
    """What this transcript has and a file of `format` cannot hold."""
    words = any(turn.words for turn in transcript.turns)
    has = {
        "text": any(turn.text for turn in transcript.turns),
        "times": transcript.timed,
        "speakers": any(turn.speaker for turn in transcript.turns),
        "channels": len({turn.channel for turn in transcript.turns}) > 1,
        "words": words,
        "confidence": any(turn.confidence < 1 for turn in transcript.turns),
        "language": bool(transcript.language),
        "flagged": bool(transcript.flagged),
        "sounds": bool(transcript.sounds),
        "turns": any(len(turn.text) > 84 for turn in transcript.turns),
    }
    return [said for key, said in CONTENTS.items() if has[key] and key not in _module(format).HOLDS]


def _only(found: list[Transcript], path: str) -> Transcript:
    if len(found) > 1:
        shown = ", ".join(each.audio.path for each in found[:3])
        raise UserError(
            en=f"{path or 'The file'} holds {len(found)} recordings ({shown}...): convert it into a folder first.",
            fr=f"{path or 'Le fichier'} contient {len(found)} enregistrements ({shown}...) : convertissez-le d'abord "
            "en un dossier.",
        )
    return found[0]


def _module(format: str) -> ModuleType:
    if format not in FORMATS:
        known = ", ".join(FORMATS)
        raise UserError(
            en=f"There is no format {format!r}: choose one of {known}.",
            fr=f"Le format {format!r} n'existe pas : choisissez parmi {known}.",
        )
    return FORMATS[format]


def format_of(content: bytes, path: Path, notes: list[Message]) -> str:
    """By the content where it is sure, else by the extension, else plain text."""
    named = format_for(path)
    head = as_text(content[:HEAD], []).lstrip("\ufeff")
    signed = [name for name, module in FORMATS.items() if module.SIGNATURE and module.SIGNATURE.search(head)]
    if not signed or named in signed:
        return named or (signed[0] if signed else "txt")
    if named:
        notes.append(
            Message(
                en=f"The file's name ends in {path.suffix}, but it is {signed[0]}, and was read as that.",
                fr=f"Le nom du fichier finit par {path.suffix}, mais c'est du {signed[0]}, et il a été lu comme tel.",
            )
        )
    return signed[0]


def _readings(content: bytes, format: str, notes: list[Message]) -> list[Transcript]:
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf\xfe\xff"):
        raise UserError(
            en="The file is empty: name a transcript with text in it.",
            fr="Le fichier est vide : nommez une transcription qui contient du texte.",
        )
    if len(content) > LARGEST or (format not in BINARY and "\0" in as_text(content[:HEAD], [])):
        raise UserError(
            en="This is no transcript: transcribe a recording first, and name what that gives.",
            fr="Ce n'est pas une transcription : transcrivez d'abord l'enregistrement, et nommez le résultat.",
        )
    found = _module(format).read(content, notes)
    for transcript in found:
        transcript.turns = _ordered(transcript.turns, notes)
    return found


def _ordered(turns: Sequence[Turn], notes: list[Message]) -> list[Turn]:
    """The turns by their starts, none of which ends before it starts. Raises UserError for a time that is none."""
    for turn in turns:
        if not (math.isfinite(turn.start) and math.isfinite(turn.end) and min(turn.start, turn.end) >= 0):
            raise UserError(
                en=f"The turn {turn.text[:40]!r} has the time {turn.start}: give seconds from 0 on.",
                fr=f"Le tour de parole {turn.text[:40]!r} a le temps {turn.start} : donnez des secondes à partir de 0.",
            )
    backward = sum(turn.end < turn.start for turn in turns)
    ahead = [replace(turn, start=turn.end, end=turn.start) if turn.end < turn.start else turn for turn in turns]
    ordered = sorted(ahead, key=lambda turn: turn.start)
    if backward:
        notes.append(
            Message(
                en=f"{backward} turns ended before they started: the two times were exchanged.",
                fr=f"{backward} tours de parole finissaient avant leur début : leurs temps ont été échangés.",
            )
        )
    if ordered != ahead:
        notes.append(
            Message(
                en="The turns were not in the order of their times: they were sorted.",
                fr="Les tours de parole n'étaient pas dans l'ordre de leurs temps : ils ont été triés.",
            )
        )
    return ordered
