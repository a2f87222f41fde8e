"""Files of recordings: opened so that nothing else is read, and looked into for their sound track."""

import errno
import io
import math
import os
import re
import stat
import struct
from dataclasses import dataclass
from pathlib import Path

import av

from common.messages import UserError
from speech.audio import limits
from speech.audio.wave_header import wave_header

# Demuxers that read the one file they are given. Those that open what it names (hls, dash, concat, sdp, image2...) are
# left out: an upload must not read other files of this machine nor reach its network.
DEMUXERS = (
    "aac,ac3,aiff,alaw,amr,amrnb,amrwb,ape,asf,au,avi,caf,flac,flv,g722,gsm,loas,matroska,mov,mp3,mpeg,mpegts,mulaw,"
    "nistsphere,ogg,s16le,tta,voc,w64,wav,wv"
)
OPTIONS = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none", "max_size": "65536"}  # of a packet of WAV
LEAST_BIT_RATE = 200  # bits a second: a header that announces more time than the bytes can hold is damaged
# Times that the true length may be less where FFmpeg guesses it from the start of the file: silence takes few bytes.
GUESS = 0.1  # share by which such a guess may be wrong before the packets are counted in its place
GUESSED = {"mp3": 4} | dict.fromkeys(("aac", "ac3", "amr", "loas"), math.inf)
# What telephony systems write without a header: FFmpeg's name for it and its rate, by the file's extension.
HEADERLESS = (
    dict.fromkeys((".ulaw", ".ul", ".pcmu", ".mulaw"), ("mulaw", 8_000))
    | dict.fromkeys((".alaw", ".al", ".pcma"), ("alaw", 8_000))
    | dict.fromkeys((".sln", ".slin", ".raw"), ("s16le", 8_000))
    | {f".sln{rate // 1000}": ("s16le", rate) for rate in (12_000, 16_000, 24_000, 32_000, 44_100, 48_000, 96_000)}
    | {".gsm": ("gsm", 8_000), ".g722": ("g722", 16_000)}
)
SOUNDS = (  # the extensions of recordings
    *(".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".mp4", ".aac", ".webm", ".amr", ".aif", ".aiff"),
    *(".wma", ".mka", ".mkv", ".mov", ".au", ".caf", ".w64", ".3gp", *HEADERLESS),
)
RAW_CODECS = {"slin": "s16le", "ulaw": "mulaw", "alaw": "alaw"}  # our name, FFmpeg's


@dataclass(frozen=True)
class Raw:
    """What a file without a header holds. Raises UserError for what cannot be."""

    codec: str = "slin"  # 16-bit, little-endian; or ulaw, alaw
    rate: int = 8_000  # Hz
    channels: int = 1  # interleaved: a sample of each in turn

    def __post_init__(self):
        if self.codec not in RAW_CODECS:
            raise UserError(
                en=f"There is no raw codec {self.codec!r}: choose one of {', '.join(RAW_CODECS)}.",
                fr=f"Le codec brut {self.codec!r} n'existe pas : choisissez parmi {', '.join(RAW_CODECS)}.",
            )
        if self.rate not in limits.RATES or not 1 <= self.channels <= limits.MAX_CHANNELS:
            raise UserError(
                en=f"A raw recording of {self.channels} channels at {self.rate} Hz cannot be: choose 1 to "
                f"{limits.MAX_CHANNELS} channels, at the rate it was recorded with (8000 on a telephone).",
                fr=f"Un enregistrement brut de {self.channels} canaux à {self.rate} Hz est impossible : choisissez 1 à "
                f"{limits.MAX_CHANNELS} canaux, à la fréquence de l'enregistrement (8000 au téléphone).",
            )


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


class _Mended:
    """A file in whose place a few bytes are others: a header that is wrong, without a copy of the recording."""

    def __init__(self, file: _File | _Bytes, at: int, other: bytes):
        self._file, self._at, self._other = file, at, other
        self.name, self.seek, self.tell = file.name, file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        at = self._file.tell()
        found = bytearray(self._file.read(size))
        for place, byte in enumerate(self._other, self._at - at):
            if 0 <= place < len(found):
                found[place] = byte
        return bytes(found)


def opened(source: str | os.PathLike | bytes, path: str, name: str) -> _File | _Bytes:
    """The file itself, opened here and not by FFmpeg, to which a path may be an address or a list of other files."""
    if isinstance(source, bytes):
        if not source:
            raise _is_empty(name)
        return _Bytes(source, path)
    try:
        facts = os.stat(source)
        if stat.S_ISREG(facts.st_mode) and facts.st_size:
            return _File(source)
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


def demuxed(file: _File | _Bytes, name: str, raw: Raw | None = None):
    """The container in the file; the header decides and, where there is none, `raw` or the extension."""
    head = file.read(4)
    file.seek(0)
    options, headerless = dict(OPTIONS), {}
    if head == b"RIFF":
        file = _whole_wave(file, name)
        options["probesize"] = "65536"  # FFmpeg would look for MP3 or DTS in megabytes of PCM: 0.4 s
    elif raw and head not in (b"fLaC", b"OggS", b".snd", b"FORM"):
        headerless = {"format": RAW_CODECS[raw.codec]}
        options |= {"sample_rate": str(raw.rate), "ch_layout": f"{raw.channels}C"}
    elif (found := HEADERLESS.get(Path(name).suffix.lower())) and head != b".snd":
        headerless = {"format": found[0]}
        options["sample_rate"] = str(found[1])
    try:
        return av.open(file, "r", container_options=options, metadata_errors="replace", **headerless)
    except av.FFmpegError as error:
        raise UserError(
            en=f"“{name}” is not a recording that can be read, or was cut before its index was written: "
            "give it as WAV, MP3, M4A, OGG, FLAC, WebM or MP4.",
            fr=f"« {name} » n'est pas un enregistrement lisible, ou a été coupé avant que son index soit écrit : "
            "donnez-le en WAV, MP3, M4A, OGG, FLAC, WebM ou MP4.",
        ) from error


def _whole_wave(file: _File | _Bytes, name: str) -> _File | _Bytes | _Mended:
    """The WAV with the length that its sound has. FFmpeg would take one of several chunks of sound, the last."""
    header = wave_header(file)
    file.seek(0)
    if header is None or not header.sounds:
        return file
    if len(header.sounds) > 1:
        raise UserError(
            en=f"“{name}” holds its sound in {len(header.sounds)} pieces (WAV “data” chunks): export it again in one.",
            fr=f"« {name} » contient le son en {len(header.sounds)} morceaux (blocs WAV « data ») : "
            "exportez-le à nouveau d'une seule pièce.",
        )
    begin, length = header.sounds[0]
    return _Mended(file, begin - 4, struct.pack("<I", min(length, 0xFFFFFFFF))) if header.outgrown else file


def announced(container, file: _File | _Bytes) -> float:
    """Seconds by the header; 0 where it tells nothing that the bytes can hold."""
    at = file.tell()
    bits = 8 * file.seek(0, os.SEEK_END)
    file.seek(at)
    seconds = (container.duration or 0) / av.time_base
    return seconds if seconds * LEAST_BIT_RATE < bits else 0.0


def audio_track(container, file: _File | _Bytes, name: str):
    """FFmpeg's choice of the main audio track, the others left out; checked against the limits of a recording."""
    track = container.streams.best("audio") or next(iter(container.streams.audio), None)
    if track is None:
        raise UserError(
            en=f"“{name}” has no sound track: give the recording of a call, or a video with sound.",
            fr=f"« {name} » n'a pas de piste sonore : donnez l'enregistrement d'un appel, ou une vidéo avec du son.",
        )
    if track.codec_context is None:
        codec = _codec_without_decoder(container)
        raise UserError(
            en=f"“{name}” needs a decoder that is not here ({codec}): convert it to WAV.",
            fr=f"« {name} » demande un décodeur qui manque ici ({codec}) : convertissez-le en WAV.",
        )
    channels, rate = track.codec_context.channels, track.codec_context.sample_rate
    if channels and rate:  # else only decoding tells
        limits.check_track(channels, rate, name)
    seconds, guess = announced(container, file), GUESSED.get(container.format.name, 1)
    if seconds > guess * limits.MAX_SECONDS:
        raise limits.too_long(name, seconds)
    limits.check_samples(seconds / guess, channels or 1, rate or 1, name)
    for other in container.streams:
        if other is not track:
            other.discard = av.stream.Discard.all
    return track


def _codec_without_decoder(container) -> str:
    """What the file calls its codec: without a decoder, PyAV tells it only in the dump of the format, a log at INFO."""
    level = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        dump = container.dumps_format()
    finally:
        av.logging.set_level(level)
    return re.search(r"Audio: (?:none \(.*?(?=0x))?(\w+)", dump)[1]


def header_seconds(source: str | os.PathLike | bytes, name: str | None = None) -> float:
    """How long the recording is by its header and its bytes, without decoding; NaN where they do not tell.

    The `name` of bytes tells how they are coded where they have no header.
    """
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb") as file:
            header = wave_header(file)
            if header and header.seconds is not None:
                return header.seconds
            options, headerless = dict(OPTIONS), None
            file.seek(0)
            found = HEADERLESS.get(Path(name or getattr(file, "name", "")).suffix.lower())
            if found and file.read(4) not in (b"RIFF", b".snd"):
                headerless, options["sample_rate"] = found[0], str(found[1])
            file.seek(0)
            with av.open(file, "r", headerless, container_options=options, metadata_errors="replace") as container:
                seconds = announced(container, file)
                if seconds and container.format.name not in GUESSED:
                    return seconds
                counted = _packets_seconds(container)
                return seconds if abs(seconds - counted) < GUESS * seconds else counted
    except (OSError, av.FFmpegError, ValueError, IndexError):
        return math.nan


def _packets_seconds(container) -> float:
    """From the first packet to the end of the last one; nothing is decoded."""
    track = container.streams.best("audio")
    times = [(packet.pts, packet.duration or 0) for packet in container.demux(track) if packet.pts is not None]
    return float((times[-1][0] + times[-1][1] - times[0][0]) * track.time_base) if times else math.nan


def _is_empty(name: str) -> UserError:
    return UserError(
        en=f"“{name}” is empty (0 bytes): record it or copy it again.",
        fr=f"« {name} » est vide (0 octet) : enregistrez-le ou copiez-le à nouveau.",
    )
