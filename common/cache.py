"""The cache folder, and how a folder is built in it: once, whole or not at all, even by two processes at once."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock
from safetensors import SafetensorError

from common.files import clear_left_over, new_folder
from common.messages import UserError

FULL = (errno.ENOSPC, errno.EDQUOT)


def cache_folder() -> Path:
    """`ALLO_CACHE`, else `allo` in the user's cache folder."""
    named = os.environ.get("ALLO_CACHE")
    return Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "allo"


def built_once(name: str, build: Callable[[Path], None], whole: Callable[[Path], bool], size: int) -> Path:
    """The folder `name` of the cache, built by `build(empty folder)` unless it is there and `whole`.

    `size` is what the build takes, in bytes: it is only told to the reader when the disk is full.
    """
    folder = cache_folder() / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(folder.name + ".lock")):
            if not whole(folder):
                _build(folder, build)
    except (OSError, SafetensorError) as error:
        if isinstance(error, SafetensorError) and not is_full(error):
            raise
        raise _refusal(error, folder.parent, size) from error
    return folder


def is_full(error: Exception) -> bool:
    """The disk is full; safetensors says so in words of its own, and by then there may be room again."""
    if isinstance(error, SafetensorError):
        return any(f"(os error {number})" in str(error) for number in FULL)
    return isinstance(error, OSError) and error.errno in FULL


def _build(folder: Path, build: Callable[[Path], None]) -> None:
    """Builds the folder whole, so that a death midway leaves no half-written model."""
    clear_left_over(folder)
    with new_folder(folder) as new:
        build(new)
        shutil.rmtree(folder, ignore_errors=True)


def _refusal(error: OSError | SafetensorError, folder: Path, size: int) -> UserError:
    megabytes = round(size / 1e6)
    if is_full(error):
        return UserError(
            en=f"The disk is full: free {megabytes} MB for the model in {folder}, "
            "or name another folder in ALLO_CACHE.",
            fr=f"Le disque est plein : libérez {megabytes} Mo pour le modèle dans {folder}, "
            "ou nommez un autre dossier dans ALLO_CACHE.",
        )
    return UserError(
        en=f"The cache folder {folder} cannot be written ({error.strerror}): name another one in ALLO_CACHE.",
        fr=f"Le dossier de cache {folder} n'est pas inscriptible ({error.strerror}) : "
        "nommez-en un autre dans ALLO_CACHE.",
    )
