"""One schema for every source: whatever its columns are called, its rows become the same table."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from common.columns import CALL, CHANNEL, LANGUAGE, SECONDS, SPEAKER, TEXT, guessed
from common.messages import Message, UserError
from corpus import splits
from corpus.clips import Clips, decoded
from corpus.durations import checked
from corpus.layouts.columns import CLIP_NAMES, TEXT_CALLED, channels, named, numbers, splits_of, texts
from corpus.layouts.raw import Call, LeftOut, Raw

SCHEMA = ["id", "split", "text", "seconds", "call", "speaker", "channel", "language", "source", "transcript"]
SHORT = 3  # letters: of speakers called so


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
    calls: tuple[Call, ...]  # the whole recordings, where the clips are their turns
    notes: list[Message]  # what was recognised in the source: a unit, segments, channels
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
    published = raw.published or splits.divide(splits_of(raw.frame))
    column = named(frame.columns, text, TEXT, TEXT_CALLED, "--text")
    rows, notes = _in_schema(raw, frame, column)
    reasons = {row: said for row, said in raw.refused.items() if row < len(frame)}
    wordless = ~rows["text"].map(_has_a_word).astype(bool)
    _leave_out(reasons, wordless, lambda row: _no_text(rows["transcript"][row], rows["text"][row]))
    _leave_out(reasons, rows["id"].drop(list(reasons)).duplicated(), lambda row: _twice(rows["id"][row]))
    notes += _measure(raw.clips, rows, frame, reasons)
    _settle_splits(rows, reasons, published)
    names = rows["id"].tolist()
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
        raw.calls,
        [*raw.notes, *notes],
        _fingerprint(rows, raw.clips),
        raw.clips,
        places,
    )


def _in_schema(raw: Raw, frame: pd.DataFrame, text: str) -> tuple[pd.DataFrame, list[Message]]:
    """The rows in the schema, with the source's other columns after it, and what was recognised in them."""
    columns = list(frame.columns)
    clean = raw.clean or (lambda words: " ".join(words.split()))
    transcript = [cell or "" for cell in texts(frame, text)]
    names = None if raw.clips.names is None else raw.clips.names[: len(frame)]
    call = texts(frame, guessed(columns, CALL))
    if names and not any(call) and 1 < len(set(names)) < len(names):
        call = list(names)  # the rows of one recording are one call
    written = texts(frame, guessed(columns, CHANNEL))
    channel, note = channels(written)
    cells = {
        "id": _ids(raw, frame, names, [w if c is None else c for c, w in zip(channel, written, strict=True)]),
        "split": splits_of(frame),
        "text": [clean(words) for words in transcript],
        "seconds": np.nan,
        "call": call,
        "speaker": _speakers(texts(frame, guessed(columns, SPEAKER)), call),
        "channel": channel,
        "language": texts(frame, guessed(columns, LANGUAGE)),
        "source": [raw.name] * len(frame),
        "transcript": transcript,
    }
    ours = pd.DataFrame(cells, frame.index, dtype=object).astype({"seconds": float})
    others = frame.drop(columns=[column for column in columns if column in ours])
    return pd.concat([ours, others], axis=1), [note] if note else []


def _speakers(speakers: list[str | None], calls: list[str | None]) -> list[str | None]:
    """Letters and small numbers (A, B, 1) mean another person in each call: there they come with its name."""
    if max((len(speaker) for speaker in speakers if speaker), default=0) > SHORT:
        return speakers
    return [f"{call}/{who}" if call and who else who for call, who in zip(calls, speakers, strict=True)]


def _ids(raw: Raw, frame: pd.DataFrame, names: Sequence[str | None] | None, sides: Sequence) -> list[str]:
    """The column `id`, else a file's name (with the channel and the start, where several rows share the file), else a
    name that no two rows share, else the row's number from 1 on."""
    numbers = [str(row + 1) for row in range(len(frame))]
    if "id" in frame.columns:
        return [name or number for name, number in zip(texts(frame, "id"), numbers, strict=True)]
    if names is not None:
        times = Counter(names)
        parts = [_part(raw, row, sides[row]) if times[name] > 1 else "" for row, name in enumerate(names)]
        return [name + part if name else number for name, part, number in zip(names, parts, numbers, strict=True)]
    for column in CLIP_NAMES:
        names = texts(frame, column)
        if None not in names and len(set(names)) == len(names):
            return names
    return numbers


def _part(raw: Raw, row: int, side: int | str | None) -> str:
    """What tells a row from the others of its file: #1@12.5 is from 12.5 s on in the second channel."""
    span = raw.clips.span(row)
    return ("" if side is None else f"#{side}") + (f"@{span.start:g}" if span else "")


def _leave_out(reasons: dict[int, Message], bad: pd.Series, why: Callable[[int], Message]) -> None:
    for row in bad.index[bad]:
        reasons.setdefault(int(row), why(row))


def _measure(clips: Clips, rows: pd.DataFrame, frame: pd.DataFrame, reasons: dict[int, Message]) -> list[Message]:
    """Fills in the seconds; leaves out the clips that have none. Gives what is to be said of the column of seconds."""
    used = [int(row) for row in rows.index if row not in reasons]
    name = guessed(frame.columns, SECONDS)
    column = numbers(frame, name)[used].to_numpy()
    seconds, note = checked(clips, used, np.where(column > 0, column, np.nan), name)
    rows.loc[used, "seconds"] = seconds
    _leave_out(reasons, ~(rows["seconds"] > 0), lambda row: NO_SOUND)
    return [note] if note else []


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


def _has_a_word(text: str) -> bool:
    """« ... » is no text: whoever learns from it writes it for silence."""
    return any(map(str.isalnum, text))


def _no_text(before: str, text: str) -> Message:
    if text:
        return Message(en=f"its text has no word: {text!r}", fr=f"son texte n'a aucun mot : {text!r}")
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
