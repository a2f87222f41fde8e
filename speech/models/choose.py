"""Chooses the model that transcribes, and says why: one of the Hub, of a folder, or the embedded one."""

import json
import os
from dataclasses import replace
from pathlib import Path

from huggingface_hub import hf_hub_download, snapshot_download
from huggingface_hub.utils import filter_repo_objects

from common.hub import HUB_DEFAULT, check_size, hub_errors, hub_in_reach, model_files, offline
from common.messages import Message, UserError
from speech.models import adapters, bundled
from speech.models.checkpoint import FILES, WEIGHTS, Choice, facts, is_folder, weight_files

EMBEDDED = "whisper-base"
ADAPTER_CONFIG = FILES[0]
FETCHED = {  # of a repository; whisper-large has its weights in float32 as well
    "allow_patterns": ["*.json", "*.txt", WEIGHTS],
    "ignore_patterns": ["*/*", "*.fp32*", ADAPTER_CONFIG],
}
LARGEST = 10_000_000_000  # bytes; whisper-large in float32 takes 6.2 GB
LIMITS = {  # whisper-large has 32 layers of 1280, and 51,866 tokens
    "encoder_layers": 100,
    "decoder_layers": 100,
    "d_model": 8192,
    "encoder_ffn_dim": 32_768,
    "decoder_ffn_dim": 32_768,
    "vocab_size": 300_000,
    "num_mel_bins": 1000,
    "max_source_positions": 15_000,
    "max_target_positions": 15_000,
}
KIND = Message("model", "Le modèle")
INSTEAD = Message(f"name a folder, or {EMBEDDED}", f"nommez un dossier, ou {EMBEDDED}")


def choose(model: str | None = None, adapter: str | None = None) -> Choice:
    """The model named, else ALLO_MODEL's, else whisper-small with the Hub in reach, else the embedded whisper-base.

    An adapter (a folder or a Hub id) comes beside it; where no model is named, the base that its allo.json names is
    taken. Raises UserError where a name is not there, is no Whisper, or is an adapter of another base.
    """
    if not adapter:
        return _base(model)
    folder = adapters.fetch(adapter)
    own = facts(folder).get("base")
    base = _base(model) if model or not own else _named(own, OF_THE_ADAPTER)
    adapters.check_base(folder, base, adapter)
    return replace(base, adapter=adapter, adapter_folder=folder)


def _base(model: str | None) -> Choice:
    named = model or os.environ.get("ALLO_MODEL")
    if named:
        return _named(named, BY_YOU if model else BY_SETTING)
    if offline():
        return _embedded(Message(en="ALLO_OFFLINE is set", fr="ALLO_OFFLINE est défini"))
    if not hub_in_reach():
        return _embedded(SILENT_HUB)
    return _from_hub(HUB_DEFAULT, Message(en="the Hub is in reach", fr="le Hub répond"))


def _embedded(reason: Message) -> Choice:
    return Choice(EMBEDDED, "embedded", bundled.transformers_folder(), reason)


SILENT_HUB = Message(en="the Hub does not answer", fr="le Hub ne répond pas")
BY_YOU = Message(en="you named it", fr="vous l'avez nommé")
BY_SETTING = Message(en="named in ALLO_MODEL", fr="nommé dans ALLO_MODEL")
OF_THE_ADAPTER = Message(en="the adapter was trained on it", fr="l'adaptateur a été entraîné sur lui")


def _named(named: str, reason: Message) -> Choice:
    if named == EMBEDDED:
        return _embedded(reason)
    if is_folder(named):
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
    with hub_errors(KIND, repository, INSTEAD):
        if not offline():
            sizes = model_files(repository)
            wanted = set(filter_repo_objects(sizes, **FETCHED))
            # first what it is: the weights of something else may be a hundred gigabytes
            if "config.json" not in sizes:
                raise _no_whisper(repository, None)
            _check_whisper(Path(hf_hub_download(repository, "config.json")).parent, repository)
            if not any(Path(name).match(WEIGHTS) for name in wanted):
                raise _without_safetensors(repository)
            check_size(KIND, repository, (sizes[name] for name in wanted), LARGEST)
        folder = Path(snapshot_download(repository, local_files_only=offline(), **FETCHED))
    _check_whisper(folder, repository)
    if not weight_files(folder):
        raise _without_safetensors(repository)
    return Choice(repository, "hub", folder, reason)


def _without_safetensors(repository: str) -> UserError:
    return UserError(
        en=f"The model {repository} has no .safetensors weights, and pickled ones may run code: name another model, or "
        "convert it with safetensors' convert Space.",
        fr=f"Le modèle {repository} n'a pas de poids .safetensors, et ceux en pickle peuvent exécuter du code : nommez "
        "un autre modèle, ou convertissez-le avec le Space « convert » de safetensors.",
    )


def _check_whisper(folder: Path, named: str) -> None:
    """Raises UserError where config.json is not that of a Whisper, or of one too large to be one."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        config = None
    found = config.get("model_type") if isinstance(config, dict) else None
    if found != "whisper":
        raise _no_whisper(named, found)
    if (folder / ADAPTER_CONFIG).exists():  # transformers would load it with the base, unchecked
        raise UserError(
            en=f"The model {named} holds an adapter as well ({ADAPTER_CONFIG}): keep base and adapter in two folders.",
            fr=f"Le modèle {named} contient aussi un adaptateur ({ADAPTER_CONFIG}) : séparez la base et l'adaptateur "
            "dans deux dossiers.",
        )
    for name, limit in LIMITS.items():
        if name in config and not (type(config[name]) is int and 0 < config[name] <= limit):
            raise UserError(
                en=f"The config.json of the model {named} is damaged ({name}): fetch the model again.",
                fr=f"Le config.json du modèle {named} est abîmé ({name}) : téléchargez le modèle à nouveau.",
            )


def _no_whisper(named: str, found: object) -> UserError:
    kind = (
        Message(str(found)[:40], str(found)[:40])
        if found
        else Message("no readable config.json", "sans config.json lisible")
    )
    return UserError(
        en=f"The model {named} is no Whisper ({kind.en}): name a Whisper checkpoint.",
        fr=f"Le modèle {named} n'est pas un Whisper ({kind.fr}) : nommez un checkpoint Whisper.",
    )
