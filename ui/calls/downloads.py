"""What a visitor takes away: each format of a call, all calls in a ZIP, and the masked sound.

A file of which personal data are masked has that in its name, so that it is not mistaken for the whole.
"""

import re
import secrets
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from common.messages import UserError
from ui.calls import overview
from ui.calls.call import Call
from ui.calls.session import CallSession
from ui.kit.i18n import message

if TYPE_CHECKING:
    from transcripts.transcript import Transcript
    from transcripts.work_file import Work

FORMATS = ("txt", "srt", "vtt", "json", "csv", "docx")
OTHERS = {  # made when somebody asks for one
    "Praat TextGrid": "textgrid",
    "ELAN EAF": "eaf",
    **{"CHAT": "chat", "STM": "stm", "CTM": "ctm", "RTTM": "rttm", "SegLST": "seglst"},
}
MASKED = "-masque"
ALL = "_allo"  # the table of all calls, a name that no recording's file takes


def split_names(names: str) -> list[str]:
    """The names to mask, out of what was typed."""
    return [name for part in re.split(r"[,;\n]", names) if (name := part.strip())]


def shown(call: Call, session: CallSession) -> "Transcript":
    """The transcript with the parties' names, and masked where the visitor wants it: what is read and taken away."""
    from speech.privacy.mask import mask

    turns = [replace(turn, speaker=call.name_of(turn.speaker)) for turn in call.turns]
    transcript = replace(call.transcript, turns=turns)
    return mask(transcript, split_names(session.names)) if session.mask else transcript


def file(call: Call, session: CallSession, format: str, reader: str) -> Path:
    """What is shown, in one format; made anew whenever it is asked for. Raises UserError."""
    from transcripts.formats import extension, write
    from transcripts.formats.csv import dialect_of

    content = write(_exported(call, session), format, dialect=dialect_of(reader), language=reader)
    return _written(call, Path(call.name).stem + (MASKED if session.mask else "") + extension(format), content)


def work_file(call: Call) -> Path:
    """The call's work, with all that masking would hide."""
    from transcripts import work_file

    content = work_file.write(work(call))
    return _written(call, Path(call.name).stem + work_file.ENDING, content)


def work(call: Call) -> "Work":
    from transcripts.work_file import Work

    return Work(call.name, call.sound_hash, call.transcript, call.journal)


def _exported(call: Call, session: CallSession) -> "Transcript":
    """What is shown, by its times, without the turns that are still empty."""
    transcript = shown(call, session)
    turns = sorted((turn for turn in transcript.turns if turn.text), key=lambda turn: turn.start)
    return replace(transcript, turns=turns)


def _written(call: Call, name: str, content: bytes) -> Path:
    folder = call.folder / "texts"
    folder.mkdir(exist_ok=True)
    made = folder / name
    made.write_bytes(content)
    return made


def bundle(session: CallSession, reader: str) -> Path | None:
    """All calls that have turns, in each format, and the table of them; None where there are none."""
    from transcripts import bundle as packing
    from transcripts.formats.csv import dialect_of

    transcripts = [_exported(call, session) for call in session.calls if call.over and call.turns]
    if not transcripts:
        return None
    file = session.folder / f"allo-{date.today().isoformat()}{MASKED if session.mask else ''}.zip"
    file.write_bytes(packing.bundle(transcripts, FORMATS, dialect=dialect_of(reader), language=reader))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{ALL}.csv", overview.as_csv(session.rows(), reader, dialect_of(reader)))
    return file


def masked_sound(call: Call, session: CallSession, tone: bool) -> Path:
    """The recording with a silence or a tone in the place of what is masked. Raises UserError without a recording."""
    from speech.audio.rewrite import rewrite
    from speech.privacy.sound import hide, moments

    if call.path is None:
        raise UserError(*message("recording_wanted", name=call.name))
    found = moments(replace(call.transcript, turns=call.turns), split_names(session.names))
    folder = call.folder / secrets.token_hex(8)  # a browser keeps what it has loaded from the same address
    folder.mkdir()
    target = folder / f"{Path(call.name).stem}{MASKED}.wav"
    return rewrite(call.path, target, lambda start, block, rate: hide(block, found, tone, start, rate))
