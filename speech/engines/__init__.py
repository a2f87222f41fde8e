"""Three engines behind one interface; `load` chooses the one that fits the machine, and says why."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from ctranslate2 import get_cuda_device_count

from common.messages import Message, UserError
from common.spaces import zero_gpu
from speech.engines.base import Engine, Hypothesis, gpu_full
from speech.models.checkpoint import Choice, weight_files
from speech.models.choose import choose
from speech.models.conversion import ctranslate2_folder, is_prepared, openvino_folder

ENGINES = ("auto", "transformers", "ctranslate2", "openvino")
PRECISIONS = {
    ("ctranslate2", "cpu"): ("int8", "float32"),
    ("ctranslate2", "cuda"): ("float16", "int8_float16", "float32"),
    ("openvino", "cpu"): ("int8",),
    ("transformers", "cpu"): ("float32", "8bit", "4bit"),
    ("transformers", "cuda"): ("float16", "bfloat16", "float32", "8bit", "4bit"),
}
PREPARED = Message(
    en="no GPU: int8 is the fastest on a CPU, and OpenVINO's encoder is prepared",
    fr="pas de GPU : int8 est le plus rapide, et l'encodeur d'OpenVINO est préparé",
)
ROOM = 1_500_000_000  # bytes of a GPU that a batch may take beside the weights; estimated, not measured


def load(
    choice: Choice,
    engine: Literal["auto", "transformers", "ctranslate2", "openvino"] = "auto",
    precision: str | None = None,
    threads: int = 0,
    assistant: str | None = None,
) -> Engine:
    """Loads the chosen model. With transformers, engines of one base share its weights, whatever their adapters.

    A model that does not fit in the free memory of the GPU, where a training may be running, runs on the CPU.

    `assistant`, a model as `choose` takes it, drafts for transformers' greedy decoding (speculative decoding), which
    is faster where the draft is small and often right. Raises UserError on an unknown engine or precision, weights that
    do not load, an adapter that does not fit its base, or an assistant that does not fit the model.
    """
    if engine not in ENGINES:
        raise _unknown("engine", "moteur", engine, ENGINES)
    device, full = ("cpu", None) if engine == "openvino" else _device_for(choice)
    name, reason = _engine_for(device, engine, assistant)
    if engine == "auto" and name == "ctranslate2" and precision in (None, "int8") and is_prepared(choice):
        name, reason = "openvino", PREPARED
    known = precisions(name, device)
    if full and precision not in known and precision in PRECISIONS[_engine_for("cuda", engine, assistant)[0], "cuda"]:
        precision = None  # it was meant for the GPU
    if precision not in (None, *known):
        raise _unknown("precision", "précision", precision, known)
    precision, reason = precision or known[0], full or reason
    with _gpu_full():
        if name == "ctranslate2":
            from speech.engines.ctranslate2 import CTranslate2Engine

            return CTranslate2Engine(choice, ctranslate2_folder(choice), reason, device, precision, threads)
        if name == "openvino":
            from speech.engines.openvino import OpenVINOEngine

            encoder = openvino_folder(choice)
            return OpenVINOEngine(choice, ctranslate2_folder(choice), encoder, reason, precision, threads)
        from speech.engines.transformers import TransformersEngine

        return TransformersEngine(choice, reason, device, precision, choose(assistant) if assistant else None)


def precisions(engine: str, device: str) -> tuple[str, ...]:
    """What an engine computes in where the others use `device`; the first is the default."""
    return PRECISIONS[engine, "cpu" if engine == "openvino" else device]


@contextmanager
def _gpu_full() -> Iterator[None]:
    """Turns a GPU without memory into a UserError; CTranslate2 has no class of its own for it."""
    try:
        yield
    except RuntimeError as error:
        if "out of memory" not in str(error):
            raise
        raise gpu_full() from error


def _device_for(choice: Choice) -> tuple[str, Message | None]:
    """The GPU where there is one with room, and why it is not taken where it is full."""
    if "torch" not in sys.modules and not get_cuda_device_count():  # torch would take seconds to say the same
        return "cpu", None
    import torch

    if zero_gpu() or not torch.cuda.is_available():  # outside of its calls ZeroGPU only pretends to have a GPU
        return "cpu", None
    needed = sum(path.stat().st_size for path in weight_files(choice.folder)) + ROOM
    free, _ = torch.cuda.mem_get_info()
    if free >= needed:
        return "cuda", None
    share = {"free": round(free / 1e6), "needed": round(needed / 1e6)}
    return "cpu", Message(
        en="the GPU has {free} MB free and {needed} are needed, so the model runs on the CPU".format(**share),
        fr="le GPU a {free} Mo de libres et il en faut {needed} : le modèle tourne sur le processeur".format(**share),
    )


def _engine_for(device: str, engine: str, assistant: str | None) -> tuple[str, Message]:
    if engine in ("ctranslate2", "openvino") and assistant:
        raise UserError(
            en="CTranslate2 has no speculative decoding: choose the engine transformers, or no assistant.",
            fr="CTranslate2 ne connaît pas le décodage spéculatif : choisissez le moteur transformers, "
            "ou pas d'assistant.",
        )
    if engine != "auto":
        return engine, Message(en="you named this engine", fr="vous avez nommé ce moteur")
    if assistant:
        return "transformers", Message(en="it takes an assistant", fr="il accepte un assistant")
    if device == "cuda":
        return "transformers", Message(en="there is a GPU", fr="il y a un GPU")
    return "ctranslate2", Message(en="no GPU: int8 is the fastest on a CPU", fr="pas de GPU : int8 est le plus rapide")


def _unknown(en: str, fr: str, given: str, known: tuple[str, ...]) -> UserError:
    return UserError(
        en=f"There is no {en} {given!r}: choose one of {', '.join(known)}.",
        fr=f"Pas de {fr} {given!r} : choisissez parmi {', '.join(known)}.",
    )


__all__ = ["ENGINES", "Engine", "Hypothesis", "load"]
