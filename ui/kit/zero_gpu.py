"""ZeroGPU: work that goes to a GPU that is lent for seconds, above all windows of speech; the rest stays on the CPU.

Sound is decoded, resampled and cut into windows on the CPU, and live words are decoded there. A group of windows is one
call of a function that `spaces` runs in a forked process: arguments and results are pickled, and what the call changes
in memory is lost. The seconds that a call asks for, and the visitor pays out of a daily quota, follow from those of
speech. Where the quota is spent, what was transcribed stays, and the rest waits until the visitor has decided: the CPU
goes on with it, or the GPU once the quota is renewed. A program, which nobody asks, is served by the CPU.
"""

import asyncio
import math
import os
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr

from common.messages import Message
from common.spaces import zero_gpu
from ui.kit.format import clock
from ui.kit.i18n import message

LENT = zero_gpu() and bool(os.environ.get("SPACES_ZERO_DEVICE_API_URL"))  # the platform's server, which lends the GPU
if LENT:
    import spaces  # before torch, which nothing of the page imports at its start

if TYPE_CHECKING:
    import numpy as np

    from speech.decoding.decode import DecodedClip, Options
    from speech.engines import Engine
    from speech.models.checkpoint import Choice

DEVICE, PRECISION = "cuda", "float16"
AT_ONCE = 64  # windows of a call at most: the more, the less it costs to begin calls
BATCH = 32  # windows that are decoded together: a GPU takes as long for a step of 32 as for one of 8
# Seconds of a call: to fork and to move the weights, and for a second of speech. Reckoned for whisper-small, not
# measured on the platform: 24 windows of 25 s are two batches of 130 steps, of 25 ms each, and as many steps of 35 ms
# for the beams of those that greedy decoding is unsure of; the encoder's 0.3 TFLOP a window hardly count. A call of ten
# minutes that is all speech costs 16 s, and two models that are compared on it 28 s.
OVERHEAD, PER_SECOND = 4.0, 0.02
SAMPLE_RATE = 16_000

# As the platform's package says it: seconds asked for, those that are left, and a time such as "1 day, 3:00:00".
QUOTA = re.compile(r"\((\d+)s requested vs\. (-?\d+)s left\)\. Try again in (?:(\d+) days?, )?(\d+):(\d+):(\d+)")
DIED = "ZeroGPU worker error"  # the title of an error of the work itself, or of its end by the platform

_engines: dict[str, "Engine"] = {}  # by the weights; of this process


def lent(work: Callable, seconds: Callable[..., int]) -> Callable:
    """The function, to be run where the GPU is; `seconds`, of the same arguments, are what a call asks for."""
    return spaces.GPU(duration=seconds)(work) if LENT else work


