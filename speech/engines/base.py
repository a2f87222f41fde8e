"""The interface of an engine: mel windows in, tokens out. It knows nothing of files, speakers or turns."""

import copy
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from common.messages import Message, UserError
from speech.engines.precedence import Precedence
from speech.engines.vocabulary import Vocabulary
from speech.models.checkpoint import Choice, check_json, reading
from speech.networks.mel import log_mel

if TYPE_CHECKING:
    from transformers import WhisperConfig, WhisperTokenizer

FRAMES_PER_SECOND = 100
SECONDS_PER_TOKEN = 0.02  # a timestamp token's step, and an encoder state's
FULL_WINDOW = 3000  # mel frames of the 30-s window that Whisper was trained on


def gpu_full() -> UserError:
    """Says that the GPU has no memory left.

    A new instance each time: a raised exception keeps its frames alive, and here those hold CUDA tensors.
    """
    return UserError(
        en="The GPU's memory is full: wait until what trains on it is done, or stop it, and try again.",
        fr="La mémoire du GPU est pleine : attendez la fin de ce qui s'y entraîne, ou arrêtez-le, puis réessayez.",
    )


@dataclass(frozen=True)
class Hypothesis:
    tokens: list[int]  # without prompt and end token
    logprob: float  # mean over the tokens and the end token, natural logarithm
    no_speech: float  # probability that the window holds no speech, 0 to 1
    cut: bool  # the length limit came before the end token
    others: tuple["Hypothesis", ...] = ()  # of the same window, from which this one was chosen


@dataclass(frozen=True)
class Alignment:
    times: list[float]  # start of each text token and, last, the end, in seconds from the window's start
    probabilities: list[float]  # probability of each text token, 0 to 1


class Engine(ABC):
    """A loaded Whisper. Safe to share between threads."""

    name: str  # "ctranslate2" or "transformers"
    device: str  # "cpu" or "cuda"
    precision: str  # "int8", "float32", ...
    memory: int  # bytes of all the weights that it needs
    shared_weights: Hashable  # the same object in all engines that share one base's weights
    own_memory: int  # bytes of the weights that it adds to the shared ones
    assistant: str | None = None  # the model that drafts for it
    workers = 1  # batches that are decoded at the same time
    urgent = False  # its batches go before those of the same engine that are not
    drafted = accepted = 0  # tokens so far: drafted by the assistant, and those of them that this model confirmed

    def __init__(self, choice: Choice, reason: Message):
        """Reads configuration and tokens from the chosen checkpoint; `reason`: why this engine."""
        self.model, self.adapter, self.weights, self.reason = choice.model, choice.adapter, choice.weights, reason
        self.language = choice.language  # that its adapter learned; None: no adapter, or not known
        self.margin = choice.margin  # seconds of window after the clip at which its WER is best; None: the full window
        self.precedence = Precedence(self.workers)
        self._folder = choice.folder
        check_json(choice)
        with reading(choice):
            self._config = self._read("config.json")
            self.generation = SimpleNamespace(**self._read("generation_config.json"))  # ids of special tokens
            self.vocabulary = Vocabulary(choice.folder)

    def with_own_counts(self) -> "Engine":
        """The same engine with counts of its own, from 0: other threads may use the engine at the same time."""
        own = copy.copy(self)
        own.drafted = own.accepted = 0
        return own

    def ahead(self) -> "Engine":
        """The same engine for somebody who speaks: its batches do not wait for the next one of a file."""
        first = copy.copy(self)
        first.urgent = True
        return first

    def map_batches(self, work: Callable, batches: Iterable) -> Iterator:
        """Applies `work` to each batch and yields the results in order; batches are taken as they are needed."""
        return map(partial(self.in_turn, work), batches)

    def in_turn(self, work: Callable, batch: Any) -> Any:
        """Applies `work` to a batch when it is its turn."""
        with self.precedence.turn(self.urgent):
            return work(batch)

    @abstractmethod
    def encode(self, mel: np.ndarray) -> Any:
        """Encodes mel (batch, mels, frames), any even number of frames up to 3000, to states of this engine."""

    @abstractmethod
    def select(self, states: Any, places: Sequence[int]) -> Any:
        """The states of the batch's items at `places`, in that order."""

    @abstractmethod
    def detect(self, states: Any) -> list[dict[str, float]]:
        """The probability of each language, by code, for each item of the batch."""

    @abstractmethod
    def generate(
        self, states: Any, prompt: Sequence[int], *, beam_size: int, temperature: float, max_tokens: int
    ) -> list[Hypothesis]:
        """One hypothesis per item, all after the same prompt. Temperature 0 is greedy or beam search.

        Above 0, transformers samples the same text each time; CTranslate2 cannot be seeded twice and does not.
        """

    @abstractmethod
    def beam(self, states: Any, prompt: Sequence[int], *, size: int, max_tokens: int) -> list[list[Hypothesis]]:
        """All hypotheses that a beam of this size ends with, for each item; the highest mean log-probability first."""

    @abstractmethod
    def align(
        self, states: Any, prompt: Sequence[int], tokens: Sequence[Sequence[int]], frames: Sequence[int]
    ) -> list[Alignment]:
        """Times of each text token, after the prompt without <|notimestamps|>; of the mel, `frames` hold audio."""

    def mel(self, waveforms: Sequence[np.ndarray], frames: int) -> np.ndarray:
        """Log-mel (batch, mels, frames) of float32 waveforms at 16 kHz, padded with silence or cut to `frames`."""
        return log_mel(waveforms, frames, self._config.get("num_mel_bins", 80))

    @cached_property
    def config(self) -> "WhisperConfig":
        """The configuration as transformers has it, which imports torch: what transcribes on a CPU does without."""
        from transformers import WhisperConfig

        return WhisperConfig.from_dict(self._config)

    @cached_property
    def tokenizer(self) -> "WhisperTokenizer":
        """The vocabulary as transformers has it."""
        from transformers import WhisperTokenizer

        return WhisperTokenizer.from_pretrained(self._folder)

    def _read(self, name: str) -> dict:
        found = json.loads((self._folder / name).read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError(f"{name} holds no settings")
        return found

    @property
    def languages(self) -> list[str]:
        """The codes of the languages that this model transcribes, in the order of their ids."""
        ids = getattr(self.generation, "lang_to_id", None) or {}
        return [token.strip("<|>") for token in sorted(ids, key=ids.get)]

    @property
    def timestamp_begin(self) -> int:
        """The id of <|0.00|>: text has lower ids, times have this one and higher."""
        return self.generation.no_timestamps_token_id + 1

    def prompt(self, language: str, task: str = "transcribe", timestamps: bool = True, previous: str = "") -> list[int]:
        """The ids that decoding starts from; `previous` is the previous text, or hot words."""
        names = [f"<|{language}|>", f"<|{task}|>"] + ([] if timestamps else ["<|notimestamps|>"])
        ids = [self.generation.decoder_start_token_id, *map(self.vocabulary.id, names)]
        if previous.strip():
            before = self.vocabulary.ids(" " + previous.strip())
            ids = [self.generation.prev_sot_token_id, *before, *ids]
        return ids
