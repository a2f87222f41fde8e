"""Columns on ZeroGPU: they go on in step, so that one call of the GPU decodes the windows of all of them.

Base and adapters share one set of weights there, and a call is begun once for all. Where the quota ends, what is
transcribed stays, and each column goes on on the CPU with its own engine, if the visitor decides so.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ui.compare.columns import Column, ColumnResult, Stage, refuse_twins, result
from ui.kit import zero_gpu
from ui.kit.engine_pool import loaded

if TYPE_CHECKING:
    from speech.transcribe import Source, TranscriptionProgress


class _Work:
    """A column that is being transcribed, up to its next windows."""

    def __init__(self, column: Column, source: "Source", whole: bool, at_once: int):
        from speech.decoding.decode import Options
        from speech.transcribe import transcribe

        self.column = column
        self.choice, engine = loaded(column.setting)
        self.engine = engine.with_own_counts()
        options = Options(margin=engine.margin, voice_activity=not whole)
        self.pieces = transcribe(source, self.engine, options, decoder=self._asked, at_once=at_once)
        self.progress: TranscriptionProgress | None = None
        self.request: zero_gpu.Request | None = None
        self.found: list | None = None
        self.seconds, self.lent = 0.0, False

    def _asked(self, _, sounds: Sequence, options, previous: str = "", once: Collection[int] = ()) -> Iterator[list]:
        """A decoder that waits until all columns have asked."""
        self.request = zero_gpu.Request(self.choice, list(sounds), options, previous, set(once))
        while self.found is None:
            yield []
        found, self.found = self.found, None
        yield found

    def go_on(self) -> None:
        """Works on the CPU up to the next windows to decode, or to the end."""
        started = time.perf_counter()
        for progress in self.pieces:
            self.progress = progress
            if self.request:
                break
        self.seconds += time.perf_counter() - started

    def answer(self, reply: zero_gpu.Reply) -> None:
        self.found, self.request, self.lent = reply.found, None, True
        self.seconds += reply.seconds

    def answer_itself(self) -> None:
        """Decodes its windows on the CPU."""
        from speech.decoding.decode import decode

        started = time.perf_counter()
        self.found = [pair for batch in decode(self.engine, *self.request[1:]) for pair in batch]
        self.request, self.lent = None, False
        self.seconds += time.perf_counter() - started

    @property
    def result(self) -> ColumnResult:
        """So far; `device` is where its last windows were decoded."""
        so_far = result(self.column, self.engine, self.progress.transcript, self.seconds)
        gpu = {"engine": "transformers", "precision": zero_gpu.PRECISION, "device": zero_gpu.DEVICE}
        return replace(so_far, **gpu) if self.lent else so_far


def transcribe_in_step(
    source: "Source", columns: Sequence[Column], whole: bool, quota: zero_gpu.Quota
) -> Iterator[Stage]:
    """As `ui.compare.columns.transcribe_columns`, all columns at once; nothing new comes as long as the quota waits."""
    refuse_twins(columns)
    works = []
    for at, column in enumerate(columns):
        yield Stage(at, None, ())
        works.append(_Work(column, source, whole, zero_gpu.AT_ONCE // len(columns)))
    asking = works
    while asking:
        for work in asking:
            work.go_on()
        yield _stage(works)
        asking = [work for work in asking if work.request]
        for _ in _answered(asking, quota):
            yield _stage(works)
    yield Stage(len(works), None, tuple(work.result for work in works))


def _answered(asking: Sequence[_Work], quota: zero_gpu.Quota) -> Iterator[None]:
    """Decodes what they ask for, on the GPU or by themselves, and gives way meanwhile."""
    if not asking:
        return
    while (replies := quota.lend([work.request for work in asking])) is None and not quota.on_cpu:
        yield
    for work, reply in zip(asking, replies or [None] * len(asking), strict=True):
        if reply:
            work.answer(reply)
        else:
            work.answer_itself()
            yield


def _stage(works: Sequence[_Work]) -> Stage:
    slowest = min(works, key=lambda work: work.progress.seconds_done)
    return Stage(0, slowest.progress, tuple(work.result for work in works), together=True)
