"""The calls tab: recordings of calls in, conversations out, to be read, played, corrected and taken away."""

import asyncio
import hashlib
import secrets
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import gradio as gr

from common.messages import Message, UserError
from speech.decoding.effort import EFFORT
from transcripts import work_file
from transcripts.edits import Journal
from transcripts.formats import content_of, format_for, read
from ui.calls import (
    conversation,
    corrected_turns,
    downloads,
    editing,
    queue_html,
    simulated_call,
    timeline,
    transcription,
)
from ui.calls.call import Call, CallOptions
from ui.calls.conversation import script
from ui.calls.overview import SORTS
from ui.calls.session import CallSession, resume, session_of
from ui.kit import access
from ui.kit.errors import refused, refused_to_program
from ui.kit.events import AT_ONCE, FOUR_AT_ONCE, QUEUED, SEVERAL, Press
from ui.kit.fields import adapter_field, adapters, effort_field, efforts, languages
from ui.kit.html import ITEMS, items, join, note, render
from ui.kit.i18n import label, message, reader_of, say
from ui.server.queue import in_turn, visitor_of

CHANNELS = ("auto", "mix", "split")
MOST_VOICES = 4  # on one channel
SAMPLES = ("stereo", "mono")
WORKS = "async sounds => [await alloWorks(sounds)]"  # that the browser has on them
TOKEN, FILES, KEPT, REPLACE = script("tab_token"), script("files"), script("store", "kept"), script("replace")
CALLS_AT_ONCE = FOUR_AT_ONCE | {"concurrency_id": "calls"}


class Screen(NamedTuple):
    """What is shown of the calls: in the layout the components, of a handler their new values.

    What a handler leaves out stays as it is.
    """

    queue: object = gr.skip()
    player: object = gr.skip()
    timeline: object = gr.skip()
    search: object = gr.skip()
    dialogue: object = gr.skip()
    line: object = gr.skip()
    replace: object = gr.skip()
    tools: object = gr.skip()
    files: object = gr.skip()
    masked: object = gr.skip()
    keep: object = gr.skip()
    answer: object = gr.skip()


class Masking(NamedTuple):
    mask: gr.Checkbox
    names: gr.Textbox
    tone: gr.Radio
    prepare: gr.Button
    masked: gr.DownloadButton


class Keeping(NamedTuple):
    consent: gr.Checkbox
    password: gr.Textbox
    keep: gr.Button
    answer: gr.HTML


