"""A recording becomes a waveform: whatever file people have, decoded at its own rate, its channels apart, at 16 kHz."""

import math
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import chain, groupby, takewhile
from operator import itemgetter
from pathlib import Path

import av
import numpy as np

from common.messages import UserError
from speech.audio import limits
from speech.audio.containers import Raw, announced, audio_track, demuxed, opened
from speech.audio.resampling import resampled
from transcripts.transcript import AudioFacts

SAMPLE_RATE = 16_000
MAX_BROKEN_PACKETS = 10_000  # a table of samples can point at the same bad bytes without end
MAX_ODD_FRAMES = 20  # with other channels than the first: a few are damage, more are another recording
LOST_SOUND = 0.1, 600.0  # seconds: a jump of the clock between is sound that is missing, neither jitter nor a new clock

# Demuxers in which a seek comes out at the time that the frames then tell; of others, those that hold PCM are as exact.
SEEKABLE = ("flac", "ogg", "mov,mp4,m4a,3gp,3g2,mj2")
AROUND = 0.25  # seconds before and after a part: what the resampling filter and the codecs reach
# FFmpeg's sample formats, packed or planar: type, what stands for silence, full scale.
SAMPLES = {
    "u8": (np.uint8, 128, 2**7),
    "s16": (np.int16, 0, 2**15),
    "s32": (np.int32, 0, 2**31),
    "s64": (np.int64, 0, 2**63),
    "flt": (np.float32, 0, 1),
    "dbl": (np.float64, 0, 1),
}


@dataclass(frozen=True)
class Recording:
    facts: AudioFacts
    waveform: np.ndarray  # float32, (channels, samples) at 16 kHz, -1 to 1


@dataclass(frozen=True)
class Stream:
    """A recording that is decoded while one iterates, once."""

    facts: AudioFacts  # seconds: what the header says, NaN where it says nothing; only decoding tells for sure
    blocks: Iterator[np.ndarray]  # float32, (channels, samples) at `rate`, -1 to 1; a minute or so each
    rate: int = SAMPLE_RATE  # Hz

    def __iter__(self) -> Iterator[np.ndarray]:
        return self.blocks


def read(
    source: str | os.PathLike | bytes,
    name: str | None = None,
    start: float = 0.0,
    end: float = math.inf,
    raw: Raw | None = None,
) -> Recording:
    """The recording in a local file, or the sound of a video; or in bytes, which are such a file.

    `name` is what it is called where `source` does not say that; its extension tells how a file without a header is
    coded. With `start` and `end` it is what lies between them, in seconds; most formats are not decoded up to there. Of
    several audio tracks, FFmpeg's choice of the main one is taken. A file that was cut or is damaged in places gives
    what can be decoded of it; silence stands where sound is missing, so that times stay right. `raw` says what a file
    without a header holds, else its extension does.

    Raises `UserError` for what is not such a file, holds no sound, or is beyond one of the `limits`.
    """
    with stream(source, name, start, end, raw) as blocks:
        waveform = _whole(blocks, end - start)
    return Recording(replace(blocks.facts, seconds=waveform.shape[1] / SAMPLE_RATE), waveform)


@contextmanager
def stream(
    source: str | os.PathLike | bytes,
    name: str | None = None,
    start: float = 0.0,
    end: float = math.inf,
    raw: Raw | None = None,
    rate: int | None = SAMPLE_RATE,
) -> Iterator[Stream]:
    """The same as `read`, decoded block by block: the memory of a minute, whatever the length.

    `rate`: of the blocks, in Hz; None for the file's own, at which its sound stays as it is.
    Raises `UserError` as `read` does; that the file lasts too long may turn out on the way.
    """
    path = name or ("clip" if isinstance(source, bytes) else os.fspath(source))
    name = shown_name(path)
    with opened(source, path, name) as file, demuxed(file, name, raw) as container:
        track = audio_track(container, file, name)
        codec = track.codec_context.codec.canonical_name
        origin = (container.start_time or 0) / av.time_base
        frames, begun = _frames(container, track, name), origin
        if start or end < math.inf:
            frames, begun = _between(container, codec, frames, origin + start, origin + end)
        pieces = _pieces(frames, begun, name)
        first = next(pieces, None)
        if first is None:
            raise UserError(
                en=f"“{name}” holds no sound that can be decoded ({codec}): record or export it again.",
                fr=f"« {name} » ne contient aucun son décodable ({codec}) : enregistrez-le ou exportez-le à nouveau.",
            )
        native, samples = first
        facts = AudioFacts(path, announced(container, file) or math.nan, native, len(samples), codec)
        rate = rate or native
        with closing(_blocks(chain([first], pieces), rate)) as blocks:
            before = origin + start - begun  # seconds that were decoded and are not wanted
            whole = not before and end == math.inf
            yield Stream(facts, blocks if whole else _cut(blocks, before, before + end - start, rate), rate)


