"""The corpus tab: a corpus in figures and pictures, its samples one by one, and the scores of the models on it."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import gradio as gr
from gradio.utils import get_upload_folder
from markupsafe import Markup

from common.messages import UserError
from ui.dataset import calls, charts, correction, sample, samples, scoring_jobs
from ui.dataset.samples import ALL, PAGE, SHOWN, View
from ui.kit import adapter_shelf, corpus_field
from ui.kit.corpus_field import Source
from ui.kit.engine_pool import Setting, loading
from ui.kit.errors import for_visitors, refused
from ui.kit.events import AT_ONCE, POLL, SEVERAL, Press, written
from ui.kit.fields import FIRST, corpus_columns
from ui.kit.format import number
from ui.kit.html import alert, note
from ui.kit.i18n import label, reader_of, say
from ui.kit.sound import playable
from ui.kit.theme import INK
from ui.scores import background, figures_html, results
from ui.scores.results import Scorer

SCROLL = """() => { if (innerWidth <= 700) document.querySelector('#clip').scrollIntoView({behavior: 'smooth'}); }"""


class Choice(NamedTuple):
    """What to open, and the adapter whose scores stand beside the page's own."""

    name: gr.Dropdown
    columns: list  # audio, text, unit
    open: gr.Button
    adapter: gr.Dropdown


class Scores(NamedTuple):
    first: gr.Number
    score_first: gr.Button
    score_selection: gr.Button
    cancel: gr.Button
    progress: gr.HTML
    figures: gr.HTML
    exports: list  # of the page's model, and of the adapter


class Table(NamedTuple):
    search: gr.Textbox
    split: gr.Dropdown
    shown: gr.Dropdown
    table: gr.HTML
    before: gr.Button
    where: gr.HTML
    after: gr.Button


def tab() -> None:
    with gr.Tab(label("dataset"), elem_id="dataset") as here:
        source, adapter = gr.State(), gr.State()  # a Source, a Scorer
        order, page = gr.State(), gr.State(0)
        jobs, ended = gr.State(()), gr.State(0)  # jobs; how often they came to an end
        timer = gr.Timer(POLL, active=False)
        choice = _choice()
        about = gr.HTML(apply_default_css=False, elem_id="corpus")
        views = [(label("view_clips"), "clips"), (label("view_calls"), "calls")]
        switch = gr.Radio(views, value="clips", show_label=False, container=False, visible=False, elem_id="view")
        with gr.Column() as clips_desk:
            with gr.Row(elem_classes="desk"):
                picture, drawn = _picture()
                scores = _scores()
            with gr.Row(elem_classes="desk samples-desk"):
                rows = _table()
                player, one, corrected = _sample()
        calls_desk = gr.Column(visible=False)

    view = {"source": source, "adapter": adapter, "split": rows.split, "search": rows.search, "shown": rows.shown}
    view = {"inputs_kwargs": view | {"order": order}}
    page_shown = [rows.table, rows.where, rows.before, rows.after, page]
    working = [jobs, scores.progress, timer, scores.cancel]

    opened = gr.on(
        [here.select, choice.name.input, choice.open.click],
        _open,
        [choice.name, *choice.columns, source, adapter],
        [source, about, choice.name, choice.adapter, rows.split, order, page, player, one],
        **SEVERAL,
    )
    named = [adapter, scores.progress, rows.split]
    naming = choice.adapter.input(_name_adapter, [choice.adapter, adapter, source, rows.split], named, **SEVERAL)
    opened.then(_offer_calls, source, switch, **SEVERAL)
    switch.change(
        lambda view: [gr.Column(visible=view == each) for each in ("clips", "calls")],
        switch,
        [clips_desk, calls_desk],
        **AT_ONCE,
    )
    with calls_desk:
        calls.desk(source, adapter, [opened.success, naming.success])
    counted = {"inputs": [source, adapter, rows.split], "outputs": [scores.figures, *scores.exports]}
    for changed in (opened.success, naming.success, ended.change):
        changed(_show, page, page_shown, **view, **SEVERAL)
        changed(_draw, [source, adapter, picture], [picture, drawn], **SEVERAL)
        changed(_count, **counted, **SEVERAL)
    opened.success(_follow, [source, adapter], working, **SEVERAL)
    picture.input(_draw, [source, adapter, picture], [picture, drawn], **SEVERAL)

    turned = [
        gr.on([rows.search.change, rows.split.input], lambda: 0, None, page, **AT_ONCE),
        rows.shown.input(lambda: (0, None), None, [page, order], **AT_ONCE),
        rows.table.arrange(_arrange, order, [page, order], **AT_ONCE),
        rows.before.click(lambda page: page - 1, page, page, **AT_ONCE),
        rows.after.click(lambda page: page + 1, page, page, **AT_ONCE),
    ]
    for event in turned:
        event.then(_show, page, page_shown, **view, **SEVERAL)
    rows.split.input(_count, **counted, **SEVERAL)
    rows.table.listen(_listen, [source, adapter], [player, one], **SEVERAL).then(None, js=SCROLL)
    correction.wire(corrected, rows.table, source, adapter)

    scores.score_first.click(_score_first, [source, adapter, rows.split, scores.first], working, **SEVERAL)
    scores.score_selection.click(_score_selection, None, working, **view, **SEVERAL)
    scores.cancel.click(scoring_jobs.cancel, jobs, scores.progress, **AT_ONCE)
    timer.tick(scoring_jobs.look, [jobs, ended], [*working, ended], **SEVERAL)  # unqueued, a state tells no change