def tab(page: gr.Blocks, tabs: gr.Tabs) -> list[gr.components.Component]:
    """Builds the tab; what it returns is put in the visitor's language by `welcome` when the page loads.

    The last of it is the field of the adapter. A page that is loaded again gets its calls back, and comes up here.
    """
    with gr.Tab(label("calls"), elem_id="calls", id="calls"):
        token, sounds = (
            gr.Textbox(visible=False),
            gr.JSON([], visible=False),
        )  # of the browser's tab; that have just come
        kinds = {kind: gr.State(kind) for kind in SAMPLES}  # among the tabs gradio would count a state as one
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=5, min_width=300):
                drop, options, samples, entrance = _entrance()
                kept = _kept()
            with gr.Column(scale=8, min_width=300):
                across = _across()
                shown = _conversation()
                with shown["tools"]:
                    masking, keeping = _masking(), _keeping()
        program, answer = gr.Button(visible=False), gr.JSON(visible=False)  # for gradio_client and MCP
        recording = gr.File(visible=False)

    screen = Screen(**entrance, **shown, masked=masking.masked, keep=keeping.keep, answer=keeping.answer)
    asked = {"inputs_kwargs": options}
    for event in (
        drop.upload(_drop, drop, [drop, sounds, *screen], **asked, **SEVERAL),
        screen.queue.act(_act, None, [*screen], **asked, **SEVERAL),
        across.agent(_agent, None, [*screen], **SEVERAL),
        across.go(_act, None, [*screen], **asked, **SEVERAL),
        kept.reopen(_reopen_one, None, [*screen], **SEVERAL),
        *[button.click(_sample, kinds[kind], [*screen], **asked, **SEVERAL) for kind, button in samples.items()],
    ):
        # a call that comes again goes on with the corrections that the browser has
        known = event.then(
            _reopen, sounds, [sounds, *screen], js="async sounds => [await alloWorks(sounds)]", **SEVERAL
        )
        known.then(_transcribe, None, [*screen], **SEVERAL | CALLS_AT_ONCE)
    screen.replace.expect(_expect, options["hot_words"], options["hot_words"], **AT_ONCE)
    corrections = AT_ONCE | {"trigger_mode": "always_last"}
    screen.dialogue.saved(_saved, None, [screen.keep, screen.masked], **corrections)
    gr.on([masking.mask.input, masking.names.submit, masking.names.blur], _mask, masking[:2], [*screen], **SEVERAL)
    masking.prepare.click(_mask_sound, masking.tone, [*screen], **SEVERAL)
    keeping.keep.click(_keep, keeping[:2], [keeping.consent, keeping.answer], **SEVERAL)
    first = [options[name] for name in ("channels", "speakers", "language")]
    resumed = [tabs, *masking[:2], *screen]
    back = page.load(_resume, token, resumed, js=TOKEN, **AT_ONCE)
    back.then(_transcribe, None, [*screen], **SEVERAL | CALLS_AT_ONCE)
    inputs = [recording, *first, masking.mask, masking.names, options["adapter"], options["effort"]]
    program.click(call, inputs, answer, api_name="call", **QUEUED)
    return [options["language"], options["effort"], kept, across, keeping.password, options["adapter"]]


def welcome(reader: str) -> list:
    """What `tab` returned, for this reader."""
    asked = not access.on_a_space() and access.password() is not None
    panels = render("calls/kept.html", reader), render("calls/across.html", reader, sorts=SORTS)
    return [
        gr.Dropdown(languages(reader)),
        gr.Radio(efforts(reader)),
        *panels,
        gr.Textbox(visible=asked),
        adapters(reader),
    ]


async def call(
    audio: str,
    channels: str,
    speakers: int,
    language: str,
    mask: bool,
    names: str,
    adapter: str = "",
    effort: str = EFFORT,
    request: gr.Request = None,
) -> dict:
    """Transcribes a telephone call: who said what, and when.

    Args:
        audio: the recording of the call, with a channel for each party or one for both.
        channels: "auto", "mix" (all channels heard as one) or "split" (each by itself).
        speakers: how many voices share one channel; 0 to find out.
        language: the code of the language that is spoken ("fr"), or "auto" to detect it.
        mask: whether spoken numbers of cards, accounts and telephones, and e-mail addresses, are masked.
        names: people's names to mask too, separated by commas.
        adapter: the name of an adapter of this page, or of one on the Hub; none: the page's model as it is.
        effort: how wide it searches where it is unsure: "fast", "balanced" or "careful".
    Returns:
        The transcript: turns with speaker, start, end, text, confidence and words; and what its line is like.
    """
    from speech.audio.line_quality import describe
    from speech.privacy.mask import mask as masked

    reader = reader_of(request)

    def last_piece():
        asked = _options(channels, speakers, language, adapter, effort=effort)
        return deque(transcription.transcribe_call(Path(audio), asked), maxlen=1).pop()

    try:
        if not audio:
            raise UserError(*message("no_recording"))
        last = await in_turn(visitor_of(request), last_piece)
    except UserError as refusal:
        raise refused_to_program(refusal, reader) from refusal
    transcript = last.transcript
    answer = (masked(transcript, downloads.split_names(names)) if mask else transcript).to_dict()
    answer["audio"]["name"] = answer["audio"].pop("path")  # gradio's client fetches whatever has a path
    answer["verdict"] = [sentence.to(reader) for sentence in describe(transcript.line)]
    return answer


# The layout


