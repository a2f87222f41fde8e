"""The language that the page's address asks for (?lang=en), in place of the browser's own.

gradio chooses the labels' language by the browser's, before it runs any script of ours: so the page begins with one
that says another. The server reads the address that a request comes from (see `ui.kit.i18n.reader_of`).
"""

from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.kit.i18n import NAMES

HEAD = b"<head>"
SCRIPT = b"<script>Object.defineProperty(navigator, 'language', {value: '%s'});</script>"


class Language:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["path"] in ("", "/")
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[-1] if is_page else None
        if asked not in NAMES:
            return await self.app(scope, receive, send)
        script, begun = SCRIPT % asked.encode(), False

        async def told(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "content-length" in headers:
                    headers["content-length"] = str(int(headers["content-length"]) + len(script))
            elif message["type"] == "http.response.body" and not begun:
                begun = True
                message = message | {"body": message.get("body", b"").replace(HEAD, HEAD + script, 1)}
            await send(message)

        await self.app(scope, receive, told)
