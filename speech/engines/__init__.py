"""Two engines behind one interface; `load` takes the one that fits the machine, and says why."""

from typing import Literal

from safetensors import SafetensorError

from speech.engines.base import Engine, Hypothesis
from speech.models import Choice, ctranslate2_folder
from speech.said import Refusal, Said

ENGINES = ("auto", "transformers", "ctranslate2")
PRECISIONS = {  # the first is the default
    ("ctranslate2", "cpu"): ("int8", "float32"),
    ("ctranslate2", "cuda"): ("float16", "int8_float16", "float32"),
    ("transformers", "cpu"): ("float32", "8bit", "4bit"),
    ("transformers", "cuda"): ("float16", "bfloat16", "float32", "8bit", "4bit"),
}


def load(
    choice: Choice,
    engine: Literal["auto", "transformers", "ctranslate2"] = "auto",
    precision: str | None = None,
    threads: int = 0,
) -> Engine:
    """Loads the chosen model. Raises Refusal on an unknown engine or precision, or weights that do not load."""
    import torch

    if engine not in ENGINES:
        raise _unknown("engine", "moteur", engine, ENGINES)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    name, reason = _engine_for(device, engine)
    known = PRECISIONS[name, device]
    if precision not in (None, *known):
        raise _unknown("precision", "précision", precision, known)
    try:
        return _load(choice, name, reason, device, precision or known[0], threads)
    except Refusal:
        raise
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise Refusal(
            en=f"The weights of {choice.model} do not load ({str(error).splitlines()[0]}): fetch the model again.",
            fr=f"Les poids de {choice.model} ne se chargent pas ({str(error).splitlines()[0]}) : "
            "téléchargez le modèle à nouveau.",
        ) from error


def _engine_for(device: str, engine: str) -> tuple[str, Said]:
    if engine != "auto":
        return engine, Said(en="you named this engine", fr="vous avez nommé ce moteur")
    if device == "cuda":
        return "transformers", Said(en="there is a GPU", fr="il y a un GPU")
    return "ctranslate2", Said(en="no GPU: int8 is the fastest on a CPU", fr="pas de GPU : int8 est le plus rapide")


def _load(choice: Choice, name: str, reason: Said, device: str, precision: str, threads: int) -> Engine:
    if name == "ctranslate2":
        from speech.engines.ctranslate2 import CTranslate2Engine

        return CTranslate2Engine(choice, ctranslate2_folder(choice), reason, device, precision, threads)
    from speech.engines.transformers import TransformersEngine

    return TransformersEngine(choice, reason, device, precision)


def _unknown(en: str, fr: str, given: str, known: tuple[str, ...]) -> Refusal:
    return Refusal(
        en=f"There is no {en} {given!r}: choose one of {', '.join(known)}.",
        fr=f"Pas de {fr} {given!r} : choisissez parmi {', '.join(known)}.",
    )


__all__ = ["ENGINES", "Engine", "Hypothesis", "load"]
