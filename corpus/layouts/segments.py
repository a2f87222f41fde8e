"""Rows that are parts of recordings: from a start to an end, or from an offset on for as long as they last."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pandas as pd

from common.columns import END, OFFSET, SECONDS, START, guessed
from common.messages import Message
from corpus.clips import Files, Span
from corpus.durations import UNITS, close
from corpus.layouts.columns import numbers
from speech.audio.containers import header_seconds

FIT = 0.9  # of the rows, so that a unit is the right one
MISFIT = 0.5  # of the rows fit in seconds, or another unit is looked for
SHORT = 0.2  # seconds: where most parts are shorter, they were written in a larger unit
BEYOND = 0.5  # seconds that an end may lie behind its recording's: it was rounded


def divided(
    frame: pd.DataFrame, clips: Files, refused: dict[int, Message]
) -> tuple[Files, dict[int, Message], tuple[Message, ...]]:
    """The clips, those that are parts of a file cut to them; the rows whose times are wrong; and what was recognised.

    A row whose file is as long as its part is the part already, and so are all where most times lie beyond the files:
    then they were counted in a recording that is not here.
    """
    start, end, name = _times(frame)
    if name is None:
        return clips, {}, ()
    wrong = {int(row): NO_START for row in np.flatnonzero(np.isnan(start) & ~np.isnan(end)) if row not in refused}
    end = _until_the_next(start, end, clips)
    rows = [row for row in range(len(frame)) if row not in refused and not np.isnan(start[row])]
    by_path = {path: header_seconds(path) for path in dict.fromkeys(clips.paths[row] for row in rows)}
    length = np.array([by_path[clips.paths[row]] for row in rows])
    start, end = start[rows], end[rows]
    factor, unit = _unit(start, end, length)
    start, end = start * factor, np.where(np.isnan(end), length, end * factor)
    whole = close(length, end - start)
    fits = end <= length + BEYOND
    if whole.all() or (len(by_path) == len(rows) and (fits | whole).mean() < FIT):
        return clips, {}, ()
    spans = {}
    for row, first, last, there, is_whole in zip(rows, start, end, length, whole, strict=True):
        if is_whole:
            continue
        if not 0 <= first < last or first >= there or last > there + BEYOND:
            wrong[row] = _outside(first, last, there)
        else:
            spans[row] = Span(round(float(first), 6), round(float(min(last, there)), 6))
    note = Message(
        en=f"{len(spans)} rows are parts of {len(by_path)} recordings, by the column {name!r}{unit.en}",
        fr=f"{len(spans)} lignes sont des parties de {len(by_path)} enregistrements, selon la colonne "
        f"{name!r}{unit.fr}",
    )
    return Files(clips.names, clips.paths, clips.facts, spans), wrong, (note,)


def _times(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, str | None]:
    """Where each row starts and ends (NaN: at the recording's end), and the column that tells the start."""
    columns = list(frame.columns)
    offset, begins, ends = (guessed(columns, usual) for usual in (OFFSET, START, END))
    lasts = guessed(columns, SECONDS)
    name = offset or (begins if ends or lasts else None)
    start = numbers(frame, name)
    if name and name == offset and (ends or lasts):
        start = start.fillna(0.0)  # as NeMo takes it
    end = numbers(frame, ends) if ends and not (offset and lasts) else start + numbers(frame, lasts)
    return start.to_numpy(), end.to_numpy(), name


def _until_the_next(start: np.ndarray, end: np.ndarray, clips: Files) -> np.ndarray:
    """The ends, where none is told that of the recording's next start, if it has one."""
    until = end.copy()
    by_path = defaultdict(list)
    for row in np.argsort(start, kind="stable"):
        if not np.isnan(start[row]):
            by_path[clips.paths[row]].append(row)
    for rows in by_path.values():
        for row, after in pairwise(rows):
            if np.isnan(end[row]) and start[after] > start[row]:
                until[row] = start[after]
    return until


def _unit(start: np.ndarray, end: np.ndarray, length: np.ndarray) -> tuple[float, Message]:
    """What makes seconds of the times: the unit in which they lie in their recordings, or 1."""
    last = np.where(np.isnan(end), start, end)
    known = length > 0

    def fit(factor: float) -> float:
        inside = (last * factor <= length + BEYOND) | close(length, (end - start) * factor)
        return inside[known].mean() if known.any() else 1.0

    if known.any() and np.nanmedian((end - start)[known]) < SHORT:
        for factor, unit in sorted(UNITS.values()):
            if factor > 1 and fit(factor) >= FIT:
                return factor, Message(en=f" in {unit.en}", fr=f" en {unit.fr}")
    if fit(1.0) < MISFIT:
        for factor, unit in sorted(UNITS.values(), reverse=True):  # where a unit fits, all smaller ones do
            if factor < 1 and fit(factor) >= FIT:
                return factor, Message(en=f" in {unit.en}", fr=f" en {unit.fr}")
    return 1.0, Message(en="", fr="")


NO_START = Message(en="it has no start, where others have one", fr="il n'a pas de début, alors que d'autres en ont un")


def _outside(start: float, end: float, length: float) -> Message:
    if np.isnan(length):
        return Message(en="its sound has no readable header", fr="son en-tête audio est illisible")
    return Message(
        en=f"its times, {start:.2f} to {end:.2f} s, are not in its recording of {length:.2f} s",
        fr=f"ses temps, {start:.2f} à {end:.2f} s, ne sont pas dans son enregistrement de {length:.2f} s",
    )
