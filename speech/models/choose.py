"""Which model listens, and why: the Hub's, a folder's, or the embedded one. The choice is made here alone."""

import os
from dataclasses import replace
from pathlib import Path

import httpx2  # huggingface_hub's client, whose errors pass through it
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

from common.hub import HUB_DEFAULT, HUB_PATIENCE, SMALL_FILES, WEIGHTS, hub_in_reach, offline, weight_files
from common.messages import Message, UserError
from speech.models import adapters, bundled
from speech.models.checkpoint import Choice, facts

EMBEDDED = "whisper-base"


def choose(model: str | None = None, adapter: str | None = None) -> Choice:
    """The model named, else ALLO_MODEL's, else whisper-small with the Hub in reach, else the embedded whisper-base.

    An adapter (a folder or a Hub id) comes beside it; where no model is named, the adapter's own base is taken if its
    allo.json tells it. Raises UserError where what was named is not there, no Whisper, or an adapter of another base.
    """
    if not adapter:
        return _base(model)
    folder = adapters.fetched(adapter)
    own = facts(folder).get("base")
    base = _base(model) if model or not own else _named(own, OF_THE_ADAPTER)
    adapters.check_base(folder, base, adapter)
    return replace(base, adapter=adapter, adapter_folder=folder)


def _base(model: str | None) -> Choice:
    named = model or os.environ.get("ALLO_MODEL")
    if named:
        return _named(named, BY_YOU if model else BY_SETTING)
    if offline():
        return _embedded(Message(en="ALLO_OFFLINE is set", fr="ALLO_OFFLINE est réglé"))
    if not hub_in_reach():
        return _embedded(Message(en="the Hub does not answer", fr="le Hub ne répond pas"))
    return _from_hub(HUB_DEFAULT, Message(en="the Hub is in reach", fr="le Hub répond"))


def _embedded(reason: Message) -> Choice:
    return Choice(EMBEDDED, "embedded", bundled.transformers_folder(), reason)


BY_YOU = Message(en="you named it", fr="vous l'avez nommé")
BY_SETTING = Message(en="named in ALLO_MODEL", fr="nommé dans ALLO_MODEL")
OF_THE_ADAPTER = Message(en="the adapter was trained on it", fr="l'adaptateur a été entraîné sur lui")


def _named(named: str, reason: Message) -> Choice:
    if named == EMBEDDED:
        return _embedded(reason)
    if Path(named).is_dir():
        return _from_folder(Path(named), reason)
    return _from_hub(named, reason)


def _from_folder(folder: Path, reason: Message) -> Choice:
    if not (folder / "config.json").is_file() or not weight_files(folder):
        raise UserError(
            en=f"The folder {folder} holds no model: it needs config.json and model.safetensors.",
            fr=f"Le dossier {folder} ne contient pas de modèle : il lui faut config.json et model.safetensors.",
        )
    _check_whisper(folder, str(folder))
    return Choice(str(folder), "folder", folder, reason)


def _from_hub(repository: str, reason: Message) -> Choice:
    try:
        if offline():
            folder = snapshot_download(repository, local_files_only=True, allow_patterns=[*SMALL_FILES, *WEIGHTS])
        else:
            files = [file.rfilename for file in HfApi().model_info(repository, timeout=2 * HUB_PATIENCE).siblings]
            weights = WEIGHTS[0] if any(name.endswith(".safetensors") for name in files) else WEIGHTS[1]
            # first what it is: the weights of something else may be a hundred gigabytes
            _check_whisper(Path(snapshot_download(repository, allow_patterns=["config.json"])), repository)
            folder = snapshot_download(
                repository, allow_patterns=[*SMALL_FILES, weights], ignore_patterns=["*/*", "*.fp32*"]
            )
    except GatedRepoError as error:
        raise UserError(
            en=f"The model {repository} is gated: accept its terms on the Hub and set HF_TOKEN.",
            fr=f"Le modèle {repository} est à accès restreint : acceptez ses conditions sur le Hub et réglez HF_TOKEN.",
        ) from error
    except (HFValidationError, RepositoryNotFoundError) as error:
        raise UserError(
            en=f"There is no model {repository!r}: name a Hub id, a folder, or {EMBEDDED}.",
            fr=f"Le modèle {repository!r} n'existe pas : nommez un identifiant du Hub, un dossier, ou {EMBEDDED}.",
        ) from error
    except (httpx2.HTTPError, OSError) as error:
        raise UserError(
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
        raise UserError(
            en=f"The model {named} is no Whisper ({found or 'unreadable config.json'}): name a Whisper checkpoint.",
            fr=f"Le modèle {named} n'est pas un Whisper ({found or 'config.json illisible'}) : "
            "nommez un checkpoint Whisper.",
        )
