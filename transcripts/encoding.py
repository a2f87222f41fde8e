"""A file's bytes to text: UTF-8, UTF-16 or UTF-32 by their marks, else UTF-8, else Windows' Latin letters."""

import codecs
import json
import re
from typing import Any

from common.messages import Message, UserError

HEAD = 4096  # bytes of a file that tell its format
MARKS = {  # the longer ones first: UTF-32's begins with UTF-16's
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


def as_text(content: bytes, notes: list[Message]) -> str:
    """The text of a file, with line feeds as the only line ends; `notes` says where its encoding was a guess."""
    return re.sub(r"\r*\n|\r", "\n", _decoded(content, notes))


def as_json(content: bytes, notes: list[Message]) -> Any:
    """What a JSON file holds. Raises UserError."""
    text = as_text(content, notes)
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(
            en=f"The JSON breaks off or is damaged at line {error.lineno} ({error.msg}): make the file again.",
            fr=f"Le JSON est tronqué ou abîmé à la ligne {error.lineno} ({error.msg}) : refaites le fichier.",
        ) from error
    except RecursionError as error:
        raise UserError(
            en="The JSON is nested too deeply to be a transcript: name another file.",
            fr="Ce JSON est trop imbriqué pour être une transcription : nommez un autre fichier.",
        ) from error
    if re.search(r"\\u[dD][89abAB]", text):  # perhaps half an emoji, which nothing can write
        found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    return found


def one_line(text: str) -> str:
    """The text without line ends and without the control characters that XML cannot hold."""
    return " ".join(re.sub(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]", "", text).split())


def _decoded(content: bytes, notes: list[Message]) -> str:
    for mark, name in MARKS.items():
        if content.startswith(mark):
            return content[len(mark) :].decode(name, "replace")
    if content[1::2].count(0) > len(content) / 4:
        return content.decode("utf-16-le", "replace")
    if content[::2].count(0) > len(content) / 4:
        return content.decode("utf-16-be", "replace")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(content)  # a letter may be cut at the end of a head
    except UnicodeDecodeError:
        notes.append(
            Message(
                en="The file is not in UTF-8: it was read as Windows-1252 (Latin-1).",
                fr="Le fichier n'est pas en UTF-8 : il a été lu comme du Windows-1252 (Latin-1).",
            )
        )
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:  # five bytes have no letter there
        return content.decode("latin-1")
