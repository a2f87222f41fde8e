"""What a training would cost on this very device, from a few of its steps: nothing is kept of them."""

import os
import tempfile
from pathlib import Path

import httpx2  # huggingface_hub's client, whose errors pass through it
import psutil
import torch
from huggingface_hub import HfApi

import corpus
from common.hub import hub_in_reach, offline
from speech.models.choose import choose
from trainer.data.examples import divided
from trainer.hub.submit import a_second
from trainer.train.training import Job, Stop, peak_memory, prepared


def estimate(job: Job) -> dict:
    """What it would learn from, how long, in how much memory (MB) and for how much (US dollars, on a Space whose price
    is known). Raises UserError as the training itself would."""
    settings = job.settings
    clips = corpus.load(job.corpus, audio=job.audio, text=job.text, unit=job.unit or "segment")
    choice = choose(job.model)
    parts = divided(clips, settings.language, settings.train_share)
    free = _free_memory()
    with tempfile.TemporaryDirectory() as folder:
        teacher = prepared(settings, clips, parts, choice, Path(folder), None, Stop())
        examples, formats = teacher.examples, teacher.formats
        plan = teacher.planned()
        step = plan.get("seconds_a_step") or teacher.seconds_a_step()
        clip = plan.get("seconds_a_clip") or teacher.seconds_a_clip()
    trainable, parameters = teacher.model.get_nb_trainable_parameters()
    lengths = clips.rows["seconds"]
    seconds = round(plan["steps"] * step + len(plan["evaluate_after"]) * len(plan["validation"]) * clip)
    price = price_of(os.environ.get("SPACE_ID", ""))
    return {
        "corpus": clips.source,
        "licence": clips.licence,
        "leaks": [leak.message._asdict() for leak in clips.leaks],
        "split": parts.counts,
        "train_seconds": round(float(lengths[examples.indices].sum()), 1),
        "left_out": len(examples.left_out),
        "model": choice.model,
        "device": formats.device,
        "weights": formats.weights,
        "trainable": trainable,
        "parameters": parameters,
        "steps": plan["steps"],
        "epochs": round(plan["steps"] * settings.batch_size / len(examples), 2),
        "seconds_a_step": step,
        "seconds": seconds,
        "cost": None if price is None else round(price * seconds, 2),
        "memory": round(peak_memory() / 1e6),
        "memory_free": round(free / 1e6),
    }


def price_of(space: str) -> float | None:
    """US dollars a second of the machine that a Space has; None where there is none, or the Hub does not tell."""
    if not space or offline() or not hub_in_reach():  # what follows is more patient
        return None
    api = HfApi()
    try:
        machine = api.get_space_runtime(space).hardware
        prices = {each.name: each for each in api.list_spaces_hardware()}
    except (httpx2.HTTPError, OSError):
        return None
    return a_second(prices.get(machine))


def _free_memory() -> int:
    """Bytes, before anything is loaded."""
    return torch.cuda.mem_get_info()[0] if torch.cuda.is_available() else psutil.virtual_memory().available
