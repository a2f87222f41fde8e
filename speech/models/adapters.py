"""LoRA adapters: where one is, what it says of itself, whether it goes with a base, and both in one."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import httpx2  # huggingface_hub's client, whose errors pass through it
from huggingface_hub import snapshot_download
from huggingface_hub.errors import GatedRepoError, HFValidationError
from safetensors import SafetensorError

from common.hub import offline, weight_files
from common.messages import UserError
from speech.models import bundled
from speech.models.checkpoint import FACTS, FILES, Choice, facts, present

if TYPE_CHECKING:
    from peft import LoraConfig
    from torch import nn


def fetched(adapter: str) -> Path:
    """The folder of an adapter, named by a folder or a Hub id. Raises UserError where it is missing or incomplete."""
    folder = Path(adapter) if Path(adapter).is_dir() else _from_hub(adapter)
    for name in FILES:
        if not (folder / name).is_file():
            raise UserError(
                en=f"The adapter {adapter} has no {name}: copy or export it again.",
                fr=f"L'adaptateur {adapter} n'a pas de {name} : copiez-le ou exportez-le à nouveau.",
            )
    return folder


def _from_hub(adapter: str) -> Path:
    try:
        return Path(snapshot_download(adapter, allow_patterns=[*FILES, FACTS], local_files_only=offline()))
    except GatedRepoError as error:
        raise UserError(
            en=f"The adapter {adapter} is gated: accept its terms on the Hub and set HF_TOKEN.",
            fr=f"L'adaptateur {adapter} est à accès restreint : acceptez ses conditions sur le Hub et réglez HF_TOKEN.",
        ) from error
    except (HFValidationError, httpx2.HTTPError, OSError) as error:  # huggingface_hub's own errors are OSErrors
        raise UserError(
            en=f"There is no adapter {adapter!r} in a folder of that name or on the Hub: check the name.",
            fr=f"Pas d'adaptateur {adapter!r} dans un dossier de ce nom ni sur le Hub : vérifiez le nom.",
        ) from error


def revision(choice: Choice) -> str:
    """Which weights exactly: the Hub's commit, else the beginning of a SHA-256. The same on every machine."""
    if choice.source == "hub":
        return choice.folder.name  # snapshots/<commit>
    if choice.source == "embedded":
        return bundled.SHA256[:16]
    return _hash(choice.folder, choice.base_weights)


@lru_cache(maxsize=8)
def _hash(folder: Path, weights: str) -> str:
    """`weights` changes when the files do."""
    digest = hashlib.sha256()
    for path in sorted(weight_files(folder)):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def check_base(folder: Path, choice: Choice, named: str | None = None) -> None:
    """Raises UserError where allo.json of the adapter tells another base than the chosen one, or another revision.

    An adapter that tells nothing passes: its shapes are checked when it is loaded. `named`: as people name it.
    """
    told = facts(folder)
    base = told.get("base")
    if base is None or (base, told.get("revision")) == (choice.model, found := revision(choice)):
        return
    raise UserError(
        en=f"The adapter {named or folder} was trained on {base} ({told.get('revision')}), not on {choice.model} "
        f"({found}): name that base.",
        fr=f"L'adaptateur {named or folder} a été entraîné sur {base} ({told.get('revision')}), non sur "
        f"{choice.model} ({found}) : nommez cette base.",
    )


@contextmanager
def merged(choice: Choice, beside: Path) -> Iterator[Path]:
    """The choice as one transformers checkpoint, the adapter in its weights: a folder that is there until it is left.

    It is named after `beside` and lies next to it, so that who clears up after a death finds both. Raises UserError
    where the adapter is gone, not whole, or not one of this base.
    """
    if not choice.adapter_folder:
        yield choice.folder
        return
    with TemporaryDirectory(prefix=f"{beside.name}.", dir=beside.parent) as into:
        _merge(choice, Path(into))
        yield Path(into)


def _merge(choice: Choice, into: Path) -> None:
    from peft import PeftModel
    from transformers import WhisperForConditionalGeneration

    model = WhisperForConditionalGeneration.from_pretrained(choice.folder, dtype="float32")
    with _fitting(choice):
        model = PeftModel(model, _config(choice))
        _fill(model, choice, "default")
        model = model.merge_and_unload(safe_merge=True)
    for small in choice.folder.glob("*.json"):
        if not small.name.endswith(".index.json"):
            shutil.copyfile(small, into / small.name)
    model.save_pretrained(into)


def attach(whisper: "nn.Module", choice: Choice, name: str) -> None:
    """Loads the choice's adapter into the layers of `whisper`, under `name`. Raises UserError as `merged` does."""
    from peft.functional import inject_adapter_in_model

    with _fitting(choice):
        inject_adapter_in_model(_config(choice), whisper, name)
        _fill(whisper, choice, name)


def _config(choice: Choice) -> "LoraConfig":
    from peft import LoraConfig, PeftConfig

    (choice.adapter_folder / FILES[0]).stat()  # peft takes a folder that is gone for a name on the Hub
    config = PeftConfig.from_pretrained(str(choice.adapter_folder))
    if not isinstance(config, LoraConfig):
        raise ValueError(f"{config.peft_type} is no LoRA")
    config.inference_mode = True
    return config


def _fill(model: "nn.Module", choice: Choice, name: str) -> None:
    from peft.functional import set_peft_model_state_dict
    from safetensors.torch import load_file

    left = set_peft_model_state_dict(model, load_file(choice.adapter_folder / FILES[1]), name)
    if left.unexpected_keys or any(name in key.split(".") for key in left.missing_keys):
        raise ValueError("the adapter's weights are of other layers than its configuration says")


@contextmanager
def _fitting(choice: Choice) -> Iterator[None]:
    """What peft and safetensors raise on an adapter that is not whole, or of another base, as a UserError."""
    adapter, base = choice.adapter, choice.model
    try:
        with present(adapter):
            yield
    except UserError:
        raise
    except (SafetensorError, json.JSONDecodeError) as error:
        raise UserError(
            en=f"The weights of the adapter {adapter} are cut short or damaged: copy or export it again.",
            fr=f"Les poids de l'adaptateur {adapter} sont coupés ou abîmés : copiez-le ou exportez-le à nouveau.",
        ) from error
    except (RuntimeError, ValueError, KeyError, TypeError) as error:  # other shapes, other modules
        raise UserError(
            en=f"The adapter {adapter} does not fit {base}: name the base that it was trained on.",
            fr=f"L'adaptateur {adapter} ne va pas avec {base} : nommez le modèle sur lequel il a été entraîné.",
        ) from error
