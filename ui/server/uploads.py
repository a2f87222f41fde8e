"""The folder in which gradio keeps what visitors send and take away: one a server, deleted with it.

gradio deletes those files that it knows of. What broke off while it came, what was made beside it, and all that a
server leaves that is killed, nobody would: such files are deleted here.
"""

import os
import secrets
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import gradio as gr
from filelock import FileLock, Timeout
from gradio import processing_utils
from gradio.utils import get_upload_folder

from ui.kit.i18n import message

LIFETIME = 3600  # seconds after which a file is deleted
SWEEP = 60  # seconds between two looks for them
PREFIX, LOCK = "server-", "alive.lock"  # a server's folder, and what it holds in it as long as it lives


class Uploads:
    """This server's folder, below that which GRADIO_TEMP_DIR names. gradio has to be told before it builds a page."""

    def __init__(self):
        named = os.environ.get("GRADIO_TEMP_DIR")
        self._base = Path(named or f"{tempfile.gettempdir()}/allo-{os.getuid()}").resolve()
        self.folder = self._base / f"{PREFIX}{secrets.token_hex(8)}"

    def __enter__(self) -> "Uploads":
        self.folder.mkdir(parents=True, mode=0o700)
        self._lock = FileLock(self.folder / LOCK)
        self._lock.acquire()
        os.environ["GRADIO_TEMP_DIR"] = str(self.folder)
        self._clear_dead()
        return self

    def __exit__(self, *_) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()
        os.environ["GRADIO_TEMP_DIR"] = str(self._base)

    def _clear_dead(self) -> None:
        """Deletes the folders of servers that were killed: nobody holds their locks."""
        for other in self._base.glob(f"{PREFIX}*"):
            if other != self.folder:
                with suppress(Timeout, OSError), FileLock(other / LOCK, timeout=0):
                    shutil.rmtree(other, ignore_errors=True)


def fetching_none() -> None:
    """Lets gradio fetch no address that a program names for a file: it would take all that is there into memory."""
    processing_utils.async_ssrf_protected_get = _fetched


async def _fetched(_: str):
    told = message("no_address")
    raise gr.Error(f"{told.en} {told.fr}", print_exception=False)  # nobody knows yet who reads it


def sweeping() -> None:
    """Starts the thread that deletes what is left over; once the page is built, before the first visitor comes."""
    threading.Thread(target=_sweep_for_ever, args=(of_the_page(),), name="upload-sweeper", daemon=True).start()


def of_the_page() -> set[str]:
    """The files that lie there before the first visitor comes: the page's own samples, whose dates are old."""
    return {str(path) for path in Path(get_upload_folder()).rglob("*")}


def _sweep_for_ever(kept: set[str]) -> None:
    while True:
        sweep(kept)
        time.sleep(SWEEP)


def sweep(kept: set[str] = frozenset()) -> None:
    """Deletes the files that were last written more than an hour ago, but for those `kept` and the sessions'."""
    root = Path(get_upload_folder())
    for folder, names, files in os.walk(root, topdown=True):
        here = Path(folder)
        if here == root:
            names[:] = [name for name in names if name != "visits"]  # they have a rule of their own
        for name in files:
            path = here / name
            with suppress(FileNotFoundError):
                if name != LOCK and str(path) not in kept and time.time() - path.lstat().st_mtime > LIFETIME:
                    path.unlink()
        if here != root and not files and not names:
            with suppress(OSError):  # one that is filled by now
                if time.time() - here.stat().st_mtime > LIFETIME:
                    here.rmdir()


def second_name(upload: Path, folder: Path) -> Path:
    """The upload in `folder` too: gradio gives the same file to whoever sends the same bytes under the same name.

    Raises FileNotFoundError where it is gone, or is no file of visitors'.
    """
    root = Path(get_upload_folder()).resolve()
    if not upload.is_file() or not upload.resolve().is_relative_to(root):
        raise FileNotFoundError(upload)
    path = folder / upload.name
    try:
        os.link(upload, path)
    except OSError:  # a disk that has one name a file
        shutil.copyfile(upload, path)
    return path
