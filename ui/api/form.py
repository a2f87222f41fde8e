"""What a program asks for: the fields of OpenAI's form, and the file, which goes to the disk as it comes in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import BinaryIO

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from common.limits import count
from ui.api.errors import refusal

FORMATS = ("json", "text", "srt", "verbose_json", "vtt")
GRANULARITIES = ("word", "segment")
MEGABYTE = 1_000_000
FIELDS = 100  # at most; OpenAI has a dozen


@dataclass(frozen=True)
class Asked:
    file: BinaryIO  # without a name on the disk: it is gone once it is closed, or the server killed
    name: str  # the file's, as the program calls it
    model: str
    language: str | None  # Whisper's code; None: detected
    prompt: str
    format: str
    granularities: tuple[str, ...]


async def read(request: Request) -> Asked:
    """The fields of the request. Raises Refused for those that cannot be, and for a file that is too large."""
    most = count("ALLO_MAX_MB")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most * MEGABYTE:
        raise _too_large(most)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise refusal("api_form")
    parser = MultiPartParser(request.headers, _limited(request.stream(), most), max_files=1, max_fields=FIELDS)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise refusal("api_form") from error
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise refusal("api_file", "file")
    _check_temperature(_text(form, "temperature", "0"))
    return Asked(
        file=upload.file,
        name=upload.filename or "audio",
        model=_text(form, "model"),
        language=_text(form, "language").lower() or None,
        prompt=_text(form, "prompt"),
        format=_choice("response_format", _text(form, "response_format", FORMATS[0]), FORMATS),
        granularities=_granularities(form),
    )


async def _limited(chunks: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    taken = 0
    async for chunk in chunks:
        taken += len(chunk)
        if taken > most * MEGABYTE:
            raise _too_large(most)
        yield chunk


def _too_large(most: int) -> Exception:
    return refusal("api_too_large", "file", status=413, most=str(most))


def _text(form: FormData, field: str, default: str = "") -> str:
    value = form.get(field)
    return value.strip() or default if isinstance(value, str) else default


def _choice(field: str, given: str, known: tuple[str, ...]) -> str:
    if given not in known:
        raise refusal("api_choice", field.removesuffix("[]"), field=field, given=given, known=", ".join(known))
    return given


def _granularities(form: FormData) -> tuple[str, ...]:
    """What times are asked for; those of segments where nothing is."""
    field = "timestamp_granularities[]"
    given = [each for each in form.getlist(field) + form.getlist(field[:-2]) if isinstance(each, str)]
    if given and _text(form, "response_format") != "verbose_json":
        raise refusal("api_granularities", field[:-2])
    return tuple(_choice(field, each, GRANULARITIES) for each in given) or ("segment",)


def _check_temperature(given: str) -> None:
    """It changes nothing: decoding is greedy, and goes to higher temperatures by itself where a text loops."""
    try:
        within = 0 <= float(given) <= 1
    except ValueError:
        within = False
    if not within:
        raise refusal("api_temperature", "temperature", given=given)
