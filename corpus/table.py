"""One schema for every source: whatever its columns are called, its rows become the same table."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from common.messages import Message, UserError
from corpus import splits
from corpus.clips import Clips, Files, decoded, lengths

# The usual names, the most telling first; compared without case.
AUDIO = ("audio", "file_name", "file", "path", "filename", "audio_path", "audio_filepath", "audio_file", "wav", "clip")
TEXT = ("text", "transcript", "transcription", "sentence", "raw_transcription", "normalized_text", "utterance")
SECONDS = ("seconds", "audio_len_sec", "duration", "duration_sec", "duration_seconds", "audio_duration")
CALL = ("call", "call_id", "transcript_filename", "conversation", "conversation_id", "session", "session_id")
SPEAKER = ("speaker", "speaker_id", "spk_id", "client_id")
LANGUAGE = ("language", "language_code", "lang", "locale")
CLIP_NAMES = ("segment_id", "clip_id", "utterance_id", "file_name")
SCHEMA = ["id", "split", "text", "seconds", "call", "speaker", "channel", "language", "source", "transcript"]
SHORT = 3  # letters: of speakers called so
CHANNELS = {"0": 0, "1": 1, "left": 0, "right": 1, "l": 0, "r": 1}


class LeftOut(NamedTuple):
    """A row that is not used: its id, or its number in the source from 1 on where it has none."""

    where: str | int
    reason: Message


@dataclass(frozen=True)
class Raw:
    """A source as it came: a line a row, the clips by the same count from 0, and the rows refused already."""

    name: str
    source: str
    licence: str | None
    reason: Message
    frame: pd.DataFrame
    clips: Clips
    refused: dict[int, Message] = field(default_factory=dict)
    files_left_out: tuple[LeftOut, ...] = ()
    clean: Callable[[str], str] | None = None
    published: bool = False  # it has more splits than the frame, of which only the first rows were fetched, may show


@dataclass(frozen=True, eq=False)
class Corpus:
    """Labelled clips. `rows` has a line a usable clip, index from 0, with the columns of SCHEMA and then the source's.

    id (unique), split, text, seconds, call, speaker, channel (0 or 1), language, source, transcript (the text before it
    was cleaned); None where a source does not know.
    """

    name: str
    source: str
    licence: str | None
    reason: Message  # why this corpus
    rows: pd.DataFrame
    left_out: list[LeftOut]
    fingerprint: str  # changes when the content does
    clips: Clips = field(repr=False)
    places: np.ndarray = field(repr=False)  # where each row's clip lies in `clips`

    def __len__(self) -> int:
        return len(self.rows)

    def encoded(self, row: int) -> bytes:
        """The clip as it is stored."""
        return self.clips.encoded(int(self.places[row]))

    def clip(self, row: int) -> np.ndarray:
        """The clip decoded: float32, mono, 16 kHz; of a clip with two channels the row's own, else their mean.

        Raises UserError, which names the row, where it does not decode.
        """
        channel = self.rows["channel"].iat[row]
        try:
            return decoded(self.clips, int(self.places[row]), None if pd.isna(channel) else int(channel))
        except UserError as refusal:
            name = self.rows["id"].iat[row]
            raise UserError(
                en=f"Clip {name!r} (row {row}) of {self.name}: {refusal.message.en}",
                fr=f"Extrait {name!r} (ligne {row}) de {self.name} : {refusal.message.fr}",
            ) from refusal

    @cached_property
    def leaks(self) -> list[splits.Leak]:
        """Calls, speakers and sentences on both sides of two splits; the audio is compared by `describe` alone."""
        return splits.leaks(self.rows)


def build(raw: Raw, text: str | None = None, limit: int | None = None) -> Corpus:
    """The corpus in a source, of its first `limit` rows or of all.

    Raises UserError where there is no column of text, or no row that can be used.
    """
    frame = raw.frame if limit is None else raw.frame.head(limit)
    published = raw.published or splits.divide(_cells(raw.frame, "split"))
    column = named(frame.columns, text, TEXT, Message(en="text", fr="texte"), "--text")
    rows = _in_schema(raw, frame, column)
    reasons = {row: said for row, said in raw.refused.items() if row < len(frame)}
    _leave_out(reasons, rows["text"] == "", lambda row: _no_text(rows["transcript"][row]))
    _leave_out(reasons, rows["id"].drop(list(reasons)).duplicated(), lambda row: _twice(rows["id"][row]))
    _measure(raw.clips, rows, reasons)
    _settle_splits(rows, reasons, published)
    names = rows["id"]
    left_out = [LeftOut(row + 1 if names[row] == str(row + 1) else names[row], reasons[row]) for row in sorted(reasons)]
    rows = rows.drop(index=list(reasons))
    if rows.empty:
        _refuse_empty(raw, left_out)
    places = rows.index.to_numpy()
    rows = rows.reset_index(drop=True)
    return Corpus(
        raw.name,
        raw.source,
        raw.licence,
        raw.reason,
        rows,
        [*raw.files_left_out, *left_out],
        _fingerprint(rows, raw.clips),
        raw.clips,
        places,
    )


def named(columns: Iterable, asked: str | None, usual: tuple[str, ...], what: Message, option: str) -> str:
    """The column that was asked for, else the first of the usual ones. Raises UserError that lists those there are."""
    columns = [str(column) for column in columns]
    if asked is None:
        found = guessed(columns, usual)
        if found is not None:
            return found
    elif asked in columns:
        return asked
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


def guessed(columns: Iterable[str], usual: tuple[str, ...]) -> str | None:
    """The column whose name comes first among the usual ones."""
    by_name = {column.lower(): column for column in reversed(list(columns))}
    return next((by_name[name.lower()] for name in usual if name.lower() in by_name), None)


def _in_schema(raw: Raw, frame: pd.DataFrame, text: str) -> pd.DataFrame:
    """The rows in the schema, with the source's other columns after it."""
    columns = list(frame.columns)
    clean = raw.clean or (lambda words: " ".join(words.split()))
    transcript = [cell or "" for cell in _cells(frame, text)]
    call = _cells(frame, guessed(columns, CALL))
    channel = _channels(_cells(frame, guessed(columns, ("channel",))))
    cells = {
        "id": _ids(raw, frame, channel),
        "split": _cells(frame, "split"),
        "text": [clean(words) for words in transcript],
        "seconds": _seconds(frame, guessed(columns, SECONDS)),
        "call": call,
        "speaker": _speakers(_cells(frame, guessed(columns, SPEAKER)), call),
        "channel": channel,
        "language": _cells(frame, guessed(columns, LANGUAGE)),
        "source": [raw.name] * len(frame),
        "transcript": transcript,
    }
    ours = pd.DataFrame(cells, frame.index, dtype=object).astype({"seconds": float})
    return pd.concat([ours, frame.drop(columns=[column for column in columns if column in ours])], axis=1)


