"""A visitor's calls transcribed one after another, each by itself: what breaks one leaves the others alone."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from gradio.processing_utils import PLAYABLE_AUDIO_CODECS

from common.messages import UserError
from ui.calls.call import CANCELLED, DONE, FAILED, HELD, RUNNING, Call, CallOptions
from ui.calls.session import CallSession
from ui.kit import adapter_shelf, zero_gpu
from ui.kit.engine_pool import DETECT, display_name, loaded
from ui.kit.i18n import message

if TYPE_CHECKING:
    from speech.transcribe import TranscriptionProgress

_log = logging.getLogger(__name__)


def transcribe_call(
    path: Path, asked: CallOptions, quota: zero_gpu.Quota | None = None
) -> Iterator["TranscriptionProgress"]:
    """Transcribes a recording piece by piece; hours of it take no more memory. Raises UserError.

    `quota`: of a visitor who can be asked.
    """
    if not path.is_file():
        raise UserError(*message("call_gone", name=path.name))
    setting = adapter_shelf.with_adapter(asked.adapter)
    choice, engine = loaded(setting)

    from speech.decoding.decode import Options
    from speech.decoding.effort import beam_of
    from speech.transcribe import transcribe

    language = None if asked.language == DETECT else asked.language
    options = Options(
        language,
        words=True,
        margin=engine.margin,
        hot_words=asked.hot_words,
        unsure_beam=beam_of(asked.effort),
    )
    where = zero_gpu.decoding(choice, quota)
    for progress in transcribe(path, engine, options, asked.channels, asked.speakers, **where):
        facts = replace(progress.transcript.audio, path=path.name)  # no path of the server is shown
        named = replace(progress.transcript, audio=facts, adapter=display_name(setting.adapter))
        yield replace(progress, transcript=named)


async def transcribe_waiting(session: CallSession) -> AsyncIterator[Call]:
    """Transcribes the calls that wait, and gives each whenever something of it has changed.

    A call that has no GPU any more is held, and those after it wait, until the visitor has decided.
    """
    session.worker = worker = object()
    while call := await asyncio.to_thread(_begin_next, session, worker):
        yield call
        async for _ in _transcribe(call, session):
            session.touch()
            yield call
            if session.worker is not worker:
                return
        if call.status == HELD:
            return
        if call.status == DONE:
            others = [each for each in session.calls if each.status == DONE and each.path and each is not call]
            with suppress(UserError):  # one of them was removed meanwhile
                await asyncio.to_thread(_name_prompts, call, others, session.lock)
        if call.status in (CANCELLED, DONE):  # what was drawn before that may come after it
            yield call


def _begin_next(session: CallSession, worker: object) -> Call | None:
    """The call whose turn it is; None where none waits, or another page has the queue."""
    with session.lock:
        call = session.next() if session.worker is worker else None
        if call:
            call.status = RUNNING
        return call


async def _transcribe(call: Call, session: CallSession) -> AsyncIterator[None]:
    """Works out each piece in a thread; a call that is cancelled keeps the pieces before.

    A page that is loaded again goes on where the one before it was.
    """
    era = call.era
    call.pieces = call.pieces or transcribe_call(call.path, call.options, session.quota)
    while call.status == RUNNING and call.era == era:
        await asyncio.wait([asyncio.ensure_future(asyncio.to_thread(_step, call, call.pieces, session))])
        yield


def _step(call: Call, pieces: Iterator["TranscriptionProgress"], session: CallSession) -> None:
    """Takes the next piece into the call; a page that has been left may be at the one before it."""

    def is_wanted() -> bool:
        return call.status == RUNNING and call.pieces is pieces

    with call.stepping:
        if not is_wanted():
            return
        try:
            progress = next(pieces, None)
            if progress and call.sound is None:
                call.sound = playable(call.path, progress.transcript.audio.codec)
        except Exception as error:  # it stands in the call, and in the log
            with session.lock:
                if is_wanted():
                    _fail(call, error)
            return
        with session.lock:
            if is_wanted():
                _take(call, progress)
                if call.status == RUNNING and session.quota.waits:
                    call.status, call.error = HELD, session.quota.refusal


def _take(call: Call, progress: "TranscriptionProgress | None") -> None:
    if progress is None:
        call.status, call.share = DONE, 1.0
    else:
        share = min(1.0, progress.seconds_done / progress.seconds_total) if progress.seconds_total else 0.0
        call.update(progress.transcript, share)


def _fail(call: Call, error: Exception) -> None:
    call.status, call.error = FAILED, message("call_broke")
    if isinstance(error, UserError):
        call.error = error.message
    else:
        _log.error("a call could not be transcribed", exc_info=error)


def _name_prompts(call: Call, others: list[Call], lock: RLock) -> None:
    """Finds the machine prompts that the call shares with the others, and puts them among the sounds of both."""
    from speech.machine_prompts import fingerprint, shared, with_prompts

    for each in (call, *others) if others else ():
        if each.fingerprint is None:
            each.fingerprint = fingerprint(each.path)
    for other in others:
        found = shared(call.fingerprint, other.fingerprint)
        with lock:
            for each, sounds in zip((call, other), found, strict=True):
                if each.status == DONE:
                    each.transcript = replace(each.transcript, sounds=with_prompts(each.sounds, sounds))


def cancel(call: Call) -> None:
    """Stops the call's transcription at once; what is transcribed so far stays."""
    if not call.over:
        call.status = CANCELLED


def prepare_players(calls: Iterable[Call]) -> list[UserError]:
    """Gives the calls that came back with their work done what browsers play; a recording that is none goes again."""
    refusals = []
    for call in calls:
        if call.reopened and call.path and call.sound is None:
            try:
                call.sound = playable(call.path, call.transcript.audio.codec)
            except UserError as refusal:
                call.path = None
                refusals.append(refusal)
    return refusals


def playable(path: Path, codec: str) -> Path:
    """The recording itself, or a WAV of it where browsers do not play such files."""
    from speech.audio.rewrite import rewrite

    if (path.suffix.lower(), codec) in PLAYABLE_AUDIO_CODECS:
        return path
    return rewrite(path, path.with_suffix(".player.wav"))
