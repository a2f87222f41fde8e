"""python -m speech mask FILE|- : a transcript, or any text, without the personal data in it."""

import argparse
import sys
from codecs import BOM_UTF8
from pathlib import Path

from common.messages import UserError, locale_language
from speech.privacy.files import masked
from speech.privacy.names import names_of
from transcripts.formats import FORMATS, content_of
from transcripts.formats.csv import DIALECTS, check_dialect


def add_command(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("mask", help="a transcript or a text without its personal data")
    command.set_defaults(run=run)
    add = command.add_argument
    add("source", metavar="FILE", help="a transcript or a text; - is standard input")
    add("--names", default="", help="names to mask as well, between commas")
    add("--format", help="to write it in (default: FILE's own): " + ", ".join(FORMATS))
    add("--csv-dialect", default="excel", help=", ".join(DIALECTS))


def run(asked: argparse.Namespace) -> int:
    """Writes to standard output, and says on standard error what had to be mended. Raises UserError."""
    check_dialect(asked.csv_dialect)
    path = Path() if asked.source == "-" else Path(asked.source)
    content = sys.stdin.buffer.read() if asked.source == "-" else content_of(path)
    notes = []
    found = masked(content, path, names_of(asked.names), asked.format, notes, asked.csv_dialect)
    for note in dict.fromkeys(notes):
        print(f"speech: {note.to(locale_language())}", file=sys.stderr)
    if found.startswith(b"PK") and sys.stdout.isatty():
        raise UserError(
            en="A DOCX is no text that a terminal shows: write it into a file with > FILE.docx.",
            fr="Un DOCX n'est pas un texte qu'un terminal affiche : écrivez-le dans un fichier avec > FICHIER.docx.",
        )
    sys.stdout.flush()
    sys.stdout.buffer.write(found.removeprefix(BOM_UTF8))
    sys.stdout.buffer.flush()
    return 0
