"""Errors in the words of the page."""

import os
import re
import tempfile

from gradio.utils import get_upload_folder
from markupsafe import Markup

from common.messages import Message, UserError
from ui.kit import corpus_field, html

# The way to a file, from the root on: between quotes it may have spaces.
QUOTED = re.compile(r"(?<=“)/[^“”]*/|(?<=«[ \u00a0])/[^«»]*/|(?<=')/[^']*/")
PATH = re.compile(r"(?<![\w:/.])/([^\s/]+/)+")
OPTION = re.compile(r" \(--\w+\)")


def refused(error: UserError | Message, reader: str) -> Markup:
    """Why it cannot be done, and what to do, as HTML."""
    message = error.message if isinstance(error, UserError) else error
    return html.alert(for_visitors(message).to(reader))


def for_visitors(message: Message) -> Message:
    """The sentence without what only the command line has: paths, of which the names remain, and its options."""
    return Message(*map(_without_paths, message))


def _without_paths(text: str) -> str:
    for folder in _folders():
        text = text.replace(f"{folder}{os.sep}", "")
    for pattern in (QUOTED, PATH, OPTION):
        text = pattern.sub("", text)
    return text


def _folders() -> list[str]:
    """The folders of this machine that a message may name, which may have spaces; the longest first."""
    from common.cache import cache_folder

    known = (corpus_field.root(), corpus_field.runs(), cache_folder(), get_upload_folder(), tempfile.gettempdir())
    return sorted({str(each) for each in known}, key=len, reverse=True)