def refusal(error: gr.Error) -> Message | None:
    """Why ZeroGPU did not do its work: what is left of the quota, and when it is renewed. None: it is another error."""
    if not str(getattr(error, "title", "")).startswith("ZeroGPU"):
        return None
    found = QUOTA.search(error.message)
    if not found:
        return Message(f"ZeroGPU: {error.message}", f"ZeroGPU : {error.message}")
    asked, left, *wait = (int(number or 0) for number in found.groups())
    days, hours, minutes, seconds = wait
    wait = clock(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    return message("zero_gpu_quota", asked=asked, left=left, wait=wait)


def prepare() -> None:
    """Puts the page's base on the GPU, as the platform asks: at the start, outside of any call."""
    if LENT:
        from speech.models.choose import choose

        _engine(choose())


class Request(NamedTuple):
    """Windows to decode, as `speech.decoding.decode.decode` takes them, and the model that is to do it."""

    choice: "Choice"
    sounds: list["np.ndarray"]  # float32 at 16 kHz
    options: "Options"
    previous: str
    once: set[int]


class Reply(NamedTuple):
    found: list[tuple[int, "DecodedClip"]]
    seconds: float  # of the GPU


class Quota:
    """A visitor's share of the GPU: once it is refused, the visitor decides how what is left is decoded."""

    def __init__(self, asks: bool = True):
        self.refusal: Message | None = None  # why no GPU is lent any more
        self._asks, self._on_cpu = asks, False

    @property
    def on_cpu(self) -> bool:
        """The CPU decodes what is left."""
        return self._on_cpu or (self.refusal is not None and not self._asks)

    @property
    def waits(self) -> bool:
        """The visitor has to decide."""
        return self.refusal is not None and not self.on_cpu

    def decide(self, on_cpu: bool) -> None:
        """The rest is decoded on the CPU, or the GPU is asked once more."""
        self.refusal, self._on_cpu = None, on_cpu

    def lend(self, requests: list[Request]) -> list[Reply] | None:
        """What one call of the GPU gives for all; None where no GPU is lent any more."""
        if self.refusal or self._on_cpu:
            return None
        try:
            return _on_gpu(requests)
        except gr.Error as error:
            self.refusal = refusal(error)
            if self.refusal is None:
                raise
        return None


class Held:
    """Work that waits for the visitor to decide; of several presses that go on with it, each has its newest piece."""

    def __init__(self, pieces: Iterator, quota: Quota):
        self.quota = quota
        self._pieces, self._stepping = pieces, threading.Lock()
        self._newest, self._count = None, 0

    @property
    def waits(self) -> bool:
        return self.quota.waits

    async def newer(self) -> AsyncIterator:
        """Each piece, until the visitor has to decide again.

        It is worked out in a thread: a visitor who stops is let go at once, and after that piece no other follows.
        """
        seen, piece = await asyncio.to_thread(self._after, 0)
        while piece is not None:
            yield piece
            if self.waits:
                return
            seen, piece = await asyncio.to_thread(self._after, seen)

    def _after(self, seen: int) -> tuple[int, object]:
        """The newest piece and its number, or None where there is none after the one that was `seen`."""
        with self._stepping:  # the thread of a press before may be at the next piece still
            if seen == self._count:
                piece = next(self._pieces, None)
                if piece is None:
                    return seen, None
                self._newest, self._count = piece, seen + 1
            return self._count, self._newest


def decoding(choice: "Choice", quota: Quota | None = None) -> dict:
    """How windows are decoded here for one recording, as arguments of `speech.transcribe.transcribe`.

    As long as the quota waits, what that gives has nothing new. None: nobody is asked.
    """
    if not LENT:
        return {}
    from speech.decoding.decode import decode

    share = quota or Quota(asks=False)

    def on_the_gpu_while_it_lasts(
        engine: "Engine",
        sounds: Sequence["np.ndarray"],
        options: "Options",
        previous: str = "",
        once: Collection[int] = (),
    ) -> Iterator[list[tuple[int, "DecodedClip"]]]:
        request = Request(choice, list(sounds), options, previous, set(once))
        while (replies := share.lend([request])) is None and not share.on_cpu:
            yield []
        if replies:
            yield replies[0].found
        else:
            yield from decode(engine, sounds, options, previous, once)

    return {"decoder": on_the_gpu_while_it_lasts, "at_once": AT_ONCE}


def seconds_asked(requests: list[Request]) -> int:
    """Of a call that decodes these windows."""
    samples = sum(len(sound) for request in requests for sound in request.sounds)
    return math.ceil(OVERHEAD + PER_SECOND * samples / SAMPLE_RATE)


def _decoded(requests: list[Request]) -> list[Reply]:
    """Runs in the process that has the GPU."""
    from speech.decoding.decode import decode

    replies = []
    for choice, sounds, options, previous, once in requests:
        started = time.perf_counter()
        batches = decode(_engine(choice), sounds, replace(options, batch_size=BATCH), previous, once)
        found = [pair for batch in batches for pair in batch]
        replies.append(Reply(found, time.perf_counter() - started))
    return replies


_on_gpu = lent(_decoded, seconds_asked)


def _engine(choice: "Choice") -> "Engine":
    """Base and adapters share one set of weights; an adapter that the start did not know is loaded in the call."""
    from speech.engines.transformers import TransformersEngine

    if choice.weights not in _engines:
        reason = Message("the GPU of ZeroGPU", "le GPU de ZeroGPU")
        _engines[choice.weights] = TransformersEngine(choice, reason, DEVICE, PRECISION)
    return _engines[choice.weights]