def _cells(frame: pd.DataFrame, column: str | None) -> list[str | None]:
    """The column as text, None where a cell is empty or there is no such column."""
    if column not in frame.columns:
        return [None] * len(frame)
    cells = frame[column].astype(object)
    return [None if absent or cell == "" else _text(cell) for cell, absent in zip(cells, cells.isna(), strict=True)]


def _text(cell) -> str:
    """A whole number that pandas made a float, for a cell beside it is empty, is still a whole number."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _speakers(speakers: list[str | None], calls: list[str | None]) -> list[str | None]:
    """Letters and small numbers (A, B, 1) mean another person in each call: there they come with its name."""
    if max((len(speaker) for speaker in speakers if speaker), default=0) > SHORT:
        return speakers
    return [f"{call}/{who}" if call and who else who for call, who in zip(calls, speakers, strict=True)]


def _channels(written: list[str | None]) -> list[int | None]:
    """0 or 1: those written 0 and 1, 1 and 2, left and right. Others are none, so that the mean is heard."""
    from_one = {"2"} <= set(written) <= {"1", "2", None}
    numbers = {"1": 0, "2": 1} if from_one else CHANNELS
    return [numbers.get((channel or "").lower()) for channel in written]


def _ids(raw: Raw, frame: pd.DataFrame, channels: list[int | None]) -> list[str]:
    """The column `id`, else a file's name (with the channel, where a file stands for both of its sides), else a name
    that no two rows share, else the row's number from 1 on."""
    numbers = [str(row + 1) for row in range(len(frame))]
    if "id" in frame.columns:
        return [name or number for name, number in zip(_cells(frame, "id"), numbers, strict=True)]
    if isinstance(raw.clips, Files):
        names = raw.clips.names[: len(frame)]
        times = Counter(names)
        both = [
            f"#{side}" if times[name] > 1 and side is not None else ""
            for name, side in zip(names, channels, strict=True)
        ]
        return [name + side if name else number for name, side, number in zip(names, both, numbers, strict=True)]
    for column in CLIP_NAMES:
        names = _cells(frame, column)
        if None not in names and len(set(names)) == len(names):
            return names
    return numbers


