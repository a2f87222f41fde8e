"""The one engine that all visitors share, what it hears, and one more at most: its model with an adapter."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from speech.said import Refusal
from ui.words import WORDS

if TYPE_CHECKING:
    from speech.engines import Engine
    from speech.models import Choice
    from speech.transcribe import Progress

DETECT = "auto"
_adapting = threading.Lock()


class Loaded(NamedTuple):
    choice: "Choice"
    engine: "Engine"


@cache
def loading() -> Future[Loaded]:
    """The engine, chosen and loaded once, behind the page. Its result() raises Refusal where none can be had."""
    return ThreadPoolExecutor(1, "engine").submit(_load)


def _load() -> Loaded:
    import numpy as np  # torch and its kin take seconds to import: the page is up before them

    from speech import decoding, engines, models

    choice = models.choose()
    engine = engines.load(choice)
    quiet = np.zeros(decoding.SAMPLE_RATE, np.float32)
    list(decoding.decode(engine, [quiet], decoding.Options()))  # the first visitor finds it warm
    return Loaded(choice, engine)


def adapted(adapter: str) -> Loaded:
    """The shared engine's model with an adapter, a folder or a Hub id; the last one is kept. Raises Refusal."""
    weights = Path(adapter) / "adapter_model.safetensors"
    changed = weights.stat().st_mtime_ns if weights.is_file() else 0
    with _adapting:
        return _adapt(adapter, changed)


@lru_cache(maxsize=1)
def _adapt(adapter: str, changed: int) -> Loaded:
    from speech import engines, models

    choice = models.choose(loading().result().choice.model, adapter)
    return Loaded(choice, engines.load(choice))


def hear(path: str | None, language: str, task: str, timestamps: bool, hot_words: str) -> Iterator["Progress"]:
    """What is said in the recording, piece by piece. Raises Refusal."""
    if not path:
        raise Refusal(*WORDS["no_recording"])
    engine = loading().result().engine

    from speech.audio import read
    from speech.decoding import Options
    from speech.transcribe import transcribe

    options = Options(None if language == DETECT else language, task, timestamps, hot_words=hot_words)
    recording = read(path)
    facts = replace(recording.facts, path=Path(path).name)  # where the server keeps it is nobody's business
    yield from transcribe(replace(recording, facts=facts), engine, options)