def _choice() -> Choice:
    with gr.Row(elem_classes="choice"):
        custom = {"allow_custom_value": True, "min_width": 260}
        name = gr.Dropdown([], label=label("source"), info=label("source_hint"), scale=3, **custom)
        adapter = gr.Dropdown([], label=label("adapter"), info=label("adapter_hint"), scale=2, **custom)
    with gr.Accordion(label("unusual"), open=False), gr.Row(equal_height=True):
        columns = corpus_columns()
        again = gr.Button(label("open"), min_width=100)
    return Choice(name, columns, again, adapter)


def _picture() -> tuple[gr.Dropdown, gr.HTML]:
    with gr.Column(scale=5, min_width=300):
        return gr.Dropdown([], label=label("picture")), gr.HTML(apply_default_css=False, elem_id="drawn")


def _scores() -> Scores:
    with gr.Column(scale=7, min_width=300):
        with gr.Row(elem_classes="score"):
            first = gr.Number(FIRST, label=label("first"), precision=0, min_width=90)
            score_first = gr.Button(label("score_first"), variant="primary", scale=3, min_width=270)
            score_selection = gr.Button(label("score_selection"), scale=2, min_width=150)
            cancel = gr.Button(label("cancel"), variant="stop", visible=False, min_width=90)
        progress = gr.HTML(apply_default_css=False, elem_id="progress")
        figures = gr.HTML(apply_default_css=False, elem_id="figures")
        with gr.Row(elem_classes="downloads"):
            exports = [gr.DownloadButton(visible=False, size="sm", min_width=60) for _ in range(2)]
    return Scores(first, score_first, score_selection, cancel, progress, figures, exports)


def _table() -> Table:
    with gr.Column(scale=7, min_width=300):
        with gr.Row():
            search = gr.Textbox("", label=label("search"), placeholder=label("search_hint"), max_lines=1, min_width=150)
            split = gr.Dropdown([(label("all_splits"), ALL)], value=ALL, label=label("split"), min_width=110)
            choices = [(label(f"show_{name}"), name) for name in SHOWN]
            shown = gr.Dropdown(choices, value="all", label=label("show"), min_width=150)
        table = gr.HTML(apply_default_css=False, js_on_load=samples.CLICKS, elem_id="samples-table")
        with gr.Row(elem_classes="pager"):
            before = gr.Button(label("previous"), size="sm", interactive=False, min_width=90)
            where = gr.HTML(apply_default_css=False, elem_id="where")
            after = gr.Button(label("next"), size="sm", interactive=False, min_width=90)
    return Table(search, split, shown, table, before, where, after)


def _sample() -> tuple[gr.Audio, gr.HTML, correction.Parts]:
    with gr.Column(scale=5, min_width=300, elem_id="clip"):
        player = gr.Audio(
            label=label("clip"),
            interactive=False,
            visible=False,
            buttons=[],
            waveform_options=gr.WaveformOptions(waveform_progress_color=INK.c500),
            elem_id="player",
        )
        return player, gr.HTML(apply_default_css=False, elem_id="sample"), correction.parts()


