"""Live transcription on the page: the microphone streams, and the words appear while one speaks."""

import asyncio
import secrets
from pathlib import Path

import gradio as gr

from common.messages import UserError
from ui.kit.errors import for_visitors
from ui.kit.events import PRIVATE, Press
from ui.kit.html import render
from ui.kit.i18n import SENTENCES, reader_of
from ui.transcribe import live_session, live_socket

SCRIPT = (Path(__file__).parents[2] / "assets/live.js").read_text(encoding="utf-8")
LIVE = PRIVATE | {"concurrency_limit": None}


def recorder() -> gr.HTML:
    """The microphone that streams; its script draws the words where the transcript will be."""
    return gr.HTML(apply_default_css=False, js_on_load=SCRIPT, padding=False, elem_id="live")


def drawn(reader: str, session: str = "", refusal: str = "") -> str:
    """The recorder at rest; with the session that the script connects to, or why there is none."""
    return render(
        "transcribe/live_recorder.html",
        reader,
        session=session,
        refusal=refusal,
        answer=secrets.token_hex(4),  # so that two answers are never the same, and the script sees both
        sentences=SENTENCES[reader],
    )


def wire(microphone: gr.HTML, asked: list, text: gr.HTML, downloads: gr.Row, said: gr.State, recording: gr.Audio):
    """Connects the microphone: `asked` are language, task, hot words and adapter; `text` has the words. At the end
    `said` receives the transcript and `recording` the sound; gives the event after which both are there."""
    microphone.begin(_begin, asked, [microphone, text, downloads], **LIVE)
    return microphone.done(_finish, None, [said, recording], **LIVE)


async def _begin(language: str, task: str, hot_words: str, adapter: str | None, request: gr.Request) -> tuple:
    reader = reader_of(request)
    try:
        session = await asyncio.to_thread(live_socket.begin, language, task, hot_words, adapter, keep=True)
    except UserError as refusal:
        return drawn(reader, refusal=for_visitors(refusal.message).to(reader)), gr.skip(), gr.skip()
    return drawn(reader, session.token), render("transcribe/live.html", reader), gr.Row(visible=False)


async def _finish(event: Press) -> tuple:
    """The transcript and the sound of a session that is over."""
    session = live_session.take(event.text("session"))
    if session is None:
        return None, gr.skip()
    transcript = await asyncio.to_thread(session.result)
    return transcript, str(session.path) if session.path.is_file() else gr.skip()
