"""The columns of a source, and their cells as text, numbers, splits and channels."""

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from common.columns import SPLIT, guessed, plain
from common.messages import Message, UserError

CLIP_NAMES = ("segment_id", "clip_id", "utterance_id", "file_name")
AUDIO_CALLED = Message(en="audio", fr="audio")
TEXT_CALLED = Message(en="text", fr="texte")
SPLITS = (
    dict.fromkeys(("train", "training", "entrainement", "apprentissage"), "train")
    | dict.fromkeys(("test", "eval", "evaluation"), "test")
    | dict.fromkeys(("validation", "valid", "dev", "val", "developpement"), "validation")
)
# Channels that are called so are the first and the second everywhere.
FIRST_AND_SECOND = (("0", "1"), ("1", "2"), ("left", "right"), ("l", "r"), ("a", "b"), ("gauche", "droite"), ("g", "d"))


def named(columns: Iterable, asked: str | None, usual: tuple[str, ...], what: Message, option: str) -> str:
    """The column that was asked for, else the first of the usual ones. Raises UserError that lists those there are."""
    columns = [str(column) for column in columns]
    if asked is None:
        found = guessed(columns, usual)
        if found is not None:
            return found
    elif asked in columns:
        return asked
    elif alike := [column for column in columns if plain(column) == plain(asked)]:
        return alike[0]
    there = ", ".join(columns) or "-"
    if asked is None:
        raise UserError(
            en=f"No column has a usual name for {what.en}; name it ({option}) out of: {there}.",
            fr=f"Aucune colonne n'a un nom usuel pour {what.fr} ; nommez-la ({option}) parmi : {there}.",
        )
    raise UserError(
        en=f"There is no column {asked!r} for {what.en}: name one ({option}) of {there}.",
        fr=f"Il n'y a pas de colonne {asked!r} pour {what.fr} : nommez-en une ({option}) parmi {there}.",
    )


def texts(frame: pd.DataFrame, column: str | None) -> list[str | None]:
    """The column as text, None where a cell is empty or there is no such column."""
    if column not in frame.columns:
        return [None] * len(frame)
    return [text(cell) for cell in frame[column].astype(object)]


def text(cell) -> str | None:
    """The cell as text: a list of words is a sentence, a whole number that pandas made a float is still whole."""
    if isinstance(cell, (list, tuple, np.ndarray)):
        return " ".join(str(part) for part in cell if part is not None) or None
    if cell is None or cell is pd.NA or cell == "" or cell != cell:  # NaN is not itself
        return None
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def numbers(frame: pd.DataFrame, column: str | None) -> pd.Series:
    """The column as numbers, NaN where a cell is none: 1.5, « 1,5 » as the French write it, or 1:02.5 in a clock."""
    if column is None:
        return pd.Series(np.nan, frame.index, dtype=float)
    cells = frame[column]
    found = pd.to_numeric(cells, errors="coerce").astype(float)
    for row in found.index[found.isna()]:
        if isinstance(cells[row], str):
            found[row] = _written(cells[row].strip())
    return found.where(np.isfinite(found))


def _written(cell: str) -> float:
    if re.fullmatch(r"-?\d+,\d+", cell):
        return float(cell.replace(",", "."))
    if clock := re.fullmatch(r"(?:(\d+):)?(\d+):(\d+(?:[.,]\d*)?)", cell):
        hours, minutes, seconds = clock.groups()
        return 3600 * int(hours or 0) + 60 * int(minutes) + float(seconds.replace(",", "."))
    return np.nan


def split_of(name: str | None) -> str | None:
    """A split by the name that all corpora here have for it: Train is train, dev is validation."""
    return SPLITS.get(plain(name), name) if name else None


def splits_of(frame: pd.DataFrame) -> list[str | None]:
    """The split of each row: of the column called so, else of one that is called nearly so and holds nothing else."""
    for column in SPLIT:
        named = guessed(frame.columns, (column,))
        found = [split_of(name) for name in texts(frame, named)]
        if named == "split" or (named and {*found} - {None} <= {*SPLITS.values()}):
            return found
    return [None] * len(frame)


def channels(written: list[str | None]) -> tuple[list[int | None], Message | None]:
    """The channel of each row, 0 or 1, None where it has none; and what names that tell no order were taken for.

    They may be written 0 and 1, 1 and 2, A and B, left and right; two other names are taken in the alphabet's order.
    """
    plain = [_plain(name) for name in written]
    there = sorted({name for name in plain if name})
    for pair in FIRST_AND_SECOND:
        if there and set(there) <= set(pair) and (pair != ("1", "2") or "2" in there):
            return [pair.index(name) if name else None for name in plain], None
    known = {name: at for pair in FIRST_AND_SECOND[:1] + FIRST_AND_SECOND[2:] for at, name in enumerate(pair)}
    if len(there) != 2 or known.keys() & set(there):
        return [known.get(name) for name in plain], None
    note = Message(
        en=f"channels: {there[0]!r} is taken for the first channel and {there[1]!r} for the second",
        fr=f"canaux : {there[0]!r} est pris pour le premier canal et {there[1]!r} pour le second",
    )
    return [there.index(name) if name else None for name in plain], note


def _plain(name: str | None) -> str | None:
    """« Channel 1 », ch1 and 1.0 are 1."""
    return re.sub(r"^(?:channel|canal|chan|ch)[ _-]?(?=\w)|\.0+$", "", name.strip().lower()) if name else None