def _entrance() -> tuple[gr.File, dict, dict, dict]:
    """Where files are dropped, how they are to be transcribed, the samples, and what the queue shows."""
    drop = gr.File(label=label("calls_drop"), file_count="multiple", height=150, elem_id="call-files")
    with gr.Group(), gr.Row(elem_classes="call-options"):
        ways = [(label(f"channels_{name}"), name) for name in CHANNELS]
        channels = gr.Radio(ways, value="auto", label=label("channels"), min_width=340)
        voices = [(label("speakers_found"), 0), *[(str(count), count) for count in range(1, MOST_VOICES + 1)]]
        speakers = gr.Dropdown(voices, value=0, label=label("speakers"), min_width=130)
        language = gr.Dropdown(languages("fr"), value="fr", label=label("language"), min_width=130)
    words = {"label": label("hot_words"), "placeholder": label("hot_words_hint"), "elem_id": "call-words"}
    hot_words = gr.Textbox("", max_lines=2, elem_classes="settings", **words)
    adapter = adapter_field("call-adapter")
    options = {"channels": channels, "speakers": speakers, "language": language, "adapter": adapter}
    options |= {"hot_words": hot_words, "effort": effort_field()}
    samples = {}
    if simulated_call.available():
        with gr.Row(elem_classes="simulated"):
            gr.HTML(f"<p>{label('simulated')}</p>", apply_default_css=False, min_width=140)
            samples = {kind: gr.Button(label(f"simulated_{kind}"), size="sm", min_width=100) for kind in SAMPLES}
    queue = gr.HTML(html_template=ITEMS, apply_default_css=False, js_on_load=queue_html.CLICKS, elem_id="call-queue")
    line = gr.HTML(apply_default_css=False, elem_id="call-line")
    return drop, options, samples, {"queue": queue, "line": line}


def _conversation() -> dict[str, gr.blocks.Block]:
    """The components of Screen that show a call and give it as files."""
    player = gr.HTML(apply_default_css=False, elem_id="call-player")
    drawn = gr.HTML(apply_default_css=False, js_on_load=timeline.CLICKS, elem_id="call-timeline")
    with gr.Row(visible=False) as search:
        hidden = {"label": label("search_call"), "show_label": False, "container": False}
        gr.Textbox("", placeholder=label("search_call"), max_lines=1, elem_id="call-search", **hidden)
    asked = [editing.count_matches, editing.replace_all]
    how = {"js_on_load": REPLACE, "server_functions": asked, "elem_id": "call-replace"}
    replace = gr.HTML(apply_default_css=False, visible=False, **how)
    asked = [editing.save_edits, editing.work_of]
    how = {"js_on_load": conversation.FOLLOW, "server_functions": asked, "elem_id": "call-dialogue"}
    dialogue = gr.HTML(html_template=conversation.TEMPLATE, apply_default_css=False, **how)
    with gr.Column(visible=False) as tools:
        files = gr.HTML(
            apply_default_css=False, js_on_load=FILES, server_functions=[editing.make_file], elem_id="call-files-out"
        )
    shown = {"player": player, "timeline": drawn, "search": search, "replace": replace, "dialogue": dialogue}
    return shown | {"tools": tools, "files": files}


def _across() -> gr.HTML:
    """All calls together."""
    how = {"js_on_load": script("across"), "server_functions": [editing.see_all], "elem_id": "call-across"}
    return gr.HTML(apply_default_css=False, **how)


def _kept() -> gr.HTML:
    """The corrections that lie in the visitor's own browser."""
    return gr.HTML(apply_default_css=False, js_on_load=KEPT, elem_id="call-kept")


def _masking() -> Masking:
    with gr.Accordion(label("personal_data"), open=False):
        mask = gr.Checkbox(False, label=label("mask"), info=label("mask_hint"), elem_id="call-mask")
        names = gr.Textbox("", label=label("mask_names"), placeholder="Jean Dupont, Marie", max_lines=2)
        with gr.Row(elem_classes="score"):
            sounds = [(label(f"mask_{name}"), name == "tone") for name in ("silence", "tone")]
            tone = gr.Radio(sounds, value=False, label=label("mask_sound"), min_width=280)
            prepare = gr.Button(label("mask_prepare"), size="sm", min_width=140)
            masked = gr.DownloadButton(visible=False, size="sm", min_width=120)
    return Masking(mask, names, tone, prepare, masked)


