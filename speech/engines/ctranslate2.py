"""CTranslate2: the default engine on a CPU, in int8."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

import ctranslate2
import numpy as np
import psutil

from common.messages import Message
from speech.engines.base import FULL_WINDOW, SECONDS_PER_TOKEN, Alignment, Engine, Hypothesis
from speech.engines.precedence import Precedence
from speech.models.checkpoint import Choice, reading

MOST_WORKERS = 4  # on a CPU: each has a batch, and memory of its own for it
SPARE = 1  # worker for what is urgent, on the same cores: it need not wait for the batches in hand


class CTranslate2Engine(Engine):
    name = "ctranslate2"

    def __init__(self, choice: Choice, converted: Path, reason: Message, device: str, precision: str, threads: int):
        """`converted` holds CTranslate2's model.bin of the choice; `threads` 0 takes as many as there are cores.

        On a CPU each worker has one thread and decodes a batch of its own: the steps of a decoder are too small to be
        divided, and two threads in one worker take a third longer than one.
        """
        super().__init__(choice, reason)
        cores = threads or _cores()
        self.workers = 1 if device == "cuda" else min(cores, MOST_WORKERS)
        self._crew = ThreadPoolExecutor(self.workers, "ctranslate2")
        model = partial(
            ctranslate2.models.Whisper,
            str(converted),
            device=device,
            compute_type=precision,
            inter_threads=self.workers + SPARE,
            intra_threads=max(1, cores // self.workers),
        )
        with reading(choice):
            # loading sets the OpenMP threads of the thread that loads, and with them torch's, to those of one worker
            self.whisper = self._crew.submit(model).result()
        self.precedence = Precedence(self.workers, SPARE)
        self.device, self.precision = self.whisper.device, self.whisper.compute_type
        stored = (converted / "model.bin").stat().st_size  # float16: two bytes a weight
        self.memory = stored // 2 if self.precision.startswith("int8") else stored * (1 + (self.precision == "float32"))
        self.own_memory = self.memory

    @property
    def shared_weights(self) -> "CTranslate2Engine":
        """Itself: an adapter is merged into the weights, so no other engine can use them."""
        return self

    def map_batches(self, work: Callable, batches: Iterable) -> Iterator:
        if self.urgent:  # the crew is busy with files
            yield from super().map_batches(work, batches)
            return
        work = partial(self.in_turn, work)
        waiting, batches = deque(), iter(batches)
        try:
            for batch in islice(batches, self.workers + 1):  # one more than there are workers, so that none is idle
                waiting.append(self._crew.submit(work, batch))
            while waiting:
                done = waiting.popleft().result()
                waiting.extend(self._crew.submit(work, batch) for batch in islice(batches, 1))
                yield done
        finally:
            for left in waiting:
                left.cancel()

    def encode(self, mel: np.ndarray) -> ctranslate2.StorageView:
        """Encodes a few items at a time on the CPU: attention's memory grows by the square of the window."""
        at_once = len(mel) if self.device == "cuda" else max(1, (FULL_WINDOW // mel.shape[2]) ** 2)
        some = (np.ascontiguousarray(mel[at : at + at_once]) for at in range(0, len(mel), at_once))
        states = [self.whisper.encode(ctranslate2.StorageView.from_array(each)) for each in some]
        return states[0] if len(states) == 1 else stored(np.concatenate([np.array(state) for state in states]))

    def select(self, states: ctranslate2.StorageView, places: Sequence[int]) -> ctranslate2.StorageView:
        return stored(np.array(states.to_device(ctranslate2.Device.cpu))[list(places)])

    def detect(self, states: ctranslate2.StorageView) -> list[dict[str, float]]:
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
        how = {"sampling_topk": 0, "sampling_temperature": temperature} if temperature else {"beam_size": beam_size}
        return [each[0] for each in self._generated(states, prompt, max_tokens, **how)]

    def beam(
        self, states: ctranslate2.StorageView, prompt: Sequence[int], *, size: int, max_tokens: int
    ) -> list[list[Hypothesis]]:
        return self._generated(states, prompt, max_tokens, beam_size=size, num_hypotheses=size)

    def _generated(
        self, states: ctranslate2.StorageView, prompt: Sequence[int], max_tokens: int, beam_size: int = 1, **how
    ) -> list[list[Hypothesis]]:
        found = self.whisper.generate(
            states,
            [list(prompt)] * states.shape[0],
            beam_size=beam_size,
            max_length=2 * max_tokens,  # its decoder gives at most half of this
            max_initial_timestamp_index=self.generation.max_initial_timestamp_index,
            return_scores=True,
            return_no_speech_prob=True,
            **how,
        )
        return [
            [
                self._hypothesis(*each, result.no_speech_prob, max_tokens)
                for each in zip(result.sequences_ids, result.scores, strict=True)
            ]
            for result in found
        ]

    @staticmethod
    def _hypothesis(tokens: list[int], score: float, no_speech: float, max_tokens: int) -> Hypothesis:
        count = len(tokens)
        cut = count >= max_tokens
        # its score is the sum, with the end token where there is one, over a count that leaves the end token out
        logprob = score if cut else score * count / (count + 1)
        return Hypothesis(tokens, logprob, no_speech, cut)

    def align(
        self,
        states: ctranslate2.StorageView,
        prompt: Sequence[int],
        tokens: Sequence[Sequence[int]],
        frames: Sequence[int],
    ) -> list[Alignment]:
        found = self.whisper.align(states, list(prompt), [list(text) for text in tokens], list(frames))
        return [self._alignment(result) for result in found]

    @staticmethod
    def _alignment(result) -> Alignment:
        """CTranslate2's path is a list of (token, state) pairs: a token starts where it appears first."""
        places, states = np.array(result.alignments, dtype=int).reshape(-1, 2).T
        first = np.flatnonzero(np.diff(places, prepend=-1))
        return Alignment((states[first] * SECONDS_PER_TOKEN).tolist(), list(result.text_token_probs))


def _cores() -> int:
    """The physical cores that this process may use, or OMP_NUM_THREADS, as torch counts them."""
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if asked.isdecimal() and int(asked):
        return int(asked)
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, psutil.cpu_count(logical=False) or allowed)


def stored(states: np.ndarray) -> ctranslate2.StorageView:
    """As CTranslate2 takes states that another encoder gives."""
    return ctranslate2.StorageView.from_array(np.ascontiguousarray(states))
