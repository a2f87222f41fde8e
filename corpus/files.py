"""Corpora on this machine: a folder with its metadata, a CSV or JSON lines manifest, parquet files."""

import csv
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from huggingface_hub import DatasetCard

from common.messages import Message, UserError
from corpus.clips import Files, Parquet
from corpus.splits import rank
from corpus.table import AUDIO, LeftOut, Raw, named

MANIFESTS = (".csv", ".tsv", ".jsonl", ".ndjson")
FILES = (*MANIFESTS, ".parquet")
METADATA = ("metadata.csv", "metadata.jsonl")
SPLITS = {"train": "train", "training": "train", "test": "test", "eval": "test", "evaluation": "test"} | dict.fromkeys(
    ("validation", "valid", "dev", "val"), "validation"
)
AUDIO_SAID = Message(en="audio", fr="audio")
NAMED = Message(en="you named it", fr="vous l'avez nommé")


class Row(NamedTuple):
    """A row of a manifest, or why it is none."""

    cells: dict
    folder: Path  # to which its path is relative
    split: str | None
    refused: Message | None = None


def open_path(path: Path, audio: str | None = None) -> Raw:
    """The source in a folder or a file. Raises UserError where it holds no corpus."""
    if path.is_dir():
        return open_folder(path, audio)
    if path.suffix.lower() in MANIFESTS:
        return open_manifests([path], path.parent, str(path), audio)
    if path.suffix.lower() == ".parquet":
        return open_parquet([(path, None)], str(path), audio)
    raise UserError(
        en=f"{path} is no corpus: give a folder, or a file in CSV, TSV, JSONL or parquet.",
        fr=f"{path} n'est pas un corpus : donnez un dossier, ou un fichier CSV, TSV, JSONL ou parquet.",
    )


def open_folder(folder: Path, audio: str | None = None, root: Path | None = None) -> Raw:
    """A folder with metadata.csv or .jsonl in it or in its sub-folders (as `datasets` has its audiofolder), with
    parquet files, or with one manifest. Files and sub-folders called train, test, validation... are its splits.

    `root` is the folder that its links may not leave, if it is not the folder itself.
    """
    named_files = [(where, name) for where, _, names in os.walk(folder) for name in names]
    files = sorted(Path(where, name) for where, name in named_files if name.endswith(FILES))
    files.sort(key=lambda file: rank(split_named(file.relative_to(folder))))
    manifests = [file for file in files if file.name in METADATA]
    parquet = [file for file in files if file.suffix == ".parquet"]
    others = [file for file in files if file.suffix in MANIFESTS and file.parent == folder]
    if manifests or (len(others) == 1 and not parquet):
        return open_manifests(manifests or others, folder, str(folder), audio, root)
    if parquet:
        return open_parquet([(file, split_named(file.relative_to(folder))) for file in parquet], str(folder), audio)
    if not named_files:
        raise UserError(
            en=f"The folder {folder} is empty: give one with recordings and their metadata.csv.",
            fr=f"Le dossier {folder} est vide : donnez-en un avec des enregistrements et leur metadata.csv.",
        )
    raise UserError(
        en=f"The folder {folder} has no texts: add a metadata.csv with the columns file_name and text.",
        fr=f"Le dossier {folder} n'a pas de textes : ajoutez un metadata.csv avec les colonnes file_name et text.",
    )


def split_named(path: Path) -> str | None:
    """The split in a path: of its folders and its file's name, the first that is or begins with the name of one."""
    words = (re.split(r"[-_.]", part.lower())[0] for part in path.parts)
    return next((SPLITS[word] for word in words if word in SPLITS), None)


def open_manifests(
    manifests: list[Path], folder: Path, source: str, audio: str | None = None, root: Path | None = None
) -> Raw:
    """The rows of all manifests; each names its clips by a path relative to its own folder, which it may not leave."""
    rows = [row for manifest in manifests for row in _rows(manifest, split_named(manifest.relative_to(folder)))]
    columns = dict.fromkeys(column for row in rows for column in row.cells)
    frame = pd.DataFrame([row.cells for row in rows], columns=list(columns), dtype=object)
    refused = {number: row.refused for number, row in enumerate(rows) if row.refused}
    if frame.empty:
        raise UserError(
            en=f"{manifests[0]} has no rows: give one line a clip under a line of column names.",
            fr=f"{manifests[0]} n'a aucune ligne : donnez une ligne par extrait sous une ligne de noms de colonnes.",
        )
    column = named(frame.columns, audio, AUDIO, AUDIO_SAID, "--audio")
    clips, missing = find_files(
        [cell if isinstance(cell, str) else "" for cell in frame[column]], [row.folder for row in rows], folder, root
    )
    if any(row.split for row in rows) and "split" not in frame.columns:
        frame["split"] = [row.split for row in rows]
    return Raw(Path(source).name, source, licence_in(folder), NAMED, frame, clips, missing | refused)


def find_files(
    names: list[str], folders: list[Path], base: Path, root: Path | None = None
) -> tuple[Files, dict[int, Message]]:
    """The clips of these names, each in its folder, called by their path from `base`; and why a row has none.

    Neither a name nor a link may lead out of `root`, which is a row's own folder where none is given.
    """
    real = cache(os.path.realpath)
    called, paths, facts, refused = [], [], [], {}
    prefixes = {folder: folder.relative_to(base).as_posix() for folder in set(folders)}
    for row, (name, folder) in enumerate(zip(names, folders, strict=True)):
        path, fact = None, None
        try:
            path, fact = _inside(name, str(folder), str(root or folder), real)
        except UserError as refusal:
            refused[row] = refusal.message
        called.append(os.path.normpath(os.path.join(prefixes[folder], name)) if name else None)
        paths.append(path)
        facts.append((called[-1], fact))
    return Files(called, paths, facts), refused


