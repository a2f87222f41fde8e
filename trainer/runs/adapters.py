"""Lists the adapters in run folders, in any folder and on the Hub, each with the facts that its files hold."""

import json
import re
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from huggingface_hub import HfApi, ModelCard, hf_hub_download, try_to_load_from_cache

from common.hub import HUB_PATIENCE, NOT_THERE, UNANSWERED, offline
from common.messages import UserError
from speech.models.adapters import fetch
from speech.models.checkpoint import FACTS, FILES, facts

CONFIG, WEIGHTS = FILES


@dataclass(frozen=True)
class Adapter:
    """An adapter and its facts; what is not known is None."""

    name: str  # for people: the run's or the folder's, or the Hub id
    source: str  # a folder or a Hub id, as `speech.models.choose` takes it
    base: str | None
    revision: str | None  # of the base
    corpus: str | None
    date: date | None
    wer_before: float | None  # percent, on the test split of its corpus
    wer_after: float | None
    normaliser: str | None  # that counted both
    margin: float | None  # seconds of window after the clip; None: the full window, or not known
    bytes: int  # of its weights
    missing: tuple[str, ...] = ()  # the files that are not there or damaged, without which it cannot be used


def found(runs: Path) -> list[Adapter]:
    """The adapters of the runs in a folder, and of the folders in it that are adapters; the newest come first."""
    if not runs.is_dir():
        return []
    places = [(run, place) for run in runs.iterdir() for place in (run, run / "adapter") if run.name[0] != "."]
    adapters = [
        replace(read(place), name=run.name)
        for run, place in places
        if any((place / name).is_file() for name in FILES[:2])
    ]
    return sorted(adapters, key=lambda adapter: (-(adapter.date or date.min).toordinal(), adapter.name))


def read(folder: Path) -> Adapter:
    """The adapter in a folder, whole or not; `RUN/adapter` also has the figures of RUN/report.json."""
    report = _json(folder.parent / "report.json") if folder.name == "adapter" else {}
    missing = [name for name in FILES if not (folder / name).is_file()]
    try:
        own = facts(folder)
    except UserError:
        own = {}
        missing.append(FACTS)
    weights = folder / WEIGHTS
    there = weights.is_file()
    return Adapter(
        name=folder.name,
        source=str(folder),
        base=own.get("base") or _text(_json(folder / CONFIG).get("base_model_name_or_path")),
        revision=own.get("revision"),
        corpus=own.get("corpus"),
        date=date.fromtimestamp(weights.stat().st_mtime) if there else None,
        wer_before=_wer(report.get("base")),
        wer_after=_wer(report.get("adapter")),
        normaliser=_normaliser(report.get("adapter")),
        margin=own.get("margin"),
        bytes=weights.stat().st_size if there else 0,
        missing=tuple(missing),
    )


def on_the_hub(repository: str) -> Adapter:
    """Fetches the adapter of that id; its WER is that of its card. Raises UserError where it cannot be fetched."""
    own = read(fetch(repository))
    wer, normaliser = _wer_of_card(repository)
    return replace(own, name=repository, source=repository, date=None, wer_after=wer, normaliser=normaliser)


def is_on_the_hub(repository: str) -> bool:
    """Whether the repository holds an adapter, whole or not; False where it cannot be looked into."""
    try:
        if offline():
            return isinstance(try_to_load_from_cache(repository, CONFIG), str)
        files = HfApi().model_info(repository, timeout=2 * HUB_PATIENCE).siblings or []
    except (*NOT_THERE, *UNANSWERED):  # loading it gives the reason
        return False
    return any(file.rfilename in FILES for file in files)


def _wer_of_card(repository: str) -> tuple[float | None, str | None]:
    """The rate, and the normaliser that the card names in brackets."""
    try:
        results = ModelCard.load(hf_hub_download(repository, "README.md", local_files_only=offline())).data.eval_results
    except (*UNANSWERED, ValueError):  # no card, or a damaged one
        return None, None
    for result in results or []:
        if result.metric_type == "wer":
            named = re.search(r"\(([^()]+)\)", _text(result.metric_name) or "")
            return _number(result.metric_value), named[1] if named else None
    return None, None


def _wer(score: object) -> float | None:
    return _number(score.get("wer")) if isinstance(score, dict) else None


def _normaliser(score: object) -> str | None:
    return _text(score.get("normaliser")) if isinstance(score, dict) else None


def _number(value: object) -> float | None:
    return value if type(value) in (int, float) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _json(path: Path) -> dict:
    """The object that the file holds; nothing where it is not there, damaged, or being copied."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
