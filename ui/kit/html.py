"""HTML out of the templates of assets/templates. What is put into one is escaped, unless it is HTML of a template.

A template has what `render` is given, the visitor's `reader`, and `say`, `number`, `percent`, `facts` for that reader.
"""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from ui.kit.format import clock, number, percent
from ui.kit.i18n import SENTENCES, language_name, meaning, typeset

FOLDER = Path(__file__).parents[2] / "assets/templates"
# The template of a component that is shown while it grows: gradio sends of a list what has changed, of a text all.
ITEMS = "${[value ?? ''].flat().join('')}"
_templates = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
_templates.globals |= {"clock": clock}
_templates.filters["typeset"] = lambda text: escape(typeset(text))


def render(template: str, reader: str, **values: object) -> Markup:
    """The template with these values, for a reader ("fr" or "en")."""
    given = {
        "reader": reader,
        "say": partial(sentence, reader),
        "number": lambda value, decimals=1: number(value, reader, decimals),
        "percent": lambda rate, decimals=1: percent(rate, reader, decimals),
        "language_name": lambda code: language_name(code, reader),
        "facts": partial(facts, reader=reader),
        "note": note,
        "means": lambda key: meaning(reader, key),
    }
    return Markup(_templates.get_template(template).render(given | values))


def sentence(reader: str, key: str, **values: object) -> Markup:
    """A sentence as HTML; a value that is not HTML is escaped."""
    return Markup(escape(SENTENCES[reader][key])).format(**values)


def note(text: str) -> Markup:
    """A sentence that is read out as soon as it is there."""
    return Markup('<p class="note" role="status">{}</p>').format(text)


def legend(text: str) -> Markup:
    """A sentence in small print."""
    return Markup('<p class="legend">{}</p>').format(text)


def alert(text: str) -> Markup:
    """A sentence that says what went wrong."""
    return Markup('<p class="refused" role="alert">{}</p>').format(typeset(text))


def facts(pairs: Sequence[tuple[object, str]], reader: str, kind: str = "") -> Markup:
    """Figures: pairs of a value and the key of what it is."""
    return render("kit/facts.html", reader, pairs=pairs, kind=kind)


def items(page: str) -> list[str]:
    """The value of a component whose template is ITEMS: what stands before a list's first item, and each of them."""
    return re.split("(?=<li[ >])", page)


def join(parts: Sequence[object]) -> Markup:
    """Pieces of HTML one after the other; what is none is escaped."""
    return Markup("").join(parts)
