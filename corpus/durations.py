"""How long clips are: by their headers, and whether a column of the source says the same."""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from common.cache import cache_folder
from common.files import beside
from common.messages import Message
from corpus.clips import Clips, digest
from speech.audio.containers import header_seconds

SAMPLED = 64  # clips whose headers are compared with a column where reading them all takes time
AGREE = 0.9  # of them, so that the column is believed
CLOSE = 0.1, 0.03  # seconds or share by which a column may differ from the sound
KEPT = 1000  # more lengths than these are kept in the cache, for parquet is read through
UNITS = {
    "milliseconds": (1e-3, Message(en="milliseconds", fr="millisecondes")),
    "minutes": (60.0, Message(en="minutes", fr="minutes")),
    "hours": (3600.0, Message(en="hours", fr="heures")),
    "microseconds": (1e-6, Message(en="microseconds", fr="microsecondes")),
    "nanoseconds": (1e-9, Message(en="nanoseconds", fr="nanosecondes")),
} | {
    f"samples at {rate}": (1 / rate, Message(en=f"samples at {rate} Hz", fr=f"échantillons à {rate} Hz"))
    for rate in (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
}


class Checked(NamedTuple):
    """Seconds of each row, NaN where nothing tells, and what is to be said of the column."""

    seconds: np.ndarray
    note: Message | None = None


def checked(clips: Clips, rows: Sequence[int], column: np.ndarray, name: str | None) -> Checked:
    """The lengths of these clips, of which a column called `name` says `column` (NaN where it says nothing).

    Headers that are read quickly are all read, and are what counts. Of others some are read: a column that agrees with
    them, in seconds or in another unit, is taken where it says something; one that does not is not used.
    """
    if name is None or np.isnan(column).all():
        return Checked(lengths(clips, rows))
    known = np.flatnonzero(~np.isnan(column))
    if clips.cheap:
        found = lengths(clips, rows)
        return Checked(found, _verdict(found[known], column[known], name)[1])
    some = known[np.linspace(0, len(known) - 1, min(SAMPLED, len(known))).astype(int)]
    factor, note = _verdict(lengths(clips, [rows[at] for at in some]), column[some], name)
    seconds = column * factor
    unknown = np.flatnonzero(np.isnan(seconds))
    if len(unknown):
        seconds[unknown] = lengths(clips, [rows[at] for at in unknown])
    return Checked(seconds, note)


def _verdict(measured: np.ndarray, column: np.ndarray, name: str) -> tuple[float, Message | None]:
    """By what the column becomes seconds, NaN where it does not; and the sentence that says so where it is not 1."""
    heard = ~np.isnan(measured)
    measured, column = measured[heard], column[heard]
    if not len(measured) or _agrees(measured, column):
        return 1.0, None
    for factor, unit in UNITS.values():
        if _agrees(measured, column * factor):
            return factor, Message(
                en=f"the column {name!r} is in {unit.en}: it is read so",
                fr=f"la colonne {name!r} est en {unit.fr} : elle est lue ainsi",
            )
    wrong = int((~close(measured, column)).sum())
    return np.nan, Message(
        en=f"the column {name!r} does not say how long the clips are ({wrong} of {len(measured)} differ from their "
        "sound): it is not used",
        fr=f"la colonne {name!r} ne dit pas la durée des extraits ({wrong} sur {len(measured)} diffèrent de leur "
        "son) : elle n'est pas utilisée",
    )


def _agrees(measured: np.ndarray, seconds: np.ndarray) -> bool:
    return close(measured, seconds).mean() >= AGREE


def close(measured: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    return np.abs(measured - seconds) <= np.maximum(CLOSE[0], CLOSE[1] * measured)


def lengths(clips: Clips, rows: Sequence[int]) -> np.ndarray:
    """Seconds of the clips by their headers, NaN where one tells none."""
    kept = cache_folder() / "seconds" / f"{clips.fingerprint}-{digest(rows)}.npy"
    if len(rows) > KEPT and kept.is_file():
        return np.load(kept)
    by_file: dict[str, float] = {}
    found = np.array([_length(clips, row, by_file) for row in rows], dtype=float)
    if len(rows) > KEPT:
        with suppress(OSError):  # where nothing can be kept, it takes its time again
            kept.parent.mkdir(parents=True, exist_ok=True)
            with beside(kept) as new, new.open("wb") as file:
                np.save(file, found)
    return found


def _length(clips: Clips, row: int, by_file: dict[str, float]) -> float:
    source, span = clips.source(row), clips.span(row)
    if span:
        return span.end - span.start
    if isinstance(source, bytes):
        return header_seconds(source, clips.name(row))
    if source not in by_file:
        by_file[source] = header_seconds(source)
    return by_file[source]