def _seconds(frame: pd.DataFrame, column: str | None) -> pd.Series | float:
    """As the column says, NaN where it says no finite number above zero."""
    if column is None:
        return np.nan
    seconds = pd.to_numeric(frame[column], errors="coerce").astype(float)
    return seconds.where(np.isfinite(seconds) & (seconds > 0))


def _leave_out(reasons: dict[int, Message], bad: pd.Series, why: Callable[[int], Message]) -> None:
    for row in bad.index[bad]:
        reasons.setdefault(int(row), why(row))


def _measure(clips: Clips, rows: pd.DataFrame, reasons: dict[int, Message]) -> None:
    """Fills in the seconds that no column gave, out of the headers; leaves out the clips that have none."""
    unknown = [int(row) for row in rows.index[rows["seconds"].isna()] if row not in reasons]
    if unknown:
        rows.loc[unknown, "seconds"] = lengths(clips, unknown)
        _leave_out(reasons, rows["seconds"].isna(), lambda row: NO_SOUND)


def _settle_splits(rows: pd.DataFrame, reasons: dict[int, Message], published: bool) -> None:
    """Keeps splits that were published, and draws them where there are none."""
    if published:
        _leave_out(reasons, rows["split"].isna(), lambda row: NO_SPLIT)
    else:
        used = rows.drop(index=list(reasons))
        rows.loc[used.index, "split"] = splits.assign(used)


def _fingerprint(rows: pd.DataFrame, clips: Clips) -> str:
    content = rows[["id", "split", "text", "seconds", "call", "channel"]].astype(str)
    digest = hashlib.sha256(pd.util.hash_pandas_object(content, index=False).to_numpy().tobytes())
    digest.update(clips.fingerprint.encode())
    return digest.hexdigest()[:16]


NO_SOUND = Message(en="its sound has no readable header", fr="son en-tête audio est illisible")
NO_SPLIT = Message(
    en="it has no split, where others have one", fr="il n'a pas de partition, alors que d'autres en ont une"
)


def _no_text(before: str) -> Message:
    if not before.strip():
        return Message(en="its text is empty", fr="son texte est vide")
    return Message(
        en=f"its text is empty once cleaned: {before!r}", fr=f"son texte est vide une fois nettoyé : {before!r}"
    )


def _twice(name: str) -> Message:
    return Message(en=f"the id {name!r} stands twice", fr=f"l'identifiant {name!r} figure deux fois")


def _refuse_empty(raw: Raw, left_out: list[LeftOut]) -> None:
    if not left_out:
        raise UserError(
            en=f"{raw.source} has no rows: give a corpus that holds clips.",
            fr=f"{raw.source} n'a aucune ligne : donnez un corpus qui contient des extraits.",
        )
    where, reason = left_out[0]
    raise UserError(
        en=f"None of the {len(left_out)} rows of {raw.source} can be used; the first ({where}): {reason.en}.",
        fr=f"Aucune des {len(left_out)} lignes de {raw.source} n'est utilisable ; la première ({where}) : {reason.fr}.",
    )
