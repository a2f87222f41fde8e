"""The compare tab: the same audio transcribed by a base, by adapters, by other settings, side by side."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr
from gradio.utils import get_upload_folder

from common.messages import UserError
from ui.compare import adapter_fields, blind, column_settings, columns, in_step, telephone_line, whole_corpus
from ui.compare.blind import Ballot
from ui.compare.columns import LETTERS, Column, ColumnResult
from ui.kit import adapter_shelf, corpus_field
from ui.kit.adapter_shelf import Shelf
from ui.kit.corpus_field import Source
from ui.kit.engine_pool import loading
from ui.kit.errors import refused
from ui.kit.events import AT_ONCE, FOUR_AT_ONCE, SEVERAL, written
from ui.kit.fields import decision
from ui.kit.html import alert, join, note
from ui.kit.i18n import label, message, reader_of, say
from ui.kit.sound import SAMPLE_RATE, new_file, playable
from ui.kit.theme import WAVE
from ui.kit.zero_gpu import LENT, Held, Quota

if TYPE_CHECKING:
    import numpy as np

    from speech.audio.decode import Recording
    from speech.transcribe import Source

ID = "compare"  # among the page's tabs
WORKING = SEVERAL | FOUR_AT_ONCE


class Taken(NamedTuple):
    """The clip of a corpus that is to be compared."""

    source: Source
    row: int


class Done(NamedTuple):
    """A comparison that has come to its end."""

    results: tuple[ColumnResult, ...]
    audio: str  # its name
    ballot: Ballot | None  # of a blind one
    chosen: bool = False  # the visitor has voted, so the names are shown


class Audio(NamedTuple):
    """What is to be compared."""

    recording: gr.Audio
    phone: gr.Checkbox
    phoned: gr.Audio
    picture: gr.HTML
    reference: gr.Textbox


class Sample(NamedTuple):
    sources: gr.Dropdown
    row: gr.Number
    take: gr.Button
    dice: gr.Button


class Votes(NamedTuple):
    numbers: gr.Row
    buttons: list  # a column each, and a tie
    tally: gr.HTML
    export: gr.DownloadButton


class Outcome(NamedTuple):
    """What the end of a comparison changes: in the layout the components, of a handler their new values."""

    start: object = gr.update(visible=True)
    stop: object = gr.update(visible=False)
    decide: object = gr.update(visible=False)
    numbers: object = gr.skip()
    first: object = gr.skip()
    second: object = gr.skip()
    third: object = gr.skip()
    tie: object = gr.skip()
    shown: object = gr.skip()
    memory: object = gr.skip()


def tab() -> list:
    """Builds the tab; what it returns changes as `given` says where a recording comes from another tab."""
    with gr.Tab(label("compare"), id=ID, elem_id="compare") as here:
        shelf, taken, done, ballots = gr.State(Shelf()), gr.State(), gr.State(), gr.State(())
        held, on_cpu, on_gpu = gr.State(), gr.State(True), gr.State(False)
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=5, min_width=300):
                audio, sample = _audio(), _sample()
            with gr.Column(scale=7, min_width=300):
                fields = column_settings.fields()
                with gr.Row(elem_classes="start"):
                    start = gr.Button(label("compare"), variant="primary", elem_classes="start")
                    stop = gr.Button(label("cancel"), variant="stop", visible=False, elem_classes="stop")
                    hidden = gr.Checkbox(False, label=label("blind"), container=False, min_width=140)
                decide = decision()
                shown = gr.HTML(apply_default_css=False, padding=False, elem_id="compared")
                votes = _votes()
        many = whole_corpus.section()
        shelves = adapter_fields.section()

    with here:  # among the tabs gradio would count a state as one
        lists = adapter_fields.lists(shelves, shelf, fields.models)
        chosen = dict(zip(("a", "b", "c"), fields.models, strict=True))
        arrived = [*lists, sample.sources, many.sources, shown]
        here.select(_arrive, shelf, arrived, inputs_kwargs=chosen, **SEVERAL)
        cleared = [taken, done, shown, votes.numbers]
        _wire_audio(audio, sample, taken, cleared)

        begin = {"fn": _begin, "inputs": None, "outputs": [start, stop, decide.row, votes.numbers], **AT_ONCE}
        inputs, written = [audio.recording, audio.phone, taken, hidden, shelf], [shown, done, held]
        works = [start.click(**begin).then(_compare, inputs, written, inputs_kwargs=fields.settings, **WORKING)]
        for button, choice in ((decide.on_cpu, on_cpu), (decide.on_gpu, on_gpu)):
            works.append(button.click(**begin).then(_go_on, [held, choice], written, **WORKING))
        ended = [*Outcome(start, stop, decide.row, votes.numbers, *votes.buttons, shown, shelves.memory)]
        for working in works:
            working.success(_finish, [done, audio.reference, held], ended, **SEVERAL)
            working.failure(_interrupted, [done, audio.reference], ended, **SEVERAL)
        gr.on([stop.click, audio.recording.clear], None, cancels=works)
        audio.reference.input(_show_result, [done, audio.reference], shown, **SEVERAL)
        for at, button in enumerate(votes.buttons):
            choice = gr.State(at if at < len(LETTERS) else None)
            told = [done, ballots, shown, votes.numbers, votes.tally, votes.export]
            button.click(_vote, [choice, done, ballots, audio.reference], told, **SEVERAL)

        column_settings.wire(fields)
        whole_corpus.wire(many, shelf, fields.settings)
        adapter_fields.wire(shelves, shelf, fields.models)
    return [audio.recording, audio.phone, audio.phoned, audio.picture, audio.reference, *cleared]


def given(recording: str | None) -> tuple:
    """A recording from another tab: as it is, without a reference yet."""
    return recording, False, gr.Audio(None, visible=False), "", "", *_forget()


def _wire_audio(audio: Audio, sample: Sample, taken: gr.State, cleared: list) -> None:
    """`cleared`: what another audio empties."""
    recording = audio.recording
    changed = gr.on([recording.upload, recording.stop_recording, recording.clear], _forget, None, cleared, **AT_ONCE)
    takes = [
        button.click(
            _take,
            [sample.sources, sample.row, gr.State(chance)],
            [recording, audio.reference, sample.row, *cleared],
            **SEVERAL,
        )
        for button, chance in ((sample.take, False), (sample.dice, True))
    ]
    for event in (changed.then, audio.phone.input, *[each.success for each in takes]):
        event(_phone, [recording, audio.phone, taken], [audio.phoned, audio.picture], **SEVERAL)


def _audio() -> Audio:
    recording = gr.Audio(
        label=label("recording"),
        sources=["upload", "microphone"],
        type="filepath",
        format=None,
        editable=False,
        elem_id="compared-recording",
        elem_classes="recorder",
        **WAVE,
    )
    phone = gr.Checkbox(False, label=label("phone"), info=label("phone_hint"))
    phoned = gr.Audio(label=label("phoned"), interactive=False, visible=False, elem_classes="recorder", **WAVE)
    picture = gr.HTML(apply_default_css=False, elem_id="line")
    reference = gr.Textbox(
        "", label=label("what_was_said"), placeholder=label("what_was_said_hint"), lines=2, elem_id="reference"
    )
    return Audio(recording, phone, phoned, picture, reference)


def _sample() -> Sample:
    with gr.Accordion(label("from_corpus"), open=False):
        sources = gr.Dropdown([], label=label("source"), info=label("source_hint"), allow_custom_value=True)
        with gr.Row(elem_classes="score"):
            row = gr.Number(1, label=label("sample_number"), precision=0, minimum=1, min_width=90)
            take = gr.Button(label("take"), min_width=90)
            dice = gr.Button(label("at_random"), min_width=90)
    return Sample(sources, row, take, dice)


def _votes() -> Votes:
    with gr.Row(visible=False, elem_classes="votes") as numbers:
        buttons = [gr.Button(str(at + 1), visible=at < 2, min_width=60) for at in range(len(LETTERS))]
        buttons.append(gr.Button(label("tie"), min_width=90))
    tally = gr.HTML(apply_default_css=False, elem_id="tally")
    with gr.Row(elem_classes="downloads"):
        export = gr.DownloadButton(label("tally_csv"), visible=False, size="sm", min_width=60)
    return Votes(numbers, buttons, tally, export)


# What happens


def _arrive(shelf: Shelf, request: gr.Request, **chosen: str | None) -> tuple:
    """The lists as they are now; a visitor who comes back finds what was chosen."""
    reader = reader_of(request)
    try:
        base = loading().result().choice.model
    except UserError as refusal:
        return *[gr.skip()] * 11, refused(refusal, reader)
    shelf = adapter_shelf.refreshed(shelf)
    first = shelf.adapters[0].name if shelf.adapters else None
    names = corpus_field.sources()
    sources = gr.Dropdown(names, value=names[0])
    models = (chosen["a"] or base, chosen["b"] or first, chosen["c"])
    welcome = gr.skip() if chosen["a"] else note(say(reader, "compare_invitation"))
    return *adapter_fields.listed(shelf, models, reader), sources, sources, welcome


def _forget() -> tuple:
    return None, None, "", gr.Row(visible=False)


def _take(name: str | None, row: float | None, chance: bool, request: gr.Request) -> tuple:
    """Takes a clip of a corpus, with what was said in it; by chance one that no training learns from."""
    from trainer.evaluation.selection import TRAINED

    reader = reader_of(request)
    source = Source(written(name))
    try:
        clips = corpus_field.opened(source).corpus
        learned = clips.rows["split"].isin(TRAINED)
        at = random.choice(clips.rows.index[~learned | learned.all()]) if chance else int(row or 1) - 1
        if not 0 <= at < len(clips):
            raise UserError(*message("no_such_sample", count=len(clips)))
        sound = playable(clips.clip(at))
    except UserError as refusal:
        return *[gr.skip()] * 5, refused(refusal, reader), gr.skip()
    told = note(say(reader, "taken_learned", split=clips.rows["split"][at])) if learned[at] else ""
    return sound, clips.rows["text"][at], int(at) + 1, Taken(source, int(at)), None, told, gr.Row(visible=False)


def _source(path: str | None, taken: Taken | None, phone: bool) -> tuple["Source", str]:
    """What is to be transcribed, which is decoded as it is needed, and its name. Raises UserError."""
    if taken:
        recording = _clip(taken)
        line = telephone_line.through(recording.waveform) if phone else recording.waveform
        return replace(recording, waveform=line), recording.facts.path
    if not path:
        raise UserError(*message("no_recording"))
    return partial(telephone_line.streamed, path) if phone else path, Path(path).name


def _clip(taken: Taken) -> "Recording":
    from speech.audio.decode import Recording
    from transcripts.transcript import AudioFacts

    clips = corpus_field.opened(taken.source).corpus
    clip = clips.clip(taken.row)
    name = clips.rows["id"][taken.row]
    return Recording(AudioFacts(name, len(clip) / SAMPLE_RATE, SAMPLE_RATE, 1, "pcm"), clip[None])


def _phone(path: str | None, phone: bool, taken: Taken | None, request: gr.Request) -> tuple:
    """What the telephone line leaves, to be played and seen."""
    if not phone or not (path or taken):
        return gr.Audio(None, visible=False), ""
    try:
        plain = _clip(taken).waveform if taken else _first_seconds(path)
        left = telephone_line.through(plain)
        played = playable(left) if taken else str(telephone_line.recorded(Path(path), new_file("phone.wav")))
    except UserError as refusal:
        return gr.Audio(None, visible=False), refused(refusal, reader_of(request))
    return gr.Audio(played, visible=True), telephone_line.pictures(plain, left, reader_of(request))


def _first_seconds(path: str) -> "np.ndarray":
    from speech.audio.decode import read

    return read(path, end=telephone_line.SHOWN).waveform


def _begin() -> tuple:
    return gr.Button(visible=False), gr.Button(visible=True), gr.Row(visible=False), gr.Row(visible=False)


async def _compare(
    path: str | None,
    phone: bool,
    taken: Taken | None,
    hidden: bool,
    shelf: Shelf,
    request: gr.Request,
    **settings,
) -> AsyncIterator[tuple]:
    """Yields how far it has come, and at the end the results."""
    reader, quota = reader_of(request), Quota()
    yield note(say(reader, "transcribing")), None, None
    try:
        source, name = await asyncio.to_thread(_source, path, taken, phone)
        columns_asked = await asyncio.to_thread(partial(column_settings.columns_of, shelf, **settings))
    except UserError as refusal:
        yield refused(refusal, reader), None, None
        return
    work = Held(_work(source, name, columns_asked, taken is not None, hidden, reader, quota), quota)
    async for so_far in _written(work, reader):
        yield so_far


async def _go_on(held: Held | None, on_cpu: bool, request: gr.Request) -> AsyncIterator[tuple]:
    """What was held, once the visitor has decided."""
    if held is None:
        return
    yield note(say(reader_of(request), "transcribing")), gr.skip(), held
    held.quota.decide(on_cpu)
    async for so_far in _written(held, reader_of(request)):
        yield so_far


async def _written(work: Held, reader: str) -> AsyncIterator[tuple]:
    """Yields how far it has come, the results, and at the end the work if it is held."""
    try:
        async for piece in work.newer():
            yield *piece, work if work.waits else None
    except UserError as refusal:
        yield refused(refusal, reader), None, None


def _work(
    source: "Source", name: str, asked: Sequence[Column], whole: bool, hidden: bool, reader: str, quota: Quota
) -> Iterator[tuple[str, Done | None]]:
    transcribe = partial(in_step.transcribe_in_step, quota=quota) if LENT else columns.transcribe_columns
    for stage in transcribe(source, asked, whole):
        if stage.at < len(asked):
            so_far = Done(stage.results, name, None) if stage.together and not hidden else None
            yield columns.running(stage, asked, reader, hidden), so_far
    ballot = blind.drawn(stage.results) if hidden else None
    yield gr.skip(), Done(stage.results, name, ballot)


def _finish(done: Done | None, reference: str, held: Held | None, request: gr.Request) -> Outcome:
    reader, waits = reader_of(request), held is not None and held.waits
    decide = gr.Row(visible=waits)
    asks = note(say(reader, "quota_asks", reason=held.quota.refusal.to(reader))) if waits else ""
    if done is None:  # what _compare said last stays
        return Outcome(decide=decide, shown=asks or gr.skip(), memory=adapter_fields.in_memory(reader))
    first, second, third = (gr.Button(visible=at < len(done.results)) for at in range(len(LETTERS)))
    return Outcome(
        decide=decide,
        numbers=gr.Row(visible=done.ballot is not None),
        first=first,
        second=second,
        third=third,
        shown=join([asks, _result(done, reference, reader)]),
        memory=adapter_fields.in_memory(reader),
    )


def _interrupted(done: Done | None, reference: str, request: gr.Request) -> Outcome:
    """The visitor cancelled it, or something failed that nobody foresaw and that the log has."""
    ended = _finish(done, reference, None, request)
    if done is not None:
        return ended
    return ended._replace(shown=alert(say(reader_of(request), "comparison_interrupted")))


def _result(done: Done, reference: str, reader: str) -> str:
    if done.ballot and not done.chosen:
        return columns.veiled(done.ballot.veiled, reader)
    return columns.shown(done.results, reference, reader, done.ballot.signs if done.ballot else LETTERS)


def _show_result(done: Done | None, reference: str, request: gr.Request) -> str:
    """Another reference, the same columns."""
    return _result(done, reference, reader_of(request)) if done else gr.skip()


def _vote(choice: int | None, done: Done | None, votes: tuple, reference: str, request: gr.Request) -> tuple:
    if done is None or done.ballot is None or done.chosen:
        return (gr.skip(),) * 6
    reader = reader_of(request)
    votes = (*votes, blind.vote(done.ballot, choice, done.audio, reference))
    done = done._replace(chosen=True)
    file = gr.DownloadButton(value=blind.export(votes, Path(get_upload_folder()), reader), visible=True)
    return done, votes, _result(done, reference, reader), gr.Row(visible=False), blind.tally(votes, reader), file
