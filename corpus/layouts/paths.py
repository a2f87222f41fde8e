"""The file that a name in a corpus means: inside the corpus's folder, however the name is written."""

import os
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote

from common.messages import Message, UserError
from corpus.clips import Files
from speech.audio.containers import SOUNDS


class Found(NamedTuple):
    """A file: its path, and its size and time; both None of a name that means no file."""

    path: str | None
    facts: tuple[int, int] | None


class Finder:
    """Finds the files of a corpus by their names.

    A name may have backslashes, no extension or another one, other capitals or other accents (NFC, NFD) than the file,
    and a bare one may lie in a sub-folder (clips/, wav/...), else anywhere below. Of a path that another machine has
    the end counts. Neither a name nor a link leads out of `root`.
    """

    def __init__(self, root: Path):
        self.root = os.path.realpath(root).rstrip("/") + "/"
        self._real = cache(os.path.realpath)
        self._listing = cache(_listing)
        self._tree = cache(_tree)

    def find(self, name: str, folder: str) -> Found | Message:
        """The file that `name` means in `folder`, or why there is none."""
        if not name or "\0" in name:
            return Message(en="it names no audio file", fr="il ne nomme aucun fichier audio")
        try:
            path = os.path.normpath(os.path.join(folder, name))
            if not os.path.lexists(path):
                path = self._nearly(name, folder) or path
            return Found(path, self._facts(path, name))
        except UserError as refusal:
            return refusal.message

    def _facts(self, path: str, name: str) -> tuple[int, int]:
        target = os.path.join(self._real(os.path.dirname(path)), os.path.basename(path))
        if os.path.islink(target):
            target = os.path.realpath(target)
        if not target.startswith(self.root):
            raise UserError(
                en=f"{name!r} points outside the corpus's folder: copy the file into it",
                fr=f"{name!r} pointe hors du dossier du corpus : copiez-y le fichier",
            )
        try:
            facts = os.stat(target)
        except OSError as error:
            raise UserError(en=f"there is no file {name!r}", fr=f"il n'y a pas de fichier {name!r}") from error
        if not stat.S_ISREG(facts.st_mode):
            raise UserError(en=f"{name!r} is not a file", fr=f"{name!r} n'est pas un fichier")
        return facts.st_size, facts.st_mtime_ns

    def _nearly(self, name: str, folder: str) -> str | None:
        """The path of the file that is nearly called so; of an absolute path the longest end that is one here."""
        written = name.strip().replace("\\", "/")
        for called in dict.fromkeys((written, unquote(written.removeprefix("file://")))):
            parts = PurePosixPath(called).parts
            elsewhere = called.startswith("/") or parts[0].endswith(":")
            ends = ("/".join(parts[first:]) for first in range(1, len(parts))) if elsewhere else (called,)
            if found := next(filter(None, (self._as_written(end, folder) for end in ends)), None):
                return found
        return None

    def _as_written(self, name: str, folder: str) -> str | None:
        """The path of the one file that is nearly called so, in `folder` or, of a bare name, below it."""
        if ".." in name.split("/"):
            return None
        *way, last = [part for part in name.split("/") if part != "."]
        for part in way:
            found = self._listing(folder).folders.get(key(part), [])
            if len(found) != 1:
                return None
            folder = os.path.join(folder, found[0])
        paths = _called(last, self._listing(folder), folder)
        if not paths and not way:
            below = [os.path.join(folder, names[0]) for names in self._listing(folder).folders.values()]
            paths = [path for inner in below for path in _called(last, self._listing(inner), inner)]
            paths = paths or _called(last, self._tree(folder), folder)
        if len(paths) > 1:
            raise UserError(
                en=f"several files are called {name!r}: name it with its folder and its extension",
                fr=f"plusieurs fichiers s'appellent {name!r} : nommez-le avec son dossier et son extension",
            )
        return paths[0] if paths else None


class _Listing(NamedTuple):
    """What a folder or a tree holds, by the names without capitals and in one form of accents."""

    folders: dict[str, list[str]]
    files: dict[str, list[str]]
    stems: dict[str, list[str]]  # of sound files, without their extension

    def add(self, name: str, path: str) -> None:
        self.files[key(name)].append(path)
        stem, extension = os.path.splitext(name)
        if extension.lower() in SOUNDS:
            self.stems[key(stem)].append(path)


def _called(name: str, there: _Listing, folder: str) -> list[str]:
    """The paths of the files that are nearly called so."""
    stem, extension = os.path.splitext(name)
    names = there.files.get(key(name)) or there.stems.get(key(name), [])
    if not names and extension.lower() in SOUNDS:  # the sounds were converted, the table was not
        names = there.stems.get(key(stem), [])
    return [os.path.join(folder, found) for found in names]


def _tree(folder: str) -> _Listing:
    """All files below a folder, in any depth."""
    found = _Listing({}, defaultdict(list), defaultdict(list))
    for where, _, names in os.walk(folder):
        for name in sorted(names):
            found.add(name, os.path.relpath(os.path.join(where, name), folder))
    return found


def _listing(folder: str) -> _Listing:
    found = _Listing(defaultdict(list), defaultdict(list), defaultdict(list))
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:  # there is no such folder, or it is closed
        entries = []
    for entry in entries:
        if entry.is_dir():
            found.folders[key(entry.name)].append(entry.name)
        else:
            found.add(entry.name, entry.name)
    return found


def key(name: str) -> str:
    """What two ways to write a name have in common: neither capitals nor the form of accents differ in it."""
    return unicodedata.normalize("NFC", name).casefold()


def find_files(
    names: Sequence[str | None], folders: Sequence[Path], base: Path, root: Path | None = None
) -> tuple[Files, dict[int, Message]]:
    """The clips of these names, each in its folder, called by their path from `base`; and why a row has none.

    No file lies outside `root`, which is a row's own folder where none is given.
    """
    finders = {folder: Finder(root or folder) for folder in dict.fromkeys(folders)}

    @cache
    def looked_for(name: str | None, folder: Path) -> tuple[str | None, Found | Message]:
        called = os.path.normpath(os.path.join(folder.relative_to(base), name)) if name else None
        return called, finders[folder].find(name or "", str(folder))

    all_found = [looked_for(name, folder) for name, folder in zip(names, folders, strict=True)]
    refused = {row: found for row, (_, found) in enumerate(all_found) if isinstance(found, Message)}
    nowhere = Found(None, None)
    there = [nowhere if isinstance(found, Message) else found for _, found in all_found]
    called = [name for name, _ in all_found]
    facts = [(name, found.facts) for name, found in zip(called, there, strict=True)]
    return Files(called, [found.path for found in there], facts), refused
