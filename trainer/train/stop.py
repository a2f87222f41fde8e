"""How a training stops before its end: a signal sets a flag, and the flag is checked between steps."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator, PartialState
from transformers import TrainerCallback


class Cancelled(Exception):
    """The training was asked to stop."""


class StopFlag:
    """Set by a signal, checked between steps and between batches of an evaluation."""

    def __init__(self):
        self.requested = False

    def request(self, *_) -> None:
        self.requested = True

    def check(self) -> None:
        """Raises Cancelled where a stop was requested. Several processes agree on it at the end of a step and not in
        between, where one would leave the others waiting."""
        if self.requested and PartialState().num_processes == 1:
            raise Cancelled

    def agreed(self, accelerator: Accelerator) -> bool:
        """Whether any process was asked to stop; all processes have to call it."""
        if accelerator.num_processes > 1:
            requests = torch.tensor(float(self.requested), device=accelerator.device)
            self.requested = bool(accelerator.reduce(requests, "sum") > 0)
        return self.requested


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


class StopBetweenSteps(TrainerCallback):
    """Ends the training after the step in which a stop was requested, with a checkpoint and without an evaluation."""

    def __init__(self, trainer):
        self.trainer = trainer

    def on_step_end(self, args, state, control, **_):
        if self.trainer.stop.agreed(self.trainer.accelerator):
            control.should_training_stop = control.should_save = True
            control.should_evaluate = False
            if self.trainer.run:
                self.trainer.run.mark("cancelling")
