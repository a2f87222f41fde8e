"""Parquet files: a row a clip, with the sound in it or with the path of a file."""

from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from common.columns import AUDIO, guessed
from common.messages import Message, UserError
from corpus.clips import Clips, Joined, Parquet
from corpus.layouts.card import licence_in
from corpus.layouts.columns import AUDIO_CALLED, named, text
from corpus.layouts.paths import find_files
from corpus.layouts.raw import NAMED, LeftOut, Raw, check_rows
from corpus.layouts.segments import divided

DAMAGED = Message(en="the parquet file is damaged", fr="le fichier parquet est abîmé")


class _Part(NamedTuple):
    """A file: its rows without the sound, its clips, and the rows whose file is not found."""

    frame: pd.DataFrame
    clips: Clips
    refused: dict[int, Message]
    notes: tuple[Message, ...] = ()


def open_parquet(files: list[tuple[Path, str | None]], source: str, audio: str | None = None) -> Raw:
    """The rows of parquet files, each with its split; paths are relative to the file's folder.

    A file that is damaged or has no sound is left out. Raises UserError where none can be used.
    """
    check_rows(sum(rows_in(file) for file, _ in files), source)
    base = min((file.parent for file, _ in files), key=lambda folder: len(folder.parts))
    parts, left_out, refusal = [], [], None
    for file, split in files:
        try:
            parts.append(_part(file, split, base, audio))
        except (pa.ArrowException, OSError):
            left_out.append(LeftOut(file.name, DAMAGED))
        except UserError as error:
            refusal = refusal or error
            left_out.append(LeftOut(file.name, Message(*(said.rstrip(".") for said in error.message))))
    if not parts:
        if refusal:
            raise refusal
        raise UserError(
            en=f"{source} is not parquet, or damaged: copy or export it again.",
            fr=f"{source} n'est pas du parquet, ou est abîmé : copiez-le ou exportez-le à nouveau.",
        )
    counts = [len(part.frame) for part in parts]
    clips = Joined([part.clips for part in parts], counts) if len(parts) > 1 else parts[0].clips
    refused, before = {}, 0
    for part, count in zip(parts, counts, strict=True):
        refused |= {before + row: reason for row, reason in part.refused.items()}
        before += count
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    notes = tuple(note for part in parts for note in part.notes)
    return Raw(Path(source).name, source, licence_in(base), NAMED, frame, clips, refused, tuple(left_out), notes)


def rows_in(file: Path) -> int:
    """The rows of a parquet file; none of a damaged one, of which `open_parquet` tells."""
    try:
        return pq.read_metadata(file).num_rows
    except (pa.ArrowException, OSError):
        return 0


def _part(file: Path, split: str | None, base: Path, audio: str | None) -> _Part:
    schema = pq.read_schema(file)
    sounds = _with_bytes(schema)
    frame = pq.read_table(file, columns=[name for name in schema.names if name not in sounds]).to_pandas()
    usual = next((name for name in sounds if guessed([name], AUDIO)), sounds[0] if sounds else None)
    column = named(schema.names, audio or usual, AUDIO, AUDIO_CALLED, "--audio")
    if split and "split" not in frame:
        frame = frame.assign(split=split)
    if column in sounds and not _are_all_paths(file, column):
        return _Part(frame, Parquet(file, column), {})
    names = _paths(file, column) if column in sounds else [text(cell) for cell in frame[column]]
    clips, refused = find_files(names, [file.parent] * len(frame), base)
    clips, wrong, notes = divided(frame, clips, refused)
    return _Part(frame, clips, refused | wrong, notes)


def _with_bytes(schema: pa.Schema) -> list[str]:
    """The columns that hold files: bytes, or bytes with a path beside them, as `datasets` writes its audio."""
    return [
        field.name
        for field in schema
        if pa.types.is_binary(field.type)
        or pa.types.is_large_binary(field.type)
        or (pa.types.is_struct(field.type) and field.type.get_field_index("bytes") >= 0)
    ]


def _are_all_paths(file: Path, column: str) -> bool:
    """No row of a column of {bytes, path} has bytes, by the statistics of the file."""
    kind = pq.read_schema(file).field(column).type
    if not pa.types.is_struct(kind) or kind.get_field_index("path") < 0:
        return False
    if pa.types.is_null(kind.field("bytes").type):
        return True
    facts = pq.read_metadata(file)
    groups = [facts.row_group(number) for number in range(facts.num_row_groups)]
    names = [groups[0].column(number).path_in_schema for number in range(facts.num_columns)] if groups else []
    if f"{column}.bytes" not in names:
        return False
    chunks = [group.column(names.index(f"{column}.bytes")) for group in groups]
    return all(chunk.statistics and chunk.statistics.null_count == chunk.num_values for chunk in chunks)


def _paths(file: Path, column: str) -> list[str | None]:
    with pq.ParquetFile(file) as opened:
        found = opened.read(columns=[f"{column}.path"])[column]
    return [cell and cell.get("path") for cell in found.to_pylist()]
