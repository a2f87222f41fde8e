"""The chunks of a WAV file: where its sound is, and how much of it, whatever the header says."""

import os
import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

CHUNK_NAME = re.compile(rb"[A-Za-z0-9_ ]{4}")
MAX_CHUNKS = 1000  # a file can hold millions of empty ones
PADDING = 4096  # bytes of zeros after the sound that make it padding
UNCOMPRESSED = {1, 3, 6, 7, 0xFFFE}  # format tags whose bytes tell the time: PCM, float, A-law, mu-law, extensible


@dataclass(frozen=True)
class WaveHeader:
    sounds: tuple[tuple[int, int], ...]  # of each chunk of sound, where it begins and its length, in bytes
    outgrown: bool  # the last one goes on to the end of the file, though its header says less
    rate: int = 0  # Hz
    frame: int = 0  # bytes of one sample of all channels
    tag: int = 0  # of the codec

    @property
    def seconds(self) -> float | None:
        """None where the bytes do not tell."""
        if self.tag not in UNCOMPRESSED or not (self.rate and self.frame and self.sounds):
            return None
        return sum(length // self.frame for _, length in self.sounds) / self.rate


def wave_header(file: BinaryIO) -> WaveHeader | None:
    """None for what is no WAV. A length of 0, or beyond the end of the file, is what a recorder leaves that was
    ended, and bytes after the sound that are no chunk are sound that came after the header was last written."""
    end, sounds, outgrown, codec = file.seek(0, os.SEEK_END), [], False, (0, 0, 0)
    at = 0
    for _ in range(MAX_CHUNKS):
        name, length = _chunk(file, at)
        if name == b"RIFF":
            file.seek(at + 8)
            if file.read(4) != b"WAVE":
                return None
            at += 12
            continue
        if not at:
            return None
        body = at + 8
        if not CHUNK_NAME.fullmatch(name):
            outgrown = bool(sounds) and _is_sound(file, at, end)
            break
        if name == b"data":
            follows = _chunk(file, body + length + length % 2)[0]
            if body + length > end or (not length and not CHUNK_NAME.fullmatch(follows)):
                length = end - body
            sounds.append((body, length))
        elif name == b"fmt ":
            file.seek(body)
            tag, _, rate, _, frame = struct.unpack("<HHIIH", file.read(14).ljust(14, b"\0"))
            codec = rate, frame, tag
        at = body + length
        if length % 2 and not CHUNK_NAME.fullmatch(_chunk(file, at)[0]):  # some recorders leave the padding out
            at += 1
    if outgrown:
        sounds[-1] = sounds[-1][0], end - sounds[-1][0]
    return WaveHeader(tuple(sound for sound in sounds if sound[1]), outgrown, *codec)


def _chunk(file: BinaryIO, at: int) -> tuple[bytes, int]:
    """Name and length of the chunk there; no name where the file has ended."""
    file.seek(at)
    head = file.read(8)
    return struct.unpack("<4sI", head) if len(head) == 8 else (b"", 0)


def _is_sound(file: BinaryIO, at: int, end: int) -> bool:
    file.seek(at)
    return end - at >= PADDING and any(file.read(PADDING))
