"""What a visitor takes away of his calls: each format of one, all of them in a ZIP, and the masked sound."""

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ui.calls.session import Call, Visit
from ui.calls.transcription import rewritten

if TYPE_CHECKING:
    from transcripts.transcript import Transcript

FORMATS = ("txt", "srt", "vtt", "json", "csv")


def apart(names: str) -> list[str]:
    """The names to hide, out of what was typed."""
    return [name for part in re.split(r"[,;\n]", names) if (name := part.strip())]


def shown(call: Call, visit: Visit) -> "Transcript":
    """The transcript with the parties' names, and masked where the visitor wants it: what is read and taken away."""
    from speech.privacy.mask import mask

    turns = [replace(turn, speaker=call.called(turn.speaker)) for turn in call.turns]
    transcript = replace(call.transcript, turns=turns)
    return mask(transcript, apart(visit.hidden)) if visit.mask else transcript


def files(call: Call, transcript: "Transcript") -> dict[str, Path]:
    """What is shown, in each format; the same files are written again when something of it has changed."""
    from transcripts.formats import write

    folder = call.path.parent / "texts"
    folder.mkdir(exist_ok=True)
    found = {format: folder / f"{Path(call.name).stem}.{format}" for format in FORMATS}
    for format, file in found.items():
        file.write_bytes(write(transcript, format))
    return found


def bundle(visit: Visit) -> Path | None:
    """All calls that were heard, in each format; None where there are none."""
    from transcripts import bundle as packing

    heard = [shown(call, visit) for call in visit.calls if call.over and call.turns]
    if not heard:
        return None
    file = visit.folder / "allo.zip"
    file.write_bytes(packing.bundle(heard, FORMATS))
    return file


def masked_sound(call: Call, visit: Visit, tone: bool) -> Path:
    """The recording with a silence or a tone in the place of what is hidden."""
    from speech.privacy.sound import hide, moments

    found = moments(replace(call.transcript, turns=call.turns), apart(visit.hidden))
    target = call.path.parent / f"{Path(call.name).stem}-masque.wav"
    return rewritten(call.path, target, lambda start, block, rate: hide(block, found, tone, start, rate))