def _open(
    name: str | None,
    audio: str,
    text: str,
    unit: str,
    source: Source | None,
    adapter: Scorer | None,
    request: gr.Request,
) -> Iterator[tuple]:
    """Opens what is named, the default at first. Where that is refused, nothing is open.

    A dropdown with custom values tells its choice twice, and once more whenever it is left.
    """
    reader = reader_of(request)
    if source is None or name != source.name:
        yield gr.skip(), note(say(reader, "opening")), *[gr.skip()] * 7
    names = corpus_field.sources()
    asked = Source(written(name) or names[0], audio.strip(), text.strip(), unit)
    try:
        opened = corpus_field.opened(asked)
    except UserError as refusal:
        yield None, refused(refusal, reader), gr.skip(), gr.skip(), *_closed(reader)
        return
    chosen = gr.Dropdown(names, value=asked.name), gr.Dropdown(adapter_shelf.names())
    cleared = [gr.skip()] * 5
    if asked != source:
        honest = results.honest_split(opened.corpus, [adapter] if adapter else [])
        cleared = _closed(reader, opened.facts["splits"], honest or ALL)
    yield asked, figures_html.corpus(opened, reader), *chosen, *cleared


def _offer_calls(source: Source | None) -> gr.Radio:
    """The switch, where the corpus has whole calls; the clips come first."""
    whole = source is not None and bool(corpus_field.opened(source).corpus.calls)
    return gr.Radio(visible=True) if whole else gr.Radio(value="clips", visible=False)


def _closed(reader: str, splits: Iterable[str] = (), chosen: str = ALL) -> tuple:
    """No sample chosen of a corpus of these splits, and its first page."""
    every = gr.Dropdown([(say(reader, "all_splits"), ALL), *((split, split) for split in splits)], value=chosen)
    return every, None, 0, gr.Audio(None, visible=False), sample.invitation(reader)


def _name_adapter(
    name: str | None, adapter: Scorer | None, source: Source | None, split: str, request: gr.Request
) -> Iterator[tuple]:
    """Loads the adapter to compare with, and leaves the splits that it was trained on."""
    reader, name = reader_of(request), written(name)
    if not name:
        yield None, "", gr.skip()
        return
    try:
        setting = Setting(adapter=adapter_shelf.adapter(name))
        if adapter and adapter.setting == setting:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        yield gr.skip(), note(say(reader, "adapter_loading")), gr.skip()
        scorer = results.scorer(setting, name)
        honest = results.honest_split(corpus_field.opened(source).corpus, [scorer]) if source else None
        yield scorer, "", honest if honest and split == ALL else gr.skip()
    except UserError as refusal:
        yield None, refused(refusal, reader), gr.skip()


def _show(page: int, source: Source | None, adapter: Scorer | None, request: gr.Request, **view) -> Iterator[tuple]:
    """A page of the samples; at once even where the model, whose scores they have, is still loading."""
    if source is None:
        yield "", "", gr.Button(interactive=False), gr.Button(interactive=False), 0
        return
    reader, view = reader_of(request), View(**view)
    opened = corpus_field.opened(source)
    if not loading().done():
        yield _page(opened, view, page, [], reader)
    yield _page(opened, view, page, [*_cells(opened, adapter).values()], reader)


