"""LoRA adapters: fetches one, checks that it fits its base, loads it beside the base or merges it into it."""

import copy
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from huggingface_hub import snapshot_download

from common.cache import sha256
from common.hub import check_size, hub_errors, model_files, offline
from common.messages import Message, UserError
from speech.models import bundled
from speech.models.checkpoint import FACTS, FILES, Choice, facts, is_folder, present, reading, weight_files
from speech.models.lora import files
from speech.models.lora.errors import DamagedError, UnfitError, other_layers
from speech.models.lora.files import Lora

if TYPE_CHECKING:
    from torch import nn
    from transformers import WhisperForConditionalGeneration


KIND = Message("adapter", "L'adaptateur")
LARGEST = 4_000_000_000  # bytes; LoRA of rank 128 on all of whisper-large takes 0.5 GB
INSTEAD = Message("name a folder", "nommez un dossier")


def fetch(adapter: str) -> Path:
    """The folder of an adapter, named by a folder or a Hub id. Raises UserError where it is missing or incomplete."""
    folder = Path(adapter) if is_folder(adapter) else _from_hub(adapter)
    for name in FILES:
        if not (folder / name).is_file():
            raise UserError(
                en=f"The adapter {adapter} has no {name}: copy or export it again.",
                fr=f"L'adaptateur {adapter} n'a pas de {name} : copiez-le ou exportez-le à nouveau.",
            )
    return folder


def _from_hub(adapter: str) -> Path:
    with hub_errors(KIND, adapter, INSTEAD):
        if not offline():
            check_size(KIND, adapter, (size for name, size in model_files(adapter).items() if name in FILES), LARGEST)
        return Path(snapshot_download(adapter, allow_patterns=[*FILES, FACTS], local_files_only=offline()))


def revision(choice: Choice) -> str:
    """Which weights exactly: the Hub's commit, else the beginning of a SHA-256. The same on every machine."""
    if choice.source == "hub":
        return choice.folder.name  # snapshots/<commit>
    if choice.source == "embedded":
        return bundled.SHA256[:16]
    return _hash(choice.folder)


def _hash(folder: Path) -> str:
    sums = b"".join(bytes.fromhex(sha256(path)) for path in weight_files(folder))
    return hashlib.sha256(sums).hexdigest()[:16]


def check_base(folder: Path, choice: Choice, named: str | None = None) -> None:
    """Raises UserError where the adapter's allo.json names another base than the chosen one, or another revision.

    An adapter that names none passes: its shapes are checked when it is loaded. `named`: as people name it.
    """
    own = facts(folder)
    base = own.get("base")
    if base is None or (base, own.get("revision")) == (choice.model, found := revision(choice)):
        return
    raise UserError(
        en=f"The adapter {named or folder} was trained on {base} ({own.get('revision')}), not on {choice.model} "
        f"({found}): name that base.",
        fr=f"L'adaptateur {named or folder} a été entraîné sur {base} ({own.get('revision')}), non sur "
        f"{choice.model} ({found}) : nommez cette base.",
    )


def read(choice: Choice) -> Lora:
    """What the choice's adapter holds. Raises UserError where it is gone, damaged, or does not fit the base."""
    import torch
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    with reading(choice), torch.device("meta"):  # names and sizes of the layers, without their weights
        base = WhisperForConditionalGeneration(WhisperConfig.from_pretrained(choice.folder))
    with fitting(choice):
        return files.read(choice.adapter_folder, base)


def attach(whisper: "nn.Module", choice: Choice, lora: Lora, name: str) -> None:
    """Loads an adapter that leaves its base as it is into the layers of `whisper`, under `name`."""
    from peft.functional import inject_adapter_in_model

    with fitting(choice):
        inject_adapter_in_model(copy.deepcopy(lora.config), whisper, name)  # peft writes into it
        _fill(whisper, lora, name)


def _fill(model: "nn.Module", lora: Lora, name: str) -> None:
    from peft.functional import set_peft_model_state_dict

    try:
        left = set_peft_model_state_dict(model, lora.matrices, name)
    except RuntimeError as error:  # a bias or a magnitude of another size
        raise other_layers() from error
    if left.unexpected_keys or any(name in key.split(".") for key in left.missing_keys):
        raise other_layers()


def merged_model(choice: Choice, lora: Lora) -> "WhisperForConditionalGeneration":
    """The base in float32 with the adapter in its weights. Raises UserError where it is not one of this base."""
    import torch
    from peft import PeftModel
    from torch import nn
    from transformers import WhisperForConditionalGeneration
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # it draws one for a second of loading
    with reading(choice):
        model = WhisperForConditionalGeneration.from_pretrained(choice.folder, dtype="float32", use_safetensors=True)
    if lora.unties:
        model.config.tie_word_embeddings = False
        model.proj_out.weight = nn.Parameter(model.proj_out.weight.detach().clone())
    with torch.no_grad():
        for name, values in lora.parameters.items():
            model.get_parameter(name).copy_(values)
        for token, values in lora.rows.items():
            model.get_input_embeddings().weight[token] = values
    if not lora.matrices:
        return model
    with fitting(choice):
        adapted = PeftModel(model, copy.deepcopy(lora.config))
        _fill(adapted, lora, "default")
        return adapted.merge_and_unload(safe_merge=True)


@contextmanager
def merged(choice: Choice, beside: Path) -> Iterator[Path]:
    """The choice as one transformers checkpoint, the adapter in its weights: a folder that is there until it is left.

    It is named after `beside` and lies next to it, so that a cleaning after a death finds both. Raises UserError
    where the adapter is gone, not whole, or not one of this base.
    """
    if not choice.adapter_folder:
        yield choice.folder
        return
    with TemporaryDirectory(prefix=f"{beside.name}.", dir=beside.parent) as into:
        model = merged_model(choice, read(choice))
        for small in choice.folder.glob("*.json"):
            if not small.name.endswith(".index.json"):
                shutil.copyfile(small, Path(into) / small.name)
        model.save_pretrained(into)
        yield Path(into)


@contextmanager
def fitting(choice: Choice) -> Iterator[None]:
    """Turns what is wrong with the choice's adapter into a UserError."""
    adapter, base = choice.adapter, choice.model
    try:
        with present(adapter):
            yield
    except DamagedError as error:
        raise UserError(
            en=f"The files of the adapter {adapter} are cut short or damaged: copy or export it again.",
            fr=f"Les fichiers de l'adaptateur {adapter} sont coupés ou abîmés : copiez-le ou exportez-le à nouveau.",
        ) from error
    except UnfitError as error:
        raise UserError(
            en=f"The adapter {adapter} does not fit {base}: {error.reason.en}.",
            fr=f"L'adaptateur {adapter} ne va pas avec {base} : {error.reason.fr}.",
        ) from error
