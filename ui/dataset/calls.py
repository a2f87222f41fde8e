"""The whole calls of a corpus: how well each is transcribed, and what was said beside what was written."""

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr
from gradio.utils import get_upload_folder
from markupsafe import Markup

from common.messages import UserError
from ui.dataset import scoring_jobs
from ui.kit import corpus_field
from ui.kit.corpus_field import Source
from ui.kit.engine_pool import loading
from ui.kit.errors import refused
from ui.kit.events import AT_ONCE, POLL, SEVERAL, Press
from ui.kit.format import clock, percent
from ui.kit.html import alert, facts, note, render
from ui.kit.i18n import label, reader_of, say
from ui.kit.sound import playable
from ui.scores import background, results
from ui.scores.results import Scorer

if TYPE_CHECKING:
    from corpus.layouts.raw import Call
    from scoring.calls.measures import Call as Scored

AROUND = 0.3  # seconds played around a turn

CLICKS = """
element.addEventListener('click', event => {
  const row = event.target.closest('[data-call]');
  if (!row || !getSelection().isCollapsed) return;
  element.querySelector('[aria-current]')?.removeAttribute('aria-current');
  row.setAttribute('aria-current', 'true');
  trigger('open_call', {call: Number(row.dataset.call)});
});
"""
TURNS = """
element.addEventListener('click', event => {
  const turn = event.target.closest('[data-start]');
  if (!turn || !getSelection().isCollapsed) return;
  const {call, start, end} = turn.dataset;
  trigger('hear', {call: Number(call), start: Number(start), end: Number(end)});
});
"""


class Row(NamedTuple):
    """A call in the table; a figure is "" where it is not scored."""

    place: int
    name: str
    seconds: str
    cpwer: str
    numbers: str
    worst: str


class Desk(NamedTuple):
    score: gr.Button
    cancel: gr.Button
    progress: gr.HTML
    figures: gr.HTML
    page: gr.DownloadButton
    table: gr.HTML
    player: gr.Audio
    call: gr.HTML


def desk(source: gr.State, adapter: gr.State, shown: list) -> None:
    """The desk below the corpus; `shown` are the events after which it is drawn anew."""
    jobs, ended, timer = gr.State(()), gr.State(0), gr.Timer(POLL, active=False)
    parts = _parts()
    working = [jobs, parts.progress, timer, parts.cancel]
    drawn = [parts.table, parts.figures, parts.page]
    for event in (*shown, ended.change):
        event(_draw, [source, adapter], drawn, **SEVERAL)
    for event in shown:
        event(_close, None, [parts.player, parts.call], **AT_ONCE)
    parts.score.click(_score, [source, adapter], working, **SEVERAL)
    parts.cancel.click(scoring_jobs.cancel, jobs, parts.progress, **AT_ONCE)
    timer.tick(scoring_jobs.look, [jobs, ended], [*working, ended], **SEVERAL)
    parts.table.open_call(_open, [source, adapter], [parts.player, parts.call], **SEVERAL)
    parts.call.hear(_hear, source, parts.player, **SEVERAL)


def _parts() -> Desk:
    with gr.Row(elem_classes="score"):
        score = gr.Button(label("score_calls"), variant="primary", min_width=220)
        cancel = gr.Button(label("cancel"), variant="stop", visible=False, min_width=90)
        page = gr.DownloadButton(label("calls_page"), visible=False, min_width=150)
    progress = gr.HTML(apply_default_css=False, elem_id="calls-progress")
    figures = gr.HTML(apply_default_css=False, elem_id="calls-figures")
    with gr.Row(elem_classes="desk"):
        with gr.Column(scale=5, min_width=300):
            table = gr.HTML(apply_default_css=False, js_on_load=CLICKS, elem_id="calls-table")
        with gr.Column(scale=7, min_width=300):
            player = gr.Audio(visible=False, interactive=False, autoplay=True, buttons=[], elem_id="turn-player")
            call = gr.HTML(apply_default_css=False, js_on_load=TURNS, elem_id="call")
    return Desk(score, cancel, progress, figures, page, table, player, call)


def _scorer(adapter: Scorer | None) -> Scorer | None:
    """The adapter that is named, else the page's model; None while that is loading or where there is none."""
    return adapter or (results.base() if loading().done() else None)


