"""A visitor's calls transcribed one after another, each by itself: what breaks one leaves the others alone."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gradio.processing_utils import PLAYABLE_AUDIO_CODECS

from common.messages import UserError
from ui.calls.session import CANCELLED, DONE, FAILED, RUNNING, Call, CallOptions, CallSession
from ui.kit import adapter_shelf, zero_gpu
from ui.kit.engine_pool import DETECT, display_name, loaded
from ui.kit.i18n import message

if TYPE_CHECKING:
    from speech.transcribe import TranscriptionProgress

_log = logging.getLogger(__name__)


def transcribe_call(path: Path, asked: CallOptions) -> Iterator["TranscriptionProgress"]:
    """Transcribes a recording piece by piece; hours of it take no more memory. Raises UserError."""
    if not path.is_file():
        raise UserError(*message("call_gone", name=path.name))
    setting = adapter_shelf.with_adapter(asked.adapter)
    choice, engine = loaded(setting)

    from speech.decoding.decode import Options
    from speech.transcribe import transcribe

    language = None if asked.language == DETECT else asked.language
    options = Options(language, words=True, margin=engine.margin)
    where = zero_gpu.decoding(choice)
    for progress in transcribe(path, engine, options, asked.channels, asked.speakers, **where):
        facts = replace(progress.transcript.audio, path=path.name)  # no path of the server is shown
        named = replace(progress.transcript, audio=facts, adapter=display_name(setting.adapter))
        yield replace(progress, transcript=named)


async def transcribe_waiting(session: CallSession) -> AsyncIterator[Call]:
    """Transcribes the calls that wait, and gives each whenever something of it has changed."""
    if session.working:
        return
    session.working = True
    try:
        while call := session.next():
            call.status = RUNNING
            yield call
            async for _ in _transcribe(call):
                session.touch()
                yield call
            if call.status == CANCELLED:  # what was drawn before that may come after it
                yield call
    finally:
        session.working = False


async def _transcribe(call: Call) -> AsyncIterator[None]:
    """Works out each piece in a thread; a call that is cancelled keeps the pieces before."""
    pieces = transcribe_call(call.path, call.options)
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
            share = min(1.0, found.seconds_done / found.seconds_total) if found.seconds_total else 0.0
            call.update(found.transcript, share)
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
    call.status, call.error = FAILED, message("call_broke")
    if isinstance(error, UserError):
        call.error = error.message
    else:
        _log.error("a call could not be transcribed", exc_info=error)


def cancel(call: Call) -> None:
    """Stops the call's transcription at once; what is transcribed so far stays."""
    if not call.over:
        call.status = CANCELLED


def _playable(path: Path, codec: str) -> Path:
    """The recording itself, or a WAV of it where browsers do not play such files."""
    from speech.audio.rewrite import rewrite

    if (path.suffix.lower(), codec) in PLAYABLE_AUDIO_CODECS:
        return path
    return rewrite(path, path.with_suffix(".player.wav"))
