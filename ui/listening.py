"""The one engine that all visitors share, and what it hears."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from speech.said import Refusal
from ui.words import WORDS

if TYPE_CHECKING:
    from speech.engines import Engine
    from speech.models import Choice
    from speech.transcribe import Progress

DETECT = "auto"


class Loaded(NamedTuple):
    choice: "Choice"
    engine: "Engine"


@cache
def loading() -> Future[Loaded]:
    """The engine, chosen and loaded once, behind the page. Its result() raises Refusal where none can be had."""
    return ThreadPoolExecutor(1, "engine").submit(_load)


def _load() -> Loaded:
    from speech import engines, models  # torch takes seconds to import: the page is up before it

    choice = models.choose()
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
    for progress in transcribe(replace(recording, facts=facts), engine, options):
        yield deepcopy(progress)  # its transcript grows on while the page shows it
