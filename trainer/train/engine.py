"""The model in training as an engine, so that its evaluations decode as users will."""

from collections.abc import Iterator
from contextlib import contextmanager

from peft import PeftModel
from transformers import GenerationConfig

from common.messages import Message
from speech.engines.base import Engine
from speech.engines.shared_weights import SharedWeights
from speech.engines.short_window import ShortWindowWhisper
from speech.engines.transformers import Encoded, TransformersEngine
from speech.models.checkpoint import Choice
from trainer.train.precision import Precision


class TrainingEngine(TransformersEngine):
    """The engine's interface around a base and the adapter that is being trained on it."""

    def __init__(self, choice: Choice, model: PeftModel, precision: Precision, longest: int | None):
        """`longest`: tokens of a hypothesis at most; None: as many as are asked for."""
        Engine.__init__(self, choice, Message(en="it is being trained", fr="il est en cours d'entraînement"))
        self.generation = GenerationConfig.from_pretrained(choice.folder)
        self.device, self.precision, self.longest = precision.device, precision.weights, longest
        self.formats = precision
        self.shared_weights = SharedWeights(model.get_base_model())
        self._adapter = self._assistant = None
        self.memory = self.own_memory = self.shared_weights.memory

    @contextmanager
    def exclusive(self) -> Iterator[ShortWindowWhisper]:
        """The model as it is: the adapter in training is always on."""
        with self.shared_weights.lock:
            yield self.shared_weights.whisper

    def encode(self, mel) -> Encoded:
        with self.formats.autocast:
            return super().encode(mel)

    def generate(self, states, prompt, *, max_tokens: int, **how):
        with self.formats.autocast:
            return super().generate(states, prompt, max_tokens=min(max_tokens, self.longest or max_tokens), **how)

    def beam(self, states, prompt, *, max_tokens: int, **how):
        with self.formats.autocast:
            return super().beam(states, prompt, max_tokens=min(max_tokens, self.longest or max_tokens), **how)

    def align(self, states, prompt, tokens, frames):
        with self.formats.autocast:
            return super().align(states, prompt, tokens, frames)
