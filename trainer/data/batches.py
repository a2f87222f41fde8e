"""The batches of an epoch: clips of like length together, in a random order that depends on seed and epoch alone."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from torch.utils.data import DataLoader, Sampler

POOL = 64  # batches among which clips of like length are put together; with 16 a batch's window was a sixth longer


class Place(NamedTuple):
    """Which example is wanted, and for which window."""

    epoch: int
    number: int
    frames: int  # mel frames: of the longest in its batch


class Batches(Sampler[list[Place]]):
    """An epoch's batches: this process's share of each.

    Each batch is divided among the processes, and all pad it to its longest clip: so a step trains on the same for any
    number of them.
    """

    def __init__(self, examples, processes: int = 1, process: int = 0):
        """`examples`: trainer.data.examples.Examples."""
        self.examples, self.processes, self.process = examples, processes, process
        self.size = examples.settings.optimisation.batch_size
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-len(self.examples) // self.size)

    def __iter__(self) -> Iterator[list[Place]]:
        for batch in self.whole():
            yield batch[self.process :: self.processes]

    def whole(self) -> list[list[Place]]:
        """The epoch's batches of all processes."""
        random = np.random.default_rng((self.examples.settings.optimisation.seed, self.epoch))
        order = random.permutation(len(self.examples)).tolist()
        batches = []
        for start in range(0, len(order), POOL * self.size):
            numbers = order[start : start + POOL * self.size]
            pool = sorted((self.examples.plan(self.epoch, number).frames, number) for number in numbers)
            for at in range(0, len(pool), self.size):
                longest, _ = max(pool[at : at + self.size])
                batches.append([Place(self.epoch, number, longest) for _, number in pool[at : at + self.size]])
        for batch in batches:  # the last one may be short: each process has one clip at least
            batch += (batch * self.processes)[: max(0, self.processes - len(batch))]
        return [batches[at] for at in random.permutation(len(batches))]


class Loader(DataLoader):
    """A DataLoader that passes the epoch on to its batches, as transformers' Trainer expects of it."""

    def set_epoch(self, epoch: int) -> None:
        self.batch_sampler.set_epoch(epoch)
