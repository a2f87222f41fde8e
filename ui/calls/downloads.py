"""What a visitor takes away: each format of a call, all calls in a ZIP, and the masked sound.

A file of which personal data are masked has that in its name, so that it is not mistaken for the whole.
"""

import re
import secrets
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ui.calls.session import Call, CallSession

if TYPE_CHECKING:
    from transcripts.transcript import Transcript

FORMATS = ("txt", "srt", "vtt", "json", "csv", "docx")
OTHERS = {  # made when somebody asks for one
    "Praat TextGrid": "textgrid",
    "ELAN EAF": "eaf",
    **{"CHAT": "chat", "STM": "stm", "CTM": "ctm", "RTTM": "rttm", "SegLST": "seglst"},
}
MASKED = "-masque"


def split_names(names: str) -> list[str]:
    """The names to mask, out of what was typed."""
    return [name for part in re.split(r"[,;\n]", names) if (name := part.strip())]


def shown(call: Call, session: CallSession) -> "Transcript":
    """The transcript with the parties' names, and masked where the visitor wants it: what is read and taken away."""
    from speech.privacy.mask import mask

    turns = [replace(turn, speaker=call.name_of(turn.speaker)) for turn in call.turns]
    transcript = replace(call.transcript, turns=turns)
    return mask(transcript, split_names(session.names)) if session.mask else transcript


def files(call: Call, session: CallSession, transcript: "Transcript", reader: str) -> dict[str, Path]:
    """What is shown, in each format; the same files are written again when something of it has changed."""
    return {format: file(call, session, transcript, format, reader) for format in FORMATS}


def file(call: Call, session: CallSession, transcript: "Transcript", format: str, reader: str) -> Path:
    """What is shown, in one format."""
    from transcripts.formats import extension, write
    from transcripts.formats.csv import dialect_of

    folder = call.path.parent / "texts"
    folder.mkdir(exist_ok=True)
    made = folder / (Path(call.name).stem + (MASKED if session.mask else "") + extension(format))
    made.write_bytes(write(transcript, format, dialect=dialect_of(reader), language=reader))
    return made


def bundle(session: CallSession, reader: str) -> Path | None:
    """All calls that have turns, in each format; None where there are none."""
    from transcripts import bundle as packing
    from transcripts.formats.csv import dialect_of

    transcripts = [shown(call, session) for call in session.calls if call.over and call.turns]
    if not transcripts:
        return None
    file = session.folder / f"allo-{date.today().isoformat()}{MASKED if session.mask else ''}.zip"
    file.write_bytes(packing.bundle(transcripts, FORMATS, dialect=dialect_of(reader), language=reader))
    return file


def masked_sound(call: Call, session: CallSession, tone: bool) -> Path:
    """The recording with a silence or a tone in the place of what is masked."""
    from speech.audio.rewrite import rewrite
    from speech.privacy.sound import hide, moments

    found = moments(call.transcript, split_names(session.names))
    folder = call.path.parent / secrets.token_hex(8)  # a browser keeps what it has loaded from the same address
    folder.mkdir()
    target = folder / f"{Path(call.name).stem}{MASKED}.wav"
    return rewrite(call.path, target, lambda start, block, rate: hide(block, found, tone, start, rate))
