"""A recording becomes a waveform: whatever file people have, decoded at its own rate, its channels apart, at 16 kHz."""

import errno
import io
import math
import os
import re
import stat
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, groupby, takewhile
from operator import itemgetter
from pathlib import Path

import av
import numpy as np
import torch
from torchaudio.functional import resample

from common.messages import UserError
from transcripts.transcript import AudioFacts

SAMPLE_RATE = 16_000
MAX_SECONDS = float(os.environ.get("ALLO_MAX_HOURS") or 2.5) * 3600
MAX_CHANNELS = 8
RATES = range(1_000, 384_001)  # beyond them a header lies, and the resampling filter would fill the memory
MAX_BROKEN_PACKETS = 10_000  # a table of samples can point at the same bad bytes without end
MAX_ODD_FRAMES = 20  # with other channels than the first: a few are damage, more are another recording
LOST_SOUND = 0.1, 600.0  # seconds: a jump of the clock between is sound that is missing, neither jitter nor a new clock

# Demuxers that read the one file they are given. Those that open what it names (hls, dash, concat, sdp, image2...) are
# left out: an upload must not read other files of this machine nor reach its network.
DEMUXERS = (
    "aac,ac3,aiff,alaw,amr,amrnb,amrwb,ape,asf,au,avi,caf,flac,flv,g722,gsm,loas,matroska,mov,mp3,mpeg,mpegts,mulaw,"
    "nistsphere,ogg,s16le,tta,voc,w64,wav,wv"
)
# Of them, those in which a seek comes out at the time that the frames then tell, and of others where they hold PCM.
SEEKABLE = ("flac", "ogg", "mov,mp4,m4a,3gp,3g2,mj2")
AROUND = 0.25  # seconds before and after a part: what the resampling filter and the codecs reach
LEAST_BIT_RATE = 200  # bits a second: a header that announces more time than the bytes can hold is damaged
# Times that the true length may be less where FFmpeg guesses it from the start of the file: silence takes few bytes.
GUESSED = {"mp3": 4} | dict.fromkeys(("aac", "ac3", "amr", "loas"), math.inf)
# What telephony systems write without a header: FFmpeg's name for it and its rate, by the file's extension.
HEADERLESS = (
    dict.fromkeys((".ulaw", ".ul", ".pcmu", ".mulaw"), ("mulaw", 8_000))
    | dict.fromkeys((".alaw", ".al", ".pcma"), ("alaw", 8_000))
    | dict.fromkeys((".sln", ".slin", ".raw"), ("s16le", 8_000))
    | {f".sln{rate // 1000}": ("s16le", rate) for rate in (12_000, 16_000, 24_000, 32_000, 44_100, 48_000, 96_000)}
    | {".gsm": ("gsm", 8_000), ".g722": ("g722", 16_000)}
)
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
    blocks: Iterator[np.ndarray]  # float32, (channels, samples) at 16 kHz, -1 to 1; a minute or so each

    def __iter__(self) -> Iterator[np.ndarray]:
        return self.blocks


def read(
    source: str | os.PathLike | bytes, name: str | None = None, start: float = 0.0, end: float = math.inf
) -> Recording:
    """The recording in a local file, or the sound of a video; or in bytes, which are such a file and may have a name.

    With `start` and `end` it is what lies between them, in seconds; most formats are not decoded up to there. Of
    several audio tracks, FFmpeg's choice of the main one is taken. A file that was cut or is damaged in places gives
    what can be decoded of it; silence stands where sound is missing, so that times stay right.

    Raises `UserError` for what is not such a file, holds no sound, or lasts longer than `MAX_SECONDS`.
    """
    with stream(source, name, start, end) as blocks:
        waveform = _joined(deque(blocks))
    return Recording(replace(blocks.facts, seconds=waveform.shape[1] / SAMPLE_RATE), waveform)


@contextmanager
def stream(
    source: str | os.PathLike | bytes, name: str | None = None, start: float = 0.0, end: float = math.inf
) -> Iterator[Stream]:
    """The same as `read`, decoded block by block: the memory of a minute, whatever the length.

    Raises `UserError` as `read` does; that the file lasts too long may turn out on the way.
    """
    path = name or "clip" if isinstance(source, bytes) else os.fspath(source)
    name = repr(Path(path).name or path)[1:-1]  # a line break in a name must not break a sentence
    with _opened(source, path, name) as file, _demuxed(file, name) as container:
        track = _audio_stream(container, name)
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
        rate, samples = first
        facts = AudioFacts(path, _announced(container, file) or math.nan, rate, len(samples), codec)
        with closing(_blocks(chain([first], pieces))) as blocks:
            before = origin + start - begun  # seconds that were decoded and are not wanted
            whole = not before and end == math.inf
            yield Stream(facts, blocks if whole else _cut(blocks, before, before + end - start))


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


def _cut(blocks: Iterable[np.ndarray], start: float, end: float) -> Iterator[np.ndarray]:
    """What lies between `start` and `end`, in seconds of all blocks together."""
    first, at = round(start * SAMPLE_RATE), 0
    last = round(end * SAMPLE_RATE) if end < math.inf else sys.maxsize
    for block in blocks:
        yield block[:, max(0, first - at) : max(0, last - at)]
        at += block.shape[1]
        if at >= last:
            return


