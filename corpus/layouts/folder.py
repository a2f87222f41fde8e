"""Corpora on this machine: which layout a folder or a file has, and its rows."""

import os
import re
from pathlib import Path

import pandas as pd

from common.columns import AUDIO, TEXT, guessed, plain
from common.messages import Message, UserError
from corpus.clips import Joined
from corpus.layouts import lists, manifest
from corpus.layouts.calls import open_calls
from corpus.layouts.card import licence_in
from corpus.layouts.columns import AUDIO_CALLED, SPLITS, named, texts
from corpus.layouts.kaldi import MARKS, read_kaldi
from corpus.layouts.parquet import open_parquet
from corpus.layouts.paths import Finder, find_files, key
from corpus.layouts.raw import NAMED, LeftOut, Raw, check_rows
from corpus.layouts.segments import divided
from corpus.splits import rank
from speech.audio.containers import SOUNDS

MANIFESTS = (*manifest.TABLES, *manifest.JSON_LINES)
FILES = (*MANIFESTS, ".parquet")
METADATA = ("metadata.csv", "metadata.jsonl")


def open_path(path: Path, audio: str | None = None, text: str | None = None) -> Raw:
    """The source in a folder or a file. Raises UserError where it holds no corpus."""
    if path.is_dir():
        return open_folder(path, audio, text)
    if path.suffix.lower() in MANIFESTS or (path.suffix.lower() in lists.EXTENSIONS and manifest.columns(path)):
        return open_manifests([path], path.parent, str(path), audio)
    if path.suffix.lower() == ".parquet":
        return open_parquet([(path, None)], str(path), audio)
    raise UserError(
        en=f"{path} is no corpus: give a folder, or a file in CSV, TSV, JSONL or parquet.",
        fr=f"{path} n'est pas un corpus : donnez un dossier, ou un fichier CSV, TSV, JSONL ou parquet.",
    )


def open_folder(folder: Path, audio: str | None = None, text: str | None = None, root: Path | None = None) -> Raw:
    """Opens a folder with metadata.csv or .jsonl in it or in its sub-folders (as `datasets` has its audiofolder), with
    parquet, with Kaldi's directories, with other manifests (Common Voice's, NeMo's, a train.csv and a test.csv), with
    lists without column names (LibriSpeech's, MLS's), or with recordings of calls and their transcripts.

    Files and sub-folders called train, test, validation... are its splits. `root` is the folder that its links may not
    leave, if it is not the folder itself.
    """
    named_files = [Path(where, name) for where, _, names in os.walk(folder) for name in names]
    files = sorted(file for file in named_files if file.suffix.lower() in (*FILES, *lists.EXTENSIONS))
    files.sort(key=lambda file: rank(split_named(file.relative_to(folder))))
    parquet = [(file, split_named(file.relative_to(folder))) for file in files if file.suffix.lower() == ".parquet"]
    if metadata := [file for file in files if file.name in METADATA]:
        return open_manifests(metadata, folder, str(folder), audio, root)
    if parquet:
        return open_parquet(parquet, str(folder), audio)
    if kaldi := [file.parent for file in named_files if file.name == MARKS[0] and (file.parent / MARKS[1]).is_file()]:
        return open_kaldi(sorted(kaldi, key=lambda found: rank(split_named(found.relative_to(folder)))), folder, root)
    recordings = {(file.parent, key(file.stem)) for file in named_files if file.suffix.lower() in SOUNDS}
    tables = [file for file in files if (file.parent, key(file.stem)) not in recordings]  # the others are transcripts
    finder = Finder(root or folder)
    manifests = [file for file in tables if _has_clips(file, audio, text, finder)]
    named_splits = [file for file in manifests if split_named(file.relative_to(folder))]
    if named_splits or manifests:
        others = [file for file in manifests if file not in named_splits] if named_splits else []
        left_out = tuple(LeftOut(str(file.relative_to(folder)), NO_SPLIT) for file in others)
        return open_manifests(named_splits or manifests, folder, str(folder), audio, root, left_out)
    if calls := open_calls(folder, sorted(named_files), root):
        return calls
    if not named_files:
        raise UserError(
            en=f"The folder {folder} is empty: give one with recordings and their metadata.csv.",
            fr=f"Le dossier {folder} est vide : donnez-en un avec des enregistrements et leur metadata.csv.",
        )
    raise UserError(
        en=f"The folder {folder} has no texts: add a metadata.csv with the columns file_name and text, or transcripts.",
        fr=f"Le dossier {folder} n'a pas de textes : ajoutez un metadata.csv avec les colonnes file_name et text, "
        "ou des transcriptions.",
    )


