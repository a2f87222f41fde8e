"""The adapters and models that a visitor may name, and the visitor's own list of them.

A visitor never names a path of this machine: an adapter is one of a run under ALLO_RUNS (or ./runs), one under
ALLO_CORPORA, by its name, or one of the Hub. What a visitor renames or takes off the list stays as it is for others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from common.messages import UserError
from ui.kit import corpus_field
from ui.kit.engine_pool import Setting, loading
from ui.kit.format import number, percent
from ui.kit.i18n import message, say

if TYPE_CHECKING:
    from trainer.runs.adapters import Adapter


@dataclass(frozen=True)
class Shelf:
    """A visitor's list."""

    adapters: tuple["Adapter", ...] = ()
    names: tuple[tuple[str, str], ...] = ()  # (an adapter's name, what the visitor calls it)
    removed: frozenset[str] = frozenset()

    def called(self, name: str) -> str:
        return dict(self.names).get(name, name)


def known() -> dict[str, "Adapter"]:
    """The adapters on this machine that are for visitors, by their names."""
    from trainer.runs.adapters import found

    folders = corpus_field.runs(), corpus_field.root()
    here = [adapter for folder in folders for adapter in found(folder)]
    return {adapter.name: adapter for adapter in reversed(here)}  # of two that are called the same the first one


def names() -> list[str]:
    return list(known())


def adapter(name: str) -> str:
    """The adapter as `speech.models.choose` takes it. Raises UserError for what a visitor may not name."""
    found = known().get(name)
    return found.source if found else corpus_field.hub_id(name, "no_adapter")


def model(name: str) -> str:
    """A base likewise."""
    from speech.models.choose import EMBEDDED

    return name if name == EMBEDDED else corpus_field.hub_id(name, "no_model")


def setting(name: str) -> Setting:
    """The base or the adapter of that name. Raises UserError for what a visitor may not name."""
    from trainer.runs.adapters import is_on_the_hub

    if not name:
        raise UserError(*message("no_model"))
    if name == loading().result().choice.model:
        return Setting()
    if name in known():
        return Setting(adapter=known()[name].source)
    named = model(name)
    return Setting(adapter=named) if is_on_the_hub(named) else Setting(model=named)


def ear(name: str | None) -> Setting:
    """What the adapter of that name hears with; with no name, what the page does. Raises UserError likewise."""
    name = (name or "").strip()
    return setting(name) if name else Setting()


def refreshed(shelf: Shelf) -> Shelf:
    """With the adapters that there are by now; those of the Hub that the visitor added stay."""
    here = known()
    added = [adapter for adapter in shelf.adapters if adapter.source == adapter.name]
    return replace(shelf, adapters=(*(here[name] for name in here if name not in shelf.removed), *added))


def added(shelf: Shelf, name: str) -> Shelf:
    """With one more, of this machine or of the Hub. Raises UserError where it cannot be had."""
    from trainer.runs.adapters import on_the_hub

    here = known()
    adapter = here[name] if name in here else on_the_hub(corpus_field.hub_id(name, "no_adapter"))
    others = [each for each in shelf.adapters if each.name != name]
    return replace(shelf, adapters=(*others, adapter), removed=shelf.removed - {name})


def renamed(shelf: Shelf, name: str, called: str) -> Shelf:
    """With another name for one of them; its own again where that is empty. Raises UserError for one that is taken."""
    called = " ".join(called.split())
    if called != name and called in {shelf.called(each.name) for each in shelf.adapters if each.name != name}:
        raise UserError(*message("name_taken", name=called))
    others = tuple(pair for pair in shelf.names if pair[0] != name)
    return replace(shelf, names=(*others, (name, called)) if called and called != name else others)


def without(shelf: Shelf, name: str) -> Shelf:
    kept = tuple(adapter for adapter in shelf.adapters if adapter.name != name)
    return replace(shelf, adapters=kept, removed=shelf.removed | {name})


def choices(shelf: Shelf, reader: str) -> list[tuple[str, str]]:
    """What a column may listen with: (for people, name), the page's own model first."""
    base = loading().result().choice.model
    return [(say(reader, "base_choice", model=Path(base).name), base)] + [
        (shelf.called(adapter.name), adapter.name) for adapter in shelf.adapters
    ]


def table(shelf: Shelf, reader: str) -> str:
    """The adapters with all that is known of them."""
    if not shelf.adapters:
        return f'<p class="note">{say(reader, "no_adapters")}</p>'
    heads = "".join(f'<th scope="col">{say(reader, f"adapter_{column}")}</th>' for column in COLUMNS)
    body = "".join(_row(adapter, shelf, reader) for adapter in shelf.adapters)
    return f'<div class="sheet" tabindex="0"><table class="adapters"><tr>{heads}</tr>{body}</table></div>'


COLUMNS = ("name", "base", "corpus", "date", "wer", "margin", "size")


def _row(adapter: "Adapter", shelf: Shelf, reader: str) -> str:
    called = shelf.called(adapter.name)
    own = f" <small>{escape(adapter.name)}</small>" if called != adapter.name else ""
    cells = [
        _short(adapter.base),
        _short(adapter.corpus),
        _day(adapter, reader),
        _rates([adapter.wer_before, adapter.wer_after], reader),
        f"{number(adapter.margin, reader)} s" if adapter.margin is not None else "–",
        f"{number(adapter.bytes / 1e6, reader)} {say(reader, 'megabytes')}",
    ]
    if adapter.missing:
        missing = say(reader, "adapter_missing", files=escape(", ".join(adapter.missing)))
        cells[3:] = [f'<em class="missing">{missing}</em>', "", ""]
    columns = zip(COLUMNS[1:], cells, strict=True)
    items = "".join(f'<td data-head="{say(reader, f"adapter_{column}")}">{cell}</td>' for column, cell in columns)
    return f'<tr><th scope="row">{escape(called)}{own}</th>{items}</tr>'


def _day(adapter: "Adapter", reader: str) -> str:
    if adapter.date is None:
        return "–"
    return adapter.date.strftime("%d/%m/%Y") if reader == "fr" else adapter.date.isoformat()


def _rates(rates: Sequence[float | None], reader: str) -> str:
    told = [percent(rate, reader) or "?" for rate in rates]
    return " → ".join(told) if any(rate is not None for rate in rates) else "–"


def _short(name: str | None) -> str:
    """Of a folder its name alone: the way to it is nobody's business."""
    if not name:
        return "–"
    path = Path(name)
    return escape(path.name if path.is_absolute() or path.exists() else name)
