"""The adapters there are, in run folders, in any folder and on the Hub, each with what its files say of it."""

import json
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import httpx2  # huggingface_hub's client, whose errors pass through it
from huggingface_hub import HfApi, ModelCard, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError

from common.hub import HUB_PATIENCE, offline
from common.messages import UserError
from speech.models.adapters import fetch
from speech.models.checkpoint import FACTS, FILES, facts

CONFIG, WEIGHTS = FILES


@dataclass(frozen=True)
class Adapter:
    """What is not known is None."""

    name: str  # for people: the run's or the folder's, or the Hub id
    source: str  # a folder or a Hub id, as `speech.models.choose` takes it
    base: str | None
    revision: str | None  # of the base
    corpus: str | None
    date: date | None
    wer_before: float | None  # percent, on the test split of its corpus
    wer_after: float | None
    margin: float | None  # seconds of window after the clip; None: the full window, or not said
    bytes: int  # of its weights
    missing: tuple[str, ...] = ()  # the files that are not there or damaged, without which it cannot be used


def found(runs: Path) -> list[Adapter]:
    """The adapters of the runs in a folder, and of the folders in it that are adapters; the newest come first."""
    if not runs.is_dir():
        return []
    places = [(run, place) for run in runs.iterdir() for place in (run, run / "adapter") if run.name[0] != "."]
    held = [
        replace(read(place), name=run.name)
        for run, place in places
        if any((place / name).is_file() for name in FILES[:2])
    ]
    return sorted(held, key=lambda adapter: (-(adapter.date or date.min).toordinal(), adapter.name))


def read(folder: Path) -> Adapter:
    """The adapter in a folder, whole or not; `RUN/adapter` also has the figures of RUN/report.json."""
    report = _json(folder.parent / "report.json") if folder.name == "adapter" else {}
    missing = [name for name in FILES if not (folder / name).is_file()]
    try:
        told = facts(folder)
    except UserError:
        told = {}
        missing.append(FACTS)
    weights = folder / WEIGHTS
    there = weights.is_file()
    return Adapter(
        name=folder.name,
        source=str(folder),
        base=told.get("base") or _json(folder / CONFIG).get("base_model_name_or_path"),
        revision=told.get("revision"),
        corpus=told.get("corpus"),
        date=date.fromtimestamp(weights.stat().st_mtime) if there else None,
        wer_before=_wer(report.get("base")),
        wer_after=_wer(report.get("adapter")),
        margin=told.get("margin"),
        bytes=weights.stat().st_size if there else 0,
        missing=tuple(missing),
    )


def on_the_hub(repository: str) -> Adapter:
    """The adapter of that id, fetched; its card says what it reached. Raises UserError where it cannot be had."""
    held = read(fetch(repository))
    return replace(held, name=repository, source=repository, date=None, wer_after=_wer_of_card(repository))


def is_on_the_hub(repository: str) -> bool:
    """The repository holds an adapter, whole or not; of one that cannot be looked into nothing is known: False."""
    if offline():
        return isinstance(try_to_load_from_cache(repository, CONFIG), str)
    try:
        files = HfApi().model_info(repository, timeout=2 * HUB_PATIENCE).siblings or []
    except (HFValidationError, httpx2.HTTPError, OSError):  # whoever loads it is told why
        return False
    return any(file.rfilename in FILES for file in files)


def _wer_of_card(repository: str) -> float | None:
    try:
        results = ModelCard.load(hf_hub_download(repository, "README.md", local_files_only=offline())).data.eval_results
    except (httpx2.HTTPError, OSError, ValueError):  # no card, or one that is none
        return None
    return next((result.metric_value for result in results or [] if result.metric_type == "wer"), None)


def _wer(score: dict | None) -> float | None:
    return score.get("wer") if score else None


def _json(path: Path) -> dict:
    """What the file says; nothing where it is not there, or is being copied."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
