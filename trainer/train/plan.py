"""The plan of a training: how many steps, and after which of them it is evaluated on which clips.

It is made once, at the start, and stored in config.json: a run that resumes has the same plan. A budget in minutes
becomes steps by timing a few of them, so that the learning rate's schedule comes to its end.
"""

import math
import time
from dataclasses import asdict, dataclass

import numpy as np
import torch
from accelerate.utils import gather_object

from common.messages import UserError
from corpus import Corpus
from speech.decoding.decode import MAX_CLIP, Options
from trainer.data.batches import Batches, Place
from trainer.data.examples import IGNORED
from trainer.settings import Evaluation

EVALUATION_SHARE = 0.25  # of the minutes, at most
TRIED = (0.1, 0.5, 0.9)  # the batches, by length, that are timed to count the steps that fit


@dataclass(frozen=True)
class TrainingPlan:
    steps: int
    evaluate_every: int  # steps; the last step is evaluated in any case; 0: none is
    evaluate_from: int  # the first step that may be evaluated
    validation: tuple[int, ...]  # rows of the corpus to evaluate on
    frames_at_once: int  # mel frames of a piece of a batch, see trainer.train.memory
    seconds_a_step: float | None = None  # as timed, where minutes were counted
    seconds_a_clip: float | None = None  # of an evaluation

    @property
    def evaluate_after(self) -> list[int]:
        """The steps with an evaluation."""
        if not self.evaluate_every:
            return []
        multiples = range(self.evaluate_every, self.steps + 1, self.evaluate_every)
        return sorted({step for step in multiples if step >= self.evaluate_from} | {self.steps})

    def to_dict(self) -> dict:
        timed = {name: value for name, value in asdict(self).items() if value is not None}
        return timed | {"validation": list(self.validation), "evaluate_after": self.evaluate_after}

    @classmethod
    def from_dict(cls, stored: dict) -> "TrainingPlan":
        """Earlier versions stored the steps of `evaluate_after` alone."""
        steps = stored["evaluate_after"]
        every = stored.get("evaluate_every", (steps[1] - steps[0] if len(steps) > 1 else steps[0]) if steps else 0)
        return cls(
            steps=stored["steps"],
            evaluate_every=every,
            evaluate_from=stored.get("evaluate_from", steps[0] if steps else 0),
            validation=tuple(stored["validation"]),
            frames_at_once=stored["frames_at_once"],
            seconds_a_step=stored.get("seconds_a_step"),
            seconds_a_clip=stored.get("seconds_a_clip"),
        )


def plan_training(trainer) -> TrainingPlan:
    """The plan for a LoraTrainer. Raises UserError where no clip of its corpus can be used."""
    optimisation, evaluation = trainer.settings.optimisation, trainer.settings.evaluation
    steps_an_epoch = len(Batches(trainer.examples))
    steps = optimisation.steps or max(1, round(optimisation.epochs * steps_an_epoch))
    clips, timed = _validation_clips(trainer), {}
    if optimisation.minutes is not None and optimisation.steps is None:
        seconds = seconds_a_step(trainer), seconds_a_clip(trainer)
        step, clip = (max(gather_object([value])) for value in seconds)  # of the slowest process
        budget, times = 60 * optimisation.minutes, max(1, evaluation.evaluations)
        clips = clips[: max(8, int(EVALUATION_SHARE * budget / (times * clip)))]
        steps = min(steps, max(1, int((budget - times * len(clips) * clip) / step)))
        timed = {"seconds_a_step": round(step, 3), "seconds_a_clip": round(clip, 3)}
    every, first = _evaluation_steps(evaluation, steps, steps_an_epoch)
    return TrainingPlan(steps, every, first, tuple(sorted(clips)), trainer.frames_at_once, **timed)


def _evaluation_steps(settings: Evaluation, steps: int, steps_an_epoch: int) -> tuple[int, int]:
    """How many steps apart evaluations are, and the first of them: so many in the second half, or one an epoch."""
    if not settings.evaluations:
        return steps_an_epoch, 1
    every = math.ceil(steps / (2 * settings.evaluations))
    whole, rest = divmod(steps, every)
    multiples = settings.evaluations - (rest > 0)  # the last step, which is evaluated as well, may be none
    return every, max(steps // 2 + 1, (whole - multiples + 1) * every)


def _validation_clips(trainer) -> list[int]:
    """The rows of the validation split that are evaluated on, drawn once."""
    settings, rows, corpus = trainer.settings, trainer.validation, trainer.corpus
    order = np.random.default_rng(settings.optimisation.seed).permutation(len(rows))
    drawn = [rows[at] for at in order[: settings.evaluation.validation_clips]]
    readable = [row for row in drawn if _is_readable(corpus, row)]
    if not trainer.examples or not readable:
        raise UserError(
            en=f"{corpus.name} has no clip that can be read to train or to evaluate on: give segments of at most 30 s, "
            "with at most 448 tokens of text.",
            fr=f"{corpus.name} n'a aucun extrait lisible pour entraîner ou pour évaluer : donnez des segments de 30 s "
            "au plus, avec 448 tokens de texte au plus.",
        )
    return readable


def _is_readable(corpus: Corpus, row: int) -> bool:
    try:
        return 0 < len(corpus.clip(row)) <= MAX_CLIP
    except UserError:
        return False


def seconds_a_step(trainer) -> float:
    """Mean over an epoch's batches, from a few that are timed: a batch takes as long as its window is."""
    batches = Batches(trainer.examples, trainer.processes, trainer.process)
    whole = sorted(batches.whole(), key=lambda batch: batch[0].frames)
    tried = [whole[int(share * len(whole))] for share in (TRIED[0], *TRIED)]  # the first one warms up
    times = [_seconds_of(trainer, batch) for batch in tried][1:]
    frames = [batch[0].frames for batch in tried][1:]
    slope, start = np.polyfit(frames, times, 1) if len(set(frames)) > 1 else (0.0, float(np.mean(times)))
    return max(min(times), float(np.mean([start + slope * batch[0].frames for batch in whole])))


def _seconds_of(trainer, batch: list[Place]) -> float:
    started = time.perf_counter()
    examples = trainer.examples
    inputs = examples.collate([examples[place] for place in batch[trainer.process :: trainer.processes]])
    with trainer.engine.formats.autocast:
        trainer.gradients(trainer.model, inputs, (inputs["labels"] != IGNORED).sum())
    trainer.model.zero_grad()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


def seconds_a_clip(trainer) -> float:
    """Of an evaluation. An untrained model loops in the short window, and a trained one does not: it is timed in a
    longer one."""
    by_length = sorted(trainer.validation, key=lambda row: trainer.corpus.rows["seconds"][row])
    middle = len(by_length) // 2
    some = by_length[max(0, middle - 4) : middle + 4]
    started = time.perf_counter()
    trainer.transcribe(some, least_margin=Options.margin)
    return (time.perf_counter() - started) / len(some) / trainer.processes
