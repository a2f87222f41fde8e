"""Folders of calls: recordings with their transcripts beside them, of which the turns become clips.

A transcript has its recording's name, in any format of `transcripts.formats`; of two channels, each may have its own
(call.wav with call_left.srt and call_right.srt).
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from common.messages import Message, UserError
from corpus.clips import Files, Span
from corpus.layouts.card import licence_in
from corpus.layouts.columns import channels
from corpus.layouts.paths import SOUNDS, find_files, key
from corpus.layouts.raw import NAMED, Call, LeftOut, Raw
from speech.audio.containers import header_seconds
from transcripts import formats
from transcripts.transcript import Turn

PREFERRED = ("json", "chat", "eaf", "textgrid", "seglst", "stm", "ctm", "vtt", "srt", "csv", "docx", "txt")
PADDING = 0.2  # seconds before and after a turn, where no other turn stands
LONGEST = 30.0  # seconds of a clip: Whisper's window
OVERLAP = 0.1  # seconds that two turns of a channel have in common, so that their clips are marked
BEYOND = 0.5  # seconds that a turn may end behind its recording: it was rounded
OTHER = 0.5  # share of the turns that lie beyond the recording: then the transcript is of another one
HALF, REST = 0.8, 30.0  # share of a recording that a transcript reaches at least, and seconds after it
SIDE = re.compile(
    r"(.+?)[-_. ]((?:channel|canal|chan|ch|c)?[-_ ]?(?:[0-2]|[ab])|left|right|l|r|agent|client|customer|caller|callee|"
    r"gauche|droite)",
    re.IGNORECASE,
)


class _Written(NamedTuple):
    """A transcript beside a recording."""

    file: Path
    side: str | None  # the channel that its name tells


def pairs(files: list[Path]) -> tuple[dict[Path, list[_Written]], list[LeftOut]]:
    """The recordings that have transcripts, with them; and the transcripts that have no recording."""
    recordings = {(file.parent, key(file.stem)): file for file in files if file.suffix.lower() in SOUNDS}
    found, left_out = defaultdict(list), []
    for file in files:
        format = formats.format_for(file)
        if format not in PREFERRED or re.match(r"readme|licen[cs]e", file.name, re.IGNORECASE):
            continue
        ending = next(end for end in formats.FORMATS[format].EXTENSIONS if file.name.lower().endswith(end))
        stem = file.name[: -len(ending)]
        side = SIDE.fullmatch(stem)
        if recording := recordings.get((file.parent, key(stem))):
            found[recording].append(_Written(file, None))
        elif side and (recording := recordings.get((file.parent, key(side[1])))):
            found[recording].append(_Written(file, side[2]))
        else:
            left_out.append(LeftOut(file.name, NO_RECORDING))
    return dict(sorted(found.items())), left_out


def open_calls(folder: Path, files: list[Path], root: Path | None = None) -> Raw | None:
    """The turns of all calls in `folder` as clips, and the calls; None where no recording has a transcript.

    What cannot be used is left out with a reason: a file, or a turn.
    """
    found, left_out = pairs(files)
    if not found:
        return None
    rows, refused, notes, calls = [], {}, [], []
    for recording, written in found.items():
        name = recording.relative_to(folder).as_posix()
        chosen, others = _chosen(written)
        left_out += others
        try:
            length = header_seconds(recording)
            turns = _turns(chosen, length, recording.name, notes)
        except UserError as error:
            left_out.append(LeftOut(name, Message(*(said.rstrip(".") for said in error.message))))
            continue
        calls.append(Call(name, recording, tuple(turns)))
        for clip, reason in _clips(turns, length):
            if reason:
                refused[len(rows)] = reason
            rows.append({"file": name, "call": _call(recording, found), **clip})
    without = [file for file in files if file.suffix.lower() in SOUNDS and file not in found]
    left_out += [LeftOut(file.relative_to(folder).as_posix(), NO_TRANSCRIPT) for file in without]
    if not rows:
        where, reason = left_out[0]
        raise UserError(
            en=f"{folder} has no call that can be used; the first ({where}): {reason.en}.",
            fr=f"{folder} n'a aucun appel utilisable ; le premier ({where}) : {reason.fr}.",
        )
    frame = pd.DataFrame(rows)
    clips, missing = find_files(frame["file"].tolist(), [folder] * len(frame), folder, root)
    spans = {row: Span(*frame.at[row, "span"]) for row in range(len(frame)) if row not in refused}
    clips = Files(clips.names, clips.paths, clips.facts, spans)
    frame = frame.drop(columns="span")
    count = Message(
        en=f"{len(calls)} calls with their transcripts: the clips are their turns",
        fr=f"{len(calls)} appels avec leurs transcriptions : les extraits en sont les tours de parole",
    )
    return Raw(
        folder.name,
        str(folder),
        licence_in(folder),
        NAMED,
        frame,
        clips,
        missing | refused,
        tuple(left_out),
        (count, *notes),
        calls=tuple(calls),
    )


def _call(recording: Path, found: dict[Path, list[_Written]]) -> str:
    """The call of a recording: call_left.wav and call_right.wav are two channels of one."""
    side = SIDE.fullmatch(recording.stem)
    if side and not side[2][-1].isdigit():
        others = [other for other in found if (match := SIDE.fullmatch(other.stem)) and match[1] == side[1]]
        if len(others) == 2 and all(other.parent == recording.parent for other in others):
            return side[1]
    return recording.stem


def _chosen(written: list[_Written]) -> tuple[list[_Written], list[LeftOut]]:
    """The transcripts of a recording that are read: one, or one a channel; and the others."""
    by_side: dict[str | None, list[_Written]] = defaultdict(list)
    for each in written:
        by_side[each.side and each.side.lower()].append(each)
    if None in by_side:
        by_side = {None: [*by_side.pop(None), *(each for others in by_side.values() for each in others)]}
    chosen, left_out = [], []
    for files in by_side.values():
        files.sort(key=lambda each: (each.side is not None, PREFERRED.index(formats.format_for(each.file))))
        chosen.append(files[0])
        left_out += [LeftOut(other.file.name, _second(files[0].file.name)) for other in files[1:]]
    return chosen, left_out


def _turns(written: list[_Written], length: float, recording: str, notes: list[Message]) -> list[Turn]:
    """The turns of a call with their channels, by start. Raises UserError where they cannot be of this recording."""
    sides, _ = channels([each.side for each in written])
    found: list[Turn] = []
    for each, side in zip(written, sides, strict=True):
        mended: list[Message] = []
        transcript = formats.read(each.file, notes=mended)
        notes += [Message(*(f"{each.file.name}: {said.rstrip('.')}" for said in note)) for note in mended]
        if not transcript.timed:
            raise UserError(
                en=f"{each.file.name} has no times, and its turns cannot be found in the recording: "
                "give subtitles, or a transcript with times.",
                fr=f"{each.file.name} n'a pas de temps, et ses tours de parole ne peuvent être trouvés dans "
                "l'enregistrement : donnez des sous-titres, ou une transcription avec des temps.",
            )
        turns = transcript.turns
        if side is not None:
            turns = [replace(turn, channel=side, speaker=turn.speaker or each.side) for turn in turns]
        found += turns
    beyond = sum(turn.end > length + BEYOND for turn in found)
    if np.isnan(length) or beyond > OTHER * len(found):
        raise UserError(
            en=f"{written[0].file.name} is of another recording: {beyond} of its {len(found)} turns lie after the end "
            f"of {recording}.",
            fr=f"{written[0].file.name} est d'un autre enregistrement : {beyond} de ses {len(found)} tours de parole "
            f"sont après la fin de {recording}.",
        )
    notes += _doubts(found, length, written[0].file.name)
    return sorted(found, key=lambda turn: turn.start)


def _doubts(turns: list[Turn], length: float, name: str) -> Iterator[Message]:
    """What looks wrong in a transcript, though it can be used."""
    last = max((turn.end for turn in turns if turn.end <= length + BEYOND), default=0.0)
    if last < HALF * length and length - last > REST:
        yield Message(
            en=f"{name} ends at {last:.0f} s of {length:.0f}: what comes after is not used",
            fr=f"{name} finit à {last:.0f} s sur {length:.0f} : la suite n'est pas utilisée",
        )
    by_speaker = defaultdict(set)
    for turn in turns:
        by_speaker[turn.speaker].add(turn.channel)
    both = [speaker for speaker, there in by_speaker.items() if speaker and len(there) > 1]
    if both:
        yield Message(
            en=f"{name} has {', '.join(both)} on several channels: check who speaks where",
            fr=f"{name} a {', '.join(both)} sur plusieurs canaux : vérifiez qui parle où",
        )


def _clips(turns: list[Turn], length: float) -> Iterator[tuple[dict, Message | None]]:
    """Each turn as the cells of a clip, divided where it is too long for one; and why it cannot be used."""
    split = len({turn.channel for turn in turns}) > 1
    by_channel = defaultdict(list)
    for turn in turns:
        by_channel[turn.channel].append(turn)
    for turn in turns:
        for part in _divided(turn):
            others = [other for other in by_channel[turn.channel] if other is not turn]
            first, last = _padded(part, others, length)
            cells = {
                "text": part.text,
                "start": round(part.start, 3),
                "end": round(part.end, 3),
                "channel": part.channel if split and part.channel < 2 else None,
                "speaker": part.speaker,
                "overlap": any(min(part.end, o.end) - max(part.start, o.start) > OVERLAP for o in others),
                "span": (first, last),
            }
            yield cells, _wrong(part, length)


def _divided(turn: Turn) -> list[Turn]:
    """The turn in parts that a clip can hold, where its words have times."""
    if turn.end - turn.start + 2 * PADDING <= LONGEST or not turn.words:
        return [turn]
    parts = [[turn.words[0]]]
    for word in turn.words[1:]:
        if word.end - parts[-1][0].start + 2 * PADDING > LONGEST:
            parts.append([])
        parts[-1].append(word)
    return [
        replace(turn, start=words[0].start, end=words[-1].end, text=" ".join(w.text for w in words), words=tuple(words))
        for words in parts
    ]


def _padded(turn: Turn, others: list[Turn], length: float) -> tuple[float, float]:
    """The turn with some silence around it, up to the middle of the pause to the turns beside it."""
    before = max((other.end for other in others if other.end <= turn.start), default=0.0)
    after = min((other.start for other in others if other.start >= turn.end), default=length)
    room = max(0.0, LONGEST - (turn.end - turn.start)) / 2
    start = max(0.0, turn.start - min(PADDING, room, (turn.start - before) / (2 if before else 1)))
    end = min(length, turn.end + min(PADDING, room, max(0.0, after - turn.end) / (2 if after < length else 1)))
    return round(float(start), 4), round(float(end), 4)


def _wrong(turn: Turn, length: float) -> Message | None:
    if turn.end > length + BEYOND or turn.start >= length:
        return Message(
            en=f"it ends at {turn.end:.1f} s and its recording at {length:.1f} s",
            fr=f"il finit à {turn.end:.1f} s et son enregistrement à {length:.1f} s",
        )
    if turn.end <= turn.start:
        return Message(en="it has no duration", fr="il n'a pas de durée")
    if turn.end - turn.start > LONGEST:
        return Message(
            en=f"it lasts {turn.end - turn.start:.0f} s and a clip {LONGEST:g} s at most: give the times of its words",
            fr=f"il dure {turn.end - turn.start:.0f} s et un extrait {LONGEST:g} s au plus : donnez les temps de ses "
            "mots",
        )
    return None


NO_RECORDING = Message(en="there is no recording of its name", fr="il n'y a pas d'enregistrement de ce nom")
NO_TRANSCRIPT = Message(en="it has no transcript beside it", fr="il n'a pas de transcription à côté")


def _second(first: str) -> Message:
    return Message(
        en=f"its recording has another transcript, {first}, which is read: keep one of them",
        fr=f"son enregistrement a une autre transcription, {first}, qui est lue : gardez-en une",
    )
