"""Which model listens, and why: the Hub's, a folder's, or the embedded one. The choice is made here alone."""

import hashlib
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2  # huggingface_hub's client, whose errors pass through it
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

from speech import adapters, embedded
from speech.cache import built_once, cache_folder
from speech.hub import HUB_DEFAULT, HUB_PATIENCE, SMALL_FILES, WEIGHTS, hub_in_reach, offline, weight_files
from speech.said import Refusal, Said

EMBEDDED = "whisper-base"
MARGIN = 4.0  # seconds of window after the clip, for a model that was not trained on short windows


@dataclass(frozen=True)
class Choice:
    model: str  # as people name it: a Hub id, a folder, or whisper-base
    source: str  # "hub", "folder" or "embedded"
    folder: Path  # the base's transformers checkpoint
    reason: Said
    adapter: str | None = None  # as people name it: a folder or a Hub id
    adapter_folder: Path | None = None  # where its files are; None: there is none, or `folder` has it in its weights

    @property
    def weights(self) -> str:
        """Changes when a weight file does; names, sizes and times tell, and reading gigabytes would not be quick.

        An adapter is small, and its bytes tell: the same adapter in two folders has the same weights.
        """
        if not self.adapter_folder:
            return self.base_weights
        return f"{self.base_weights}-{adapters.content(self.adapter_folder)}"

    @property
    def base_weights(self) -> str:
        """`weights` without the adapter."""
        facts = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in weight_files(self.folder)]
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]

    @property
    def margin(self) -> float | None:
        """Seconds of window after the clip in which this model is heard best; None: the full window."""
        return self._told.get("margin", MARGIN)

    @property
    def language(self) -> str | None:
        """The language that the adapter learned, by its code; None where there is no adapter, or it does not say."""
        return self._told.get("language")

    @property
    def _told(self) -> dict:
        return adapters.facts(self.adapter_folder) if self.adapter_folder else {}


def choose(model: str | None = None, adapter: str | None = None) -> Choice:
    """The model named, else ALLO_MODEL's, else whisper-small with the Hub in reach, else the embedded whisper-base.

    An adapter (a folder or a Hub id) comes beside it; where no model is named, the adapter's own base is taken if its
    allo.json tells it. Raises Refusal where what was named is not there, no Whisper, or an adapter of another base.
    """
    if not adapter:
        return _base(model)
    folder = adapters.fetched(adapter)
    own = adapters.facts(folder).get("base")
    base = _base(model) if model or not own else _named(own, OF_THE_ADAPTER)
    adapters.check_base(folder, base, adapter)
    return replace(base, adapter=adapter, adapter_folder=folder)


def _base(model: str | None) -> Choice:
    named = model or os.environ.get("ALLO_MODEL")
    if named:
        return _named(named, BY_YOU if model else BY_SETTING)
    if offline():
        return _embedded(Said(en="ALLO_OFFLINE is set", fr="ALLO_OFFLINE est réglé"))
    if not hub_in_reach():
        return _embedded(Said(en="the Hub does not answer", fr="le Hub ne répond pas"))
    return _from_hub(HUB_DEFAULT, Said(en="the Hub is in reach", fr="le Hub répond"))


def ctranslate2_folder(choice: Choice) -> Path:
    """The choice's CTranslate2 model: the embedded one as it is, any other converted once and cached."""
    from speech.engines.ctranslate2 import convert, is_converted

    if choice.source == "embedded" and not choice.adapter:
        return embedded.ctranslate2_folder()
    name = f"{Path(choice.model).name}-{choice.weights}-ctranslate2"
    size = sum(path.stat().st_size for path in weight_files(choice.folder))
    if choice.adapter_folder:
        size *= 2  # the merged checkpoint is there for as long as it is converted

    def build(into: Path) -> None:
        with adapters.merged(choice, into) as whole:
            convert(whole, into)

    return built_once(name, build, is_converted, size)


def forget(adapter_folder: Path) -> None:
    """Takes away what `ctranslate2_folder` made of an adapter that goes; models that are loaded go on."""
    for converted in cache_folder().glob(f"*-{adapters.content(adapter_folder)}-ctranslate2"):
        shutil.rmtree(converted, ignore_errors=True)  # somebody else forgets it as well


def _embedded(reason: Said) -> Choice:
    return Choice(EMBEDDED, "embedded", embedded.transformers_folder(), reason)


BY_YOU = Said(en="you named it", fr="vous l'avez nommé")
BY_SETTING = Said(en="named in ALLO_MODEL", fr="nommé dans ALLO_MODEL")
OF_THE_ADAPTER = Said(en="the adapter was trained on it", fr="l'adaptateur a été entraîné sur lui")


def _named(named: str, reason: Said) -> Choice:
    if named == EMBEDDED:
        return _embedded(reason)
    if Path(named).is_dir():
        return _from_folder(Path(named), reason)
    return _from_hub(named, reason)


def _from_folder(folder: Path, reason: Said) -> Choice:
    if not (folder / "config.json").is_file() or not weight_files(folder):
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
            # first what it is: the weights of something else may be a hundred gigabytes
            _check_whisper(Path(snapshot_download(repository, allow_patterns=["config.json"])), repository)
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
