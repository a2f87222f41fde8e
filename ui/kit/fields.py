"""Fields that several tabs have."""

from typing import NamedTuple

import gradio as gr

from speech.decoding.effort import EFFORT, EFFORTS
from ui.kit import adapter_shelf
from ui.kit.engine_pool import DETECT
from ui.kit.i18n import LANGUAGES, label, language_name, say

FIRST = 20  # samples to score, unless the visitor says otherwise


class Decision(NamedTuple):
    """How work goes on whose quota of GPU is spent."""

    row: gr.Row
    on_cpu: gr.Button
    on_gpu: gr.Button


def languages(reader: str) -> list[tuple[str, str]]:
    """What may be spoken in a recording: French, detection, and the others by their names."""
    names = sorted((language_name(code, reader), code) for code in LANGUAGES if code != "fr")
    return [(language_name("fr", reader), "fr"), (say(reader, "detect"), DETECT), *names]


def adapter_field(name: str) -> gr.Dropdown:
    """Which adapter to transcribe with; its choices are those of `adapters`."""
    how = {"allow_custom_value": True, "visible": False, "elem_id": name, "elem_classes": "settings"}
    return gr.Dropdown([("", "")], value="", label=label("transcribed_with"), **how)


def adapters(reader: str, chosen: str | None = None) -> gr.Dropdown:
    """The page's model and the adapters that there are for this visitor; hidden where there are none."""
    names = adapter_shelf.names()
    value = {} if chosen is None else {"value": chosen}
    choices = [(say(reader, "page_model"), ""), *((name, name) for name in names)]
    return gr.Dropdown(choices, visible=bool(names), **value)


def effort_field() -> gr.Radio:
    """How wide to search where the text is unsure; its choices are those of `efforts`."""
    how = {"label": label("effort"), "info": label("effort_hint"), "elem_classes": "settings"}
    return gr.Radio(efforts("fr"), value=EFFORT, **how)


def efforts(reader: str) -> list[tuple[str, str]]:
    return [(say(reader, f"effort_{effort}"), effort) for effort in EFFORTS]


def corpus_columns() -> list[gr.components.Component]:
    """A corpus's column of audio, that of its text, and TalkBank's unit, where they are unusual."""
    hint = {"placeholder": label("column_hint"), "max_lines": 1}
    units = [(label(f"unit_{unit}"), unit) for unit in ("segment", "switch")]
    return [
        gr.Textbox("", label=label("audio_column"), **hint),
        gr.Textbox("", label=label("text_column"), **hint),
        gr.Radio(units, value="segment", label=label("unit")),
    ]


def decision() -> Decision:
    with gr.Row(visible=False, elem_classes="downloads") as row:
        buttons = [gr.Button(label(f"quota_{where}"), size="sm", min_width=120) for where in ("on_cpu", "on_gpu")]
    return Decision(row, *buttons)
