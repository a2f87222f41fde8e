"""Columns A and B over a whole corpus: the part of the compare tab that starts it, looks on and shows the outcome."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr

from common.messages import UserError
from ui.compare import column_settings, columns, whole_corpus_html
from ui.kit import corpus_field
from ui.kit.adapter_shelf import Shelf
from ui.kit.corpus_field import Source, refused
from ui.kit.events import AT_ONCE, POLL, SEVERAL
from ui.kit.fields import FIRST
from ui.kit.i18n import label, reader_of, say
from ui.kit.sound import playable
from ui.kit.theme import WAVE
from ui.scores import background, figures_html, results

if TYPE_CHECKING:
    from ui.scores.results import Listener


class Duel(NamedTuple):
    """Two listeners and the rows of a corpus that both hear."""

    source: Source
    both: tuple["Listener", ...]
    rows: tuple[int, ...]


def section() -> list:
    """The fields; the first one names the corpus."""
    with gr.Accordion(label("many"), open=False, elem_id="many"):
        with gr.Row(elem_classes="score"):
            custom = {"allow_custom_value": True, "scale": 3, "min_width": 220}
            sources = gr.Dropdown([], label=label("source"), **custom)
            first = gr.Number(FIRST, label=label("first"), info=label("all_hint"), precision=0, min_width=90)
            start = gr.Button(label("compare_many"), variant="primary", min_width=150)
            stop = gr.Button(label("cancel"), variant="stop", visible=False, min_width=90)
        progress = gr.HTML(apply_default_css=False, elem_id="many-progress")
        summary = gr.HTML(
            apply_default_css=False, js_on_load=whole_corpus_html.PLAY, padding=False, elem_id="many-summary"
        )
        player = gr.Audio(label=label("clip"), interactive=False, visible=False, elem_classes="recorder", **WAVE)
        clip = gr.HTML(apply_default_css=False, padding=False, elem_id="many-clip")
    return [sources, first, start, stop, progress, summary, player, clip]


def wire(duel: list, own: gr.State, asked: list) -> None:
    sources, first, start, stop, progress, summary, player, clip = duel
    fought, followed, timer = gr.State(), gr.State(()), gr.Timer(POLL, active=False)
    working = [followed, progress, timer, stop]
    start.click(_fight, [sources, first, own, *asked], [fought, *working, summary, player, clip], **SEVERAL)
    stop.click(_cancel, followed, progress, **AT_ONCE)
    timer.tick(_look, [followed, fought], [*working, summary], **SEVERAL)
    summary.listen(_listen, fought, [player, clip], **SEVERAL)


def _fight(name: str | None, first: float | None, own: Shelf, request: gr.Request, *asked) -> Iterator[tuple]:
    """Columns A and B over the first clips of a corpus, or over all."""
    reader, kept = reader_of(request), gr.skip()
    yield kept, kept, f'<p class="note" role="status">{say(reader, "loading")}</p>', kept, kept, "", *_silent()
    try:
        both = column_settings.asked(own, False, *asked[1:])
        columns.refuse_twins(both)
        source = Source((name or "").strip())
        clips = corpus_field.opened(source).corpus
        listeners = tuple(results.listener(setting, called if setting.adapter else "") for called, setting in both)
    except UserError as refusal:
        yield kept, kept, refused(refusal, reader), kept, kept, kept, kept, kept
        return
    rows = range(len(clips))[: int(first) if first and first >= 1 else None]
    jobs = tuple(background.begin(clips, listener, rows) for listener in listeners)
    yield Duel(source, listeners, tuple(rows)), *_working(jobs, request), kept, kept, kept


def _silent() -> tuple:
    return gr.Audio(None, visible=False), ""


def _working(jobs: tuple, request: gr.Request) -> tuple:
    alive = any(job.alive for job in jobs)
    return jobs, figures_html.jobs(jobs, reader_of(request)), gr.Timer(active=alive), gr.Button(visible=alive)


def _look(followed: tuple, duel: Duel | None, request: gr.Request) -> Iterator[tuple]:
    """How far the jobs are; what they found is shown once none is left."""
    over = not any(job.alive for job in followed)
    yield *_working(followed, request), gr.skip()
    if over and duel:
        yield *_working(followed, request), _summary(duel, reader_of(request))


def _summary(duel: Duel, reader: str) -> str:
    opened = corpus_field.opened(duel.source)
    pairs = whole_corpus_html.compared(opened.corpus, duel.both, duel.rows)
    return whole_corpus_html.summary(opened, pairs, _names(duel), len(opened.corpus), reader)


def _names(duel: Duel) -> list[str]:
    """Of both, with engine and precision where these tell them apart."""
    alike = len({(each.name, each.precision) for each in duel.both}) > 1
    return [f"{each.called} ({each.name}, {each.precision})" if alike else each.called for each in duel.both]


def _cancel(followed: tuple, request: gr.Request) -> str:
    for job in followed:
        job.stop()
    return figures_html.jobs(followed, reader_of(request))


def _listen(duel: Duel | None, event: gr.EventData, request: gr.Request) -> tuple:
    if duel is None or int(event.row) not in duel.rows:
        return gr.skip(), gr.skip()
    reader, row = reader_of(request), int(event.row)
    opened = corpus_field.opened(duel.source)
    pairs = whole_corpus_html.compared(opened.corpus, duel.both, duel.rows)
    try:
        sound = playable(opened.corpus.clip(row))
    except UserError as refusal:
        return gr.Audio(None, visible=False), refused(refusal, reader)
    return gr.Audio(sound, visible=True, autoplay=True), whole_corpus_html.clip(
        opened, pairs, row, _names(duel), reader
    )
