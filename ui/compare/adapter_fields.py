"""The adapters on the page: the visitor's list, what changes it, and the memory that loaded models take."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr

from common.messages import UserError
from ui.kit import adapter_shelf
from ui.kit.adapter_shelf import Shelf
from ui.kit.engine_pool import display_name, loaded_engines, loading, memory
from ui.kit.errors import refused
from ui.kit.events import AT_ONCE, SEVERAL, written
from ui.kit.html import render
from ui.kit.i18n import label, reader_of

if TYPE_CHECKING:
    from speech.engines import Engine

CHANGES = ("add", "rename", "remove", "refresh")


class Parts(NamedTuple):
    table: gr.HTML
    which: gr.Dropdown
    name: gr.Textbox
    buttons: list
    answer: gr.HTML
    memory: gr.HTML


class Lists(NamedTuple):
    """What the list of adapters changes: in the layout the components, of a handler their new values."""

    shelf: object
    model_a: object
    model_b: object
    model_c: object
    table: object
    which: object
    memory: object
    name: object = gr.skip()
    answer: object = gr.skip()


def section() -> Parts:
    with gr.Accordion(label("adapters"), open=False, elem_id="adapters") as box:
        table = gr.HTML(apply_default_css=False)
        with gr.Row(elem_classes="score"):
            custom = {"allow_custom_value": True, "scale": 3, "min_width": 220}
            which = gr.Dropdown([], label=label("adapter_name"), info=label("adapter_add_hint"), **custom)
            name = gr.Textbox("", label=label("new_name"), max_lines=1, scale=2, min_width=160)
        with gr.Row():
            buttons = [gr.Button(label(f"{change}_adapter"), size="sm", min_width=90) for change in CHANGES]
        answer = gr.HTML(apply_default_css=False, elem_id="adapters-told")
        memory = gr.HTML(apply_default_css=False, elem_id="memory")
    box.expand(_memory_now, None, memory, **AT_ONCE)
    return Parts(table, which, name, buttons, answer, memory)


def lists(parts: Parts, shelf: gr.State, models: Sequence[gr.Dropdown]) -> Lists:
    """The components that `listed` has values for."""
    return Lists(shelf, *models, parts.table, parts.which, parts.memory, parts.name, parts.answer)


def wire(parts: Parts, shelf: gr.State, models: Sequence[gr.Dropdown]) -> None:
    shown = [*lists(parts, shelf, models)]
    chosen = dict(zip(("a", "b", "c"), models, strict=True))
    for button, change in zip(parts.buttons, CHANGES, strict=True):
        inputs = [gr.State(change), shelf, parts.which, parts.name]
        button.click(_change, inputs, shown, inputs_kwargs=chosen, **SEVERAL)


def listed(shelf: Shelf, chosen: Sequence[str | None], reader: str) -> Lists:
    """The list as it is now; `chosen`: the model of each column."""
    choices = adapter_shelf.choices(shelf, reader)
    return Lists(
        shelf,
        *[gr.Dropdown(choices, value=name) for name in chosen],
        table=adapter_shelf.table(shelf, reader),
        which=gr.Dropdown([(shelf.called(each.name), each.name) for each in shelf.adapters]),
        memory=in_memory(reader),
    )


def in_memory(reader: str) -> str:
    """The engines that are loaded, and what they take."""
    engines = loaded_engines()
    lines = [(_name(engine), engine, (engine.own_memory or engine.memory) / 1e6) for engine in engines]
    return render("compare/memory.html", reader, total=memory(engines) / 1e6, lines=lines)


def _memory_now(request: gr.Request) -> str:
    return in_memory(reader_of(request))


def _name(engine: "Engine") -> str:
    return " + ".join(Path(part).name for part in (engine.model, display_name(engine.adapter)) if part)


def _change(what: str, shelf: Shelf, name: str | None, new: str, request: gr.Request, **chosen: str | None) -> Lists:
    """The visitor's list with one adapter more, renamed, or less; a column that had that one has the base again."""
    reader, name = reader_of(request), written(name)
    try:
        if what == "add":
            shelf = adapter_shelf.added(shelf, name)
        elif what == "rename":
            shelf = adapter_shelf.renamed(shelf, name, new)
        elif what == "remove":
            shelf, base = adapter_shelf.without(shelf, name), loading().result().choice.model
            chosen = {letter: base if model == name else model for letter, model in chosen.items()}
        else:
            shelf = adapter_shelf.refreshed(shelf)
    except UserError as refusal:
        return Lists(*[gr.skip()] * 8, answer=refused(refusal, reader))
    return listed(shelf, [*chosen.values()], reader)._replace(name="", answer="")