def _inside(name: str, folder: str, root: str, real: Callable[[str], str]) -> tuple[str, tuple[int, int]]:
    """The path of a clip, its size and its time."""
    if not name or "\0" in name:
        raise UserError(en="it names no audio file", fr="il ne nomme aucun fichier audio")
    path = os.path.normpath(os.path.join(folder, name))
    target = os.path.join(real(os.path.dirname(path)), os.path.basename(path))
    if os.path.islink(target):
        target = os.path.realpath(target)
    if not target.startswith(real(root).rstrip("/") + "/"):
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
    return path, (facts.st_size, facts.st_mtime_ns)


def _rows(manifest: Path, split: str | None) -> Iterator[Row]:
    reader = _json_lines if manifest.suffix.lower() in (".jsonl", ".ndjson") else _separated
    try:
        with open(manifest, encoding="utf-8-sig", newline="") as lines:
            for cells, refused in reader(lines):
                yield Row(cells, manifest.parent, split, refused)
    except UnicodeDecodeError as error:
        raise UserError(
            en=f"{manifest} is not UTF-8 text: save it again with that encoding.",
            fr=f"{manifest} n'est pas un texte UTF-8 : enregistrez-le à nouveau dans ce codage.",
        ) from error
    except (OSError, csv.Error) as error:
        raise UserError(
            en=f"{manifest} cannot be read ({error}): write it again.",
            fr=f"{manifest} ne peut être lu ({error}) : écrivez-le à nouveau.",
        ) from error


def _separated(lines) -> Iterator[tuple[dict, Message | None]]:
    """Cells between commas, semicolons (as French spreadsheets write them) or tabs: what the first line has most of."""
    first = lines.readline()
    lines.seek(0)
    table = csv.reader(lines, delimiter=max(",;\t", key=first.count))
    header = next(table, [])
    for cells in table:
        if len(cells) == len(header):
            yield dict(zip(header, cells, strict=True)), None
        elif cells:
            said = Message(
                en=f"it has {len(cells)} cells and the table {len(header)} columns",
                fr=f"il a {len(cells)} cellules et le tableau {len(header)} colonnes",
            )
            yield {}, said


def _json_lines(lines) -> Iterator[tuple[dict, Message | None]]:
    for line in lines:
        if not line.strip():
            continue
        try:
            cells = json.loads(line)
        except (ValueError, RecursionError):
            cells = None
        if isinstance(cells, dict):
            yield cells, None
        else:
            yield {}, Message(en="it is no JSON object", fr="ce n'est pas un objet JSON")


def open_parquet(files: list[tuple[Path, str | None]], source: str, audio: str | None = None) -> Raw:
    """The rows of parquet files, each with its split, with the audio in them or with paths relative to their folder.

    A damaged file is left out. Raises UserError where none can be read, or where no column is audio.
    """
    tables, left_out = {}, []
    for file, split in files:
        try:
            heavy = _with_bytes(pq.read_schema(file))
            tables[file] = _without(heavy, file, split)
        except (pa.ArrowException, OSError):
            left_out.append(LeftOut(file.name, DAMAGED))
    if not tables:
        raise UserError(
            en=f"{source} is not parquet, or damaged: copy or export it again.",
            fr=f"{source} n'est pas du parquet, ou est abîmé : copiez-le ou exportez-le à nouveau.",
        )
    frame = pd.concat(tables.values(), ignore_index=True)
    usual = (*(name for name in AUDIO if name in heavy), *heavy) or AUDIO
    column = named([*heavy, *frame.columns], audio, usual, AUDIO_SAID, "--audio")
    if column in heavy:
        clips, refused = Parquet(list(tables), column), {}
    else:
        folders = [file.parent for file, table in tables.items() for _ in range(len(table))]
        cells = [cell if isinstance(cell, str) else "" for cell in frame[column]]
        clips, refused = find_files(cells, folders, Path(os.path.commonpath(folders)))
    licence = licence_in(next(iter(tables)).parent)
    return Raw(Path(source).name, source, licence, NAMED, frame, clips, refused, tuple(left_out))


def rows_in(file: Path) -> int:
    """The rows of a parquet file; none of a damaged one, of which `open_parquet` tells."""
    try:
        return pq.read_metadata(file).num_rows
    except (pa.ArrowException, OSError):
        return 0


DAMAGED = Message(en="the parquet file is damaged", fr="le fichier parquet est abîmé")


def _without(heavy: tuple[str, ...], file: Path, split: str | None) -> pd.DataFrame:
    table = pq.read_table(file, columns=[name for name in pq.read_schema(file).names if name not in heavy]).to_pandas()
    return table.assign(split=split) if split and "split" not in table else table


def _with_bytes(schema: pa.Schema) -> tuple[str, ...]:
    """The columns that hold files: bytes, or bytes with a path beside them, as `datasets` writes its audio."""
    return tuple(
        field.name
        for field in schema
        if pa.types.is_binary(field.type)
        or pa.types.is_large_binary(field.type)
        or (pa.types.is_struct(field.type) and field.type.get_field_index("bytes") >= 0)
    )


def licence_in(folder: Path) -> str | None:
    """The licence that the folder's card (README.md, as on the Hub) tells."""
    card = folder / "README.md"
    if not card.is_file():
        return None
    try:
        return licence_of(DatasetCard.load(card, ignore_metadata_errors=True).data)
    except (yaml.YAMLError, ValueError, OSError):  # a README.md that is no card
        return None


def licence_of(card_data) -> str | None:
    """As the card says it: one, or several in a list; "other" goes by its name."""
    licence = card_data.get("license") if card_data else None
    if licence == "other":
        return card_data.get("license_name") or licence
    return ", ".join(licence) if isinstance(licence, list) else licence
