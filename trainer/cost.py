"""The time, memory and money that a training would take on this device, from a few of its steps; nothing is kept."""

import os
import tempfile
from pathlib import Path

import psutil
import torch
from huggingface_hub import HfApi

import corpus
from common.hub import UNANSWERED, hub_in_reach, offline
from common.jobs import a_second
from speech.models.choose import choose
from trainer.data.splits import splits_of
from trainer.train.memory import peak_memory
from trainer.train.plan import plan_training, seconds_a_clip, seconds_a_step
from trainer.train.request import TrainingRequest
from trainer.train.run import prepared
from trainer.train.stop import StopFlag


def estimate(request: TrainingRequest) -> dict:
    """What it would train on, seconds, memory (MB) and cost (US dollars, on a Space whose price is known).

    Raises UserError as the training itself would.
    """
    settings = request.settings
    clips = corpus.load(request.corpus, audio=request.audio, text=request.text, unit=request.unit or "segment")
    choice = choose(request.model)
    splits = splits_of(clips, settings.data.language, settings.data.train_share)
    free = _free_memory()
    with tempfile.TemporaryDirectory() as folder:
        trainer = prepared(settings, clips, splits, choice, Path(folder), None, StopFlag())
        plan = plan_training(trainer)
        step = plan.seconds_a_step or seconds_a_step(trainer)
        clip = plan.seconds_a_clip or seconds_a_clip(trainer)
    examples, formats = trainer.examples, trainer.engine.formats
    trainable, parameters = trainer.model.get_nb_trainable_parameters()
    seconds = round(plan.steps * step + len(plan.evaluate_after) * len(plan.validation) * clip)
    price = price_of(os.environ.get("SPACE_ID", ""))
    return {
        "corpus": clips.source,
        "licence": clips.licence,
        "leaks": [leak.message._asdict() for leak in clips.leaks],
        "split": splits.counts,
        "train_seconds": round(float(clips.rows["seconds"][examples.rows].sum()), 1),
        "left_out": len(examples.left_out),
        "model": choice.model,
        "device": formats.device,
        "weights": formats.weights,
        "trainable": trainable,
        "parameters": parameters,
        "steps": plan.steps,
        "epochs": round(plan.steps * settings.optimisation.batch_size / len(examples), 2),
        "seconds_a_step": step,
        "seconds": seconds,
        "cost": None if price is None else round(price * seconds, 2),
        "memory": round(peak_memory() / 1e6),
        "memory_free": round(free / 1e6),
    }


def price_of(space: str) -> float | None:
    """US dollars a second of a Space's machine; None where there is none, or the Hub does not name the price."""
    if not space or offline() or not hub_in_reach():  # what follows is more patient
        return None
    api = HfApi()
    try:
        machine = api.get_space_runtime(space).hardware
        prices = {each.name: each for each in api.list_spaces_hardware()}
    except UNANSWERED:
        return None
    return a_second(prices.get(machine))


def _free_memory() -> int:
    """Bytes, before anything is loaded."""
    return torch.cuda.mem_get_info()[0] if torch.cuda.is_available() else psutil.virtual_memory().available
