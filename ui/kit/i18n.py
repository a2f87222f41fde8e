"""What the page says, in French and in English, and which of the two a visitor reads.

The sentences stand in assets/locales. Labels that never change go through `label`, which the browser translates; all
else is said by the server with `say`.
"""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs

import gradio as gr

from common.messages import Message

NAMES = {"fr": "Français", "en": "English"}  # of the page's languages, each in its own
FOLDER = Path(__file__).parents[2] / "assets/locales"


def typeset(text: str) -> str:
    """French punctuation: spaces that do not break, so that no line starts with a colon, and curly apostrophes."""
    text = re.sub(r"(?<=[^\W\d_])'(?=[^\W\d_])", "’", text)
    return re.sub("(?<=«) | (?=[:;?!»%])", "\N{NO-BREAK SPACE}", text)


def _sentences(language: str) -> dict[str, str]:
    texts = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return {key: typeset(text) for key, text in texts.items()}


SENTENCES = {language: _sentences(language) for language in ("en", "fr")}
TRANSLATIONS = gr.I18n(**SENTENCES)
EXPLAINED = [key.removesuffix("_means") for key in SENTENCES["en"] if key.endswith("_means")]
LANGUAGES = [key.removeprefix("language_of_") for key in SENTENCES["en"] if key.startswith("language_of_")]


def label(key: str) -> gr.i18n.I18nData:
    """A sentence that the browser puts in its own language."""
    return TRANSLATIONS(key)


def say(reader: str, key: str, **values: str) -> str:
    """A sentence for a reader ("fr" or "en")."""
    return typeset(SENTENCES[reader][key].format(**values))


def meaning(reader: str, key: str) -> str:
    """What a figure or a word of the field means; nothing where it needs no explanation."""
    return SENTENCES[reader].get(f"{key}_means", "")


def message(key: str, **values: object) -> Message:
    """A sentence in both languages, for an error or for a reader who is not known yet."""
    return Message(*(SENTENCES[language][key].format(**values) for language in Message._fields))


def reader_of(request: gr.Request) -> str:
    """ "fr" or "en": what the page's address asks for, else the first language of the browser. Labels do the same."""
    asked = parse_qs(request.headers.get("referer", "").partition("?")[2]).get("lang", [""])[-1]
    if asked in NAMES:
        return asked
    return "fr" if request.headers.get("accept-language", "").lower().startswith("fr") else "en"


def language_name(code: str, reader: str) -> str:
    """What a language that Whisper knows is called; of any other its code."""
    return SENTENCES[reader].get(f"language_of_{code}", code)
