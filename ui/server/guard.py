"""Looks at each request before gradio does: other names for this machine, routes that nobody needs, too large uploads.

Every answer says that no other site may show this page in a frame, where a press could be led astray.
"""

import shutil
import time
from collections import defaultdict, deque
from urllib.parse import urlsplit

from gradio.utils import get_upload_folder
from python_multipart.exceptions import FormParserError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.limits import limit
from ui.kit import access
from ui.kit.format import number
from ui.kit.i18n import reader_of, say

UNUSED = (
    "/gradio_api/dev/reload",  # looks twenty times a second, for whoever asks and as long as they like
    "/gradio_api/deep_link",  # writes all that a visitor typed to the disk, for whoever has the link
    "/gradio_api/process_recording",  # runs FFmpeg on a stranger's video
)
UPLOADS = ("/gradio_api/upload", "/upload")  # what they bring stays; the other API keeps no file
HOUR = 3600
RESERVE = 2**30  # bytes of the disk that uploads leave free
FRAMES = {  # who may show this page in a frame; the Hub shows its Spaces so
    False: "frame-ancestors 'self'",
    True: "frame-ancestors 'self' https://huggingface.co https://*.hf.space",
}


class Guard:
    """ASGI middleware. `names`: the host names under which the page is asked for; None where any is right."""

    def __init__(self, app: ASGIApp, names: frozenset[str] | None = None):
        self.app = app
        self.names = names
        self._sent: dict[str, deque[tuple[float, int]]] = defaultdict(deque)  # address: when, and how many bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        if scope["type"] == "websocket":
            headers = Headers(scope=scope)
            if self._is_misled(headers) or _is_of_another_site(headers):
                return await send({"type": "websocket.close", "code": 1008})
            return await self.app(scope, receive, send)

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.append("content-security-policy", FRAMES[access.on_a_space()])
                if not access.on_a_space():
                    headers["x-frame-options"] = "SAMEORIGIN"
            await send(message)

        request = Request(scope)
        answer = self._refusal(request) or (_Uploads(self.app) if _is_upload(request) else self.app)
        await answer(scope, receive, framed)

    def _refusal(self, request: Request) -> PlainTextResponse | None:
        path = request.scope["path"].rstrip("/")  # decoded, as the routes see it
        if self._is_misled(request.headers):
            return PlainTextResponse(say(reader_of(request), "other_host"), 421)
        if path.endswith(UNUSED):
            return PlainTextResponse("Not Found", 404)
        if _is_upload(request):
            return self._refused_upload(request)
        return None

    def _is_misled(self, headers: Headers) -> bool:
        """Whether the browser was given another name for this machine, by which a site would read what is here."""
        return self.names is not None and urlsplit(f"//{headers.get('host', '')}").hostname not in self.names

    def _refused_upload(self, request: Request) -> PlainTextResponse | None:
        """Counts the upload, which has to say its length before it comes."""
        length, reader = request.headers.get("content-length", ""), reader_of(request)
        if not length.isdecimal():
            return PlainTextResponse(say(reader, "upload_without_length"), 411)
        now, size = time.monotonic(), int(length)
        sent = self._sent[request.client.host if request.client else ""]
        while sent and now - sent[0][0] > HOUR:
            sent.popleft()
        quota = limit("ALLO_MB_AN_HOUR")
        if sum(each for _, each in sent) + size > quota * 1e6:
            return PlainTextResponse(say(reader, "upload_quota", megabytes=number(quota, reader, 0)), 429)
        if shutil.disk_usage(get_upload_folder()).free - size < RESERVE:
            return PlainTextResponse(say(reader, "upload_disk"), 507)
        sent.append((now, size))
        return None


class _Uploads:
    """What gradio makes of an upload; a form that it does not understand is refused, and is no error of the server."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            return await self.app(scope, receive, send)
        except FormParserError:
            pass  # its boundary
        except TypeError as error:
            if "GradioUploadFile" not in str(error):  # a field without a file's name
                raise
        await PlainTextResponse(say(reader_of(Request(scope)), "upload_form"), 400)(scope, receive, send)


def _is_upload(request: Request) -> bool:
    return request.method == "POST" and request.scope["path"].rstrip("/").endswith(UPLOADS)


def _is_of_another_site(headers: Headers) -> bool:
    """Whether a page of another site opens a WebSocket, which browsers allow and tell. A Space is open to all."""
    origin = headers.get("origin")
    return bool(origin) and not access.on_a_space() and urlsplit(origin).netloc != headers.get("host")