def _blocks(pieces: Iterable[tuple[int, np.ndarray]]) -> Iterator[np.ndarray]:
    for rate, run in groupby(pieces, key=itemgetter(0)):
        yield from _resampled((samples for _, samples in run), rate)


class _File(io.FileIO):
    """A file that answers the wild seeks of a damaged header as FFmpeg expects: by a negative number."""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return super().seek(offset, whence)
        except OSError as error:
            return -error.errno


class _Bytes(io.BytesIO):
    """The same of a file in memory, which raises ValueError instead."""

    def __init__(self, encoded: bytes, name: str):
        super().__init__(encoded)
        self.name = name

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return super().seek(offset, whence)
        except ValueError:
            return -errno.EINVAL


def _opened(source: str | os.PathLike | bytes, path: str, name: str) -> _File | _Bytes:
    """The file itself, opened here and not by FFmpeg, to which a path may be an address or a list of other files."""
    if isinstance(source, bytes):
        if not source:
            raise _is_empty(name)
        return _Bytes(source, path)
    try:
        facts = os.stat(path)
        if stat.S_ISREG(facts.st_mode) and facts.st_size:
            return _File(path)
    except PermissionError as error:
        raise UserError(
            en=f"“{name}” may not be read: give this program the right to read it.",
            fr=f"« {name} » ne peut pas être lu : donnez à ce programme le droit de le lire.",
        ) from error
    except (OSError, ValueError) as error:
        raise UserError(
            en=f"There is no file {os.fspath(path)!r}: check its path (and download what is online).",
            fr=f"Aucun fichier {os.fspath(path)!r} : vérifiez le chemin (et téléchargez ce qui est en ligne).",
        ) from error
    if stat.S_ISREG(facts.st_mode):
        raise _is_empty(name)
    raise UserError(
        en=f"“{name}” is not a file but a folder or a device: name the recording itself.",
        fr=f"« {name} » n'est pas un fichier mais un dossier ou un périphérique : désignez l'enregistrement lui-même.",
    )


def _demuxed(file: _File | _Bytes, name: str):
    """The container in the file; the header decides and, where there is none, the extension."""
    raw = HEADERLESS.get(Path(file.name).suffix.lower())
    head = file.read(12)
    has_header = head[:4] in (b"RIFF", b".snd")
    file.seek(0)
    options = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none", "max_size": "65536"}  # of a packet of WAV
    if head[:4] + head[8:] == b"RIFFWAVE":
        options["probesize"] = "65536"  # FFmpeg would look for MP3 or DTS in megabytes of PCM: 0.4 s
    headerless = {}
    if raw and not has_header:
        headerless = {"format": raw[0]}
        options["sample_rate"] = str(raw[1])
    try:
        container = av.open(file, "r", container_options=options, metadata_errors="replace", **headerless)
    except av.FFmpegError as error:
        raise UserError(
            en=f"“{name}” is not a recording that can be read, or was cut before its index was written: "
            "give it as WAV, MP3, M4A, OGG, FLAC, WebM or MP4.",
            fr=f"« {name} » n'est pas un enregistrement lisible, ou a été coupé avant que son index soit écrit : "
            "donnez-le en WAV, MP3, M4A, OGG, FLAC, WebM ou MP4.",
        ) from error
    announced = _announced(container, file)
    if announced > MAX_SECONDS * GUESSED.get(container.format.name, 1):
        raise _too_long(name, announced)
    return container


def _announced(container, file: _File | _Bytes) -> float:
    """Seconds by the header; 0 where it tells nothing that the bytes can hold."""
    at = file.tell()
    bits = 8 * file.seek(0, os.SEEK_END)
    file.seek(at)
    seconds = (container.duration or 0) / av.time_base
    return seconds if seconds * LEAST_BIT_RATE < bits else 0.0


def _audio_stream(container, name: str):
    stream = container.streams.best("audio") or next(iter(container.streams.audio), None)
    if stream is None:
        raise UserError(
            en=f"“{name}” has no sound track: give the recording of a call, or a video with sound.",
            fr=f"« {name} » n'a pas de piste sonore : donnez l'enregistrement d'un appel, ou une vidéo avec du son.",
        )
    if stream.codec_context is None:
        codec = _codec_without_decoder(container)
        raise UserError(
            en=f"“{name}” needs a decoder that is not here ({codec}): convert it to WAV.",
            fr=f"« {name} » demande un décodeur qui manque ici ({codec}) : convertissez-le en WAV.",
        )
    for other in container.streams:
        if other is not stream:
            other.discard = av.stream.Discard.all
    return stream


