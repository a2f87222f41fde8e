"""Folders of calls: recordings with their transcripts beside them, of which the turns become clips.

A transcript has its recording's name, in any format of `transcripts.formats`, and lies beside it or in another folder;
of two channels, each may have its own (call.wav with call_left.srt and call_right.srt).
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from common.messages import Message, UserError
from corpus.alignment import pieces, timed
from corpus.clips import Files, Span
from corpus.layouts.card import licence_in
from corpus.layouts.columns import channels
from corpus.layouts.paths import find_files, key
from corpus.layouts.raw import NAMED, Call, LeftOut, Raw
from corpus.layouts.turns import BEYOND, clips_of
from speech.audio.containers import SOUNDS, header_seconds
from transcripts import formats
from transcripts.transcript import Transcript, Turn

PREFERRED = ("json", "chat", "eaf", "textgrid", "seglst", "stm", "ctm", "vtt", "srt", "csv", "docx", "txt")
OTHER = 0.5  # share of the turns that lie beyond the recording: then the transcript is of another one
ALIGNED = 0.3  # share of a text's parts that are found in its recording at least
WHOLE = 30.0  # seconds of a recording that a text without times is all of: a clip
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
    transcript: Transcript | None = None
    notes: tuple[Message, ...] = ()


def pairs(files: list[Path]) -> tuple[dict[Path, list[_Written]], list[LeftOut]]:
    """The recordings that have transcripts, with them; and the transcripts that have no recording."""
    recordings = {(file.parent, key(file.stem)): file for file in files if file.suffix.lower() in SOUNDS}
    times = Counter(stem for _, stem in recordings)
    elsewhere = {stem: file for (_, stem), file in recordings.items() if times[stem] == 1}  # wav/a.wav and txt/a.txt
    found, left_out = defaultdict(list), []
    for file in files:
        format = formats.format_for(file)
        if format not in PREFERRED or re.match(r"readme|licen[cs]e", file.name, re.IGNORECASE):
            continue
        ending = next(end for end in formats.FORMATS[format].EXTENSIONS if file.name.lower().endswith(end))
        stem = file.name[: -len(ending)]
        side = SIDE.fullmatch(stem)
        if recording := recordings.get((file.parent, key(stem))) or elsewhere.get(key(stem)):
            found[recording].append(_Written(file, None))
        elif side and (recording := recordings.get((file.parent, key(side[1]))) or elsewhere.get(key(side[1]))):
            found[recording].append(_Written(file, side[2]))
        else:
            left_out.append(LeftOut(file.name, NO_RECORDING))
    return dict(sorted(found.items())), left_out


def open_calls(folder: Path, files: list[Path], root: Path | None = None) -> Raw | None:
    """The turns of all calls in `folder` as clips, and the calls; None where no recording has a transcript.

    What cannot be used is left out with a reason: a file, or a turn.
    """
    inside = f"{os.path.realpath(root or folder)}/"
    files = [file for file in files if os.path.realpath(file).startswith(inside)]  # a link may lead anywhere
    found, left_out = pairs(files)
    if not found:
        return None
    rows, refused, notes, calls = [], {}, [], []
    for recording, written in found.items():
        name = recording.relative_to(folder).as_posix()
        there, unread = _read(written)
        left_out += unread
        if not there:
            continue
        try:
            there, lost = _aligned(there)
            chosen, others = _chosen(there)
            left_out += [*lost, *others]
            length = header_seconds(recording)
            turns = _turns(chosen, length, recording.name, notes)
        except UserError as error:
            left_out.append(LeftOut(name, Message(*(said.rstrip(".") for said in error.message))))
            continue
        calls.append(Call(name, recording, tuple(turns)))
        for clip, reason in clips_of(turns, length):
            if reason:
                refused[len(rows)] = reason
            side = clip["speaker"] if clip["channel"] is None else clip["channel"]
            called = f"{name}#{side}@{clip['start']:g}"
            rows.append({"id": called, "file": name, "call": _call(recording, found), **clip})
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


def _read(written: list[_Written]) -> tuple[list[_Written], list[LeftOut]]:
    """The transcripts of a recording that can be read, and the others."""
    found, left_out = [], []
    for each in written:
        notes: list[Message] = []
        try:
            found.append(each._replace(transcript=formats.read(each.file, notes=notes), notes=tuple(notes)))
        except UserError as error:
            left_out.append(LeftOut(each.file.name, Message(*(said.rstrip(".") for said in error.message))))
    return found, left_out


def _chosen(written: list[_Written]) -> tuple[list[_Written], list[LeftOut]]:
    """The transcripts of a recording that are taken: one, or one a channel; and the others."""
    by_side: dict[str | None, list[_Written]] = defaultdict(list)
    for each in written:
        by_side[each.side and each.side.lower()].append(each)
    if None in by_side:
        by_side = {None: [*by_side.pop(None), *(each for others in by_side.values() for each in others)]}
    chosen, left_out = [], []
    for files in by_side.values():
        files.sort(key=_rank)
        chosen.append(files[0])
        left_out += [LeftOut(other.file.name, _second(files[0].file.name)) for other in files[1:]]
    return chosen, left_out


def _rank(each: _Written) -> tuple:
    """What people wrote comes before what a model did, and what has times before what has none."""
    format = PREFERRED.index(formats.format_for(each.file))
    return each.side is not None, not each.transcript.timed, bool(each.transcript.model), format


def _turns(written: list[_Written], length: float, recording: str, notes: list[Message]) -> list[Turn]:
    """The turns of a call with their channels, by start. Raises UserError where they cannot be of this recording."""
    sides, _ = channels([each.side for each in written])
    found: list[Turn] = []
    for each, side in zip(written, sides, strict=True):
        notes += [Message(*(f"{each.file.name}: {said.rstrip('.')}" for said in note)) for note in each.notes]
        turns = each.transcript.turns
        if not each.transcript.timed and length <= WHOLE and len({turn.speaker for turn in turns}) == 1:
            turns = [Turn(0.0, length, " ".join(turn.text for turn in turns), speaker=turns[0].speaker)]
        elif not each.transcript.timed:
            raise UserError(
                en=f"{each.file.name} has no times: give them, or transcribe the recording beside it (python -m speech "
                "transcribe --words --format json) to find them by.",
                fr=f"{each.file.name} n'a pas de temps : donnez-les, ou transcrivez l'enregistrement à côté (python -m "
                "speech transcribe --words --format json) pour les retrouver.",
            )
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


def _aligned(written: list[_Written]) -> tuple[list[_Written], list[LeftOut]]:
    """A text without times, with those of what Allô transcribed beside it; and its turns that are not found there."""
    plain = [each for each in written if not each.transcript.timed]
    models = [each for each in written if each.transcript.model and any(turn.words for turn in each.transcript.turns)]
    if len(plain) != 1 or len(models) != 1 or len(written) != 2:
        return written, []
    text, model = plain[0], models[0]
    parts = [part for turn in text.transcript.turns for part in pieces(turn)]
    found, missing = timed(parts, model.transcript.turns)
    if len(found) < ALIGNED * len(parts):
        raise UserError(
            en=f"{text.file.name} is of another recording: {len(found)} of its {len(parts)} parts are found in what "
            f"was transcribed ({model.file.name}).",
            fr=f"{text.file.name} est d'un autre enregistrement : {len(found)} de ses {len(parts)} parties se "
            f"retrouvent dans ce qui a été transcrit ({model.file.name}).",
        )
    note = Message(
        en=f"{len(found)} of its {len(parts)} parts have their times from {model.file.name}",
        fr=f"{len(found)} de ses {len(parts)} parties ont leurs temps de {model.file.name}",
    )
    transcript = replace(text.transcript, turns=found)
    left_out = [LeftOut(text.file.name, _not_found(lost.after, lost.turn.text)) for lost in missing]
    return [text._replace(transcript=transcript, notes=(*text.notes, note))], left_out


def _not_found(after: float, text: str) -> Message:
    return Message(
        en=f"not found in the recording after {after:.1f} s: {text!r}",
        fr=f"introuvable dans l'enregistrement après {after:.1f} s : {text!r}",
    )


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


NO_RECORDING = Message(en="there is no recording of its name", fr="il n'y a pas d'enregistrement de ce nom")
NO_TRANSCRIPT = Message(en="it has no transcript beside it", fr="il n'a pas de transcription à côté")


def _second(first: str) -> Message:
    return Message(
        en=f"its recording has another transcript, {first}, which is read: keep one of them",
        fr=f"son enregistrement a une autre transcription, {first}, qui est lue : gardez-en une",
    )
