"""Two recordings of one call, one of each party, as one recording of two channels.

Asterisk's MixMonitor and others write them: what comes in and what goes out, in two files.
"""

import re
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from common.messages import Message, UserError
from common.pcm import to_int16
from speech.audio.decode import Stream, shown_name, stream

SIDES = (("in", "out"), ("rx", "tx"), ("r", "t"), ("left", "right"), ("caller", "callee"))  # endings of the names
NAME = re.compile(rf"(?i)(.*)[-_. ]({'|'.join(side for sides in SIDES for side in sides)})")
APART = 0.5  # seconds by which the lengths may differ without a word: two recorders stop one after the other


def pairs(names: Sequence[str]) -> list[tuple[int, int]]:
    """The places of the names that are two sides of a call, the first channel first: `x-in.wav` and `x-out.wav`."""
    found, known = [], {}
    for place, name in enumerate(names):
        if parts := NAME.fullmatch(Path(name).stem):
            known.setdefault((str(Path(name).parent), parts[1].casefold(), parts[2].casefold()), place)
    for (folder, call, side), place in known.items():
        for first, second in SIDES:
            if side == first and (other := known.get((folder, call, second))) is not None:
                found.append((place, other))
    return found


def pair_name(name: str) -> str:
    """What the call is called: the name of a side without its ending."""
    parts = NAME.fullmatch(Path(name).stem)
    return f"{parts[1] if parts else Path(name).stem}.wav"


def join(first: Path, second: Path, target: Path) -> list[Message]:
    """Writes the call as a WAV: 16 bits, at the higher of the two rates, the shorter side with silence after its end.

    Gives a sentence for each thing in which the two differ. Raises UserError for a side that cannot be read, or that
    has several channels already.
    """
    with stream(first, rate=None) as one, stream(second, rate=None) as other:
        facts = one.facts, other.facts
    for each in facts:
        if each.channels > 1:
            name = shown_name(each.path)
            raise UserError(
                en=f"“{name}” has {each.channels} channels: a side of a call has one. Transcribe it by itself.",
                fr=f"« {name} » a {each.channels} canaux : un côté d'un appel en a un. Transcrivez-le seul.",
            )
    rate = max(each.sample_rate for each in facts)
    with stream(first, rate=rate) as one, stream(second, rate=rate) as other, wave.open(str(target), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        lengths = [0, 0]
        for block in _together(one, other, lengths):
            file.writeframes(to_int16(block.T).tobytes())
    return _notes(facts, [length / rate for length in lengths])


def _together(one: Stream, other: Stream, lengths: list[int]) -> Iterator[np.ndarray]:
    """Blocks of both sides, (2, samples); `lengths` counts the samples of each."""
    sides, waiting = [iter(one), iter(other)], [np.zeros(0, np.float32), np.zeros(0, np.float32)]
    over = [False, False]
    while not all(over) or any(map(len, waiting)):
        for side in (0, 1):
            while not over[side] and not len(waiting[side]):
                block = next(sides[side], None)
                over[side] = block is None
                if block is not None:
                    waiting[side] = block[0]
                    lengths[side] += block.shape[1]
        here = [len(each) for each in waiting if len(each)]
        if not here:
            return
        count = min(here)
        yield np.stack([np.pad(each[:count], (0, count - len(each[:count]))) for each in waiting])
        waiting = [each[count:] for each in waiting]


def _notes(facts: Sequence, seconds: Sequence[float]) -> list[Message]:
    notes = []
    (one, other), names = facts, [shown_name(each.path) for each in facts]
    if one.sample_rate != other.sample_rate:
        notes.append(
            Message(
                en=f"“{names[0]}” has {one.sample_rate} Hz and “{names[1]}” {other.sample_rate}: the higher is taken.",
                fr=f"« {names[0]} » est à {one.sample_rate} Hz et « {names[1]} » à {other.sample_rate} : la plus haute "
                "fréquence est gardée.",
            )
        )
    if abs(seconds[0] - seconds[1]) > APART:
        short, by = names[seconds[0] > seconds[1]], abs(seconds[0] - seconds[1])
        notes.append(
            Message(
                en=f"“{short}” is {by:.1f} s shorter than the other side: silence follows it.",
                fr=f"« {short} » dure {by:.1f} s de moins que l'autre côté : un silence le complète.",
            )
        )
    return notes
