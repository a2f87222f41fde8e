"""Which model listens, and why: the Hub's, a folder's, or the embedded one. The choice is made here alone."""

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import httpx2  # huggingface_hub's client, whose errors pass through it
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

from speech import embedded
from speech.adapters import merged
from speech.cache import built_once
from speech.said import Refusal, Said

HUB_DEFAULT = "openai/whisper-small"
EMBEDDED = "whisper-base"
HUB_PATIENCE = 2.0  # seconds a try, and huggingface_hub tries twice
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
SMALL_FILES = ("*.json", "*.txt")


@dataclass(frozen=True)
class Choice:
    model: str  # as people name it: a Hub id, a folder, or whisper-base
    source: str  # "hub", "folder" or "embedded"
    folder: Path  # a transformers checkpoint
    reason: Said
    adapter: str | None = None  # merged into the folder's weights

    @property
    def weights(self) -> str:
        """Changes when a weight file does; names, sizes and times tell, and reading gigabytes would not be quick."""
        facts = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in _weights(self.folder)]
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]


def choose(model: str | None = None, adapter: str | None = None) -> Choice:
    """The model named, else ALLO_MODEL's, else whisper-small with the Hub in reach, else the embedded whisper-base.

    An adapter (folder or Hub id) is merged into it. Raises Refusal where what was named is not there or no Whisper.
    """
    base = _base(model)
    return merged(base, adapter) if adapter else base


def _base(model: str | None) -> Choice:
    named = model or os.environ.get("ALLO_MODEL")
    if named:
        return _named(named, by_setting=not model)
    if offline():
        return _embedded(Said(en="ALLO_OFFLINE is set", fr="ALLO_OFFLINE est réglé"))
    if not hub_in_reach():
        return _embedded(Said(en="the Hub does not answer", fr="le Hub ne répond pas"))
    return _from_hub(HUB_DEFAULT, Said(en="the Hub is in reach", fr="le Hub répond"))


def offline() -> bool:
    return os.environ.get("ALLO_OFFLINE", "") not in ("", "0")


@lru_cache(maxsize=1)
def hub_in_reach() -> bool:
    """Asked once a process; a Hub that does not answer costs twice HUB_PATIENCE."""
    try:
        HfApi().model_info(HUB_DEFAULT, timeout=HUB_PATIENCE)
    except (httpx2.HTTPError, OSError):  # huggingface_hub's own errors are OSErrors
        return False
    return True


def ctranslate2_folder(choice: Choice) -> Path:
    """The choice's CTranslate2 model: the embedded one as it is, any other converted once and cached."""
    from speech.engines.ctranslate2 import convert, is_converted

    if choice.source == "embedded" and not choice.adapter:
        return embedded.ctranslate2_folder()
    name = f"{Path(choice.model).name}-{choice.weights}-ctranslate2"
    size = sum(path.stat().st_size for path in _weights(choice.folder))
    return built_once(name, lambda folder: convert(choice.folder, folder), is_converted, size)


def _embedded(reason: Said) -> Choice:
    return Choice(EMBEDDED, "embedded", embedded.transformers_folder(), reason)


def _named(named: str, by_setting: bool) -> Choice:
    reason = (
        Said(en="named in ALLO_MODEL", fr="nommé dans ALLO_MODEL")
        if by_setting
        else Said(en="you named it", fr="vous l'avez nommé")
    )
    if named == EMBEDDED:
        return _embedded(reason)
    if Path(named).is_dir():
        return _from_folder(Path(named), reason)
    return _from_hub(named, reason)


def _from_folder(folder: Path, reason: Said) -> Choice:
    if not (folder / "config.json").is_file() or not _weights(folder):
        raise Refusal(
            en=f"The folder {folder} holds no model: it needs config.json and model.safetensors.",
            fr=f"Le dossier {folder} ne contient pas de modèle : il lui faut config.json et model.safetensors.",
        )
    _check_whisper(folder, str(folder))
    return Choice(str(folder), "folder", folder, reason)


def _from_hub(repository: str, reason: Said) -> Choice:
    try:
        if offline():
            folder = snapshot_download(repository, local_files_only=True, allow_patterns=[*SMALL_FILES, *WEIGHTS])
        else:
            files = [file.rfilename for file in HfApi().model_info(repository, timeout=2 * HUB_PATIENCE).siblings]
            weights = WEIGHTS[0] if any(name.endswith(".safetensors") for name in files) else WEIGHTS[1]
            folder = snapshot_download(
                repository, allow_patterns=[*SMALL_FILES, weights], ignore_patterns=["*/*", "*.fp32*"]
            )
    except GatedRepoError as error:
        raise Refusal(
            en=f"The model {repository} is gated: accept its terms on the Hub and set HF_TOKEN.",
            fr=f"Le modèle {repository} est à accès restreint : acceptez ses conditions sur le Hub et réglez HF_TOKEN.",
        ) from error
    except (HFValidationError, RepositoryNotFoundError) as error:
        raise Refusal(
            en=f"There is no model {repository!r}: name a Hub id, a folder, or {EMBEDDED}.",
            fr=f"Le modèle {repository!r} n'existe pas : nommez un identifiant du Hub, un dossier, ou {EMBEDDED}.",
        ) from error
    except (httpx2.HTTPError, OSError) as error:
        raise Refusal(
            en=f"The model {repository} cannot be fetched, the Hub is out of reach: name a folder, or {EMBEDDED}.",
            fr=f"Le modèle {repository} ne peut être téléchargé, le Hub est hors d'atteinte : "
            f"nommez un dossier, ou {EMBEDDED}.",
        ) from error
    _check_whisper(Path(folder), repository)
    return Choice(repository, "hub", Path(folder), reason)


def _check_whisper(folder: Path, named: str) -> None:
    from transformers import AutoConfig

    try:
        found = AutoConfig.from_pretrained(folder).model_type
    except (OSError, ValueError, KeyError):
        found = None
    if found != "whisper":
        raise Refusal(
            en=f"The model {named} is no Whisper ({found or 'unreadable config.json'}): name a Whisper checkpoint.",
            fr=f"Le modèle {named} n'est pas un Whisper ({found or 'config.json illisible'}) : "
            "nommez un checkpoint Whisper.",
        )


def _weights(folder: Path) -> list[Path]:
    return [path for pattern in WEIGHTS for path in sorted(folder.glob(pattern))]
