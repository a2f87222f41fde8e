"""The calls tab: recordings of calls in, conversations out, to be read, heard, corrected and taken away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple

import gradio as gr

from common.messages import UserError
from ui.calls import conversation, corrected_turns, downloads, queue_html, session, simulated_call, transcription
from ui.calls import timeline as lanes
from ui.calls.downloads import FORMATS
from ui.calls.session import Call, Visit, Wish
from ui.kit import access, corpus_field
from ui.kit.events import AT_ONCE, FOUR_AT_ONCE, SEVERAL
from ui.kit.fields import adapter_field, adapters, languages
from ui.kit.i18n import label, message, reader_of, say, typeset
from ui.kit.transcript_html import refused

CHANNELS = ("auto", "mix", "split")
MOST_VOICES = 4  # on one channel
SAMPLES = ("stereo", "mono")
CALLS_AT_ONCE = FOUR_AT_ONCE | {"concurrency_id": "calls"}


def tab() -> list[gr.components.Component]:
    """Builds the tab; what it returns is put in the visitor's language by `welcome` when the page loads.

    The last of it is the ear.
    """
    with gr.Tab(label("calls"), elem_id="calls"):
        kinds = {kind: gr.State(kind) for kind in SAMPLES}  # among the tabs gradio would count a state as one
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=5, min_width=300):
                drop, wishes, samples, queue, line = _entrance()
            with gr.Column(scale=8, min_width=300):
                player, drawn, found, dialogue, tools, texts, bundle = _conversation()
                with tools:
                    mask, names, tone, prepare, masked = _masking()
                    consent, password, keep, kept = _keeping()
        program, answer = gr.Button(visible=False), gr.JSON(visible=False)  # the door of gradio_client and MCP
        recording = gr.File(visible=False)

    screen = [queue, player, drawn, found, dialogue, line, tools, *texts, bundle, masked, keep, kept]
    for event in (
        drop.upload(_drop, [drop, *wishes], [drop, *screen], **SEVERAL),
        queue.act(_act, wishes, screen, **SEVERAL),
        *[button.click(_sample, [kinds[kind], *wishes], screen, **SEVERAL) for kind, button in samples.items()],
    ):
        event.then(_work, None, screen, **SEVERAL | CALLS_AT_ONCE)
    for event, change in (
        (dialogue.correct, _correct),
        (dialogue.check, _check),
        (drawn.rename, _rename),
        (drawn.swap, _swap),
    ):
        event(change, None, screen, **AT_ONCE | {"trigger_mode": "multiple"})  # each counts
    gr.on([mask.input, names.submit, names.blur], _mask, [mask, names], screen, **SEVERAL)
    prepare.click(_mask_sound, tone, [masked, kept], **SEVERAL)
    keep.click(_keep, [consent, password], [consent, kept], **SEVERAL)
    program.click(call, [recording, *wishes[:-1], mask, names, wishes[-1]], answer, api_name="call", **CALLS_AT_ONCE)
    language, ear = wishes[-2:]
    return [language, queue, dialogue, password, ear]


def welcome(reader: str) -> list:
    """What `tab` returned, for this reader."""
    asked = not access.on_a_space() and access.password() is not None
    shown = queue_html.rows((), None, reader), conversation.invitation(reader)
    return [gr.Dropdown(languages(reader)), *shown, gr.Textbox(visible=asked), adapters(reader)]


def call(
    audio: str,
    channels: str,
    speakers: int,
    language: str,
    mask: bool,
    names: str,
    adapter: str = "",
    request: gr.Request = None,
) -> dict:
    """Writes down who said what, and when, in the recording of a telephone call.

    Args:
        audio: the recording of the call, with a channel for each party or one for both.
        channels: "auto", "mix" (all channels heard as one) or "split" (each by itself).
        speakers: how many voices share one channel; 0 to find out.
        language: the code of the language that is spoken ("fr"), or "auto" to detect it.
        mask: whether spoken numbers of cards, accounts and telephones, and e-mail addresses, are masked.
        names: people's names to mask too, separated by commas.
        adapter: the name of an adapter of this page, or of one on the Hub; none: the page's model as it is.
    Returns:
        The transcript: turns with speaker, start, end, text, confidence and words; and what its line is like.
    """
    from speech.audio.line_quality import describe
    from speech.privacy.mask import mask as masked

    reader = reader_of(request)
    try:
        if not audio:
            raise UserError(*message("no_recording"))
        *_, last = transcription.heard(Path(audio), _wish(channels, speakers, language, adapter))
    except UserError as refusal:
        raise gr.Error(refusal.message.to(reader), print_exception=False) from refusal
    transcript = last.transcript
    answer = (masked(transcript, downloads.apart(names)) if mask else transcript).to_dict()
    answer["audio"]["name"] = answer["audio"].pop("path")  # gradio's client fetches whatever has a path
    answer["verdict"] = [said.to(reader) for said in describe(transcript.line)]
    return answer


# What is on it


def _entrance() -> tuple:
    drop = gr.File(label=label("calls_drop"), file_count="multiple", height=150, elem_id="call-files")
    with gr.Group(), gr.Row(elem_classes="wishes"):
        ways = [(label(f"channels_{name}"), name) for name in CHANNELS]
        channels = gr.Radio(ways, value="auto", label=label("channels"), min_width=340)
        voices = [(label("speakers_found"), 0), *[(str(count), count) for count in range(1, MOST_VOICES + 1)]]
        speakers = gr.Dropdown(voices, value=0, label=label("speakers"), min_width=130)
        language = gr.Dropdown(languages("fr"), value="fr", label=label("language"), min_width=130)
    ear = adapter_field("call-ear")
    samples = {}
    if simulated_call.available():
        with gr.Row(elem_classes="simulated"):
            gr.HTML(f"<p>{label('simulated')}</p>", apply_default_css=False, min_width=140)
            samples = {kind: gr.Button(label(f"simulated_{kind}"), size="sm", min_width=100) for kind in SAMPLES}
    queue = gr.HTML(apply_default_css=False, js_on_load=queue_html.CLICKS, elem_id="call-queue")
    line = gr.HTML(apply_default_css=False, elem_id="call-line")
    return drop, [channels, speakers, language, ear], samples, queue, line


def _conversation() -> tuple:
    player = gr.HTML(apply_default_css=False, elem_id="call-player")
    drawn = gr.HTML(apply_default_css=False, js_on_load=lanes.CLICKS, elem_id="call-lanes")
    with gr.Row(visible=False) as found:
        gr.Textbox(
            "", placeholder=label("search_call"), max_lines=1, container=False, show_label=False, elem_id="call-search"
        )
    dialogue = gr.HTML(apply_default_css=False, js_on_load=conversation.FOLLOW, elem_id="call-dialogue")
    with gr.Column(visible=False) as tools, gr.Row(elem_classes="downloads"):
        texts = [gr.DownloadButton(f"↓ {name.upper()}", size="sm", min_width=60) for name in FORMATS]
        bundle = gr.DownloadButton(label("zip_of_all"), size="sm", min_width=60)
    return player, drawn, found, dialogue, tools, texts, bundle


def _masking() -> tuple:
    with gr.Accordion(label("personal_data"), open=False):
        mask = gr.Checkbox(False, label=label("mask"), info=label("mask_hint"), elem_id="call-mask")
        names = gr.Textbox("", label=label("mask_names"), placeholder="Jean Dupont, Marie", max_lines=2)
        with gr.Row(elem_classes="score"):
            sounds = [(label(f"mask_{name}"), name == "tone") for name in ("silence", "tone")]
            tone = gr.Radio(sounds, value=False, label=label("mask_sound"), min_width=180)
            prepare = gr.Button(label("mask_prepare"), size="sm", min_width=140)
            masked = gr.DownloadButton(visible=False, size="sm", min_width=120)
    return mask, names, tone, prepare, masked


def _keeping() -> tuple:
    with gr.Accordion(label("keep_turns"), open=False, elem_id="call-keep"):
        gr.HTML(f"<p>{label('keep_about')}</p>", apply_default_css=False)
        consent = gr.Checkbox(False, label=label("consent"))
        password = gr.Textbox("", type="password", label=label("password"), visible=False, max_lines=1)
        keep = gr.Button(label("keep_turns"), size="sm", interactive=False)
    kept = gr.HTML(apply_default_css=False, elem_id="call-told")
    return consent, password, keep, kept


# What is shown


class Screen(NamedTuple):
    """What the handlers send; what is left out stays as it is."""

    queue: object = gr.skip()
    player: object = gr.skip()
    lanes: object = gr.skip()
    found: object = gr.skip()
    dialogue: object = gr.skip()
    line: object = gr.skip()
    tools: object = gr.skip()
    txt: object = gr.skip()
    srt: object = gr.skip()
    vtt: object = gr.skip()
    json: object = gr.skip()
    csv: object = gr.skip()
    bundle: object = gr.skip()
    masked: object = gr.skip()
    keep: object = gr.skip()
    told: object = gr.skip()


def _screen(visit: Visit, reader: str) -> Screen:
    """All of it, for the chosen call."""
    chosen = visit.chosen
    queue = queue_html.rows(visit.calls, chosen, reader, visit.refusals)
    if chosen is None:
        visit.played = None
        nothing = Screen(queue, "", "", gr.Row(visible=False), conversation.invitation(reader), "")
        return nothing._replace(tools=gr.Column(visible=False), told="")
    shown = downloads.shown(chosen, visit) if chosen.transcript else None
    ready = chosen.over and bool(chosen.turns)
    screen = Screen(
        queue=queue,
        lanes=lanes.drawn(chosen, reader) if shown else "",
        found=gr.Row(visible=ready),
        dialogue=conversation.dialogue(chosen, shown, visit.mask, reader),
        line=conversation.line(chosen, reader),
        tools=gr.Column(visible=ready),
        told="",
    )
    if chosen.sound != visit.played:  # loaded again, it would stop
        visit.played = chosen.sound
        screen = screen._replace(player=conversation.player(chosen))
    return screen._replace(**_parcels(visit, reader)) if ready else screen


def _parcels(visit: Visit, reader: str) -> dict:
    """What can be taken away or kept of the chosen call, as it is now."""
    chosen = visit.chosen
    count = len(corrected_turns.turns(chosen, visit))
    told = say(reader, "keep_many" if count > 1 else "keep_one" if count else "keep_none", count=str(count))
    return {
        **downloads.files(chosen, downloads.shown(chosen, visit)),
        "bundle": downloads.bundle(visit),
        "masked": gr.DownloadButton(visible=False),
        "keep": gr.Button(told, interactive=count > 0),
    }


async def _work(request: gr.Request) -> AsyncIterator[Screen]:
    """Hears what waits; who looks at another call meanwhile is left alone."""
    visit, reader = session.of(request), reader_of(request)
    yield Screen()
    async for changed in transcription.work(visit):
        screen = await asyncio.to_thread(_screen, visit, reader) if changed is visit.chosen else None
        if screen is None or changed is not visit.chosen:  # another one may have been chosen meanwhile
            more = downloads.bundle(visit) if changed.over and changed.turns else gr.skip()
            screen = Screen(queue=queue_html.rows(visit.calls, visit.chosen, reader, visit.refusals), bundle=more)
        yield screen


# What is done to the line


def _drop(
    paths: list[str] | None, channels: str, speakers: int, language: str, ear: str | None, request: gr.Request
) -> tuple:
    visit, reader, refusals = session.of(request), reader_of(request), []
    for path in dict.fromkeys(paths or []):
        try:
            visit.add(Path(path), _wish(channels, speakers, language, ear))
        except UserError as refusal:
            refusals.append(refused(refusal.message.to(reader)))
    if paths and len(set(paths)) < len(paths):
        refusals.append(refused(say(reader, "calls_doubled")))
    visit.refusals = "".join(refusals)
    return None, *_screen(visit, reader)


def _sample(kind: str, channels: str, speakers: int, language: str, ear: str | None, request: gr.Request) -> Screen:
    """A call made of the telephone prompts, on a line of µ-law."""
    visit, reader = session.of(request), reader_of(request)
    visit.refusals, name = "", message(f"simulated_file_{kind}").to(reader)
    try:
        made = simulated_call.call(visit.folder / kind, name, mono=kind == "mono")
        visit.add(made, _wish(channels, speakers, language, ear))
    except UserError as refusal:
        visit.refusals = refused(corpus_field.for_visitors(refusal.message).to(reader))
    return _screen(visit, reader)


def _act(
    channels: str, speakers: int, language: str, ear: str | None, request: gr.Request, event: gr.EventData
) -> Screen:
    """A press on a row of the line, or on « clear »."""
    visit, reader = session.of(request), reader_of(request)
    visit.refusals = ""
    if event.act == "clear":
        visit.clear()
    row = visit.call(event.call)
    if row is not None:
        if event.act == "choose":
            visit.chosen = row
        elif event.act == "cancel":
            transcription.cancel(row)
        elif event.act == "again":
            row.again(_wish(channels, speakers, language, ear))
        elif event.act == "remove":
            visit.remove(row)
    return _screen(visit, reader)


def _wish(channels: str, speakers: int, language: str, ear: str | None) -> Wish:
    return Wish(channels, int(speakers or 0) or None, language, ear or "")


# What is done to a conversation


def _correct(request: gr.Request, event: gr.EventData) -> Screen:
    return _changed(request, event, lambda found: found.correct(int(event.turn), str(event.text)), drawn=False)


def _check(request: gr.Request, event: gr.EventData) -> Screen:
    return _changed(request, event, lambda found: found.check(int(event.turn)), drawn=False)


def _rename(request: gr.Request, event: gr.EventData) -> Screen:
    return _changed(request, event, lambda found: found.rename(str(event.speaker), str(event.name)))


def _swap(request: gr.Request, event: gr.EventData) -> Screen:
    return _changed(request, event, Call.swap)


def _changed(request: gr.Request, event: gr.EventData, change: Callable[[Call], None], drawn: bool = True) -> Screen:
    """`drawn`: the conversation too is shown anew, which would undo what is being typed into it.

    The call need not be the one that is shown: who leaves a turn by choosing another call corrects it.
    """
    visit, reader = session.of(request), reader_of(request)
    found = visit.call(event.call)
    if found is not None:
        change(found)
    if drawn:
        return _screen(visit, reader)
    return Screen(told="", **_parcels(visit, reader)) if found is visit.chosen and found else Screen()


def _mask(mask: bool, names: str, request: gr.Request) -> Screen:
    visit = session.of(request)
    visit.mask, visit.hidden = mask, names
    return _screen(visit, reader_of(request))


def _mask_sound(tone: bool, request: gr.Request) -> Iterator[tuple]:
    visit, reader = session.of(request), reader_of(request)
    if visit.chosen is None or not visit.chosen.over:
        return
    yield gr.skip(), f'<p class="note" role="status">{say(reader, "mask_preparing")}</p>'
    try:
        file = downloads.masked_sound(visit.chosen, visit, tone)
    except UserError as refusal:
        yield gr.skip(), refused(refusal.message.to(reader))
        return
    yield gr.DownloadButton(f"↓ {file.name}", value=file, visible=True), ""


def _keep(consent: bool, password: str, request: gr.Request, profile: gr.OAuthProfile | None) -> tuple:
    """The one door through which anything of a visitor's stays here."""
    visit, reader = session.of(request), reader_of(request)
    try:
        access.check(request, password, profile)
        clips, name = corrected_turns.keep(visit.chosen, visit, consent)
    except UserError as refusal:
        return gr.skip(), refused(corpus_field.for_visitors(refusal.message).to(reader))
    told = say(reader, "kept", count=str(clips), corpus=escape(name))
    return False, f'<p class="note" role="status">{typeset(told)}</p>'
