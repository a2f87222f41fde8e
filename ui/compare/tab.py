"""The compare tab: the same audio heard by a base, by adapters, by other settings, side by side."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr
from gradio.utils import get_upload_folder

from common.messages import UserError
from ui.compare import adapter_fields, blind, column_settings, columns, telephone_line, whole_corpus
from ui.compare.blind import Ballot
from ui.compare.columns import LETTERS, Heard
from ui.kit import adapter_shelf, corpus_field, transcript_html
from ui.kit.adapter_shelf import Shelf
from ui.kit.corpus_field import Source, refused
from ui.kit.engine_pool import loading
from ui.kit.events import AT_ONCE, FOUR_AT_ONCE, SEVERAL
from ui.kit.i18n import label, message, reader_of, say
from ui.kit.sound import SAMPLE_RATE, playable
from ui.kit.theme import WAVE

if TYPE_CHECKING:
    from speech.audio.decode import Recording

LISTENING = SEVERAL | FOUR_AT_ONCE


class Taken(NamedTuple):
    """The clip of a corpus that is being listened to."""

    source: Source
    row: int


class Done(NamedTuple):
    """A comparison that has come to its end."""

    heard: tuple[Heard, ...]
    audio: str  # its name
    ballot: Ballot | None  # of a blind one
    chosen: bool = False  # what was blind is told


def tab() -> None:
    with gr.Tab(label("compare"), elem_id="compare") as here:
        own, taken, done, votes = gr.State(Shelf()), gr.State(), gr.State(), gr.State(())
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=5, min_width=300):
                recording, phone, phoned, picture, reference = _audio()
                sources, row, take, dice = _sample()
            with gr.Column(scale=7, min_width=300):
                models, asked, opened = column_settings.fields()
                with gr.Row(elem_classes="start"):
                    start = gr.Button(label("compare"), variant="primary", elem_classes="start")
                    stop = gr.Button(label("cancel"), variant="stop", visible=False, elem_classes="stop")
                    hidden = gr.Checkbox(False, label=label("blind"), container=False, min_width=140)
                shown = gr.HTML(apply_default_css=False, padding=False, elem_id="compared")
                letters, buttons, told, export = _votes()
        many = whole_corpus.section()
        shelves = adapter_fields.section()

    with here:  # among the tabs gradio would count a state as one
        lists = [own, *models, sources, many[0], *shelves[:2], shelves[-1], shown]
        here.select(_arrive, [own, *models], lists, **SEVERAL)
        cleared = [taken, done, shown, letters]
        changed = gr.on(
            [recording.upload, recording.stop_recording, recording.clear], _forget, None, cleared, **AT_ONCE
        )
        takes = [
            button.click(_take, [sources, row, gr.State(chance)], [recording, reference, row, *cleared], **SEVERAL)
            for button, chance in ((take, False), (dice, True))
        ]
        for event in (changed.then, phone.input, *[each.success for each in takes]):
            event(_phone, [recording, phone, taken], [phoned, picture], **SEVERAL)

        begun = start.click(_begin, None, [start, stop, letters], **AT_ONCE)
        inputs = [recording, phone, taken, hidden, own, *asked]
        hearing = begun.then(_compare, inputs, [shown, done], **LISTENING)
        ended = [start, stop, letters, *buttons, shown, shelves[-1]]
        hearing.success(_finish, [done, reference], ended, **SEVERAL)
        hearing.failure(_interrupted, [done, reference], ended, **SEVERAL)
        gr.on([stop.click, recording.clear], None, cancels=hearing)
        reference.input(_judge, [done, reference], shown, **SEVERAL)
        for at, button in enumerate(buttons):
            choice = gr.State(at if at < len(LETTERS) else None)
            button.click(
                _vote, [choice, done, votes, reference], [done, votes, shown, letters, told, export], **SEVERAL
            )

        column_settings.wire(opened)
        whole_corpus.wire(many, own, asked)
        adapter_fields.wire(shelves, own, models)


def _audio() -> tuple:
    recording = gr.Audio(
        label=label("recording"),
        sources=["upload", "microphone"],
        type="filepath",
        format=None,
        editable=False,
        elem_id="heard",
        elem_classes="recorder",
        **WAVE,
    )
    phone = gr.Checkbox(False, label=label("phone"), info=label("phone_hint"))
    phoned = gr.Audio(label=label("phoned"), interactive=False, visible=False, elem_classes="recorder", **WAVE)
    picture = gr.HTML(apply_default_css=False, elem_id="line")
    reference = gr.Textbox(
        "", label=label("what_was_said"), placeholder=label("what_was_said_hint"), lines=2, elem_id="reference"
    )
    return recording, phone, phoned, picture, reference


def _sample() -> tuple:
    with gr.Accordion(label("from_corpus"), open=False):
        sources = gr.Dropdown([], label=label("source"), info=label("source_hint"), allow_custom_value=True)
        with gr.Row(elem_classes="score"):
            row = gr.Number(1, label=label("sample_number"), precision=0, minimum=1, min_width=90)
            take = gr.Button(label("take"), min_width=90)
            dice = gr.Button(label("at_random"), min_width=90)
    return sources, row, take, dice


def _votes() -> tuple:
    with gr.Row(visible=False, elem_classes="votes") as letters:
        buttons = [gr.Button(letter, visible=letter != LETTERS[-1], min_width=60) for letter in LETTERS]
        buttons.append(gr.Button(label("tie"), min_width=90))
    told = gr.HTML(apply_default_css=False, elem_id="tally")
    with gr.Row(elem_classes="downloads"):
        export = gr.DownloadButton(label("tally_csv"), visible=False, size="sm", min_width=60)
    return letters, buttons, told, export


# What happens


def _arrive(own: Shelf, a: str | None, b: str | None, c: str | None, request: gr.Request) -> tuple:
    """The lists as they are now; who comes back finds what was chosen."""
    reader = reader_of(request)
    try:
        base = loading().result().choice.model
    except UserError as refusal:
        return *[gr.skip()] * 9, refused(refusal, reader)
    own = adapter_shelf.refreshed(own)
    first = own.adapters[0].name if own.adapters else None
    names = corpus_field.sources()
    sources = gr.Dropdown(names, value=names[0])
    table, which, fields, used = adapter_fields.listed(own, (a or base, b or first, c), reader)
    welcome = gr.skip() if a else f'<p class="note">{say(reader, "compare_invitation")}</p>'
    return own, *fields, sources, sources, table, which, used, welcome


def _forget() -> tuple:
    return None, None, "", gr.Row(visible=False)


def _take(name: str | None, row: float | None, chance: bool, request: gr.Request) -> tuple:
    """A clip of a corpus with what was said in it."""
    reader = reader_of(request)
    source = Source((name or "").strip())
    try:
        clips = corpus_field.opened(source).corpus
        at = random.randrange(len(clips)) if chance else int(row or 1) - 1
        if not 0 <= at < len(clips):
            raise UserError(*message("no_such_sample", count=len(clips)))
        sound = playable(clips.clip(at))
    except UserError as refusal:
        return *[gr.skip()] * 5, refused(refusal, reader), gr.skip()
    return sound, clips.rows["text"][at], at + 1, Taken(source, at), None, "", gr.Row(visible=False)


def _recording(path: str | None, taken: Taken | None, phone: bool) -> "Recording":
    """What is to be heard. Raises UserError."""
    from speech.audio.decode import Recording, read
    from transcripts.transcript import AudioFacts

    if taken:
        clips = corpus_field.opened(taken.source).corpus
        clip = clips.clip(taken.row)
        name = clips.rows["id"][taken.row]
        recording = Recording(AudioFacts(name, len(clip) / SAMPLE_RATE, SAMPLE_RATE, 1, "pcm"), clip[None])
    elif path:
        recording = read(path)
        recording = replace(recording, facts=replace(recording.facts, path=Path(path).name))
    else:
        raise UserError(*message("no_recording"))
    return replace(recording, waveform=telephone_line.through(recording.waveform)) if phone else recording


def _phone(path: str | None, phone: bool, taken: Taken | None, request: gr.Request) -> tuple:
    """What the telephone line leaves, to be heard and seen."""
    if not phone or not (path or taken):
        return gr.Audio(None, visible=False), ""
    try:
        plain = _recording(path, taken, phone=False).waveform
    except UserError as refusal:
        return gr.Audio(None, visible=False), refused(refusal, reader_of(request))
    left = telephone_line.through(plain)
    return gr.Audio(playable(left), visible=True), telephone_line.pictures(plain, left, reader_of(request))


def _begin() -> tuple:
    return gr.Button(visible=False), gr.Button(visible=True), gr.Row(visible=False)


async def _compare(
    path: str | None, phone: bool, taken: Taken | None, hidden: bool, own: Shelf, request: gr.Request, *asked
) -> AsyncIterator[tuple]:
    """Yields how far it has come, and at the end what was heard.

    A piece is worked out in a thread: who cancels is let go at once, and after that piece no other follows.
    """
    reader = reader_of(request)
    yield f'<p class="note" role="status">{say(reader, "listening")}</p>', None
    pieces = _work(path, phone, taken, hidden, own, asked, reader)
    try:
        while piece := await asyncio.to_thread(next, pieces, None):
            yield piece
    except UserError as refusal:
        yield refused(refusal, reader), None


def _work(path, phone, taken, hidden, own, asked, reader: str) -> Iterator[tuple[str, Done | None]]:
    recording = _recording(path, taken, phone)
    named = column_settings.asked(own, *asked)
    for stage in columns.hear(recording, named, whole=taken is not None):
        if stage.at < len(named):
            yield columns.running(stage, named, reader, hidden), None
    ballot = blind.drawn(stage.heard) if hidden else None
    yield gr.skip(), Done(stage.heard, recording.facts.path, ballot)


def _finish(done: Done | None, reference: str, request: gr.Request) -> tuple:
    buttons = gr.Button(visible=True), gr.Button(visible=False)
    reader = reader_of(request)
    if done is None:  # what _compare said last stays
        return *buttons, *[gr.skip()] * (len(LETTERS) + 2), gr.skip(), adapter_fields.in_memory(reader)
    veiled = done.ballot is not None
    letters = [gr.Button(visible=at < len(done.heard)) for at in range(len(LETTERS))]
    return (
        *buttons,
        gr.Row(visible=veiled),
        *letters,
        gr.skip(),
        _result(done, reference, reader),
        adapter_fields.in_memory(reader),
    )


def _interrupted(done: Done | None, reference: str, request: gr.Request) -> tuple:
    """The visitor cancelled it, or something failed that nobody foresaw and that the log has."""
    *ended, shown, used = _finish(done, reference, request)
    if done is None:
        shown = transcript_html.refused(say(reader_of(request), "comparison_interrupted"))
    return *ended, shown, used


def _result(done: Done, reference: str, reader: str) -> str:
    if done.ballot and not done.chosen:
        return columns.veiled(done.ballot.veiled, reader)
    return columns.shown(done.heard, reference, reader, done.ballot.letters if done.ballot else LETTERS)


def _judge(done: Done | None, reference: str, request: gr.Request) -> str:
    """Another reference, the same columns."""
    return _result(done, reference, reader_of(request)) if done else gr.skip()


def _vote(choice: int | None, done: Done | None, votes: tuple, reference: str, request: gr.Request) -> tuple:
    if done is None or done.ballot is None or done.chosen:
        return (gr.skip(),) * 6
    reader = reader_of(request)
    votes = (*votes, blind.vote(done.ballot, choice, done.audio, reference))
    done = done._replace(chosen=True)
    file = gr.DownloadButton(value=blind.export(votes, Path(get_upload_folder())), visible=True)
    return done, votes, _result(done, reference, reader), gr.Row(visible=False), blind.tally(votes, reader), file
