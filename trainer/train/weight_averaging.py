"""The mean of the weights after each of the last steps, which hears better than any of them (Izmailov et al., 2018)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

FILE = "mean.pt"  # in a checkpoint


class Mean:
    """Of what learns in a model; none until a step is counted."""

    def __init__(self, model: nn.Module):
        self.learned = nn.ParameterList(weights for weights in model.parameters() if weights.requires_grad)
        self.averaged = AveragedModel(self.learned)

    def count(self) -> None:
        """The weights as they are now, with those that were counted before."""
        self.averaged.update_parameters(self.learned)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Meanwhile the model has the mean in the place of its weights, where there is one."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        if self.averaged.n_averaged:
            for own, mean in zip(self.learned, self.averaged.parameters(), strict=True):
                own.data, mean.data = mean.data, own.data

    def save(self, checkpoint: Path) -> None:
        torch.save(self.averaged.state_dict(), checkpoint / FILE)

    def load(self, checkpoint: Path) -> None:
        """What `save` wrote; nothing where it wrote nothing."""
        if (checkpoint / FILE).exists():
            self.averaged.load_state_dict(torch.load(checkpoint / FILE, weights_only=True))
