"""Transcripts to take away together: a ZIP with a file for each call and format, named so that any system writes it."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from transcripts.formats import extension, write
from transcripts.transcript import Transcript


def bundle(transcripts: Sequence[Transcript], formats: Iterable[str], **options) -> bytes:
    """A ZIP with a file for each transcript and format, called after the recordings.

    Of two recordings with one name, the second gets a number. `options` are those of `formats.Options`.
    Raises UserError for an unknown format.
    """
    formats = list(dict.fromkeys(formats))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, transcript in zip(names(each.audio.path for each in transcripts), transcripts, strict=True):
            for format in formats:
                archive.writestr(name + extension(format), write(transcript, format, **options))
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
