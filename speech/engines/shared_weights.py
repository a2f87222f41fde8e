"""One base's weights in memory, and the adapters beside them; one thread at a time uses them.

peft switches adapters for the whole model: a thread would transcribe with the adapter that another thread has just
switched on. Here one lock is held while an adapter is switched on and used.
"""

import threading
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count

from peft.functional import delete_adapter, set_adapter
from transformers import WhisperForConditionalGeneration

from speech.models import adapters
from speech.models.checkpoint import Choice, content
from speech.models.lora.files import Lora

warnings.filterwarnings("ignore", "Already found a `peft_config` attribute")  # several adapters are what we want


@dataclass(frozen=True, eq=False)
class Adapter:
    """An adapter in memory; it is removed from the layers when the last reference to this object is gone."""

    name: str  # in the model's layers: the hash of its content, and a number that is used once
    memory: int  # bytes


class SharedWeights:
    def __init__(self, whisper: WhisperForConditionalGeneration):
        self.whisper, self.memory = whisper, whisper.get_memory_footprint()
        self.lock = threading.Lock()
        self._on: str | None = None  # the adapter that is switched on
        self._adapters: weakref.WeakValueDictionary[str, Adapter] = weakref.WeakValueDictionary()  # by content
        self._unused: deque[str] = deque()  # names of adapters without a reference, still in the layers
        self._numbers = count(1)

    def adapter(self, choice: Choice, lora: Lora) -> Adapter:
        """The choice's adapter, which holds `lora`, loaded once for all engines that use it."""
        key = content(choice.adapter_folder)
        with self._locked():
            found = self._adapters.get(key)
            if found is None:
                found = self._adapters[key] = self._load(choice, lora, f"{key}-{next(self._numbers)}")
                weakref.finalize(found, self._leave, found.name).atexit = False
        return found

    @contextmanager
    def using(self, adapter: Adapter | None) -> Iterator[WhisperForConditionalGeneration]:
        """Gives the model to this thread alone, with this adapter on and every other off."""
        with self._locked():
            self._switch(adapter.name if adapter else None)
            yield self.whisper

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with self.lock:
                yield
        finally:
            self._sweep()

    def _load(self, choice: Choice, lora: Lora, name: str) -> Adapter:
        self._on = name  # peft switches on what it loads
        with ExitStack() as undo:
            undo.callback(self._remove, name)
            adapters.attach(self.whisper, choice, lora, name)
            undo.pop_all()
        parts = [part for path, part in self.whisper.named_parameters() if name in path.split(".")]
        return Adapter(name, sum(part.numel() * part.element_size() for part in parts))

    def _switch(self, name: str | None) -> None:
        if name != self._on:
            set_adapter(self.whisper, [name] if name else [], inference_mode=True)
            self._on = name

    def _remove(self, name: str) -> None:
        self._switch(None)
        delete_adapter(self.whisper, name, "lora_")
        getattr(self.whisper, "peft_config", {}).pop(name, None)

    def _leave(self, name: str) -> None:
        """Called by the garbage collector, perhaps in a thread that holds the lock, which then sweeps at its end."""
        self._unused.append(name)
        self._sweep()

    def _sweep(self) -> None:
        while self._unused and self.lock.acquire(blocking=False):
            try:
                self._remove(self._unused.popleft())
            finally:
                self.lock.release()


_in_memory: weakref.WeakValueDictionary[Hashable, SharedWeights] = weakref.WeakValueDictionary()
_loading = threading.Lock()


def shared(key: Hashable, load: Callable[[], WhisperForConditionalGeneration]) -> SharedWeights:
    """The weights of this key, loaded unless they are in memory; they leave it with the last reference to them."""
    with _loading:
        found = _in_memory.get(key)
        if found is None:
            found = _in_memory[key] = SharedWeights(load())
    return found
