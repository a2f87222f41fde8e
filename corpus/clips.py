"""Where the encoded bytes of clips lie, in files or in parquet, and how they become sound when they are used."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from common.cache import cache_folder
from common.files import beside
from common.messages import UserError
from speech.audio.containers import header_seconds
from speech.audio.decode import read

GROUPS_KEPT = 2  # row groups of parquet in memory: `datasets` writes 100 clips in each, some megabytes


class Clips(Protocol):
    """The clips of a source by their row there, from 0. Nothing is read before it is asked for."""

    fingerprint: str  # changes when a file does; sizes and times are enough, gigabytes would not be read quickly

    def encoded(self, row: int) -> bytes: ...

    def source(self, row: int) -> str | bytes:
        """What `speech.audio.read` takes: the file's path, or its bytes."""


class Files:
    """A file a clip: its name in the source and its path. A row without one (None) is never asked for."""

    def __init__(self, names: Sequence[str | None], paths: Sequence[str | None], facts: Iterable[tuple]):
        self.names = names
        self.paths = paths
        self.fingerprint = _hash(facts)

    def encoded(self, row: int) -> bytes:
        try:
            return Path(self.paths[row]).read_bytes()
        except OSError as error:
            raise _gone(Path(self.paths[row])) from error

    def source(self, row: int) -> str:
        return self.paths[row]


class Parquet:
    """Clips inside of parquet files, in a column of bytes or of {bytes, path}.

    A clip is read with the row group that holds it. `datasets` would first copy the whole to Arrow files in its cache:
    twice the disk, and personal recordings left in a place that nobody thinks of.
    """

    def __init__(self, files: Sequence[Path], column: str):
        self.column = column
        self.groups = []
        for file in files:
            facts = pq.read_metadata(file)
            self.groups += [(file, number, facts.row_group(number).num_rows) for number in range(facts.num_row_groups)]
        self.starts = [0, *accumulate(rows for _, _, rows in self.groups)]
        self.fingerprint = _hash((column, *identity(file)) for file in files)

    def encoded(self, row: int) -> bytes:
        group = bisect_right(self.starts, row) - 1
        file, number, _ = self.groups[group]
        try:
            clip = _row_group(file, number, self.column)[row - self.starts[group]].as_py()
        except (pa.ArrowException, OSError) as error:
            raise _gone(file) from error
        return (clip.get("bytes") if isinstance(clip, dict) else clip) or b""

    source = encoded


@lru_cache(maxsize=GROUPS_KEPT)
def _row_group(file: Path, number: int, column: str) -> pa.ChunkedArray:
    with pq.ParquetFile(file, memory_map=True) as opened:
        return opened.read_row_group(number, columns=[column])[column]


def _gone(file: Path) -> UserError:
    return UserError(
        en=f"“{file.name}” changed or went away since it was opened: open the corpus again.",
        fr=f"« {file.name} » a changé ou disparu depuis son ouverture : rouvrez le corpus.",
    )


def identity(file: Path) -> tuple:
    """What tells that a file is still the same; in the Hub's cache it is a link to a file named after its content."""
    real = file.resolve()
    if real.parent.name == "blobs":
        return file.name, real.name
    facts = real.stat()
    return file.name, facts.st_size, facts.st_mtime_ns


def decoded(clips: Clips, row: int, channel: int | None = None) -> np.ndarray:
    """The clip as float32 mono at 16 kHz: its `channel` (0 or 1) where it has two, else the mean of its channels."""
    waveform = read(clips.source(row)).waveform
    if channel is not None and channel < len(waveform) == 2:
        return np.ascontiguousarray(waveform[channel])
    return waveform.mean(axis=0, dtype=np.float32)


def lengths(clips: Clips, rows: Sequence[int]) -> list[float]:
    """Seconds of the clips by their headers, NaN where one tells none; many are kept, for parquet is read through."""
    kept = cache_folder() / "seconds" / f"{clips.fingerprint}-{_hash(rows)}.npy"
    if kept.is_file():
        return np.load(kept).tolist()
    found = [header_seconds(clips.source(row)) for row in rows]
    if len(found) > 1000:
        with suppress(OSError):  # where nothing can be kept, it takes its time again
            kept.parent.mkdir(parents=True, exist_ok=True)
            with beside(kept) as new, new.open("wb") as file:
                np.save(file, np.array(found))
    return found


def _hash(facts: Iterable) -> str:
    digest = hashlib.sha256()
    for fact in facts:
        digest.update(repr(fact).encode())
    return digest.hexdigest()[:16]
