"""The adapters and models that a visitor may name, and the visitor's own list of them.

A visitor never names a path of this machine: an adapter is one of a run under ALLO_RUNS (or ./runs), one under
ALLO_CORPORA, by its name, or one of the Hub. What a visitor renames or takes off the list stays as it is for others.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from common.messages import UserError
from ui.kit import corpus_field
from ui.kit.engine_pool import Setting, loading
from ui.kit.events import written
from ui.kit.format import number, percent
from ui.kit.html import note, render
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
        raise UserError(*message("nothing_named"))
    if name == loading().result().choice.model:
        return Setting()
    if name in known():
        return Setting(adapter=known()[name].source)
    named = model(name)
    return Setting(adapter=named) if is_on_the_hub(named) else Setting(model=named)


def with_adapter(name: str | None) -> Setting:
    """The page's model with the adapter of that name; with no name, as it is. Raises UserError likewise."""
    name = written(name)
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
    """The models of a column: (for people, name), the page's own first."""
    base = loading().result().choice.model
    return [(say(reader, "base_choice", model=Path(base).name), base)] + [
        (shelf.called(adapter.name), adapter.name) for adapter in shelf.adapters
    ]


def table(shelf: Shelf, reader: str) -> str:
    """The adapters with all that is known of them."""
    if not shelf.adapters:
        return note(say(reader, "no_adapters"))
    return render("kit/adapters.html", reader, lines=[_line(adapter, shelf, reader) for adapter in shelf.adapters])


def _line(adapter: "Adapter", shelf: Shelf, reader: str) -> dict:
    """The names of the columns, and what stands in them; of an adapter that is not whole its missing files."""
    cells = {
        "base": _short(adapter.base),
        "corpus": _short(adapter.corpus),
        "date": _day(adapter, reader),
        "wer": _rates(adapter, reader),
        "margin": f"{number(adapter.margin, reader)} s" if adapter.margin is not None else "–",
        "size": f"{number(adapter.bytes / 1e6, reader)} {say(reader, 'megabytes')}",
    }
    if adapter.missing:
        cells |= {"wer": "", "margin": "", "size": ""}
    return {"adapter": adapter, "name": shelf.called(adapter.name), "cells": cells}


def _day(adapter: "Adapter", reader: str) -> str:
    if adapter.date is None:
        return "–"
    return adapter.date.strftime("%d/%m/%Y") if reader == "fr" else adapter.date.isoformat()


def _rates(adapter: "Adapter", reader: str) -> str:
    """Before and after, with the normaliser where it is not the one that counts today."""
    from scoring.french import NAME

    rates = [adapter.wer_before, adapter.wer_after]
    if all(rate is None for rate in rates):
        return "–"
    shown = " → ".join(percent(rate, reader) or "?" for rate in rates)
    return shown if adapter.normaliser in (None, NAME) else f"{shown} ({adapter.normaliser})"


def _short(name: str | None) -> str:
    """Of a folder its name alone, so that no path is shown."""
    if not name:
        return "–"
    path = Path(name)
    return path.name if path.is_absolute() or path.exists() else name
