"""A visitor's calls heard one after another, each by itself: what breaks one leaves the others alone."""

import asyncio
import logging
import wave
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gradio.processing_utils import PLAYABLE_AUDIO_CODECS

from common.messages import UserError
from common.pcm import to_int16
from ui.calls.session import CANCELLED, DONE, FAILED, RUNNING, Call, Visit, Wish
from ui.kit import adapter_shelf
from ui.kit.engine_pool import DETECT, called, loaded
from ui.kit.i18n import message

if TYPE_CHECKING:
    from speech.transcribe import TranscriptionProgress

_log = logging.getLogger(__name__)


def heard(path: Path, wish: Wish) -> Iterator["TranscriptionProgress"]:
    """What is said in the call, piece by piece; hours of it take no more memory. Raises UserError."""
    if not path.is_file():
        raise UserError(*message("call_gone", name=path.name))
    setting = adapter_shelf.ear(wish.ear)
    engine = loaded(setting).engine

    from speech.decoding.decode import Options
    from speech.transcribe import transcribe

    language = None if wish.language == DETECT else wish.language
    options = Options(language, words=True, margin=engine.margin)
    for progress in transcribe(path, engine, options, channels=wish.channels, speakers=wish.speakers):
        facts = replace(progress.transcript.audio, path=path.name)  # where the server keeps it is nobody's business
        named = replace(progress.transcript, audio=facts, adapter=called(setting.adapter))
        yield replace(progress, transcript=named)


async def work(visit: Visit) -> AsyncIterator[Call]:
    """Hears the calls that wait, and gives each whenever something of it has changed."""
    if visit.working:
        return
    visit.working = True
    try:
        while call := visit.next():
            call.status = RUNNING
            yield call
            async for _ in _hear(call):
                visit.touch()
                yield call
            if call.status == CANCELLED:  # what was drawn before that may come after it
                yield call
    finally:
        visit.working = False


async def _hear(call: Call) -> AsyncIterator[None]:
    """A piece is worked out in a thread; a call that is cancelled is left after it, with what was heard so far."""
    pieces = heard(call.path, call.wish)
    while call.status == RUNNING:
        step = asyncio.ensure_future(asyncio.to_thread(_step, call, pieces))
        await asyncio.wait([step])
        found = step.exception() or step.result()
        if call.status != RUNNING:
            return
        if isinstance(found, BaseException):
            _fail(call, found)
        elif found is None:
            call.status, call.share = DONE, 1.0
        else:
            call.transcript = found.transcript
            call.share = min(1.0, found.seconds_done / found.seconds_total) if found.seconds_total else 0.0
        yield


def _step(call: Call, pieces: Iterator["TranscriptionProgress"]) -> "TranscriptionProgress | UserError | None":
    try:
        progress = next(pieces, None)
        if progress and call.sound is None:
            call.sound = _playable(call.path, progress.transcript.audio.codec)
    except UserError as refusal:
        return refusal
    return progress


def _fail(call: Call, error: BaseException) -> None:
    call.status, call.why = FAILED, message("call_broke")
    if isinstance(error, UserError):
        call.why = error.message
    else:
        _log.error("a call could not be heard", exc_info=error)


def cancel(call: Call) -> None:
    """At once; what was heard so far stays."""
    if not call.over:
        call.status = CANCELLED


def _playable(path: Path, codec: str) -> Path:
    """The recording itself, or a WAV of it where browsers do not play such files."""
    if (path.suffix.lower(), codec) in PLAYABLE_AUDIO_CODECS:
        return path
    return rewritten(path, path.with_suffix(".player.wav"))


def rewritten(source: Path, target: Path, change=lambda start, block, rate: block) -> Path:
    """The recording as a 16-bit WAV at its own rate, each block as `change(seconds, block, rate)` gives it back."""
    from speech.audio.decode import stream

    with stream(source, rate=None) as blocks, wave.open(str(target), "wb") as file:
        file.setnchannels(blocks.facts.channels)
        file.setsampwidth(2)
        file.setframerate(blocks.rate)
        samples = 0
        for block in blocks:
            file.writeframes(to_int16(change(samples / blocks.rate, block, blocks.rate).T).tobytes())
            samples += block.shape[1]
    return target
