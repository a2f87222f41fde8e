"""Errors in the words of the page."""

import os
import re

import gradio as gr
from markupsafe import Markup

from common.messages import Message, UserError
from ui.kit import corpus_field, html

ROOT = re.compile(r"(?<![\w:/.~])/(?=[^\s/])")  # where the way to a file begins
FOLDER = re.compile(r"/([^\s/]+/)*")  # the folders of one without spaces
QUOTED = re.compile(r"(?<=“)/[^“”]*/|(?<=«[ \u00a0])/[^«»]*/|(?<=')/[^']*/")  # between quotes it may have some
OPTION = re.compile(r" \(--[\w-]+\)")


def refused(error: UserError | Message, reader: str) -> Markup:
    """Why it cannot be done, and what to do, as HTML."""
    message = error.message if isinstance(error, UserError) else error
    return html.alert(for_visitors(message).to(reader))


def refused_to_program(error: UserError, reader: str) -> gr.Error:
    """The same, to be raised to a client of the API."""
    return gr.Error(for_visitors(error.message).to(reader), print_exception=False)


def for_visitors(message: Message) -> Message:
    """The sentence without what only the command line has: paths, of which the names remain, and its options."""
    return Message(*map(_without_paths, message))


def _without_paths(text: str) -> str:
    for known in (corpus_field.root(), corpus_field.runs()):  # what is below is named as visitors name it
        text = text.replace(f"{known}{os.sep}", "")
    for begin in reversed([found.start() for found in ROOT.finditer(text)]):
        by_form = [found.end() for pattern in (FOLDER, QUOTED) if (found := pattern.match(text, begin))]
        end = max([*by_form, _folder_end(text, begin)])
        text = text[:begin] + text[end:] if end > begin + 1 else text
    return OPTION.sub("", text)


def _folder_end(text: str, begin: int) -> int:
    """Where the longest folder ends that begins here: a name may have spaces, so that the disk is asked."""
    ends = [found.end() for found in re.finditer("/", text[begin:])]
    return begin + max((end for end in ends if end > 1 and os.path.isdir(text[begin : begin + end])), default=0)
