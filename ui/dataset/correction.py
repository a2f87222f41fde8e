"""A sample's text corrected, where both models agree against it: into the file beside the corpus, never into it."""

from typing import NamedTuple

import gradio as gr

from common.messages import UserError
from ui.dataset import samples
from ui.kit import access, corpus_field
from ui.kit.corpus_field import Source
from ui.kit.errors import refused
from ui.kit.events import ONCE, SEVERAL, Press
from ui.kit.html import note
from ui.kit.i18n import label, reader_of, say
from ui.scores import results
from ui.scores.results import Scorer


class Offer(NamedTuple):
    """What a visitor may accept: the row's text as both models wrote it."""

    source: Source
    row: int
    text: str


class Parts(NamedTuple):
    offered: gr.State  # an Offer
    accept: gr.Button
    password: gr.Textbox
    answer: gr.HTML


def parts() -> Parts:
    accept = gr.Button(label("accept_correction"), visible=False, size="sm", elem_id="accept-correction")
    secret = {"type": "password", "info": label("password_hint"), "visible": False, "max_lines": 1}
    password = gr.Textbox("", label=label("password"), **secret)
    return Parts(gr.State(), accept, password, gr.HTML(apply_default_css=False, elem_id="correction"))


def wire(parts: Parts, table: gr.HTML, source: gr.State, adapter: gr.State) -> None:
    """Offers it with each row that is chosen in the table, until another corpus is opened."""
    table.listen(_offer, [source, adapter], [*parts], **SEVERAL)
    source.change(lambda: _shown(None, False), None, [*parts], **SEVERAL)
    parts.accept.click(_accept, [parts.offered, parts.password], [parts.accept, parts.answer], **ONCE)


def _offer(source: Source, adapter: Scorer | None, press: Press) -> tuple:
    row = int(press.number("row"))
    text = _agreed(source, adapter, row)
    asked = text is not None and not access.on_a_space() and access.password() is not None
    return _shown(None if text is None else Offer(source, row, text), asked)


def _shown(offered: Offer | None, asked: bool) -> tuple:
    return offered, gr.Button(visible=offered is not None), gr.Textbox(visible=asked), ""


def _agreed(source: Source, adapter: Scorer | None, row: int) -> str | None:
    """What both models wrote of a row, where they agree against the reference and the corpus is on this disk."""
    from corpus import corrections

    corpus, base = corpus_field.opened(source).corpus, results.base()
    if not (base and adapter and 0 <= row < len(corpus) and corrections.beside(corpus.source)):
        return None
    scores = [results.cells(corpus, each.output(corpus)) for each in (base, adapter)]
    return str(scores[1].loc[row, "hypothesis"]) if samples.doubtful(scores)[row] else None


def _accept(
    offered: Offer | None, password: str, request: gr.Request, profile: gr.OAuthProfile | None
) -> tuple[gr.Button, str]:
    """Adds it to the corrections beside the corpus."""
    from corpus import corrections

    reader = reader_of(request)
    try:
        access.check(request, password, profile)
        corpus = corpus_field.opened(offered.source).corpus
        row, file = corpus.rows.loc[offered.row], corrections.beside(corpus.source)
        added = corrections.keep(file, [corrections.Correction(row["id"], offered.text, row["text"])])
    except UserError as refusal:
        return gr.skip(), refused(refusal, reader)
    return gr.Button(visible=False), note(say(reader, "corrected" if added else "corrected_before", file=file.name))