def _keeping() -> Keeping:
    with gr.Accordion(label("keep_turns"), open=False, elem_id="call-keep"):
        gr.HTML(f"<p>{label('keep_about')}</p>", apply_default_css=False)
        consent = gr.Checkbox(False, label=label("consent"))
        password = gr.Textbox("", type="password", label=label("password"), visible=False, max_lines=1)
        keep = gr.Button(label("keep_turns"), size="sm", interactive=False)
    return Keeping(consent, password, keep, gr.HTML(apply_default_css=False, elem_id="call-answer"))


# What is shown


def _screen(session: CallSession, reader: str) -> Screen:
    """All of it, for the chosen call, in answer to what was done."""
    with session.lock:
        session.acts += 1
        return _drawn(session, reader)


def _drawn(session: CallSession, reader: str) -> Screen:
    chosen = session.chosen
    queue = queue_html.rows(session.calls, chosen, reader, session.refusals)
    if chosen is None:
        session.player = ""
        hidden = {"search": gr.Row(visible=False), "replace": gr.HTML(visible=False), "tools": gr.Column(visible=False)}
        return Screen(items(queue), "", "", dialogue=conversation.invitation(reader), line="", answer="", **hidden)
    shown = downloads.shown(chosen, session) if chosen.transcript else None
    ready = chosen.over and bool(chosen.turns)
    screen = Screen(
        queue=items(queue),
        timeline=timeline.drawn(chosen, shown.sounds, reader) if shown else "",
        search=gr.Row(visible=ready),
        replace=gr.HTML(render("calls/replace.html", reader), visible=ready and not session.mask),
        dialogue=items(conversation.dialogue(chosen, shown, session.mask, reader)),
        line=conversation.line(chosen, reader),
        tools=gr.Column(visible=ready),
        answer="",
    )
    player = conversation.player(chosen, session.mask, reader)
    if player != session.player:  # loaded again, it would stop
        session.player = player
        screen = screen._replace(player=player)
    return screen._replace(**_offers(session, reader)) if ready else screen


def _offers(session: CallSession, reader: str) -> dict:
    """What can be taken away or kept of the chosen call, as it is now."""
    return {
        "files": render("calls/files.html", reader, formats=downloads.FORMATS, others=downloads.OTHERS),
        "masked": _masked_button(session.chosen),
        "keep": _keep_button(session, reader),
    }


def _masked_button(call: Call) -> gr.DownloadButton:
    file = call.masked_sound
    return gr.DownloadButton(f"↓ {file.name}", value=file, visible=True) if file else gr.DownloadButton(visible=False)


def _keep_button(session: CallSession, reader: str) -> gr.Button:
    """How many turns would be kept, and how many of the checked ones are left out because something is masked."""
    count, checked = len(corrected_turns.turns(session.chosen, session)), len(session.chosen.checked)
    text = say(reader, "keep_many" if count > 1 else "keep_one" if count else "keep_none", count=str(count))
    if count < checked:
        text += say(reader, "keep_but", count=str(checked - count))
    return gr.Button(text, interactive=count > 0)


async def _transcribe(request: gr.Request) -> AsyncIterator[Screen]:
    """Transcribes what waits; a visitor who reads another call meanwhile is left alone."""
    session, reader = session_of(request), reader_of(request)
    yield Screen()
    acts = session.acts
    async for changed in transcription.transcribe_waiting(session):
        acts = session.acts
        yield await asyncio.to_thread(_progress, session, changed, reader)
    while acts != session.acts:  # what was done meanwhile may have been shown before what it changed
        acts = session.acts
        yield await asyncio.to_thread(_progress, session, session.chosen, reader)


def _progress(session: CallSession, changed: Call | None, reader: str) -> Screen:
    """The queue, and all of the call that has changed where it is the chosen one."""
    with session.lock:
        if changed is session.chosen:
            return _drawn(session, reader)
        return Screen(queue=items(queue_html.rows(session.calls, session.chosen, reader, session.refusals)))


