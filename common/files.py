"""Writes files and folders whole or not at all: beside their place first, then by a rename."""

import glob
import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Gives a new name next to `path`, for a file or a folder, which takes the place of `path` at the end.

    A folder takes a free place or that of an empty folder. After an error `path` is as it was, and nothing is left
    beside it. Raises OSError where nothing can be written.
    """
    new = path.with_name(f".{path.name}.{secrets.token_hex(3)}")
    try:
        yield new
        new.replace(path)
    finally:
        _remove(new)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Gives an empty folder to fill, which becomes `path` at the end. Raises OSError where that holds something."""
    with beside(path) as new:
        new.mkdir()
        yield new


def clear_left_over(path: Path) -> None:
    """Removes what a process that died left beside `path`. The caller has to know that none is writing there."""
    for left_over in path.parent.glob(f".{glob.escape(path.name)}.{'[0-9a-f]' * 6}*"):
        _remove(left_over)


def write_bytes(path: Path, content: bytes) -> None:
    with beside(path) as new:
        new.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 with the line ends that `text` has."""
    write_bytes(path, text.encode())


def write_json(path: Path, content: Any, indent: int | None = 2) -> None:
    write_text(path, json.dumps(content, ensure_ascii=False, indent=indent) + "\n")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
