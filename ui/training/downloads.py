"""An adapter to take away: as a file for a visitor, inside its base for other programs, or onto the Hub."""

import os
import secrets
import shutil
import sys
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

from gradio.utils import get_upload_folder

from common.messages import UserError
from ui.kit.i18n import message
from ui.training import recipe

FORMATS = ("adapter", "merged", "ctranslate2")


def adapter_of(name: str) -> Path:
    """The folder of a run's adapter. Raises UserError where there is none yet."""
    from trainer.runs import background

    folder = background.folder_of(name) / "adapter"
    if not (folder / "adapter_model.safetensors").is_file():
        raise UserError(*message("no_adapter_yet"))
    return folder


async def file(name: str, format: str, reader: str) -> Path:
    """A zip of the adapter, or of the model that it makes with its base, where gradio's files are. Raises UserError."""
    folder = Path(get_upload_folder()).resolve() / secrets.token_hex(16)
    folder.mkdir(parents=True)
    adapter = adapter_of(name)
    if format == "adapter":
        return _zipped(adapter, folder / f"{name}.zip", name)
    made = folder / "model"
    words = [sys.executable, "-m", "trainer", "export", str(adapter.resolve()), str(made), "--format", format]
    try:
        await recipe.ask(words, reader)
        return _zipped(made, folder / f"{name}-{format}.zip", f"{name}-{format}")
    finally:
        shutil.rmtree(made, ignore_errors=True)


def publish(name: str, repository: str, token: str, private: bool) -> str:
    """The repository's whole id. Raises UserError. The token is kept nowhere."""
    from common.hub import offline
    from trainer.hub.publish import publish

    adapter = adapter_of(name)
    if offline():
        raise UserError(*message("hub_is_off"))
    if not token.strip() or not repository.strip():
        raise UserError(*message("token_and_repository"))
    return publish(adapter, repository.strip(), token.strip(), private)


def token_to_push(repository: str | None, token: str | None) -> str | None:
    """The token for a training that is to push its adapters; None where it is not, or where the server has one itself.

    Raises UserError where there is none, or the Hub is not asked at all.
    """
    from common.hub import offline

    token = (token or "").strip()
    if not (repository or "").strip():
        return None
    if offline():
        raise UserError(*message("hub_is_off"))
    if not token and not os.environ.get("HF_TOKEN"):
        raise UserError(*message("token_and_repository"))
    return token or None


def _zipped(folder: Path, archive: Path, name: str) -> Path:
    """Weights do not get smaller."""
    with ZipFile(archive, "w", ZIP_STORED) as file:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            file.write(path, Path(name) / path.relative_to(folder))
    return archive
