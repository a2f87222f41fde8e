"""Transcription on ZeroGPU: windows of speech go to a GPU that is lent for seconds; the rest stays on the CPU.

Sound is decoded, resampled and cut into windows on the CPU, and live words are decoded there. A group of windows is one
call of a function that `spaces` runs in a forked process: arguments and results are pickled, and what the call changes
in memory is lost. The seconds that a call asks for, and the visitor pays out of a daily quota, follow from those of
speech. Where the quota is spent, what was transcribed stays, and the CPU goes on until the visitor stops it.
"""

import math
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import gradio as gr

from common.spaces import zero_gpu
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
# Seconds of a call: to fork and to move the weights, and for a second of speech. Reckoned from whisper-small's
# operations (0.34 TFLOP a window of 30 s in the encoder, 100 steps of a decoder in 0.03 s each for 8 windows at once,
# and again for a beam), not measured on the platform. A call of ten minutes is three groups of windows: 27 s.
OVERHEAD, PER_SECOND = 4.0, 0.025
SAMPLE_RATE = 16_000

_engines: dict[str, "Engine"] = {}  # by the weights; of this process


def prepare() -> None:
    """Puts the page's base on the GPU, as the platform asks: at the start, outside of any call."""
    if LENT:
        from speech.models.choose import choose

        _engine(choose())


def decoder(choice: "Choice") -> Callable[..., Iterator[list[tuple[int, "DecodedClip"]]]]:
    """How windows are decoded here for one recording: `speech.decoding.decode.decode`, or on the visitor's GPU."""
    from speech.decoding.decode import decode

    if not LENT:
        return decode
    spent = False

    def on_the_gpu_while_it_lasts(
        engine: "Engine",
        sounds: Sequence["np.ndarray"],
        options: "Options",
        previous: str = "",
        once: Collection[int] = (),
    ) -> Iterator[list[tuple[int, "DecodedClip"]]]:
        nonlocal spent
        if not spent:
            try:
                yield _on_gpu(choice, list(sounds), options, previous, set(once))
                return
            except gr.Error as error:
                if not str(getattr(error, "title", "")).startswith("ZeroGPU"):
                    raise
                spent = True
                said = message("zero_gpu_spent", reason=error.message)
                gr.Warning(f"{said.fr}\n{said.en}")
        yield from decode(engine, sounds, options, previous, once)

    return on_the_gpu_while_it_lasts


def seconds_asked(choice: "Choice", sounds: Sequence["np.ndarray"], *_) -> int:
    """Of a call that decodes these windows, float32 at 16 kHz."""
    return math.ceil(OVERHEAD + PER_SECOND * sum(len(sound) for sound in sounds) / SAMPLE_RATE)


def _decoded(
    choice: "Choice", sounds: list["np.ndarray"], options: "Options", previous: str, once: set[int]
) -> list[tuple[int, "DecodedClip"]]:
    """Runs in the process that has the GPU."""
    from speech.decoding.decode import decode

    return [pair for batch in decode(_engine(choice), sounds, options, previous, once) for pair in batch]


_on_gpu = spaces.GPU(duration=seconds_asked)(_decoded) if LENT else _decoded


def _engine(choice: "Choice") -> "Engine":
    """Base and adapters share one set of weights; an adapter that the start did not know is loaded in the call."""
    from common.messages import Message
    from speech.engines.transformers import TransformersEngine

    if choice.weights not in _engines:
        reason = Message("the GPU of ZeroGPU", "le GPU de ZeroGPU")
        _engines[choice.weights] = TransformersEngine(choice, reason, DEVICE, PRECISION)
    return _engines[choice.weights]