# What is done to the queue


def _resume(token: str | None, request: gr.Request) -> tuple:
    """Gives a tab that was loaded again the calls it had."""
    session, reader = resume(token or "", request), reader_of(request)
    with session.lock:
        session.player = ""  # the page has none yet
        tabs = gr.Tabs(selected="calls") if session.calls else gr.skip()
        return tabs, session.mask, session.names, *_screen(session, reader)


def _drop(paths: list[str] | None, request: gr.Request, **options) -> tuple:
    session, reader, refusals, sounds = session_of(request), reader_of(request), [], []
    with session.lock:
        files, notes = _paired([*map(Path, dict.fromkeys(paths or []))], session)
        refusals += [note(each.to(reader)) for each in notes]
        for path in sorted(files, key=_is_transcript):  # a recording comes before what was said in it
            try:
                if _is_transcript(path):
                    refusals += [note(each.to(reader)) for each in _open_transcript(path, session)]
                else:
                    call = session.add(path, _options(**options))
                    sounds.append(call.sound_hash)
            except UserError as refusal:
                refusals.append(refused(refusal, reader))
        if paths and len(set(paths)) < len(paths):
            refusals.append(refused(UserError(*message("calls_doubled")), reader))
        refusals += [note(say(reader, "work_other", name=name)) for name in session.namesakes()]
        refusals += [refused(refusal, reader) for refusal in transcription.prepare_players(session.calls)]
        session.refusals = join(refusals)
        return None, sounds, *_screen(session, reader)


def _paired(files: list[Path], session: CallSession) -> tuple[list[Path], list[Message]]:
    """The files that came together, with the two sides of a call as one, and what is to be said of that."""
    from speech.audio.legs import join, pair_name, pairs

    notes = []
    for one, other in [(files[first], files[second]) for first, second in pairs([path.name for path in files])]:
        folder = session.folder / secrets.token_hex(8)
        folder.mkdir(parents=True)
        try:
            made = folder / pair_name(one.name)
            found = join(one, other, made)
        except UserError as refusal:
            notes.append(refusal.message)
            continue
        files = [made if path is one else path for path in files if path is not other]
        notes += [message("paired", first=one.name, second=other.name), *found]
    return files, notes


def _is_transcript(path: Path) -> bool:
    return format_for(path) not in (None, "txt", "rttm")  # which have no times, or no text


def _open_transcript(path: Path, session: CallSession) -> list[Message]:
    """Opens a work file, or a transcript of any format to go on with: what is to be said of it. Raises UserError."""
    content, notes = content_of(path), []
    if work_file.is_work(content):
        work = work_file.read(content)
    else:
        transcript = read(path, notes=notes)
        sound = hashlib.sha256(content).hexdigest()
        work = work_file.Work(path.name, sound, transcript, Journal(transcript.turns))
        if recording := session.recording_of(path.stem):
            work = replace(work, name=recording.name, sound=recording.sound_hash)
    session.chosen = session.add_work(work)
    return notes


def _reopen(works: list[str] | None, request: gr.Request) -> tuple:
    """Goes on with what the browser has of recordings that have just come."""
    session, reader = session_of(request), reader_of(request)
    if not works:
        return [], *Screen()
    with session.lock:
        _reopened([str(work) for work in works], session, reader)
        return [], *_screen(session, reader)


def _reopen_one(request: gr.Request, press: Press) -> Screen:
    """Goes on with one that the visitor has chosen, whose recording is not here."""
    session, reader = session_of(request), reader_of(request)
    with session.lock:
        _reopened([press.text("work")], session, reader)
        return _screen(session, reader)


def _reopened(works: list[str], session: CallSession, reader: str) -> None:
    for work in works:
        try:
            session.chosen = session.add_work(work_file.read(work.encode()))
        except UserError as refusal:
            session.refusals = join([session.refusals, refused(refusal, reader)])
    unplayed = [refused(refusal, reader) for refusal in transcription.prepare_players(session.calls)]
    session.refusals = join([session.refusals, *unplayed])