def _draw(source: Source | None, adapter: Scorer | None, request: gr.Request) -> tuple:
    """The table of calls, the figures of all, and the page to send."""
    hidden = gr.DownloadButton(visible=False)
    if source is None:
        return "", "", hidden
    reader, corpus = reader_of(request), corpus_field.opened(source).corpus
    scorer = _scorer(adapter)
    found = results.calls(corpus, scorer) if scorer else None
    scored = {call.name: call for call in found.score.calls} if found else {}
    rows = [_row(place, call, scored.get(call.name), reader) for place, call in enumerate(corpus.calls)]
    table = render("dataset/calls.html", reader, rows=rows)
    if not found:
        return table, note(say(reader, "no_calls_yet")), hidden
    return table, _figures(found.score, scorer.title, reader), _page(found.score, corpus.name, scorer, reader)


def _row(place: int, call: "Call", scored: "Scored | None", reader: str) -> Row:
    from scoring.calls.score import details, worst_minute

    seconds = clock(max((turn.end for turn in call.turns), default=0.0))
    if scored is None:
        return Row(place, call.name, seconds, "", "", "")
    numbers, worst = details(scored.turns).numbers, worst_minute(scored)
    return Row(
        place,
        call.name,
        seconds,
        percent(scored.cp and scored.cp.rate, reader),
        f"{numbers.right}/{numbers.said}" if numbers.said else "–",
        "–" if worst is None else f"{worst}:00",
    )


def _figures(score, title: str, reader: str) -> Markup:
    der, orc, numbers, names = score.diarization, score.orc, score.details.numbers, score.details.names
    shown = [
        (percent(score.cp and score.cp.rate, reader), "cpwer_fact"),
        (percent(score.tcp and score.tcp.rate, reader), "tcpwer_fact"),
        *([(percent(orc.rate, reader), "orcwer_fact")] if orc else []),
        *([(percent(der.rate, reader), "der_fact")] if der else []),
        *([(f"{numbers.right}/{numbers.said}", "numbers_fact")] if numbers.said else []),
        *([(f"{names.right}/{names.said}", "names_fact")] if names.said else []),
    ]
    return Markup("<h4>{}</h4>{}").format(title, facts(shown, reader))


def _page(score, corpus: str, scorer: Scorer, reader: str) -> gr.DownloadButton:
    """The page to send, in a folder whose name cannot be guessed."""
    from scoring.calls.page import page

    name = re.sub(r"[^\w.-]+", "-", f"{corpus}-{scorer.title}")
    file = Path(get_upload_folder()) / secrets.token_hex(16) / f"{name}.html"
    file.parent.mkdir(parents=True)
    file.write_text(page(score, reader, f"{corpus}, {scorer.title}"), encoding="utf-8")
    return gr.DownloadButton(value=file, visible=True)


def _close() -> tuple:
    return gr.Audio(None, visible=False), ""


def _open(source: Source, adapter: Scorer | None, press: Press, request: gr.Request) -> tuple:
    """A conversation: what was said, turn by turn, with what was written of it."""
    reader, corpus = reader_of(request), corpus_field.opened(source).corpus
    place, scorer = int(press.number("call")), _scorer(adapter)
    if not 0 <= place < len(corpus.calls):
        return gr.skip(), gr.skip()
    call = corpus.calls[place]
    found = results.calls(corpus, scorer) if scorer else None
    scored = next((each for each in found.score.calls if each.name == call.name), None) if found else None
    return gr.Audio(None, visible=False), render(
        "dataset/call.html", reader, place=place, call=call, turns=scored.turns if scored else None
    )


def _hear(source: Source, press: Press) -> gr.Audio:
    """Plays a turn."""
    from speech.audio.decode import read

    call, start, end = (press.number(name) for name in ("call", "start", "end"))
    calls = corpus_field.opened(source).corpus.calls
    if not (0 <= call < len(calls) and 0 <= start < end):
        return gr.skip()
    end = min(end, start + 60.0)
    sound = read(calls[int(call)].recording, start=max(0.0, start - AROUND), end=end + AROUND).waveform
    return gr.Audio(playable(sound[:2]), visible=True)


def _score(source: Source | None, adapter: Scorer | None, request: gr.Request) -> tuple:
    if source is None:
        return gr.skip(), alert(say(reader_of(request), "nothing_open")), gr.skip(), gr.skip()
    try:
        loading().result()
    except UserError as refusal:
        return gr.skip(), refused(refusal, reader_of(request)), gr.skip(), gr.skip()
    corpus = corpus_field.opened(source).corpus
    return scoring_jobs.working((background.begin_calls(corpus, _scorer(adapter), corpus.calls),), request)
