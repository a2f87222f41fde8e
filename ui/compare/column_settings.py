"""The columns' fields: the model of each, and its engine, precision and assistant."""

from pathlib import Path
from typing import NamedTuple

import gradio as gr

from ui.compare.columns import LETTERS, Column
from ui.kit import adapter_shelf
from ui.kit.adapter_shelf import Shelf
from ui.kit.engine_pool import loading
from ui.kit.events import AT_ONCE, SEVERAL, written
from ui.kit.i18n import label, reader_of, say

ENGINES = ("auto", "transformers", "ctranslate2", "openvino")
ASSISTANTS = ("openai/whisper-tiny", "whisper-base")
HOW = ("engine", "precision", "assistant")


class Columns(NamedTuple):
    """The fields of the columns, and what shows and hides among them."""

    settings: dict  # by the names that `columns_of` takes: third, differ, model_a..., engine..., engine_a...
    models: list  # the fields of the models
    shared: gr.Row  # what holds for all columns
    groups: list  # a column and what holds for it alone


def fields() -> Columns:
    models, groups, own = {}, [], {}
    with gr.Row(elem_classes="models"):
        for letter in LETTERS:
            with gr.Column(min_width=180, visible=letter != LETTERS[-1]) as group:
                model = gr.Dropdown([], label=letter, allow_custom_value=True, elem_id=f"model-{letter}")
                models[f"model_{letter.lower()}"] = model
                with gr.Group(visible=False) as apart:
                    own |= {f"{name}_{letter.lower()}": field for name, field in _how().items()}
            groups.append((group, apart))
    third = gr.Checkbox(False, label=label("third"), container=False)
    with gr.Accordion(label("settings"), open=False):
        with gr.Row() as shared:
            together = _how()
        differ = gr.Checkbox(False, label=label("differ"), info=label("differ_hint"))
    settings = {"third": third, "differ": differ} | models | together | own
    return Columns(settings, list(models.values()), shared, groups)


def _how() -> dict[str, gr.Dropdown]:
    engines = [(label(f"engine_{name}"), name) for name in ENGINES]
    engine = gr.Dropdown(engines, value="auto", label=label("engine"), min_width=140)
    precision = gr.Dropdown([(label("precision_usual"), "")], value="", label=label("precision_field"), min_width=120)
    assistants = [(label("no_assistant"), ""), *((name, name) for name in ASSISTANTS)]
    custom = {"allow_custom_value": True, "min_width": 150}
    assistant = gr.Dropdown(assistants, value="", label=label("assistant"), info=label("assistant_hint"), **custom)
    return dict(zip(HOW, (engine, precision, assistant), strict=True))


def wire(columns: Columns) -> None:
    settings, groups = columns.settings, columns.groups
    settings["third"].input(lambda on: gr.Column(visible=on), settings["third"], groups[-1][0], **AT_ONCE)
    parts = [columns.shared, *[apart for _, apart in groups]]
    settings["differ"].input(
        lambda on: (gr.Row(visible=not on), *[gr.Group(visible=on)] * len(groups)), settings["differ"], parts, **AT_ONCE
    )
    for end in ("", *(f"_{letter.lower()}" for letter in LETTERS)):
        engine, precision, assistant = (settings[name + end] for name in HOW)
        gr.on([engine.input, assistant.input], _precisions, [engine, precision, assistant], precision, **SEVERAL)


def _precisions(engine: str, precision: str, assistant: str, request: gr.Request) -> gr.Dropdown:
    """What this engine computes in on this machine."""
    from speech.engines import precisions

    page = loading().result().engine
    name = ("transformers" if assistant else page.name) if engine == "auto" else engine
    known = precisions(name, page.device)
    choices = [(say(reader_of(request), "precision_usual"), ""), *((each, each) for each in known)]
    return gr.Dropdown(choices, value=precision if precision in known else "")


def columns_of(shelf: Shelf, third: bool, differ: bool, **fields: str | None) -> list[Column]:
    """The columns that the fields name. Raises UserError for what a visitor may not name."""
    columns = []
    for letter in LETTERS.lower()[: None if third else -1]:
        engine, precision, assistant = (fields[f"{name}_{letter}" if differ else name] for name in HOW)
        name = written(fields[f"model_{letter}"])
        setting = adapter_shelf.setting(name)
        how = {"engine": engine, "precision": precision or None, "assistant": _assistant(assistant)}
        columns.append(Column(shelf.called(name) if setting.adapter else Path(name).name, setting._replace(**how)))
    return columns


def _assistant(name: str | None) -> str | None:
    return adapter_shelf.model(written(name)) if written(name) else None