def _page(opened: corpus_field.Opened, view: View, page: int, scores: list, reader: str) -> tuple:
    rows = samples.chosen(opened, view, scores)
    page = max(0, min(page, (len(rows) - 1) // PAGE))
    first, last = page * PAGE, min(len(rows), (page + 1) * PAGE)
    table = samples.table(opened, rows[first:last], view, scores, reader)
    said = {"first": first + 1, "last": last, "total": len(rows)}
    where = say(reader, "pages", **{key: number(value, reader, 0) for key, value in said.items()}) if len(rows) else ""
    return table, where, gr.Button(interactive=page > 0), gr.Button(interactive=last < len(rows)), page


def _arrange(order: tuple[str, bool] | None, press: Press) -> tuple:
    """A click on a head: numbers from the greatest down, text from A on; the other way at the second click."""
    column = press.text("column")
    down = column in ("seconds", "wer", "adapter_wer")
    return 0, (column, not order[1] if order and order[0] == column else down)


def _draw(source: Source | None, adapter: Scorer | None, picture: str | None, request: gr.Request) -> tuple:
    if source is None:
        return gr.Dropdown([], value=None), ""
    reader = reader_of(request)
    opened = corpus_field.opened(source)
    scores = _cells(opened, adapter) if loading().done() else {}
    any_scored = any(cells["hypothesis"].notna().any() for cells in scores.values())
    choices = charts.pictures(opened, any_scored, reader)
    picture = picture if picture in [name for _, name in choices] else "durations"
    return gr.Dropdown(choices, value=picture), charts.draw(picture, opened, scores, reader)


def _count(source: Source | None, adapter: Scorer | None, split: str, request: gr.Request) -> Iterator[tuple]:
    """The score of what is transcribed of the split, and the files to take away."""
    if source is None:
        yield "", *[gr.DownloadButton(visible=False)] * 2
        return
    reader = reader_of(request)
    opened = corpus_field.opened(source)
    rows = samples.of_split(opened, split).to_numpy().nonzero()[0]
    scorers = _scorers(adapter)
    if any(cells["hypothesis"].notna().any() for cells in _cells(opened, adapter).values()):
        yield note(say(reader, "counting")), gr.skip(), gr.skip()
    found = {each.title: results.overall(opened.corpus, each, rows) for each in scorers}
    files = [_file(opened, each, reader) if found[each.title] else gr.DownloadButton(visible=False) for each in scorers]
    missing = [gr.DownloadButton(visible=False)] * (2 - len(files))
    yield (
        figures_html.scores(found, opened, len(rows), reader) + _flattered(opened, adapter, rows, reader),
        *files,
        *missing,
    )


def _flattered(opened: corpus_field.Opened, adapter: Scorer | None, rows: Sequence[int], reader: str) -> Markup:
    """A warning where the adapter was trained on clips that it is scored on."""
    if adapter is None:
        return Markup()
    transcribed = results.cells(opened.corpus, adapter.output(opened.corpus))["hypothesis"].notna()
    return figures_html.learned(opened.corpus, [adapter], [row for row in rows if transcribed[row]], reader)


def _file(opened: corpus_field.Opened, scorer: Scorer, reader: str) -> gr.DownloadButton:
    file = results.export(opened.corpus, scorer, Path(get_upload_folder()), reader)
    return gr.DownloadButton(f"↓ CSV · {scorer.title}", value=file, visible=True)


def _listen(source: Source, adapter: Scorer | None, press: Press, request: gr.Request) -> tuple:
    reader = reader_of(request)
    opened = corpus_field.opened(source)
    row = int(press.number("row"))
    if not 0 <= row < len(opened.corpus):
        return gr.skip(), gr.skip()
    shown = sample.sample(opened, row, _cells(opened, adapter), reader)
    try:
        sound = playable(opened.corpus.clip(row))
    except UserError as refusal:
        why = refused(refusal, reader)
        return gr.Audio(None, visible=False), why + shown
    return gr.Audio(sound, visible=True), shown


def _score_first(
    source: Source | None, adapter: Scorer | None, split: str, first: float | None, request: gr.Request
) -> tuple:
    if source is None:
        return _nothing(say(reader_of(request), "nothing_open"))
    if not first or first < 1:
        return _nothing(say(reader_of(request), "not_a_number"))

    from trainer.evaluation import selection

    opened = corpus_field.opened(source)
    rows = selection.sample(samples.of_split(opened, split).to_numpy().nonzero()[0], int(first))
    return _begin(opened, adapter, rows, request)


def _score_selection(source: Source | None, adapter: Scorer | None, request: gr.Request, **view) -> tuple:
    if source is None:
        return _nothing(say(reader_of(request), "nothing_open"))
    opened = corpus_field.opened(source)
    rows = samples.chosen(opened, View(**view), [*_cells(opened, adapter).values()])
    if not len(rows):
        return _nothing(say(reader_of(request), "nothing_selected"))
    return _begin(opened, adapter, rows, request)


def _begin(opened: corpus_field.Opened, adapter: Scorer | None, rows, request: gr.Request) -> tuple:
    try:
        loading().result()
    except UserError as refusal:
        return _nothing(for_visitors(refusal.message).to(reader_of(request)))
    jobs = tuple(background.begin(opened.corpus, each, [int(row) for row in rows]) for each in _scorers(adapter))
    return scoring_jobs.working(jobs, request)


def _nothing(sentence: str) -> tuple:
    return gr.skip(), alert(sentence), gr.skip(), gr.skip()


def _follow(source: Source | None, adapter: Scorer | None, request: gr.Request) -> tuple:
    """A visitor who comes back finds what is being scored."""
    if source is None:
        return scoring_jobs.working((), request)
    opened = corpus_field.opened(source)
    outputs = [each.output(opened.corpus) for each in _scorers(adapter)]
    return scoring_jobs.working(tuple(background.alive(outputs)), request)


def _scorers(adapter: Scorer | None) -> list[Scorer]:
    """The page's model, if there is one, and the adapter, if one is named."""
    return [each for each in (results.base(), adapter) if each]


def _cells(opened: corpus_field.Opened, adapter: Scorer | None) -> dict:
    """What each has transcribed of the corpus, by its name, as `ui.scores.results.cells` has it."""
    return {each.title: results.cells(opened.corpus, each.output(opened.corpus)) for each in _scorers(adapter)}
