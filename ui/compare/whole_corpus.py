"""Columns A and B over a whole corpus: the part of the compare tab that starts it, looks on and shows the outcome."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr

from common.messages import UserError
from ui.compare import column_settings, columns, whole_corpus_html
from ui.kit import corpus_field
from ui.kit.adapter_shelf import Shelf
from ui.kit.corpus_field import Source
from ui.kit.errors import refused
from ui.kit.events import AT_ONCE, POLL, SEVERAL, Press, written
from ui.kit.fields import FIRST
from ui.kit.html import note
from ui.kit.i18n import label, reader_of, say
from ui.kit.sound import playable
from ui.kit.theme import WAVE
from ui.scores import background, figures_html, results

if TYPE_CHECKING:
    from corpus import Corpus
    from ui.scores.results import Scorer

HONEST, ALL = "honest", "all"  # what no adapter was trained on; all splits
SPLITS = ("test", "validation", "train")


class CorpusComparison(NamedTuple):
    """Two models and the rows of a corpus that both transcribe."""

    source: Source
    both: tuple["Scorer", ...]
    rows: tuple[int, ...]


class Parts(NamedTuple):
    """The section's fields and what it shows."""

    sources: gr.Dropdown
    split: gr.Dropdown
    first: gr.Number
    start: gr.Button
    stop: gr.Button
    progress: gr.HTML
    summary: gr.HTML
    player: gr.Audio
    clip: gr.HTML


def section() -> Parts:
    with gr.Accordion(label("many"), open=False, elem_id="many"):
        with gr.Row(elem_classes="score"):
            custom = {"allow_custom_value": True, "scale": 3, "min_width": 220}
            sources = gr.Dropdown([], label=label("source"), **custom)
            split = gr.Dropdown(_splits(), value=HONEST, label=label("split"), allow_custom_value=True, min_width=150)
            first = gr.Number(FIRST, label=label("first"), info=label("all_hint"), precision=0, min_width=90)
            start = gr.Button(label("compare_many"), variant="primary", min_width=150)
            stop = gr.Button(label("cancel"), variant="stop", visible=False, min_width=90)
        progress = gr.HTML(apply_default_css=False, elem_id="many-progress")
        summary = gr.HTML(
            apply_default_css=False, js_on_load=whole_corpus_html.PLAY, padding=False, elem_id="many-summary"
        )
        player = gr.Audio(label=label("clip"), interactive=False, visible=False, elem_classes="recorder", **WAVE)
        clip = gr.HTML(apply_default_css=False, padding=False, elem_id="many-clip")
    return Parts(sources, split, first, start, stop, progress, summary, player, clip)


def wire(parts: Parts, shelf: gr.State, settings: dict) -> None:
    """`settings`: the fields of the columns, by their names."""
    comparison, jobs, timer = gr.State(), gr.State(()), gr.Timer(POLL, active=False)
    working = [jobs, parts.progress, timer, parts.stop]
    shown = [comparison, *working, parts.summary, parts.player, parts.clip]
    parts.start.click(
        _start, [parts.sources, parts.split, parts.first, shelf], shown, inputs_kwargs=settings, **SEVERAL
    )
    parts.stop.click(_cancel, jobs, parts.progress, **AT_ONCE)
    timer.tick(_look, [jobs, comparison], [*working, parts.summary], **SEVERAL)
    parts.summary.listen(_listen, comparison, [parts.player, parts.clip], **SEVERAL)


def _splits() -> list[tuple[str, str]]:
    """Those that Allô's own corpora have; another one's can be typed."""
    return [(label("honest_split"), HONEST), *((name, name) for name in SPLITS), (label("all_splits"), ALL)]


def _start(
    name: str | None, split: str | None, first: float | None, shelf: Shelf, request: gr.Request, **settings
) -> Iterator[tuple]:
    """Columns A and B over some clips of a corpus, drawn by chance, or over all."""
    reader, kept = reader_of(request), gr.skip()
    yield kept, kept, note(say(reader, "loading")), kept, kept, "", gr.Audio(None, visible=False), ""
    try:
        both = column_settings.columns_of(shelf, **settings | {"third": False})
        columns.refuse_twins(both)
        source = Source(written(name))
        clips = corpus_field.opened(source).corpus
        scorers = tuple(results.scorer(each.setting, each.name if each.setting.adapter else "") for each in both)
        rows = _rows(clips, scorers, split or HONEST, first)
    except UserError as refusal:
        yield kept, kept, refused(refusal, reader), kept, kept, kept, kept, kept
        return
    jobs = tuple(background.begin(clips, scorer, rows) for scorer in scorers)
    yield CorpusComparison(source, scorers, rows), *_working(jobs, request), kept, kept, kept


def _rows(clips: "Corpus", scorers: tuple["Scorer", ...], split: str, count: float | None) -> tuple[int, ...]:
    """Raises UserError for a split that is not there."""
    from trainer.evaluation import selection

    if split == HONEST:
        split = results.honest_split(clips, scorers) or ALL
    return tuple(selection.selected(clips, written(split), count=int(count) if count and count >= 1 else None))


def _working(jobs: tuple, request: gr.Request) -> tuple:
    alive = any(job.alive for job in jobs)
    return jobs, figures_html.jobs(jobs, reader_of(request)), gr.Timer(active=alive), gr.Button(visible=alive)


def _look(jobs: tuple, comparison: CorpusComparison | None, request: gr.Request) -> Iterator[tuple]:
    """How far the jobs are; what they found is shown once none is left."""
    over = not any(job.alive for job in jobs)
    yield *_working(jobs, request), gr.skip()
    if over and comparison:
        yield *_working(jobs, request), _summary(comparison, reader_of(request))


def _summary(comparison: CorpusComparison, reader: str) -> str:
    opened = corpus_field.opened(comparison.source)
    pairs = whole_corpus_html.compared(opened.corpus, comparison.both, comparison.rows)
    flattered = figures_html.learned(opened.corpus, comparison.both, comparison.rows, reader)
    return flattered + whole_corpus_html.summary(opened, pairs, _names(comparison), len(opened.corpus), reader)


def _names(comparison: CorpusComparison) -> list[str]:
    """Of both, with engine and precision where these tell them apart."""
    alike = len({(each.name, each.precision) for each in comparison.both}) > 1
    return [f"{each.title} ({each.name}, {each.precision})" if alike else each.title for each in comparison.both]


def _cancel(jobs: tuple, request: gr.Request) -> str:
    for job in jobs:
        job.stop()
    return figures_html.jobs(jobs, reader_of(request))


def _listen(comparison: CorpusComparison | None, press: Press, request: gr.Request) -> tuple:
    row = int(press.number("row"))
    if comparison is None or row not in comparison.rows:
        return gr.skip(), gr.skip()
    reader = reader_of(request)
    opened = corpus_field.opened(comparison.source)
    pairs = whole_corpus_html.compared(opened.corpus, comparison.both, comparison.rows)
    try:
        sound = playable(opened.corpus.clip(row))
    except UserError as refusal:
        return gr.Audio(None, visible=False), refused(refusal, reader)
    shown = whole_corpus_html.clip(pairs, row, _names(comparison), reader)
    return gr.Audio(sound, visible=True, autoplay=True), shown
