"""The adapters on the page: the visitor's list, what changes it, and the memory that loaded models take."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from common.messages import UserError
from ui.kit import adapter_shelf
from ui.kit.adapter_shelf import Shelf
from ui.kit.corpus_field import refused
from ui.kit.engine_pool import called, held, loading, memory
from ui.kit.events import AT_ONCE, SEVERAL
from ui.kit.format import number
from ui.kit.i18n import label, reader_of, say

if TYPE_CHECKING:
    from speech.engines import Engine

CHANGES = ("add", "rename", "remove", "refresh")


def section() -> list:
    """The table, the fields and buttons, and the memory in use."""
    with gr.Accordion(label("adapters"), open=False, elem_id="adapters") as box:
        table = gr.HTML(apply_default_css=False)
        with gr.Row(elem_classes="score"):
            custom = {"allow_custom_value": True, "scale": 3, "min_width": 220}
            which = gr.Dropdown([], label=label("adapter_name"), info=label("adapter_add_hint"), **custom)
            name = gr.Textbox("", label=label("new_name"), max_lines=1, scale=2, min_width=160)
        with gr.Row():
            buttons = [gr.Button(label(f"{change}_adapter"), size="sm", min_width=90) for change in CHANGES]
        told = gr.HTML(apply_default_css=False, elem_id="adapters-told")
        memory = gr.HTML(apply_default_css=False, elem_id="memory")
    box.expand(_memory_now, None, memory, **AT_ONCE)
    return [table, which, name, *buttons, told, memory]


def wire(shelves: list, own: gr.State, models: list) -> None:
    table, which, name, *buttons, told, memory = shelves
    for button, change in zip(buttons, CHANGES, strict=True):
        inputs = [gr.State(change), own, which, name, *models]
        button.click(_change, inputs, [own, *models, table, which, name, told, memory], **SEVERAL)


def listed(own: Shelf, chosen: Sequence[str | None], reader: str) -> tuple:
    """The table, the field below it, the columns' fields, and the memory in use."""
    choices = adapter_shelf.choices(own, reader)
    which = gr.Dropdown([(own.called(each.name), each.name) for each in own.adapters])
    return (
        adapter_shelf.table(own, reader),
        which,
        [gr.Dropdown(choices, value=name) for name in chosen],
        in_memory(reader),
    )


def in_memory(reader: str) -> str:
    """The engines that are loaded, and what they take."""
    engines = held()
    items = "".join(f"<li>{_weight(engine, reader)}</li>" for engine in engines)
    total = say(reader, "memory_used", total=number(memory(engines) / 1e6, reader, 0))
    return f'<p class="legend">{total}</p><ul class="engines">{items}</ul>'


def _memory_now(request: gr.Request) -> str:
    return in_memory(reader_of(request))


def _weight(engine: "Engine", reader: str) -> str:
    name = " + ".join(Path(part).name for part in (engine.model, called(engine.adapter)) if part)
    bytes = number((engine.own_memory or engine.memory) / 1e6, reader, 1)
    return f"{escape(name)} ({engine.name}, {engine.precision}) {bytes} {say(reader, 'megabytes')}"


def _change(
    what: str,
    own: Shelf,
    name: str | None,
    called: str,
    a: str | None,
    b: str | None,
    c: str | None,
    request: gr.Request,
) -> tuple:
    """The visitor's list with one adapter more, renamed, or less; a column that had that one has the base again."""
    reader, name, chosen = reader_of(request), (name or "").strip(), (a, b, c)
    try:
        if what == "add":
            own = adapter_shelf.added(own, name)
        elif what == "rename":
            own = adapter_shelf.renamed(own, name, called)
        elif what == "remove":
            own, base = adapter_shelf.without(own, name), loading().result().choice.model
            chosen = [base if column == name else column for column in chosen]
        else:
            own = adapter_shelf.refreshed(own)
    except UserError as refusal:
        return *[gr.skip()] * 7, refused(refusal, reader), gr.skip()
    table, which, fields, used = listed(own, chosen, reader)
    return own, *fields, table, which, "", "", used
