"""How a training stops before its plan's end: by a flag that is checked between steps, or by a time limit."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from accelerate import Accelerator, PartialState
from transformers import TrainerCallback


class Cancelled(Exception):
    """The training was asked to stop."""


class Complete(Exception):
    """The checkpoint that a run resumed from is that of its last step."""


class StopFlag:
    """Set from outside of the training, checked between steps and between batches of an evaluation."""

    def __init__(self):
        self.requested = False

    def request(self, *_) -> None:
        self.requested = True

    def check(self) -> None:
        """Raises Cancelled where a stop was requested. Several processes agree on it at the end of a step and not in
        between, where one would leave the others waiting."""
        if self.requested and PartialState().num_processes == 1:
            raise Cancelled


def _in_any_process(accelerator: Accelerator, flag: bool) -> bool:
    """Whether the flag is set in any process; all of them have to call it."""
    if accelerator.num_processes == 1:
        return flag
    return bool(accelerator.reduce(torch.tensor(float(flag), device=accelerator.device), "sum") > 0)


@contextmanager
def stop_on_signals() -> Iterator[StopFlag]:
    """Turns SIGTERM and Ctrl-C into a flag that is checked between steps."""
    stop = StopFlag()
    before = {number: signal.signal(number, stop.request) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stop_after(seconds: float, file: Path) -> Iterator[StopFlag]:
    """Sets the flag after so many seconds, or once `file` is there: a thread that is no main one gets no signals."""
    stop, ended = StopFlag(), threading.Event()
    deadline = time.monotonic() + seconds

    def watch() -> None:
        while not ended.wait(0.2):
            if time.monotonic() >= deadline or file.exists():
                stop.request()
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        ended.set()
        thread.join()


class StopBetweenSteps(TrainerCallback):
    """Ends the training after the step in which a stop was requested, with a checkpoint.

    An evaluation comes after the checkpoint of its step, so that one that a stop leaves out or breaks off is made where
    the run resumes, and costs no steps.
    """

    def __init__(self, trainer):
        self.trainer, self.due = trainer, False

    def on_train_begin(self, args, state, control, **_):
        if self.trainer.lacks_evaluation():
            self.trainer.evaluate_now(resumed=True)
        if 0 < state.max_steps <= state.global_step or control.should_training_stop:
            raise Complete

    def on_step_end(self, args, state, control, **_):
        stop = self.trainer.stop
        stop.requested = _in_any_process(self.trainer.accelerator, stop.requested)
        self.due = control.should_evaluate and not stop.requested
        control.should_save |= control.should_evaluate or stop.requested
        control.should_evaluate = False
        if stop.requested:
            control.should_training_stop = control.should_log = True  # the log tells the seconds up to here
            if self.trainer.run:
                self.trainer.run.mark("cancelling")

    def on_save(self, args, state, control, **_):
        if self.due:
            self.due = False
            self.trainer.evaluate_now()


class TimeLimit(TrainerCallback):
    """Ends the training after so many seconds of steps and evaluations, with a last evaluation and a checkpoint.

    The plan's steps were chosen to fit; on a machine that became slower since they do not.
    """

    def __init__(self, trainer, seconds: float, last_evaluation: float):
        """`last_evaluation`: the seconds that it is going to take, which are part of the limit."""
        self.trainer, self.seconds = trainer, seconds - last_evaluation

    def on_train_begin(self, args, state, control, **_):
        self.deadline = time.monotonic() + self.seconds - self.trainer.seconds

    def on_step_end(self, args, state, control, **_):
        if _in_any_process(self.trainer.accelerator, time.monotonic() > self.deadline):
            control.should_training_stop = control.should_evaluate = control.should_save = True
