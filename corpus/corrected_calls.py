"""Keeps corrected turns as a corpus: a folder of clips and metadata in the layout of `datasets`' audiofolder."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from filelock import FileLock

from common.messages import UserError
from corpus.clips import as_wav
from speech.audio.decode import SAMPLE_RATE, stream
from transcripts.transcript import Turn

METADATA = "metadata.jsonl"
BESIDE = ".adding-"


def keep(
    folder: str | os.PathLike,
    recording: str | os.PathLike,
    turns: Sequence[Turn],
    *,
    call: str,
    consent: bool,
    language: str = "fr",
    mix: bool = False,
) -> int:
    """Adds turns of a recording to the corpus in `folder` and returns how many; `corpus.load` opens the corpus.

    Each turn becomes a clip (16-bit WAV at 16 kHz of its channel; with `mix`, the mean of all channels) and a line of
    metadata: file_name, text, call, channel, speaker, start, end, seconds, consent, language, added. A turn with the
    same call, channel and start replaces the one that was kept before. The clips are written first and the metadata
    last, in one rename; a second writer waits for the first.
    Raises UserError without consent, for a turn without text or outside the recording, for a recording that cannot be
    read, and where the folder cannot be written; nothing has changed then.
    """
    _check(turns, call, consent)
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            for left_over in folder.glob(f"{BESIDE}*"):
                shutil.rmtree(left_over)
            with tempfile.TemporaryDirectory(prefix=BESIDE, dir=folder) as beside:
                clips = _cut(recording, turns, mix)
                rows = [_written(Path(beside), turn, samples, call, language) for turn, samples in clips]
                rows = {_place(row): row for row in rows}  # a turn that was given twice is one
                _move_in(folder, Path(beside), rows)
    except OSError as error:
        raise _refusal(error, folder) from error
    return len(rows)


def _check(turns: Sequence[Turn], call: str, consent: bool) -> None:
    if not consent:
        raise UserError(
            en="Nothing is kept without the consent of those who speak: tick the box if you have it.",
            fr="Rien n'est gardé sans l'accord de ceux qui parlent : cochez la case si vous l'avez.",
        )
    if not call.strip():
        raise UserError(
            en="The call has no name: give one, so that its turns stay together.",
            fr="L'appel n'a pas de nom : donnez-en un, pour que ses tours de parole restent ensemble.",
        )
    if not turns:
        raise UserError(
            en="There is no turn to keep: choose one at least.",
            fr="Il n'y a aucun tour de parole à garder : choisissez-en au moins un.",
        )
    for turn in turns:
        if not turn.text.strip():
            raise UserError(
                en=f"The turn at {turn.start:.1f} s has no text: write what is said, or leave it out.",
                fr=f"Le tour de parole à {turn.start:.1f} s n'a pas de texte : écrivez ce qui est dit, ou retirez-le.",
            )


def _cut(recording: str | os.PathLike, turns: Iterable[Turn], mix: bool) -> Iterator[tuple[Turn, np.ndarray]]:
    """Yields each turn with its samples (float32, mono, 16 kHz) while the recording is streamed."""
    waiting = [(turn, _samples(turn), []) for turn in sorted(turns, key=lambda turn: turn.end)]
    at = 0
    with stream(recording) as blocks:
        for block in blocks:
            for turn, (first, last), cut in waiting:
                if first < at + block.shape[1] and last > at:
                    cut.append(_samples_of(block[:, max(0, first - at) : last - at], turn, mix))
            at += block.shape[1]
            while waiting and waiting[0][1][1] <= at:
                turn, _, cut = waiting.pop(0)
                yield turn, _joined(turn, cut)
    for turn, _, cut in waiting:  # a turn may end a little after its recording
        yield turn, _joined(turn, cut)


def _samples(turn: Turn) -> tuple[int, int]:
    return max(0, round(turn.start * SAMPLE_RATE)), round(turn.end * SAMPLE_RATE)


def _samples_of(block: np.ndarray, turn: Turn, mix: bool) -> np.ndarray:
    if mix:
        return block.mean(axis=0)
    if turn.channel >= len(block):
        raise UserError(
            en=f"The turn at {turn.start:.1f} s is of channel {turn.channel} and the recording has {len(block)}: "
            "give the recording that it was transcribed from.",
            fr=f"Le tour de parole à {turn.start:.1f} s est du canal {turn.channel} et l'enregistrement en a "
            f"{len(block)} : donnez l'enregistrement d'où il a été transcrit.",
        )
    return block[turn.channel].copy()  # a view would hold the whole block


def _joined(turn: Turn, cut: list[np.ndarray]) -> np.ndarray:
    if not sum(map(len, cut)):
        raise UserError(
            en=f"The turn from {turn.start:.1f} to {turn.end:.1f} s is not in the recording: correct its times.",
            fr=f"Le tour de parole de {turn.start:.1f} à {turn.end:.1f} s n'est pas dans l'enregistrement : "
            "corrigez ses temps.",
        )
    return np.concatenate(cut)


def _written(beside: Path, turn: Turn, samples: np.ndarray, call: str, language: str) -> dict:
    """Writes the clip of a turn beside the corpus and returns its row. The file's name does not tell the call's."""
    start, end = round(turn.start, 3), round(turn.end, 3)
    name = Path("clips", hashlib.sha256(call.encode()).hexdigest()[:16], f"{turn.channel}-{start:.3f}-{end:.3f}.wav")
    (beside / name).parent.mkdir(parents=True, exist_ok=True)
    (beside / name).write_bytes(as_wav(samples))
    return {
        "file_name": name.as_posix(),
        "text": " ".join(turn.text.split()),
        "call": call,
        "channel": turn.channel,
        "speaker": turn.speaker,
        "start": start,
        "end": end,
        "seconds": round(len(samples) / SAMPLE_RATE, 3),
        "consent": True,
        "language": language,
        "added": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _move_in(folder: Path, beside: Path, rows: dict[tuple, dict]) -> None:
    """Moves the clips into the corpus, then replaces the metadata that names them; all is on this disk already."""
    metadata = folder / METADATA
    before = metadata.read_text(encoding="utf-8-sig").split("\n") if metadata.is_file() else []
    before = [(line, _row(line)) for line in before if line.strip()]
    lines = [line for line, row in before if _place(row) not in rows]
    lines += [json.dumps(row, ensure_ascii=False) for row in rows.values()]
    with open(beside / "lines", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    names = {row["file_name"] for row in rows.values()}
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    for name in names:
        (beside / name).replace(folder / name)
    (beside / "lines").replace(metadata)
    for name in {row["file_name"] for _, row in before if _place(row) in rows} - names:
        (folder / name).unlink(missing_ok=True)


def _row(line: str) -> dict:
    """A line of metadata; one that someone else wrote stays as it is and has no place."""
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def _place(row: dict) -> tuple:
    """What makes two rows the same turn."""
    return tuple(row.get(key) for key in ("call", "channel", "start"))


def _refusal(error: OSError, folder: Path) -> UserError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(
            en=f"The disk is full: free some space for the corpus in {folder}. Nothing was added.",
            fr=f"Le disque est plein : libérez de la place pour le corpus dans {folder}. Rien n'a été ajouté.",
        )
    return UserError(
        en=f"The corpus in {folder} cannot be written ({error.strerror}): name another folder.",
        fr=f"Le corpus dans {folder} n'est pas inscriptible ({error.strerror}) : nommez un autre dossier.",
    )
