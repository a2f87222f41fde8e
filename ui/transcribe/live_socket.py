"""The address of live transcription, ws://HOST/live: sound goes in, and events come out as lines of JSON.

A browser's page and a telephone exchange use it alike. In the query: `language`, `task`, `hot_words`, `adapter`, and of
the sound `rate` (8000), `codec` (s16, ulaw or alaw), `channels` (1 or 2) and `split` (1: each channel by itself).

To be sent: raw sound in binary messages, cut anywhere; as text, `end` where the sound is over, or `lost N` where N
bytes of it cannot be sent any more. Received, a JSON object each: {"kind": "ready", "received": bytes} first, then the
events of `python -m speech live --json`, with the real-time factor so far, and at last {"kind": "done"}, or
{"kind": "error", "en", "fr"}. With `session`, which the page is given, a connection that broke off goes on where
`received` says.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from common.messages import UserError
from ui.kit import adapter_shelf
from ui.kit.engine_pool import DETECT, loaded
from ui.kit.i18n import message
from ui.transcribe import live_session
from ui.transcribe.live_session import Line, VisitorSession

if TYPE_CHECKING:
    from speech.live.sound import RawSound

LONGEST = 20  # characters of a text message
HERE = {"localhost", "127.0.0.1", "::1"}
REFUSED, LEFT, DONE, LOST = 1008, (1000, 1001), 1000, 1006  # codes of a WebSocket's end; 1001: the page was closed
BEHIND = 120.0  # seconds of sound that may wait to be decoded: whoever sends faster than words come waits too
LOOK = 0.1  # seconds between two looks at how many they are
_takers = ThreadPoolExecutor(4, "live-sound")  # what takes sound never waits for a thread that transcribes a file


def begin(language: str, task: str, hot_words: str, adapter: str | None, keep: bool) -> VisitorSession:
    """Begins a session with an engine of the page. Raises UserError."""
    setting = adapter_shelf.with_adapter(adapter)
    options = {"language": None if language == DETECT else language, "task": task, "hot_words": hot_words}
    return live_session.begin(lambda: loaded(setting).engine, keep, **options)


async def live(socket: WebSocket) -> None:
    """Serves one connection from its first byte to its last."""
    await socket.accept()
    try:
        _check_origin(socket)
        session, raw = await asyncio.to_thread(_asked, dict(socket.query_params))
    except UserError as refusal:
        await socket.send_json({"kind": "error", "en": refusal.message.en, "fr": refusal.message.fr})
        await socket.close(REFUSED)
        return
    loop, lines = asyncio.get_running_loop(), asyncio.Queue()

    def send(line: Line) -> None:
        loop.call_soon_threadsafe(lines.put_nowait, line)

    await socket.send_json({"kind": "ready", "received": session.connect(raw, send)})
    sending, code = asyncio.create_task(_send(socket, lines)), LOST
    try:
        code = await _receive(socket, session, send)
    finally:
        sending.cancel()
        is_page = "session" in socket.query_params
        if not is_page or (code in LEFT and session.is_connected_by(send) and not session.over):
            live_session.take(session.token)
            session.leave()


def _asked(query: dict[str, str]) -> tuple[VisitorSession, "RawSound"]:
    """The session that a connection belongs to, and what it will send. Raises UserError."""
    from speech.live.sound import RawSound

    try:
        rate, channels = int(query.get("rate", 8000)), int(query.get("channels", 1))
    except ValueError as error:
        raise UserError(*message("live_numbers")) from error
    raw = RawSound(rate, query.get("codec", "s16"), channels, query.get("split") == "1")
    if "session" not in query:
        asked = {"language": "fr", "task": "transcribe", "hot_words": "", "adapter": None}
        return begin(**{name: query.get(name, value) for name, value in asked.items()}, keep=False), raw
    session = live_session.current(query["session"])
    if session is None:
        raise UserError(*message("live_gone"))
    return session, raw


async def _receive(socket: WebSocket, session: VisitorSession, send) -> int:
    """Takes what comes, in its order, until the connection ends; the code with which it does."""
    loop = asyncio.get_running_loop()
    while True:
        received = await socket.receive()
        if received["type"] == "websocket.disconnect":
            return received.get("code") or DONE
        text = received.get("text") or ""
        while session.behind > BEHIND and not session.over:
            await asyncio.sleep(LOOK)
        if data := received.get("bytes"):
            await loop.run_in_executor(_takers, session.add, data, send)
        elif text == "end":
            await loop.run_in_executor(_takers, session.end)
        elif text.startswith("lost ") and text[5:].isdecimal() and len(text) < LONGEST:
            await loop.run_in_executor(_takers, session.skip, int(text[5:]), send)


async def _send(socket: WebSocket, lines: asyncio.Queue) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # starlette's, where the other side is gone
        while True:
            line = await lines.get()
            await socket.send_json(line)
            if line["kind"] in ("done", "error"):
                await socket.close(DONE)
                return


def _check_origin(socket: WebSocket) -> None:
    """A page from elsewhere has no business with the server of this machine. Raises UserError."""
    origin = urlsplit(socket.headers.get("origin", "")).hostname
    if origin and socket.url.hostname in HERE and origin not in HERE:
        raise UserError(*message("live_elsewhere"))


ROUTE = WebSocketRoute("/live", live)
