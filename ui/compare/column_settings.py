"""The columns' fields: which model each listens with, and on which engine, in which precision, with which assistant."""

from pathlib import Path

import gradio as gr

from ui.compare.columns import LETTERS, Asked
from ui.kit import adapter_shelf
from ui.kit.adapter_shelf import Shelf
from ui.kit.engine_pool import loading
from ui.kit.events import AT_ONCE, SEVERAL
from ui.kit.i18n import label, reader_of, say

ENGINES = ("auto", "transformers", "ctranslate2")
ASSISTANTS = ("openai/whisper-tiny", "whisper-base")
OWN = 3  # settings of a column: engine, precision, assistant


def fields() -> tuple[list, list, list]:
    """The columns: the fields that name their models, all that is asked, and what shows and hides among it."""
    models, groups, own = [], [], []
    with gr.Row(elem_classes="models"):
        for letter in LETTERS:
            with gr.Column(min_width=180, visible=letter != LETTERS[-1]) as group:
                models.append(gr.Dropdown([], label=letter, allow_custom_value=True, elem_id=f"model-{letter}"))
                with gr.Group(visible=False) as apart:
                    own.append(_how())
            groups.append((group, apart))
    third = gr.Checkbox(False, label=label("third"), container=False)
    with gr.Accordion(label("settings"), open=False):
        with gr.Row() as shared:
            together = _how()
        differ = gr.Checkbox(False, label=label("differ"), info=label("differ_hint"))
    asked = [third, differ, *models, *together, *[field for fields in own for field in fields]]
    return models, asked, [third, differ, shared, groups, [together, *own]]


def _how() -> list:
    engines = [(label(f"engine_{name}"), name) for name in ENGINES]
    engine = gr.Dropdown(engines, value="auto", label=label("engine"), min_width=140)
    precision = gr.Dropdown([(label("precision_usual"), "")], value="", label=label("precision"), min_width=120)
    assistants = [(label("no_assistant"), ""), *((name, name) for name in ASSISTANTS)]
    custom = {"allow_custom_value": True, "min_width": 150}
    assistant = gr.Dropdown(assistants, value="", label=label("assistant"), info=label("assistant_hint"), **custom)
    return [engine, precision, assistant]


def wire(opened: list) -> None:
    """`opened`: what shows and hides, as `fields` gives it."""
    third, differ, shared, groups, all_settings = opened
    third.input(lambda on: gr.Column(visible=on), third, groups[-1][0], **AT_ONCE)
    parts = [shared, *[apart for _, apart in groups]]
    differ.input(lambda on: (gr.Row(visible=not on), *[gr.Group(visible=on)] * len(groups)), differ, parts, **AT_ONCE)
    for engine, precision, assistant in all_settings:
        gr.on([engine.input, assistant.input], _precisions, [engine, precision, assistant], precision, **SEVERAL)


def _precisions(engine: str, precision: str, assistant: str, request: gr.Request) -> gr.Dropdown:
    """What this engine computes in on this machine."""
    from speech.engines import PRECISIONS

    page = loading().result().engine
    name = ("transformers" if assistant else page.name) if engine == "auto" else engine
    known = PRECISIONS[name, page.device]
    choices = [(say(reader_of(request), "precision_usual"), ""), *((each, each) for each in known)]
    return gr.Dropdown(choices, value=precision if precision in known else "")


def asked(own: Shelf, third: bool, differ: bool, *fields: str | None) -> list[Asked]:
    """The columns that the fields name. Raises UserError for what a visitor may not name."""
    names, fields = fields[: len(LETTERS)], fields[len(LETTERS) :]
    columns = []
    for at, name in enumerate(names[: len(LETTERS) if third else -1]):
        start = (at + 1) * OWN if differ else 0
        engine, precision, assistant = fields[start : start + OWN]
        name = (name or "").strip()
        setting = adapter_shelf.setting(name)
        how = {"engine": engine, "precision": precision or None, "assistant": _assistant(assistant)}
        columns.append(Asked(own.called(name) if setting.adapter else Path(name).name, setting._replace(**how)))
    return columns


def _assistant(name: str | None) -> str | None:
    return adapter_shelf.model(name.strip()) if name and name.strip() else None