def _between(
    container, codec: str, frames: Iterator[av.AudioFrame], start: float, end: float
) -> tuple[Iterator[av.AudioFrame], float]:
    """The frames around what lies between two of the container's times, and the time of the first of them."""
    begun = origin = (container.start_time or 0) / av.time_base
    exact = container.format.name in SEEKABLE or codec.startswith("pcm_")
    if exact and start - AROUND > origin:
        container.seek(round((start - AROUND) * av.time_base))
        first = next(frames, None)
        begun = origin if first is None or first.time is None else first.time
        frames = chain([first] if first else [], frames)
    return takewhile(lambda frame: frame.time is None or frame.time < end + AROUND, frames), begun


def _cut(blocks: Iterable[np.ndarray], start: float, end: float, rate: int) -> Iterator[np.ndarray]:
    """What lies between `start` and `end`, in seconds of all blocks together."""
    first, at = round(start * rate), 0
    last = round(end * rate) if end < math.inf else sys.maxsize
    for block in blocks:
        yield block[:, max(0, first - at) : max(0, last - at)]
        at += block.shape[1]
        if at >= last:
            return


def shown_name(path: str) -> str:
    """The file's name for a sentence, which a line break in it must not break."""
    return repr(Path(path).name or path)[1:-1]


def _blocks(pieces: Iterable[tuple[int, np.ndarray]], wanted: int) -> Iterator[np.ndarray]:
    for rate, run in groupby(pieces, key=itemgetter(0)):
        yield from resampled((samples for _, samples in run), rate, wanted)


def _whole(blocks: Stream, longest: float) -> np.ndarray:
    """The blocks end to end, each let go as soon as it is copied: the memory of one recording, not of two.

    They last `longest` seconds at most. Pages of the array that no sample reaches take no memory.
    """
    name, channels, announced = shown_name(blocks.facts.path), blocks.facts.channels, blocks.facts.seconds
    longest = min(longest, limits.MAX_SECONDS)  # some lengths are guessed, and too high
    seconds = 0.0 if math.isnan(announced) else min(announced, longest)
    limits.check_whole(seconds, channels, name)
    whole, length = np.empty((channels, round((seconds + 1) * SAMPLE_RATE)), np.float32), 0
    for block in blocks:
        end = length + block.shape[1]
        limits.check_whole(end / SAMPLE_RATE, channels, name)
        if end > whole.shape[1]:
            longer = np.empty((channels, max(end, 2 * length)), np.float32)
            longer[:, :length] = whole[:, :length]
            whole = longer
        whole[:, length:end] = block
        length = end
    return whole[:, :length]


def _frames(container, stream, name: str) -> Iterator[av.AudioFrame]:
    """What can be decoded: a packet that makes no sense is left out, and where the file breaks off, so does this."""
    broken = 0
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.FFmpegError:  # decoders give codes of all kinds; that the disk fails is an exception of Python's
                broken += 1
                if broken > MAX_BROKEN_PACKETS:
                    return
    except (av.error.PatchWelcomeError, av.error.ArgumentError) as error:  # what chained Ogg files give
        raise _changes_midway(name) from error
    except (av.FFmpegError, IndexError):  # PyAV loses count at the end of a file in which a track appeared midway
        return


def _pieces(frames: Iterable[av.AudioFrame], start: float, name: str) -> Iterator[tuple[int, np.ndarray]]:
    """Native rate and float32 (channels, samples) of each frame, silence in the place of sound that is missing."""
    channels, odd, expected, seconds = 0, 0, start, 0.0
    for frame in frames:
        channels = channels or frame.layout.nb_channels
        limits.check_track(channels, frame.rate, name)
        if frame.layout.nb_channels != channels:
            odd += 1
            if odd > MAX_ODD_FRAMES:
                raise _changes_midway(name)
            continue
        at = expected if frame.time is None else frame.time
        lost = at - expected if LOST_SOUND[0] < at - expected < LOST_SOUND[1] else 0.0
        expected = at + frame.samples / frame.rate
        seconds += lost + frame.samples / frame.rate
        if seconds > limits.MAX_SECONDS:
            raise limits.too_long(name)
        limits.check_samples(seconds, channels, frame.rate, name)
        if lost:
            silence = np.zeros((channels, round(lost * frame.rate)), np.float32)
            yield from ((frame.rate, second) for second in np.array_split(silence, math.ceil(lost), axis=1))
        yield frame.rate, _samples(frame, channels)


@np.errstate(over="ignore", invalid="ignore")  # of floats that are no numbers, `resampled` takes care
def _samples(frame: av.AudioFrame, channels: int) -> np.ndarray:
    """Float32 (channels, samples). PyAV's own `to_ndarray` reads a plane too many of eight, and the process dies."""
    kind, zero, full = SAMPLES[frame.format.name.removesuffix("p")]
    if frame.format.is_planar:
        raw = np.stack([np.frombuffer(plane, kind, frame.samples) for plane in frame.planes[:channels]])
    else:
        raw = np.frombuffer(frame.planes[0], kind, frame.samples * channels).reshape(-1, channels).T
    return (raw.astype(np.float32) - zero) / full


def _changes_midway(name: str) -> UserError:
    return UserError(
        en=f"“{name}” changes its channels or its coding midway: convert it to WAV.",
        fr=f"« {name} » change de canaux ou de codage en cours de route : convertissez-le en WAV.",
    )
