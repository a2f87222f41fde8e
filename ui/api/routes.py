"""POST /v1/audio/transcriptions, POST /v1/audio/translations and GET /v1/models, as OpenAI's API has them.

The page's rules hold: its limits and its line, its models and adapters, its password as the key where there is one.
Nothing is kept: a recording has no name on the disk, and is gone with the answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common.messages import UserError
from transcripts.transcript import Transcript
from ui.api import form
from ui.api.answers import answer
from ui.api.errors import Refused, busy, refusal, response
from ui.kit import access, adapter_shelf
from ui.kit.engine_pool import Setting, loading, transcribe_source
from ui.kit.i18n import reader_of
from ui.server.queue import Busy, Gone, line, visitor_of

GENERIC = "whisper-1"  # what OpenAI's clients ask for: here the page's own model
LEFT = 499  # the status, for the log alone, where nobody is there to read it

_log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


def _answering(handler: Handler) -> Handler:
    """The handler behind the key, with whatever is refused or breaks in OpenAI's words."""

    async def answered(request: Request) -> Response:
        try:
            await _check_key(request)
            return await handler(request)
        except (ClientDisconnect, Gone):
            return Response(status_code=LEFT)
        except Refused as refused:
            return response(refused, reader_of(request))
        except Busy as full:
            return response(busy(full, full.seconds), reader_of(request))
        except UserError as error:
            return response(Refused(error.message), reader_of(request))
        except Exception:  # as gradio's handlers: the log has it, and the client hears that it was not its fault
            _log.exception("a request to the API broke")
            return response(refusal("api_broke", status=500), reader_of(request))

    return answered


async def _check_key(request: Request) -> None:
    """Where the page has a password, the key has to be it; elsewhere any key will do."""
    key = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if not access.password():
        return
    try:
        access.check_password(key, request.client.host if request.client else "")
    except UserError as wrong:
        async for _ in request.stream():  # a client reads no answer while it still sends
            pass
        raise refusal("api_key_wrong", code="invalid_api_key", status=401) from wrong


async def _transcribed(request: Request, task: str) -> Response:
    asked = await form.read(request)  # before the line: a slow upload keeps nobody waiting
    with asked.file, line.enter(visitor_of(request)) as ticket:
        await ticket.turn(request.is_disconnected)
        transcript = await _transcript(request, asked, task)
    return answer(transcript, asked.format, task, asked.granularities)


async def _transcript(request: Request, asked: form.Asked, task: str) -> Transcript:
    """Works out each piece in a thread; a client that leaves stops it. The file is decoded as a stream, twice."""
    from speech.audio.decode import stream

    setting = await asyncio.to_thread(_setting, asked.model)
    source = partial(stream, f"/proc/self/fd/{asked.file.fileno()}", name=asked.name)
    options = {"language": asked.language, "prompt": asked.prompt, "words": "word" in asked.granularities}
    with closing(transcribe_source(source, setting, task=task, **options)) as pieces:
        while piece := await asyncio.to_thread(next, pieces, None):
            last = piece
            if await request.is_disconnected():
                raise Gone
    return last.transcript


def _setting(model: str) -> Setting:
    """The page's model for OpenAI's name of it, else what the page's visitors may name as well."""
    try:
        return Setting() if model in ("", GENERIC) else adapter_shelf.setting(model)
    except UserError as error:
        raise Refused(error.message, "model", "model_not_found", 404) from error


def _models() -> list[str]:
    page = loading().result().choice.model
    return list(dict.fromkeys([GENERIC, *([] if page.startswith("/") else [page]), *adapter_shelf.names()]))


def _card(name: str) -> dict:
    return {"id": name, "object": "model", "created": 0, "owned_by": "allo"}


@_answering
async def transcriptions(request: Request) -> Response:
    return await _transcribed(request, "transcribe")


@_answering
async def translations(request: Request) -> Response:
    return await _transcribed(request, "translate")


@_answering
async def models(request: Request) -> Response:
    names = await asyncio.to_thread(_models)
    return JSONResponse({"object": "list", "data": [_card(name) for name in names]})


@_answering
async def model(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in await asyncio.to_thread(_models):
        raise refusal("no_model", "model", "model_not_found", 404, name=name)
    return JSONResponse(_card(name))


ROUTES = [
    Route("/v1/audio/transcriptions", transcriptions, methods=["POST"]),
    Route("/v1/audio/translations", translations, methods=["POST"]),
    Route("/v1/models", models),
    Route("/v1/models/{name:path}", model),
]
