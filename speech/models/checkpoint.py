"""A model as it was chosen: its base checkpoint, its adapter, and the facts that an adapter's allo.json holds."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError

from common.cache import is_full
from common.messages import Message, UserError

MARGIN = 4.0  # seconds of window after the clip, for a model that was not trained on short windows
FILES = ("adapter_config.json", "adapter_model.safetensors")
FACTS = "allo.json"  # base, margin, language... of an adapter that Allô trained; others have none
LONGEST_MARGIN = 30  # seconds
SHARDS = "model.safetensors.index.json"  # which file holds which weight, where there are several
WEIGHTS = "*.safetensors"  # no other format is loaded: a pickle may run code


@dataclass(frozen=True)
class Choice:
    model: str  # as people name it: a Hub id, a folder, or whisper-base
    source: str  # "hub", "folder" or "embedded"
    folder: Path  # the base's transformers checkpoint
    reason: Message
    adapter: str | None = None  # as people name it: a folder or a Hub id
    adapter_folder: Path | None = None  # where its files are; None: there is none, or `folder` has it in its weights

    @property
    def weights(self) -> str:
        """A short hash that changes when a weight file does.

        Of the base it is made of names, sizes and times of change, because reading gigabytes would take seconds. Of an
        adapter it is made of the bytes: the same adapter in two folders has the same weights.
        """
        if not self.adapter_folder:
            return self.base_weights
        return f"{self.base_weights}-{content(self.adapter_folder)}"

    @property
    def base_weights(self) -> str:
        """`weights` without the adapter."""
        facts = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in weight_files(self.folder)]
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]

    @property
    def margin(self) -> float | None:
        """Seconds of window after the clip at which this model has its best WER; None: the full window."""
        return self._facts.get("margin", MARGIN)

    @property
    def language(self) -> str | None:
        """The code of the language that the adapter learned; None without an adapter, or where it is not known."""
        return self._facts.get("language")

    @property
    def _facts(self) -> dict:
        return facts(self.adapter_folder) if self.adapter_folder else {}


def is_folder(name: str) -> bool:
    """Whether a model's or an adapter's name is a folder, and not a name on the Hub."""
    try:
        return Path(name).is_dir()
    except (OSError, ValueError):  # too long to be a path, or with a NUL in it
        return False


def weight_files(folder: Path) -> list[Path]:
    return sorted(folder.glob(WEIGHTS))


def facts(folder: Path) -> dict:
    """What allo.json holds; nothing where there is none. Raises UserError where it cannot be read."""
    try:
        found = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        found = None
    if not _are_facts(found):
        raise UserError(
            en=f"The {FACTS} of the adapter {folder.name} is damaged: copy or export the adapter again.",
            fr=f"Le {FACTS} de l'adaptateur {folder.name} est abîmé : copiez ou exportez l'adaptateur à nouveau.",
        )
    return found


def _are_facts(found: object) -> bool:
    if not isinstance(found, dict):
        return False
    texts = all(isinstance(found.get(name) or "", str) for name in ("base", "revision", "language", "corpus"))
    return texts and _is_margin(found.get("margin"))


def _is_margin(margin: object) -> bool:
    return margin is None or (type(margin) in (int, float) and 0 <= margin <= LONGEST_MARGIN)


def content(folder: Path) -> str:
    """A short hash of the adapter's bytes. Raises UserError where they are gone."""
    digest = hashlib.sha256()
    with present(folder.name):
        for name in FILES:
            digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def present(adapter: str) -> Iterator[None]:
    """Turns a file of the adapter that is gone, or cannot be read, into a UserError."""
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(
            en=f"The adapter {adapter} was removed or renamed: choose it again.",
            fr=f"L'adaptateur {adapter} a été retiré ou renommé : choisissez-le à nouveau.",
        ) from error
    except (PermissionError, IsADirectoryError, NotADirectoryError) as error:
        raise UserError(
            en=f"The adapter {adapter} cannot be read ({error.strerror}): check its files and their rights.",
            fr=f"L'adaptateur {adapter} ne peut être lu ({error.strerror}) : vérifiez ses fichiers et leurs droits.",
        ) from error


def check_json(choice: Choice) -> None:
    """Raises UserError where a JSON file of the base is damaged, or names weights that are no safetensors."""
    for path in sorted(choice.folder.glob("*.json")):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if path.name == SHARDS and not all(_is_shard(name) for name in found["weight_map"].values()):
                raise ValueError("it names other files than *.safetensors beside it")
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
            raise _unloadable(choice, f"{path.name}: {error}", damaged=True) from error


def _is_shard(name: object) -> bool:
    return isinstance(name, str) and Path(name).name == name and Path(name).match(WEIGHTS)


@contextmanager
def reading(choice: Choice) -> Iterator[None]:
    """Turns what the libraries raise on damaged weights of the base into a UserError. Inside are their calls alone."""
    try:
        yield
    except UserError:
        raise
    except (SafetensorError, OSError, RuntimeError, ValueError) as error:
        if is_full(error) or "out of memory" in str(error):  # the weights are sound
            raise
        if getattr(error, "errno", None) is not None:  # the operating system's, not transformers' own OSError
            if not Path(error.filename or "").absolute().is_relative_to(choice.folder.absolute()):
                raise
            raise UserError(
                en=f"The files of {choice.model} cannot be read ({error.strerror}): check the folder and its rights.",
                fr=f"Les fichiers de {choice.model} ne peuvent être lus ({error.strerror}) : vérifiez le dossier et "
                "ses droits.",
            ) from error
        raise _unloadable(choice, str(error), damaged=isinstance(error, SafetensorError)) from error


def _unloadable(choice: Choice, reason: str, damaged: bool) -> UserError:
    """Only for damaged files it says that the model should be fetched again, which may take long and mend nothing."""
    first = (reason.strip() or "?").splitlines()[0][:200]
    if not damaged:
        return UserError(
            en=f"The weights of {choice.model} do not load ({first}): check that its files belong together, or name "
            "another model.",
            fr=f"Les poids de {choice.model} ne se chargent pas ({first}) : vérifiez que ses fichiers vont ensemble, "
            "ou nommez un autre modèle.",
        )
    return UserError(
        en=f"The weights of {choice.model} do not load ({first}): fetch the model again.",
        fr=f"Les poids de {choice.model} ne se chargent pas ({first}) : téléchargez le modèle à nouveau.",
    )
