"""Log-probabilities of hypotheses, recorded while transformers decodes."""

from collections.abc import Sequence

import torch
from transformers import LogitsProcessor


class GreedyLogProbs(LogitsProcessor):
    """Records the log-probability of the token that greedy decoding chooses at each step; changes no score.

    The scores themselves would take 200 kB a clip and step, three times over, if they were stored until the end.
    """

    def __init__(self):
        self.steps: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.steps.append(scores.max(-1).values - scores.logsumexp(-1))
        return scores


class BeamLogProbs(LogitsProcessor):
    """Records the log-probability of every hypothesis that a beam goes through; changes no score.

    A path is the clip's place and the ids so far; only the scores of the last step are stored.
    """

    def __init__(self, beams: int, end: int):
        self.beams, self.end = beams, end
        self.sums: dict[tuple[int, ...], float] = {}
        self.ends: dict[tuple[int, ...], float] = {}  # of the end token after a path
        self.rows: dict[tuple[int, ...], int] = {}  # of the last step
        self.last: torch.Tensor | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        paths = [(row // self.beams, *ids) for row, ids in enumerate(input_ids.tolist())]
        sums = [0.0] * len(paths) if self.last is None else self._with_last_step(paths)
        self.last, self.rows = scores.log_softmax(-1), {path: row for row, path in enumerate(paths)}
        self.sums.update(zip(paths, sums, strict=True))
        self.ends.update(zip(paths, self.last[:, self.end].tolist(), strict=True))
        return scores

    def _with_last_step(self, paths: Sequence[tuple[int, ...]]) -> list[float]:
        rows, tokens = [self.rows[path[:-1]] for path in paths], [path[-1] for path in paths]
        steps = self.last[rows, tokens].tolist()
        return [self.sums[path[:-1]] + step for path, step in zip(paths, steps, strict=True)]

    def logprob(self, clip: int, ids: Sequence[int], ended: bool) -> float:
        """Of the ids, prompt and text, and of the end token where the hypothesis `ended`."""
        path = (clip, *ids)
        return self.sums[path] + self.ends[path] if ended else self._with_last_step([path])[0]
