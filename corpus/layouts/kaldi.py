"""Kaldi's data directories: wav.scp, text, and perhaps segments, utt2spk and reco2file_and_channel.

Their format: kaldi-asr.org/doc/data_prep.html. Commands in wav.scp are never run.
"""

from pathlib import Path

import pandas as pd

from common.messages import Message
from corpus.layouts.manifest import read_text

COLUMNS = ["id", "file", "text", "start", "end", "speaker", "channel", "call"]
MARKS = ("wav.scp", "text")  # what makes a folder such a directory


def read_kaldi(folder: Path) -> tuple[pd.DataFrame, dict[int, Message]]:
    """Reads utterances as id, file, text and, where they are known, start, end, speaker, channel and call.

    Also gives why some have no file, by their row.
    """
    recordings = _table(folder / "wav.scp")
    segments = {name: line.split() for name, line in _table(folder / "segments").items()}
    speakers, sides = _table(folder / "utt2spk"), _table(folder / "reco2file_and_channel")
    rows, refused = [], {}
    for row, (name, text) in enumerate(_table(folder / "text").items()):
        recording, *times = segments.get(name, [name] if not segments else [""])
        file = recordings.get(recording, "")
        if file.endswith("|"):
            refused[row] = Message(
                en="its recording is a command, which is not run: name the file itself in wav.scp",
                fr="son enregistrement est une commande, qui n'est pas exécutée : nommez le fichier même dans wav.scp",
            )
        elif not file:
            refused[row] = Message(
                en=f"wav.scp has no recording {recording or name!r}",
                fr=f"wav.scp n'a pas d'enregistrement {recording or name!r}",
            )
        start, end = times[:2] if len(times) >= 2 else (None, None)
        side = sides.get(recording, "").split()[1:]
        rows.append(
            {
                "id": name,
                "file": file,
                "text": text,
                "start": start,
                "end": None if end == "-1" else end,
                "speaker": speakers.get(name),
                "channel": side[0] if side else None,
                "call": recording if segments else None,
            }
        )
    frame = pd.DataFrame(rows, columns=COLUMNS, dtype=object)
    return frame.drop(columns=[name for name in COLUMNS[3:] if frame[name].isna().all()]), refused


def _table(path: Path) -> dict[str, str]:
    """The lines of a file as key and rest; none where there is no such file. Raises UserError for what is no text."""
    if not path.is_file():
        return {}
    parts = (line.strip().split(maxsplit=1) for line in read_text(path).split("\n"))
    return {part[0]: part[1] if len(part) > 1 else "" for part in parts if part}
