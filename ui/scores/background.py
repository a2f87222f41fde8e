"""Scoring in the background: one job at a time on a thread of the server, the others queued.

A job belongs to no visitor: whoever asks for what is being scored already joins it, and whoever comes back finds it.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from common.messages import UserError
from ui.kit.engine_pool import loaded
from ui.scores.results import Scorer

if TYPE_CHECKING:
    from corpus import Corpus
    from corpus.layouts.raw import Call
    from speech.engines.base import Engine
    from trainer.evaluation.evaluate import EvaluationProgress

_queue = ThreadPoolExecutor(1, "scoring")
_lock = threading.Lock()
_jobs: list["ScoringJob"] = []  # those that have not ended
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class ScoringJob:
    """A model that transcribes rows of a corpus, or its whole calls, whose texts are scored."""

    scorer: Scorer
    output: Path
    rows: Sequence  # of the corpus; names of calls
    steps: Callable[["Engine"], Iterator["EvaluationProgress"]]  # the work
    whole_calls: bool = False
    future: Future = field(init=False)  # how the job ended
    progress: "EvaluationProgress | None" = None  # None until the model is loaded
    began: float = 0.0  # by time.monotonic
    stopped: bool = False

    @property
    def alive(self) -> bool:
        return not self.future.done()

    @property
    def seconds_left(self) -> float | None:
        """By the share of the work that is done; None while that is unknown."""
        if not self.progress or not self.progress.share:
            return None
        return (time.monotonic() - self.began) * (1 / self.progress.share - 1)

    def stop(self) -> None:
        """Stops at the end of the batch in hand; at once where the job has not begun."""
        self.stopped = True
        self.future.cancel()


def begin(corpus: "Corpus", scorer: Scorer, rows: Sequence[int]) -> ScoringJob:
    """The job that scores these rows: one that does so already, or a new one at the end of the queue."""
    output = scorer.output(corpus)

    def steps(engine: "Engine") -> Iterator["EvaluationProgress"]:
        from speech.decoding.decode import Options
        from trainer.evaluation.evaluate import evaluate

        return evaluate(corpus, rows, engine, Options(margin=engine.margin), output)

    return _begun(ScoringJob(scorer, output, rows, steps))


def begin_calls(corpus: "Corpus", scorer: Scorer, calls: Sequence["Call"]) -> ScoringJob:
    """The same of whole calls."""
    output = scorer.calls_output(corpus)

    def steps(engine: "Engine") -> Iterator["EvaluationProgress"]:
        from speech.decoding.decode import Options
        from trainer.evaluation.calls import evaluate, speakers_asked

        return evaluate(corpus, calls, engine, Options(margin=engine.margin), speakers_asked(), output)

    return _begun(ScoringJob(scorer, output, [call.name for call in calls], steps, whole_calls=True))


def _begun(new: ScoringJob) -> ScoringJob:
    with _lock:
        _jobs[:] = [job for job in _jobs if job.alive]
        for job in _jobs:
            if job.output == new.output and not job.stopped and set(new.rows) <= set(job.rows):
                return job
        new.future = _queue.submit(_run, new)
        new.future.add_done_callback(_log_error)
        _jobs.append(new)
        return new


def alive(outputs: Sequence[Path]) -> list[ScoringJob]:
    """The jobs that work on these, or wait to."""
    with _lock:
        return [job for job in _jobs if job.alive and job.output in outputs]


def waits(job: ScoringJob) -> bool:
    """Others are before it in the queue."""
    with _lock:
        return any(other.alive for other in takewhile(lambda other: other is not job, _jobs))


def _run(job: ScoringJob) -> None:
    engine = loaded(job.scorer.setting).engine
    with closing(job.steps(engine)) as steps:
        for progress in steps:
            job.began = job.began or time.monotonic()
            job.progress = progress
            if job.stopped or not threading.main_thread().is_alive():  # the server is asked to end
                break


def _log_error(future: Future) -> None:
    """Logs what nobody foresaw, with its traceback; a UserError is shown to the visitor."""
    error = None if future.cancelled() else future.exception()
    if error and not isinstance(error, UserError):
        _log.error("a scoring broke down", exc_info=error)