def _sample(kind: str, request: gr.Request, **options) -> Screen:
    """Adds a call made of the telephone prompts, on a line of µ-law."""
    session, reader = session_of(request), reader_of(request)
    session.refusals, name = "", message(f"simulated_file_{kind}").to(reader)
    try:
        made = simulated_call.call(session.folder / kind, name, mono=kind == "mono")
        with session.lock:
            session.add(made, _options(**options))
    except UserError as refusal:
        session.refusals = refused(refusal, reader)
    return _screen(session, reader)


def _act(request: gr.Request, press: Press, **options) -> Screen:
    """Does what was pressed on a row of the queue, or under it."""
    session, reader = session_of(request), reader_of(request)
    act = press.text("act")
    with session.lock:
        session.refusals = ""
        if act == "clear":
            session.clear()
        row = None if act == "clear" else session.call(press.number("call"))
        if row is not None:
            if act == "choose":
                session.chosen = row
            elif act == "cancel":
                transcription.cancel(row)
            elif act == "again":
                row.again(_options(**options))
            elif act == "remove":
                session.remove(row)
            elif act in ("on_cpu", "on_gpu"):
                session.quota.decide(act == "on_cpu")
        return _screen(session, reader)


def _agent(request: gr.Request, press: Press) -> Screen:
    """Remembers which side is the agent: the parties are called so in all calls, where nobody has named them."""
    session, reader = session_of(request), reader_of(request)
    agent = press.text("side")
    client = {"A": "B", "B": "A"}.get(agent)
    with session.lock:
        session.call_parties({agent: say(reader, "agent"), client: say(reader, "client")} if client else {})
        return _screen(session, reader)


def _options(
    channels: str,
    speakers: int,
    language: str,
    adapter: str | None,
    hot_words: str | None = None,
    effort: str = EFFORT,
) -> CallOptions:
    return CallOptions(channels, int(speakers or 0) or None, language, adapter or "", hot_words or "", effort)


def _expect(words: str | None, press: Press) -> str:
    """Adds a word to those that the next recordings are transcribed with."""
    known = [word for each in (words or "").split(",") if (word := each.strip())]
    return ", ".join(dict.fromkeys([*known, " ".join(press.text("word").split())]))


# What is done to a conversation


def _saved(request: gr.Request) -> tuple:
    """What follows from corrections that were saved."""
    session, reader = session_of(request), reader_of(request)
    with session.lock:
        if session.chosen is None or not session.chosen.over:
            return gr.skip(), gr.skip()
        return _keep_button(session, reader), _masked_button(session.chosen)


def _mask(mask: bool, names: str, request: gr.Request) -> Screen:
    session = session_of(request)
    with session.lock:
        if names != session.names:
            for each in session.calls:
                each.masked_sound = None
        session.mask, session.names = mask, names
        return _screen(session, reader_of(request))


def _mask_sound(tone: bool, request: gr.Request) -> Iterator[Screen]:
    """Makes the masked sound of the chosen call, which the player has from then on where masking is on."""
    session, reader = session_of(request), reader_of(request)
    call = session.chosen
    if call is None or not call.over:
        return
    yield Screen(answer=note(say(reader, "mask_preparing")))
    try:
        call.masked_sound = downloads.masked_sound(call, session, tone)
    except UserError as refusal:
        yield Screen(answer=refused(refusal, reader))
        return
    yield _screen(session, reader)


def _keep(consent: bool, password: str, request: gr.Request, profile: gr.OAuthProfile | None) -> tuple:
    """Keeps the checked turns: nothing else of a visitor's stays on this machine."""
    session, reader = session_of(request), reader_of(request)
    try:
        access.check(request, password, profile)
        clips, name = corrected_turns.keep(session.chosen, session, consent)
    except UserError as refusal:
        return gr.skip(), refused(refusal, reader)
    return False, note(say(reader, "kept", count=str(clips), corpus=name))
