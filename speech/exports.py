"""A transcript to take away: a writer a format, found by name. All of them give the same times, to the millisecond."""

import csv
import io
import json

from speech.said import Refusal
from speech.transcript import Transcript, Turn


def write(transcript: Transcript, format: str) -> str:
    """The transcript as a text of `format`: txt, srt, vtt, json or csv."""
    check_format(format)
    return WRITERS[format](transcript)


def check_format(format: str) -> None:
    """Raises Refusal for a format that has no writer."""
    if format not in WRITERS:
        known = ", ".join(WRITERS)
        raise Refusal(
            en=f"There is no format {format!r}: choose one of {known}.",
            fr=f"Le format {format!r} n'existe pas : choisissez parmi {known}.",
        )


def txt(transcript: Transcript) -> str:
    return "".join(f"{_named(turn)}\n" for turn in transcript.turns)


def srt(transcript: Transcript) -> str:
    cues = (
        f"{number}\n{_clock(turn.start, ',')} --> {_clock(turn.end, ',')}\n{_named(turn)}\n"
        for number, turn in enumerate(transcript.turns, 1)
    )
    return "\n".join(cues)


def vtt(transcript: Transcript) -> str:
    cues = (
        f"{_clock(turn.start, '.')} --> {_clock(turn.end, '.')}\n{_voice(turn)}{_escaped(turn.text)}\n"
        for turn in transcript.turns
    )
    return "\n".join(["WEBVTT\n", *cues])


def to_json(transcript: Transcript) -> str:
    return json.dumps(transcript.to_dict(), ensure_ascii=False, indent=2) + "\n"


def to_csv(transcript: Transcript) -> str:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["start", "end", "channel", "speaker", "text", "confidence"])
    for t in transcript.turns:
        writer.writerow([f"{t.start:.3f}", f"{t.end:.3f}", t.channel, t.speaker or "", t.text, f"{t.confidence:.3f}"])
    return table.getvalue()


WRITERS = {"txt": txt, "srt": srt, "vtt": vtt, "json": to_json, "csv": to_csv}


def _named(turn: Turn) -> str:
    return f"{turn.speaker} : {turn.text}" if turn.speaker else turn.text


def _voice(turn: Turn) -> str:
    return f"<v {_escaped(turn.speaker)}>" if turn.speaker else ""


def _escaped(text: str) -> str:
    """WebVTT reads & and < as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"
