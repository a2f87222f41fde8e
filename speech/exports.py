"""A transcript to take away: a writer a format, found by name. All of them give the same times, to the millisecond."""

import csv
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from common.messages import UserError
from transcripts.transcript import Transcript, Turn


def write(transcript: Transcript, format: str) -> str:
    """The transcript as a text of `format`: txt, srt, vtt, json or csv."""
    check_format(format)
    return WRITERS[format](transcript)


def encoded(transcript: Transcript, format: str) -> bytes:
    """The same as a file: UTF-8, and for CSV with the mark without which spreadsheets take it for something else."""
    return write(transcript, format).encode("utf-8-sig" if format == "csv" else "utf-8")


def bundle(transcripts: Sequence[Transcript], formats: Iterable[str]) -> bytes:
    """A ZIP with a file for each transcript and format, called after the recordings.

    Of two recordings with one name, the second gets a number. Raises UserError for a format that has no writer.
    """
    formats = list(dict.fromkeys(formats))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, transcript in zip(names(each.audio.path for each in transcripts), transcripts, strict=True):
            for format in formats:
                archive.writestr(f"{name}.{format}", encoded(transcript, format))
    return packed.getvalue()


def names(paths: Iterable[str]) -> list[str]:
    """A name without extension for each recording, which any system can write and no other one has.

    Names that differ in case alone are one on some systems.
    """
    taken: set[str] = set()
    found = []
    for path in paths:
        stem = name = _safe(PurePath(path).stem)
        number = 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        found.append(name)
    return found


def _safe(stem: str) -> str:
    """Without what Windows or a shell would stumble over, and short enough for a file system with its extension."""
    stem = unicodedata.normalize("NFC", stem.encode("utf-8", "replace").decode())
    stem = " ".join(re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]', " ", stem).split()).strip(". ")[:80].rstrip(". ")
    reserved = re.fullmatch(r"(?i)con|prn|aux|nul|(?:com|lpt)\d", stem.partition(".")[0])
    return f"_{stem}" if reserved or not stem else stem


def check_format(format: str) -> None:
    """Raises UserError for a format that has no writer."""
    if format not in WRITERS:
        known = ", ".join(WRITERS)
        raise UserError(
            en=f"There is no format {format!r}: choose one of {known}.",
            fr=f"Le format {format!r} n'existe pas : choisissez parmi {known}.",
        )


def txt(transcript: Transcript) -> str:
    """A line a turn."""
    return "".join(f"{_named(turn)}\n" for turn in transcript.turns)


def srt(transcript: Transcript) -> str:
    cues = (
        f"{number}\n{_clock(turn.start, ',')} --> {_clock(turn.end, ',')}\n{_named(turn)}\n"
        for number, turn in enumerate(transcript.turns, 1)
    )
    return "\n".join(cues)


def vtt(transcript: Transcript) -> str:
    cues = (
        f"{_clock(turn.start, '.')} --> {_clock(turn.end, '.')}\n{_voice(turn)}{_escaped(_line(turn.text))}\n"
        for turn in transcript.turns
    )
    return "\n".join(["WEBVTT\n", *cues])


def to_json(transcript: Transcript) -> str:
    return json.dumps(transcript.to_dict(), ensure_ascii=False, indent=2) + "\n"


def to_csv(transcript: Transcript) -> str:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["file", "language", "start", "end", "channel", "speaker", "text", "confidence"])
    call = PurePath(transcript.audio.path).name, transcript.language  # so that the tables of many calls can be joined
    for t in transcript.turns:
        times = f"{t.start:.3f}", f"{t.end:.3f}"
        writer.writerow([*call, *times, t.channel, t.speaker or "", t.text, f"{t.confidence:.3f}"])
    return table.getvalue()


WRITERS = {"txt": txt, "srt": srt, "vtt": vtt, "json": to_json, "csv": to_csv}


def _named(turn: Turn) -> str:
    return _line(f"{turn.speaker} : {turn.text}" if turn.speaker else turn.text)


def _voice(turn: Turn) -> str:
    return f"<v {_escaped(_line(turn.speaker))}>" if turn.speaker else ""


def _line(text: str) -> str:
    """On one line: an empty one, which a correction may leave in a turn, would end a subtitle."""
    return " ".join(text.split())


def _escaped(text: str) -> str:
    """WebVTT reads & and < as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(round(seconds, 3) * 1000)  # rounded as the other formats do: 0.0025 s are 3 ms
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"
