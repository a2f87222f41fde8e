"""python -m speech convert IN OUT : a transcript in another format, and what is lost on the way."""

import argparse
import sys
from pathlib import Path

from common.files import write_bytes
from common.messages import Message, UserError, locale_language
from transcripts.bundle import names
from transcripts.formats import FORMATS, check_format, extension, format_for, lost, read_all, write
from transcripts.formats.csv import DIALECTS


def add_command(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("convert", help="a transcript in any format to any other")
    command.set_defaults(run=run)
    add = command.add_argument
    add("source", type=Path, metavar="IN", help="a transcript: " + ", ".join(FORMATS))
    add("target", type=Path, metavar="OUT", help="the file to write, or a folder for the recordings in IN")
    add("--from", dest="read_as", metavar="FORMAT", help="IN's (default: found in the file)")
    add("--to", dest="write_as", metavar="FORMAT", help="OUT's (default: its name's)")
    add("--times", action="store_true", help="txt: with the times of the turns")
    add("--csv-dialect", default="excel", help=", ".join(DIALECTS))


def run(asked: argparse.Namespace) -> int:
    """Says on standard error what was mended and what is lost. Raises UserError."""
    options = {"times": asked.times, "dialect": asked.csv_dialect}
    for note in convert(asked.source, asked.target, asked.read_as, asked.write_as, **options):
        print(f"speech: {note.to(locale_language())}", file=sys.stderr)
    return 0


def convert(source: Path, target: Path, read_as: str | None, write_as: str | None, **options) -> list[Message]:
    """Writes `source` as `target`, and gives a sentence for each thing that was mended or that is lost.

    The formats are found by the content and by the extension of the names unless they are given; `options` are those of
    `formats.Options`. A target that is a folder, or ends in a slash, receives a file for each recording in `source`.
    Raises UserError, and writes nothing then.
    """
    notes: list[Message] = []
    transcripts = read_all(source, read_as, notes)
    into_folder = target.is_dir() or not target.suffix
    format = write_as or (None if into_folder else format_for(target))
    if format is None:
        raise UserError(
            en=f"The name {target} does not say a format: add one after --to.",
            fr=f"Le nom {target} ne dit aucun format : ajoutez-en un après --to.",
        )
    check_format(format)
    if len(transcripts) > 1 and not into_folder:
        raise UserError(
            en=f"{source} holds {len(transcripts)} recordings: name a folder to write to, and a format after --to.",
            fr=f"{source} contient {len(transcripts)} enregistrements : nommez un dossier où les écrire, et un format "
            "après --to.",
        )
    if into_folder:
        stems = names(transcript.audio.path for transcript in transcripts)
        targets = [target / (stem + extension(format)) for stem in stems]
    else:
        targets = [target]
    contents = [write(transcript, format, **options) for transcript in transcripts]
    for path, content in zip(targets, contents, strict=True):
        keep(path, content)
    return notes + _losses(transcripts, format)


def keep(path: Path, content: bytes) -> None:
    """Writes a transcript's file whole or not at all. Raises UserError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)
    except OSError as error:
        raise UserError(
            en=f"{path} cannot be written ({error.strerror}): name another folder.",
            fr=f"{path} ne peut être écrit ({error.strerror}) : nommez un autre dossier.",
        ) from error


def _losses(transcripts, format: str) -> list[Message]:
    missing = dict.fromkeys(what for transcript in transcripts for what in lost(transcript, format))
    if not missing:
        return []
    return [
        Message(
            en=f"The format {format} does not keep " + ", ".join(what.en for what in missing) + ".",
            fr=f"Le format {format} ne garde pas " + ", ".join(what.fr for what in missing) + ".",
        )
    ]
