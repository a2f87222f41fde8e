"""The average of the weights after each of the last steps (SWA: Izmailov et al., 2018).

It has a lower WER than the weights after any single step.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel
from transformers import TrainerCallback

FILE = "mean.pt"  # in a checkpoint


class WeightAverage:
    """Of the weights that are trained; there is none until the first `update`."""

    def __init__(self, model: nn.Module):
        self.trained = nn.ParameterList(weights for weights in model.parameters() if weights.requires_grad)
        self.average = AveragedModel(self.trained)

    def update(self) -> None:
        """Adds the weights as they are now to the average."""
        self.average.update_parameters(self.trained)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Within it the model has the average in place of its weights, where there is one."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        if self.average.n_averaged:
            for own, mean in zip(self.trained, self.average.parameters(), strict=True):
                own.data, mean.data = mean.data, own.data

    def save(self, checkpoint: Path) -> None:
        torch.save(self.average.state_dict(), checkpoint / FILE)

    def load(self, checkpoint: Path) -> None:
        """Loads what `save` wrote, where there is such a file."""
        if (checkpoint / FILE).exists():
            self.average.load_state_dict(torch.load(checkpoint / FILE, weights_only=True))


class AverageLastSteps(TrainerCallback):
    """Updates an average after each of the last `share` (0 to 1) of the steps."""

    def __init__(self, average: WeightAverage, share: float):
        self.average, self.share = average, share

    def on_step_end(self, args, state, control, **_):
        if state.global_step > (1 - self.share) * state.max_steps:
            self.average.update()
