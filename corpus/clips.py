"""Where clips lie, in files, in parts of files or in parquet, and how they are decoded when they are used."""

import hashlib
import math
import wave
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from common.messages import UserError
from common.pcm import to_int16
from speech.audio.decode import SAMPLE_RATE, read

GROUPS_KEPT = 2  # row groups of parquet in memory: `datasets` writes 100 clips in each, some megabytes


class Span(NamedTuple):
    """The part of a recording that a clip is, in seconds."""

    start: float
    end: float


class Clips(Protocol):
    """The clips of a source by their row there, from 0. Nothing is read before it is asked for."""

    facts: list[tuple]  # of the files; sizes and times are enough, gigabytes would not be read quickly
    fingerprint: str  # changes when a file does
    names: Sequence[str | None] | None  # of the files in the source, where a clip has one
    cheap: bool  # their headers are read quickly

    def encoded(self, row: int) -> bytes:
        """The clip as it is stored; of a part of a recording, that part as WAV."""

    def source(self, row: int) -> str | bytes:
        """What `speech.audio.decode.read` takes: the path of the file, or its bytes."""

    def name(self, row: int) -> str | None:
        """What tells how bytes without a header are coded."""

    def span(self, row: int) -> Span | None:
        """The part of the file, where the clip is not the whole of it."""


class Files:
    """A file a clip, or a part of it: its name in the source and its path. A row without a path is never asked for."""

    cheap = True

    def __init__(
        self,
        names: Sequence[str | None],
        paths: Sequence[str | None],
        facts: Iterable[tuple],
        spans: Mapping[int, Span] | None = None,
    ):
        self.names = names
        self.paths = paths
        self.spans = spans or {}
        self.facts = [*facts, *sorted(self.spans.items())]
        self.fingerprint = digest(self.facts)

    def encoded(self, row: int) -> bytes:
        if row in self.spans:
            return as_wav(decoded(self, row))
        try:
            return Path(self.paths[row]).read_bytes()
        except OSError as error:
            raise _gone(Path(self.paths[row])) from error

    def source(self, row: int) -> str:
        return self.paths[row]

    def name(self, row: int) -> str | None:
        return self.names[row]

    def span(self, row: int) -> Span | None:
        return self.spans.get(row)


class Parquet:
    """Clips inside of a parquet file, in a column of bytes or of {bytes, path}.

    A clip is read with the row group that holds it. `datasets` would first copy the whole to Arrow files in its cache:
    twice the disk, and personal recordings left in a place that nobody thinks of.
    """

    cheap = False
    names = None

    def __init__(self, file: Path, column: str):
        self.file = file
        self.column = column
        facts = pq.read_metadata(file)
        self.starts = [0, *accumulate(facts.row_group(number).num_rows for number in range(facts.num_row_groups))]
        self.facts = [(column, *identity(file))]
        self.fingerprint = digest(self.facts)

    def encoded(self, row: int) -> bytes:
        clip = self._cell(row)
        return (clip.get("bytes") if isinstance(clip, dict) else clip) or b""

    source = encoded

    def name(self, row: int) -> str | None:
        clip = self._cell(row)
        return clip.get("path") if isinstance(clip, dict) else None

    def span(self, row: int) -> None:
        return None

    def _cell(self, row: int) -> dict | bytes | None:
        group = bisect_right(self.starts, row) - 1
        try:
            return _row_group(self.file, group, self.column)[row - self.starts[group]].as_py()
        except (pa.ArrowException, OSError) as error:
            raise _gone(self.file) from error


class Joined:
    """The clips of several sources, one after the other."""

    def __init__(self, parts: Sequence[Clips], counts: Iterable[int]):
        self.parts = parts
        self.starts = [0, *accumulate(counts)]
        self.cheap = all(part.cheap for part in parts)
        self.names = None if any(part.names is None for part in parts) else [n for part in parts for n in part.names]
        self.facts = [fact for part in parts for fact in part.facts]
        self.fingerprint = digest(self.facts)

    def _part(self, row: int) -> tuple[Clips, int]:
        at = bisect_right(self.starts, row) - 1
        return self.parts[at], row - self.starts[at]

    def encoded(self, row: int) -> bytes:
        part, row = self._part(row)
        return part.encoded(row)

    def source(self, row: int) -> str | bytes:
        part, row = self._part(row)
        return part.source(row)

    def name(self, row: int) -> str | None:
        part, row = self._part(row)
        return part.name(row)

    def span(self, row: int) -> Span | None:
        part, row = self._part(row)
        return part.span(row)


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
    start, end = clips.span(row) or (0.0, math.inf)
    waveform = read(clips.source(row), clips.name(row), start, end).waveform
    if channel is not None and channel < len(waveform) == 2:
        return np.ascontiguousarray(waveform[channel])
    return waveform.mean(axis=0, dtype=np.float32)


def as_wav(samples: np.ndarray) -> bytes:
    """Mono samples at 16 kHz as a WAV of 16 bits."""
    encoded = BytesIO()
    with wave.open(encoded, "wb") as clip:
        clip.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        clip.writeframes(to_int16(samples).tobytes())
    return encoded.getvalue()


def digest(facts: Iterable) -> str:
    found = hashlib.sha256()
    for fact in facts:
        found.update(repr(fact).encode())
    return found.hexdigest()[:16]