def _codec_without_decoder(container) -> str:
    """What the file calls its codec: without a decoder, PyAV tells it only in the dump of the format, a log at INFO."""
    level = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        dump = container.dumps_format()
    finally:
        av.logging.set_level(level)
    return re.search(r"Audio: (?:none \(.*?(?=0x))?(\w+)", dump)[1]


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
        _check(frame, channels, name)
        if frame.layout.nb_channels != channels:
            odd += 1
            if odd > MAX_ODD_FRAMES:
                raise _changes_midway(name)
            continue
        at = expected if frame.time is None else frame.time
        lost = at - expected if LOST_SOUND[0] < at - expected < LOST_SOUND[1] else 0.0
        expected = at + frame.samples / frame.rate
        seconds += lost + frame.samples / frame.rate
        if seconds > MAX_SECONDS:
            raise _too_long(name)
        if lost:
            silence = np.zeros((channels, round(lost * frame.rate)), np.float32)
            yield from ((frame.rate, second) for second in np.array_split(silence, math.ceil(lost), axis=1))
        yield frame.rate, _samples(frame, channels)


@np.errstate(over="ignore", invalid="ignore")  # of floats that are no numbers, `_resampled` takes care
def _samples(frame: av.AudioFrame, channels: int) -> np.ndarray:
    """Float32 (channels, samples). PyAV's own `to_ndarray` reads a plane too many of eight, and the process dies."""
    kind, zero, full = SAMPLES[frame.format.name.removesuffix("p")]
    if frame.format.is_planar:
        raw = np.stack([np.frombuffer(plane, kind, frame.samples) for plane in frame.planes[:channels]])
    else:
        raw = np.frombuffer(frame.planes[0], kind, frame.samples * channels).reshape(-1, channels).T
    return (raw.astype(np.float32) - zero) / full


def _check(frame: av.AudioFrame, channels: int, name: str) -> None:
    if channels > MAX_CHANNELS:
        raise UserError(
            en=f"“{name}” has {channels} channels and {MAX_CHANNELS} are the most: keep those with speech.",
            fr=f"« {name} » a {channels} canaux et {MAX_CHANNELS} sont le maximum : gardez ceux où l'on parle.",
        )
    if frame.rate not in RATES:
        raise UserError(
            en=f"“{name}” has a sampling rate of {frame.rate} Hz, which cannot be: convert it to WAV.",
            fr=f"« {name} » a une fréquence d'échantillonnage impossible, {frame.rate} Hz : convertissez-le en WAV.",
        )


def _resampled(pieces: Iterable[np.ndarray], rate: int) -> Iterator[np.ndarray]:
    """Blocks at 16 kHz, of a minute or so, from pieces of any length of (channels, samples) at `rate`.

    The joints do not show: a block is resampled together with more of its surroundings than the filter reaches.
    """
    ratio = Fraction(rate, SAMPLE_RATE).limit_denominator(1000)  # 10 ms off in 2.5 h at worst, exact for usual rates
    native, ours = ratio.numerator, ratio.denominator
    margin = 8 * native  # torchaudio's filter reaches less than 7 times `native`
    block = 60 * SAMPLE_RATE // ours * native
    held, length, given = [], 0, 0  # `given`: samples of `held` that a block has given already

    def at_16_khz(whole: np.ndarray) -> np.ndarray:
        if not np.isfinite(whole).all():
            whole = np.nan_to_num(whole, posinf=1, neginf=-1)
        return resample(torch.from_numpy(whole), native, ours).numpy().clip(-1, 1)

    for piece in pieces:
        held.append(piece)
        length += piece.shape[1]
        if length >= block + 2 * margin:
            whole = np.concatenate(held, axis=1)
            end = (length - margin) // native * native
            yield at_16_khz(whole)[:, given * ours // native : end * ours // native]
            held = [whole[:, end - margin :].copy()]
            length, given = length - end + margin, margin
    yield at_16_khz(np.concatenate(held, axis=1))[:, given * ours // native :]


def _joined(blocks: deque[np.ndarray]) -> np.ndarray:
    """The blocks end to end, each let go as soon as it is copied: the memory of one recording, not of two."""
    whole = np.empty((len(blocks[0]), sum(block.shape[1] for block in blocks)), np.float32)
    at = 0
    while blocks:
        block = blocks.popleft()
        whole[:, at : at + block.shape[1]] = block
        at += block.shape[1]
    return whole


def _is_empty(name: str) -> UserError:
    return UserError(
        en=f"“{name}” is empty (0 bytes): record it or copy it again.",
        fr=f"« {name} » est vide (0 octet) : enregistrez-le ou copiez-le à nouveau.",
    )


def _too_long(name: str, seconds: float | None = None) -> UserError:
    limit = _clock(MAX_SECONDS)
    en, fr = (_clock(seconds),) * 2 if seconds else (f"more than {limit}", f"plus de {limit}")
    return UserError(
        en=f"“{name}” lasts {en} and {limit} is the limit: cut it into parts, or set ALLO_MAX_HOURS higher.",
        fr=f"« {name} » dure {fr} et la limite est de {limit} : découpez-le, ou augmentez ALLO_MAX_HOURS.",
    )


def _changes_midway(name: str) -> UserError:
    return UserError(
        en=f"“{name}” changes its channels or its coding midway: convert it to WAV.",
        fr=f"« {name} » change de canaux ou de codage en cours de route : convertissez-le en WAV.",
    )


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min {seconds:02d} s"
