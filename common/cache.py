"""The cache folder, and how a folder is built in it: once, whole or not at all, even by two processes at once."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from filelock import FileLock
from safetensors import SafetensorError

from common.files import clear_left_over, new_folder
from common.messages import UserError

FULL = (errno.ENOSPC, errno.EDQUOT)
SEAL = "SHA256.json"  # the checksums of a built folder's files


def cache_folder() -> Path:
    """`ALLO_CACHE`, else `allo` in the user's cache folder."""
    named = os.environ.get("ALLO_CACHE")
    return Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "allo"


def sha256(path: Path) -> str:
    """The file's SHA-256. It is read again only when its size or its time of change is another."""
    facts = path.stat()
    return _sha256(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=1000)
def _sha256(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_sealed(folder: Path) -> bool:
    """Whether the folder's files are those that were built: a file that changed after the seal is read to know."""
    seal = folder / SEAL
    try:
        sums = json.loads(seal.read_text(encoding="utf-8"))
        sealed = seal.stat().st_mtime_ns
        return isinstance(sums, dict) and all(
            (folder / name).stat().st_mtime_ns < sealed or sha256(folder / name) == sum_ for name, sum_ in sums.items()
        )
    except (FileNotFoundError, ValueError):
        return False


def built_once(name: str, build: Callable[[Path], None], size: int, whole: Callable[[Path], bool] = is_sealed) -> Path:
    """The folder `name` of the cache, built by `build(empty folder)` and sealed unless it is there and `whole`.

    `size` is what the build takes, in bytes: the sentence about a full disk names it. A folder that is whole is only
    read, so that the cache may lie on a read-only disk. Raises UserError where it cannot be written.
    """
    folder = cache_folder() / name
    if whole(folder):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(folder.name + ".lock")):
            if not whole(folder):
                _build(folder, build)
    except (OSError, SafetensorError) as error:
        if is_full(error) or _is_below(error, cache_folder()):
            raise _refusal(error, folder.parent, size) from error
        raise
    return folder


def is_full(error: Exception) -> bool:
    """Whether the disk is full; safetensors has a sentence of its own, and by then there may be room again."""
    if isinstance(error, SafetensorError):
        return any(f"(os error {number})" in str(error) for number in FULL)
    return isinstance(error, OSError) and error.errno in FULL


def _is_below(error: Exception, folder: Path) -> bool:
    """Whether the operating system refused a file or folder that is in `folder`, holds it, or is it."""
    named = getattr(error, "filename", None)
    if not isinstance(named, (str, os.PathLike)):
        return False
    path, folder = Path(named).absolute(), folder.absolute()
    return path.is_relative_to(folder) or folder.is_relative_to(path)


def _build(folder: Path, build: Callable[[Path], None]) -> None:
    """Builds and seals the folder whole, so that a death midway leaves no half-written model."""
    clear_left_over(folder)
    with new_folder(folder) as new:
        build(new)
        sums = {path.name: sha256(path) for path in sorted(new.iterdir())}
        (new / SEAL).write_text(json.dumps(sums, indent=1), encoding="utf-8")
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
