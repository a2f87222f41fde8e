"""A training in slices, on a GPU that is lent for seconds: each goes on from the run's last checkpoint.

A slice ends by itself, with a checkpoint, before its time is out, and between two of them no process has the run: its
status is "paused". Whoever asks for the next one, today or tomorrow, finds all in the folder. The report needs no GPU:
once training.json is there, `python -m trainer train --resume` works it out.
"""

from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path

import torch
from accelerate.state import AcceleratorState, PartialState

from common.files import write_json
from common.messages import UserError
from corpus import Corpus
from speech.models.checkpoint import Choice
from trainer.data.splits import Splits, splits_of
from trainer.runs.folder import STOP, claimed, config
from trainer.train import record
from trainer.train.request import TrainingRequest
from trainer.train.run import claim, learn, opened, recorded
from trainer.train.stop import Cancelled, stop_after

RESERVE = 10.0  # seconds of a slice that are left for the step in hand and its checkpoint; estimated, not measured


def begin(request: TrainingRequest, folder: Path) -> None:
    """Makes a run that waits for its first slice. Raises UserError where the folder holds one."""
    if request.settings.hub.push_to:
        raise UserError(
            en="A training in slices does not push to the Hub: leave push_to out, and publish the adapter at the end.",
            fr="Un entraînement par tranches ne pousse rien sur le Hub : retirez push_to, et publiez l'adaptateur à la "
            "fin.",
        )
    with claimed(folder, resume=False) as run:
        write_json(folder / "config.json", record.asked(request))
        run.mark("paused")


def train_slice(folder: Path, seconds: float) -> None:
    """Trains on for at most so many seconds, on the device of this process, and leaves the run paused.

    Raises UserError as `trainer.train.run.train` does.
    """
    request = TrainingRequest.from_dict(config(folder))
    (folder / STOP).unlink(missing_ok=True)
    AcceleratorState._reset_state(reset_partial_state=True)  # that of the process that forked this one has no GPU
    PartialState(cpu=not torch.cuda.is_available())
    with ExitStack() as stack:
        stop = stack.enter_context(stop_after(seconds - RESERVE, folder / STOP))
        run = claim(stack, request.settings, folder, resume=True)
        run.mark(slice=True)
        with recorded(run):
            try:
                clips, splits, choice = prepared(request)
                learn(request, clips, splits, choice, folder, run, stop)
            except Cancelled:
                pass
        run.mark("paused", eta=None)


@lru_cache(maxsize=1)
def prepared(request: TrainingRequest) -> tuple[Corpus, Splits, Choice]:
    """What a slice needs before it needs a GPU: a process that is forked after this call has it already."""
    clips, choice = opened(request)
    return clips, splits_of(clips, request.settings.data.language, request.settings.data.train_share), choice
