"""CTranslate2: the CPU's engine, int8."""

from collections.abc import Sequence
from pathlib import Path

import ctranslate2
import numpy as np

from speech.engines.base import FULL_WINDOW, SECONDS_PER_TOKEN, Alignment, Engine, Hypothesis
from speech.models import Choice
from speech.said import Said


class CTranslate2Engine(Engine):
    name = "ctranslate2"

    def __init__(self, choice: Choice, converted: Path, reason: Said, device: str, precision: str, threads: int):
        """`converted` holds CTranslate2's model.bin of the choice; `threads` 0 leaves their number to it."""
        super().__init__(choice, reason)
        self.whisper = ctranslate2.models.Whisper(
            str(converted), device=device, compute_type=precision, intra_threads=threads
        )
        self.device, self.precision = self.whisper.device, self.whisper.compute_type
        stored = (converted / "model.bin").stat().st_size  # float16: two bytes a weight
        self.memory = stored // 2 if self.precision.startswith("int8") else stored * (1 + (self.precision == "float32"))
        self.own_memory = self.memory

    @property
    def body(self) -> "CTranslate2Engine":
        """Itself: an adapter is merged into the weights, so nobody else can use them."""
        return self

    def encode(self, mel: np.ndarray) -> ctranslate2.StorageView:
        """On the CPU few at a time: attention takes memory by the square of the window, and gains no speed."""
        at_once = len(mel) if self.device == "cuda" else max(1, (FULL_WINDOW // mel.shape[2]) ** 2)
        parts = [mel[i : i + at_once] for i in range(0, len(mel), at_once)]
        with self.lock:
            states = [self.whisper.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(p))) for p in parts]
        if len(states) == 1:
            return states[0]
        return ctranslate2.StorageView.from_array(np.concatenate([np.array(state) for state in states]))

    def detect(self, states: ctranslate2.StorageView) -> list[dict[str, float]]:
        with self.lock:
            found = self.whisper.detect_language(states)
        return [{token.strip("<|>"): share for token, share in shares} for shares in found]

    def generate(
        self,
        states: ctranslate2.StorageView,
        prompt: Sequence[int],
        *,
        beam_size: int,
        temperature: float,
        max_tokens: int,
    ) -> list[Hypothesis]:
        with self.lock:
            results = self.whisper.generate(
                states,
                [list(prompt)] * states.shape[0],
                beam_size=1 if temperature else beam_size,
                sampling_topk=0 if temperature else 1,
                sampling_temperature=temperature or 1.0,
                max_length=2 * max_tokens,  # its decoder gives at most half of this
                max_initial_timestamp_index=self.generation.max_initial_timestamp_index,
                return_scores=True,
                return_no_speech_prob=True,
            )
        return [self._hypothesis(result, max_tokens) for result in results]

    @staticmethod
    def _hypothesis(result, max_tokens: int) -> Hypothesis:
        tokens = result.sequences_ids[0]
        count = len(tokens)
        return Hypothesis(
            tokens=tokens,
            logprob=result.scores[0] * count / (count + 1),  # its score is a mean that leaves the end token out
            no_speech=result.no_speech_prob,
            cut=count >= max_tokens,
        )

    def align(
        self,
        states: ctranslate2.StorageView,
        prompt: Sequence[int],
        tokens: Sequence[Sequence[int]],
        frames: Sequence[int],
    ) -> list[Alignment]:
        with self.lock:
            found = self.whisper.align(states, list(prompt), [list(text) for text in tokens], list(frames))
        return [self._alignment(result) for result in found]

    @staticmethod
    def _alignment(result) -> Alignment:
        """Its path walks over (token, state) pairs: a token starts where the path first meets it."""
        places, states = np.array(result.alignments, dtype=int).reshape(-1, 2).T
        first = np.flatnonzero(np.diff(places, prepend=-1))
        return Alignment((states[first] * SECONDS_PER_TOKEN).tolist(), list(result.text_token_probs))


def is_converted(folder: Path) -> bool:
    return (folder / "model.bin").is_file() and (folder / "config.json").is_file()


def convert(folder: Path, into: Path) -> None:
    """Converts the transformers checkpoint in `folder` to float16, which loads as any precision."""
    ctranslate2.converters.TransformersConverter(str(folder)).convert(str(into), quantization="float16", force=True)
