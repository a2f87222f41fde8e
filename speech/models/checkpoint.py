"""A model as it was chosen: its base checkpoint, its adapter, and what an adapter says of itself."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from common.hub import weight_files
from common.messages import Message, UserError

MARGIN = 4.0  # seconds of window after the clip, for a model that was not trained on short windows
FILES = ("adapter_config.json", "adapter_model.safetensors")
FACTS = "allo.json"  # what our own adapters say of themselves; others have none
LONGEST_MARGIN = 30  # seconds


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
        """Changes when a weight file does; names, sizes and times tell, and reading gigabytes would not be quick.

        An adapter is small, and its bytes tell: the same adapter in two folders has the same weights.
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
        """Seconds of window after the clip in which this model is heard best; None: the full window."""
        return self._told.get("margin", MARGIN)

    @property
    def language(self) -> str | None:
        """The language that the adapter learned, by its code; None where there is no adapter, or it does not say."""
        return self._told.get("language")

    @property
    def _told(self) -> dict:
        return facts(self.adapter_folder) if self.adapter_folder else {}


def facts(folder: Path) -> dict:
    """What allo.json holds; nothing where there is none. Raises UserError where it cannot be read."""
    try:
        told = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        told = None
    named = isinstance(told, dict) and all(isinstance(told.get(name, ""), str) for name in ("base", "language"))
    if not (named and _is_margin(told.get("margin"))):
        raise UserError(
            en=f"The {FACTS} of the adapter {folder.name} is damaged: copy or export the adapter again.",
            fr=f"Le {FACTS} de l'adaptateur {folder.name} est abîmé : copiez ou exportez l'adaptateur à nouveau.",
        )
    return told


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
    """Says in one sentence that the adapter's files are gone, where reading them finds none."""
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(
            en=f"The adapter {adapter} was removed or renamed: choose it again.",
            fr=f"L'adaptateur {adapter} a été retiré ou renommé : choisissez-le à nouveau.",
        ) from error