NO_SPLIT = Message(
    en="it names no split, where other files do (train, test...)",
    fr="il ne nomme pas de partition, alors que d'autres fichiers en nomment (train, test...)",
)


def split_named(path: Path) -> str | None:
    """The split in a path: of its folders and its file's name, the first that is or begins with the name of one."""
    words = (plain(re.split(r"[-_.]", part)[0]) for part in path.parts)
    return next((SPLITS[word] for word in words if word in SPLITS), None)


def _has_clips(file: Path, audio: str | None, text: str | None, finder: Finder) -> bool:
    """It is a manifest: it has a column of files and one of texts."""
    columns = manifest.columns(file, finder)
    if text not in columns and guessed(columns, TEXT) is None:
        return False
    if audio in columns or guessed(columns, AUDIO) is not None:
        return True
    return audio is None and lists.file_column((row.cells for row in manifest.rows(file)), file.parent) is not None


def open_manifests(
    manifests: list[Path],
    folder: Path,
    source: str,
    audio: str | None = None,
    root: Path | None = None,
    left_out: tuple[LeftOut, ...] = (),
) -> Raw:
    """The rows of all manifests; each names its clips by a path relative to its own folder, which it may not leave."""
    rows, folders, splits, said = [], [], [], []
    for file in manifests:
        before = len(rows)
        rows += manifest.rows(file, audio, said)
        folders += [file.parent] * (len(rows) - before)
        splits += [split_named(file.relative_to(folder))] * (len(rows) - before)
    check_rows(len(rows), source)
    columns = dict.fromkeys(column for row in rows for column in row.cells)
    frame = pd.DataFrame([row.cells for row in rows], columns=list(columns), dtype=object)
    if frame.empty:
        raise UserError(
            en=f"{manifests[0]} has no rows: give one line a clip under a line of column names.",
            fr=f"{manifests[0]} n'a aucune ligne : donnez une ligne par extrait sous une ligne de noms de colonnes.",
        )
    if audio is None and guessed(frame.columns, AUDIO) is None:
        audio = lists.file_column((row.cells for row in rows if not row.refused), folders[0], root)
        said += [_named_by(audio)] if audio else []
    column = named(frame.columns, audio, AUDIO, AUDIO_CALLED, "--audio")
    names = [_name(cell) for cell in frame[column]]
    clips, missing = find_files(names, folders, folder, root)
    if any(splits) and "split" not in frame.columns:
        frame["split"] = splits
    refused = missing | {number: row.refused for number, row in enumerate(rows) if row.refused}
    clips, wrong, notes = divided(frame, clips, refused)
    licence = licence_in(folder)
    return Raw(Path(source).name, source, licence, NAMED, frame, clips, refused | wrong, left_out, (*said, *notes))


def _named_by(column: str) -> Message:
    return Message(
        en=f"the column {column!r} names the files: it is read so",
        fr=f"la colonne {column!r} nomme les fichiers : elle est lue ainsi",
    )


def _name(cell) -> str:
    """The file that a cell names: a text, or the path of an object, as `datasets` writes it."""
    named = cell.get("path") if isinstance(cell, dict) else cell
    return named if isinstance(named, str) else ""


def open_kaldi(folders: list[Path], folder: Path, root: Path | None = None) -> Raw:
    """The utterances of Kaldi's data directories in `folder`; paths are relative to theirs, or to `folder`."""
    frames, parts, refused, notes = [], [], {}, []
    for directory in folders:
        frame, wrong = read_kaldi(directory)
        names = [None if row in wrong else name for row, name in enumerate(texts(frame, "file"))]
        tries = [find_files(names, [base] * len(frame), folder, root or folder) for base in (directory, folder)]
        clips, missing = min(tries, key=lambda found: len(found[1]))
        clips, outside, note = divided(frame, clips, missing | wrong)
        before = sum(map(len, frames))
        refused |= {before + row: reason for row, reason in (missing | wrong | outside).items()}
        notes += note
        parts.append(clips)
        frames.append(frame.assign(split=split_named(directory.relative_to(folder))))
    check_rows(sum(map(len, frames)), str(folder))
    frame = pd.concat(frames, ignore_index=True)
    clips = Joined(parts, map(len, frames)) if len(parts) > 1 else parts[0]
    licence = licence_in(folder)
    return Raw(folder.name, str(folder), licence, NAMED, frame, clips, refused, notes=tuple(notes))
