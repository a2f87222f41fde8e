"""Live transcription on the page: the microphone streams, and the words appear while one speaks."""

import asyncio

import gradio as gr

from common.messages import UserError
from ui.kit import adapter_shelf
from ui.kit.engine_pool import DETECT, loaded
from ui.kit.errors import refused
from ui.kit.events import AT_ONCE, PRIVATE
from ui.kit.html import render
from ui.kit.i18n import label, reader_of
from ui.kit.theme import WAVE
from ui.transcribe import live_session
from ui.transcribe.live_session import PageSession

EVERY = 0.3  # seconds of sound in a chunk
LIVE = PRIVATE | {"concurrency_limit": None}

# Browsers give no microphone to a page over plain http from another machine.
INSECURE = """
if (!window.isSecureContext) element.querySelector('[data-insecure]').hidden = false;
"""


def recorder() -> tuple[gr.Audio, gr.HTML]:
    """The microphone that streams, and what stands under it: what to do where there is none."""
    microphone = gr.Audio(
        label=label("live"),
        sources=["microphone"],
        type="numpy",
        streaming=True,
        editable=False,
        elem_id="live",
        elem_classes="recorder",
        **WAVE,
    )
    hint = gr.HTML(apply_default_css=False, js_on_load=INSECURE, padding=False, elem_id="live-hint")
    return microphone, hint


def hint(reader: str) -> str:
    return render("transcribe/live_hint.html", reader)


def wire(microphone: gr.Audio, asked: list, text: gr.HTML, finished: gr.State, recording: gr.Audio) -> object:
    """Connects the microphone: `asked` are language, task, hot words and adapter; `text` shows the words, `finished`
    receives the transcript and `recording` the sound. Gives the event after which both are there."""
    microphone.start_recording(_begin, asked, text, **LIVE)
    microphone.stream(_listen, microphone, text, stream_every=EVERY, **LIVE)
    stopped = microphone.stop_recording(_finish, None, [text, finished, recording], **LIVE)
    microphone.clear(leave, None, None, **AT_ONCE)
    return stopped


async def _begin(language: str, task: str, hot_words: str, adapter: str | None, request: gr.Request) -> str:
    reader = reader_of(request)
    try:
        setting = await asyncio.to_thread(adapter_shelf.with_adapter, adapter)
        options = {"language": None if language == DETECT else language, "task": task, "hot_words": hot_words}
        session = live_session.begin(request.session_hash, lambda: loaded(setting).engine, **options)
    except UserError as refusal:
        return refused(refusal, reader)
    return shown(session, reader)


def _listen(chunk: tuple | None, request: gr.Request):
    """Takes one chunk of the microphone and shows what is new."""
    session = live_session.current(request.session_hash)
    if session is None or chunk is None:
        return gr.skip()
    reader = reader_of(request)
    if session.error:
        return refused(session.error, reader)
    session.add(*chunk)
    return shown(session, reader)


async def _finish(request: gr.Request) -> tuple:
    session = live_session.end(request.session_hash)
    if session is None:
        return gr.skip(), None, gr.skip()
    try:
        transcript = await asyncio.to_thread(session.finish)
    except UserError as refusal:
        return refused(refusal, reader_of(request)), None, str(session.path)
    return gr.skip(), transcript, str(session.path)


def leave(request: gr.Request) -> None:
    """The visitor clears the microphone or leaves the page: nothing of the session is kept."""
    if session := live_session.end(request.session_hash):
        session.leave()


def shown(session: PageSession, reader: str) -> str:
    """The words so far: committed ones black, tentative ones grey; level, lag and real-time factor above them."""
    seconds = session.seconds
    return render(
        "transcribe/live.html",
        reader,
        turns=[turn for _, turn in sorted(session.state.turns.items()) if turn.text],
        level=min(1.0, session.level * 8),
        lag=session.state.lag,
        factor=session.busy / seconds if seconds else 0.0,
        seconds=seconds,
    )
