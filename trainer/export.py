"""Exports an adapter merged into its base, for other programs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from ctranslate2.converters import TransformersConverter
from huggingface_hub import hf_hub_download
from safetensors import SafetensorError

from common.files import new_folder
from common.hub import NOT_THERE, UNANSWERED, offline
from common.messages import UserError
from speech.models.adapters import merged
from speech.models.checkpoint import is_folder
from speech.models.choose import choose

QUANTIZATIONS = {  # the first is the default; CTranslate2 loads float16 as any other
    "merged": ("float32", "float16"),
    "ctranslate2": ("float16", "int8", "float32"),
}
BASES = (
    ("allo.json", "base"),
    ("adapter_config.json", "base_model_name_or_path"),
)  # the first that names it counts
BESIDE = [
    "tokenizer.json",
    "tokenizer_config.json",
    "preprocessor_config.json",
]  # faster-whisper asks the Hub for others


def export(adapter: str, output: Path, format: str, quantization: str | None = None, model: str | None = None) -> Path:
    """Writes `output` whole, or not at all: a transformers folder, or a CTranslate2 one as faster-whisper reads it.

    `adapter` is a folder or a Hub id; `model` is its base where it does not name it. Raises UserError for an
    output that is there already, an unknown format or quantization, and whatever `speech.models.choose` refuses.
    """
    precision = _quantization(format, quantization)
    output = output.expanduser().resolve()
    _check_free(output)
    choice = choose(model or base_of(adapter), adapter)
    write = _merged if format == "merged" else _converted

    def build(into: Path) -> None:
        with merged(choice, into) as whole:
            write(whole, into, precision)

    _build(output, build)
    return output


def base_of(adapter: str) -> str:
    """The model that an adapter (a folder or a Hub id) was trained on. Raises UserError where it does not name it."""
    for name, key in BASES:
        try:
            folder = is_folder(adapter)
            file = f"{adapter}/{name}" if folder else hf_hub_download(adapter, name, local_files_only=offline())
            found = json.loads(Path(file).read_text(encoding="utf-8"))
        except (*NOT_THERE, *UNANSWERED, ValueError, RecursionError):  # not there: the next one may be
            continue
        base = found.get(key) if isinstance(found, dict) else None
        if base and isinstance(base, str):
            return base
    raise UserError(
        en=f"The adapter {adapter} is not there, or does not name its base: check its name, or add --model.",
        fr=f"L'adaptateur {adapter} n'est pas là, ou ne nomme pas son modèle de base : vérifiez son nom, "
        "ou nommez le modèle dans --model.",
    )


def _quantization(format: str, quantization: str | None) -> str:
    if format not in QUANTIZATIONS:
        known = ", ".join(QUANTIZATIONS)
        raise UserError(
            en=f"There is no format {format!r}: choose one of {known}.",
            fr=f"Le format {format!r} n'existe pas : choisissez parmi {known}.",
        )
    known = QUANTIZATIONS[format]
    if quantization not in (None, *known):
        raise UserError(
            en=f"The format {format} has no quantization {quantization!r}: choose one of {', '.join(known)}.",
            fr=f"Le format {format} n'a pas de quantification {quantization!r} : choisissez parmi {', '.join(known)}.",
        )
    return quantization or known[0]


def _check_free(output: Path) -> None:
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise UserError(
            en=f"{output} is there already: name a new folder, or an empty one.",
            fr=f"{output} existe déjà : nommez un nouveau dossier, ou un dossier vide.",
        )


def _build(output: Path, build: Callable[[Path], None]) -> None:
    """Builds the output whole, so that nobody loads half a model."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with new_folder(output) as new:
            build(new)
    except (OSError, SafetensorError) as error:  # safetensors has an error of its own for a full disk
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            en=f"{output} cannot be written ({reason}): name another folder, or make room.",
            fr=f"{output} ne peut être écrit ({reason}) : nommez un autre dossier, ou libérez de la place.",
        ) from error


def _merged(folder: Path, into: Path, precision: str) -> None:
    from transformers import WhisperForConditionalGeneration

    WhisperForConditionalGeneration.from_pretrained(folder, dtype=precision, use_safetensors=True).save_pretrained(into)
    for name in _beside(folder):
        shutil.copyfile(folder / name, into / name)


def _converted(folder: Path, into: Path, precision: str) -> None:
    converter = TransformersConverter(str(folder), copy_files=_beside(folder))
    converter.convert(str(into), quantization=precision, force=True)


def _beside(folder: Path) -> list[str]:
    return [name for name in BESIDE if (folder / name).is_file()]
