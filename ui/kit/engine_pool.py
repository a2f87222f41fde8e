"""The engines in memory: the one that all visitors share, and those that they compare it with, as memory allows."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from common.hub import ASK_AGAIN, hub_in_reach
from common.limits import limit
from common.messages import UserError
from speech.decoding.effort import EFFORT, beam_of
from ui.kit import zero_gpu
from ui.kit.i18n import message

if TYPE_CHECKING:
    from speech.engines import Engine
    from speech.models.checkpoint import Choice
    from speech.transcribe import Source, TranscriptionProgress

DETECT = "auto"


class Setting(NamedTuple):
    """The model and engine that a visitor asks for; what is left open is the page's."""

    model: str | None = None
    adapter: str | None = None  # a folder or a Hub id
    engine: str = "auto"
    precision: str | None = None
    assistant: str | None = None


class Loaded(NamedTuple):
    choice: "Choice"
    engine: "Engine"


_loads: OrderedDict[tuple[Setting, int], Future[Loaded]] = OrderedDict()  # the last one used comes last
_lock = threading.Lock()
_loaders = ThreadPoolExecutor(2, "loader")


class _PageEngine:
    """The engine that all visitors share, loaded in the background.

    A load that failed is tried again, and a model that was chosen because the Hub did not answer is replaced once the
    Hub answers: asked for at most once in ASK_AGAIN seconds, when somebody needs the engine.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._loader = ThreadPoolExecutor(1, "engine")
        self._load: Future[Loaded] | None = None
        self._next: Future[Loaded | None] | None = None
        self._ask_at = 0.0

    def __call__(self) -> Future[Loaded]:
        """The load of the engine. Its result() raises UserError where none can be loaded."""
        with self._lock:
            if self._load is None:
                self._load = self._loader.submit(_load, Setting())
            elif self._next and self._next.done():
                if not self._next.exception() and self._next.result():
                    self._load = self._next
                self._next, self._ask_at = None, time.monotonic() + ASK_AGAIN
            elif not self._next and self._load.done() and time.monotonic() >= self._ask_at:
                if self._load.exception():
                    self._load, self._ask_at = self._loader.submit(_load, Setting()), time.monotonic() + ASK_AGAIN
                elif _is_without_hub(self._load.result()):
                    self._next = self._loader.submit(_load_from_hub)
            return self._load


loading = _PageEngine()


def resolved(setting: Setting) -> Setting:
    """The same with nothing left open but the model, so that what is the same is equal. Raises UserError."""
    from speech.engines import precisions

    page = loading().result()
    model = None if setting.model == page.choice.model else setting.model
    engine = setting.engine
    if engine == "auto":  # only transformers takes an assistant
        engine = "transformers" if setting.assistant else page.engine.name
    precision = setting.precision or precisions(engine, page.engine.device)[0]
    return Setting(model, setting.adapter, engine, precision, setting.assistant)


def loaded(setting: Setting) -> Loaded:
    """The engine of a setting, loaded once for all visitors and kept while there is room. Raises UserError."""
    setting = resolved(setting)
    if setting == resolved(Setting()):
        return loading().result()
    key = setting, _changed(setting.adapter)
    with _lock:
        if key not in _loads:
            _loads[key] = _loaders.submit(_load, setting)
        _loads.move_to_end(key)
        load = _loads[key]
    if load.exception():
        with _lock:
            if _loads.get(key) is load:
                del _loads[key]  # the next visitor tries again
    else:
        _make_room()
    return load.result()


def loaded_engines() -> list["Engine"]:
    """The engines in memory, the page's first."""
    with _lock:
        loads = [loading(), *_loads.values()]
    return [load.result().engine for load in loads if load.done() and not load.exception()]


def memory(engines: Iterable["Engine"]) -> int:
    """Bytes of their weights; what several share counts once."""
    engines = list(engines)
    bases = {engine.shared_weights: engine.memory - engine.own_memory for engine in engines}
    return sum(bases.values()) + sum(engine.own_memory for engine in engines)


def _make_room() -> None:
    """Forgets the engines that were used longest ago; a transcription that still runs on one keeps it."""
    room = limit("ALLO_MEMORY_MB") * 1e6
    while memory(loaded_engines()) > room:
        with _lock:
            ended = [key for key, load in _loads.items() if load.done()]
            if len(ended) < 2:  # the last one is being used
                return
            del _loads[ended[0]]


def _changed(adapter: str | None) -> int:
    """When the weights of an adapter in a folder were last written, in nanoseconds; 0 where they are not there."""
    weights = Path(adapter or "") / "adapter_model.safetensors"
    return weights.stat().st_mtime_ns if weights.is_file() else 0


def _is_without_hub(loaded: Loaded) -> bool:
    from speech.models.choose import SILENT_HUB

    return loaded.choice.reason == SILENT_HUB


def _load_from_hub() -> Loaded | None:
    """The page's engine once the Hub answers; None as long as it does not."""
    return _load(Setting()) if hub_in_reach() else None


def _load(setting: Setting) -> Loaded:
    import numpy as np  # torch and its kin take seconds to import: the page is up before them

    from speech import engines
    from speech.decoding import decode
    from speech.models import choose

    choice = choose.choose(setting.model, setting.adapter)
    engine = engines.load(choice, setting.engine, setting.precision, assistant=setting.assistant)
    quiet = np.zeros(decode.SAMPLE_RATE, np.float32)
    list(decode.decode(engine, [quiet], decode.Options()))  # the first visitor does not wait for its first use
    return Loaded(choice, engine)


def transcribe_recording(
    path: str | None,
    language: str,
    task: str,
    timestamps: bool,
    hot_words: str,
    effort: str = EFFORT,
    setting: Setting | None = None,
    quota: zero_gpu.Quota | None = None,
) -> Iterator["TranscriptionProgress"]:
    """Transcribes the recording piece by piece, by default with the page's own engine; hours take no more memory.

    `quota`: of a visitor who can be asked. Raises UserError.
    """
    if not path:
        raise UserError(*message("no_recording"))
    asked = {"language": None if language == DETECT else language, "task": task, "unsure_beam": beam_of(effort)}
    asked |= {"timestamps": timestamps, "hot_words": hot_words}
    yield from transcribe_source(path, setting or Setting(), quota, **asked)


def transcribe_source(
    source: "Source", setting: Setting, quota: zero_gpu.Quota | None = None, **options
) -> Iterator["TranscriptionProgress"]:
    """Transcribes what `speech.transcribe` takes, with the engine of a setting. Raises UserError.

    `options` are those of decoding. No path of the server is in the transcripts.
    """
    choice, engine = loaded(setting)

    from speech.decoding.decode import Options
    from speech.transcribe import transcribe

    asked = Options(margin=engine.margin, **options)
    for progress in transcribe(source, engine, asked, **zero_gpu.decoding(choice, quota)):
        facts = replace(progress.transcript.audio, path=Path(progress.transcript.audio.path).name)
        named = replace(progress.transcript, audio=facts, adapter=display_name(setting.adapter))
        yield replace(progress, transcript=named)


def display_name(adapter: str | None) -> str | None:
    """Of a folder its name, of RUN/adapter the run's, so that no path is shown; of a name on the Hub that name."""
    folder = Path(adapter or "")
    if not adapter or not folder.is_dir():
        return adapter
    return folder.resolve().parent.name if folder.name == "adapter" else folder.name
