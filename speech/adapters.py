"""A LoRA adapter becomes a model like any other: merged into its base once, and cached by the hash of its files."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2  # huggingface_hub's client, whose errors pass through it
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HFValidationError
from safetensors import SafetensorError

from speech.cache import built_once
from speech.said import Refusal

if TYPE_CHECKING:
    from speech.models import Choice

FILES = ("adapter_config.json", "adapter_model.safetensors")


def merged(base: "Choice", adapter: str) -> "Choice":
    """The choice of `base` with the adapter (a folder or a Hub id) in its weights.

    Raises Refusal where the adapter is not there, not whole, or not one of this base.
    """
    folder = Path(adapter) if Path(adapter).is_dir() else _fetched(adapter)
    for name in FILES:
        if not (folder / name).is_file():
            raise Refusal(
                en=f"The adapter {adapter} has no {name}: copy or export it again.",
                fr=f"L'adaptateur {adapter} n'a pas de {name} : copiez-le ou exportez-le à nouveau.",
            )
    size = sum(path.stat().st_size for path in base.folder.resolve().iterdir() if path.is_file())
    name = f"{Path(base.model).name}-{_hash(base, folder)}-merged"
    merged_folder = built_once(name, lambda into: _merge(base, folder, adapter, into), _is_whole, size)
    return replace(base, folder=merged_folder, adapter=adapter)


def _fetched(adapter: str) -> Path:
    try:
        return Path(snapshot_download(adapter, allow_patterns=list(FILES)))
    except (HFValidationError, httpx2.HTTPError, OSError) as error:  # huggingface_hub's own errors are OSErrors
        raise Refusal(
            en=f"There is no adapter {adapter!r} in a folder of that name or on the Hub: check the name.",
            fr=f"Pas d'adaptateur {adapter!r} dans un dossier de ce nom ni sur le Hub : vérifiez le nom.",
        ) from error


def _merge(base: "Choice", folder: Path, adapter: str, into: Path) -> None:
    from peft import PeftModel
    from transformers import WhisperForConditionalGeneration

    model = WhisperForConditionalGeneration.from_pretrained(base.folder, dtype="float32")
    try:
        model = PeftModel.from_pretrained(model, folder).merge_and_unload(safe_merge=True)
    except SafetensorError as error:
        raise Refusal(
            en=f"The weights of the adapter {adapter} are cut short or damaged: copy or export it again.",
            fr=f"Les poids de l'adaptateur {adapter} sont coupés ou abîmés : copiez-le ou exportez-le à nouveau.",
        ) from error
    except (RuntimeError, ValueError, KeyError, TypeError) as error:  # what peft raises on other shapes, other modules
        raise Refusal(
            en=f"The adapter {adapter} does not fit {base.model}: name the base that it was trained on.",
            fr=f"L'adaptateur {adapter} ne va pas avec {base.model} : nommez le modèle sur lequel il a été entraîné.",
        ) from error
    for small in base.folder.glob("*.json"):
        if not small.name.endswith(".index.json"):
            shutil.copyfile(small, into / small.name)
    model.save_pretrained(into)


def _is_whole(folder: Path) -> bool:
    return folder.is_dir()  # it was renamed into place when it was


def _hash(base: "Choice", folder: Path) -> str:
    """Of the adapter's bytes and of the base's name: the same adapter on another base is another model."""
    digest = hashlib.sha256(str(base.folder.resolve()).encode())
    for name in FILES:
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:12]
