"""Whatever file people have becomes the waveform that was recorded; what is no recording gets one clear sentence."""

import os
import shutil
import socket
import struct
import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from torchaudio.functional import resample

from common.messages import UserError
from corpus.prompts import prompt, prompts
from speech.audio import decode, limits
from speech.audio.decode import SAMPLE_RATE, read, stream

CALLER, CALLED = prompt("agent-pass"), prompt("cannot-complete-as-dialed")
SECONDS = 2.966

# File, how ffmpeg or sox makes it of the prompt, native rate, codec, likeness to reach, seconds it may be longer by.
MONO = [
    ("pcm8.wav", "-c:a pcm_u8", 8000, "pcm_u8", 0.99, 0),
    ("pcm16.wav", "-c:a pcm_s16le", 8000, "pcm_s16le", 0.999, 0),
    ("pcm24.wav", "-c:a pcm_s24le", 8000, "pcm_s24le", 0.999, 0),
    ("pcm32.wav", "-c:a pcm_s32le", 8000, "pcm_s32le", 0.999, 0),
    ("float.wav", "-c:a pcm_f32le", 8000, "pcm_f32le", 0.999, 0),
    ("double.wav", "-c:a pcm_f64le", 8000, "pcm_f64le", 0.999, 0),
    ("cd.wav", "-ar 44100", 44100, "pcm_s16le", 0.999, 0),
    ("wide.wav", "-ar 16000", 16000, "pcm_s16le", 0.999, 0),
    ("old-mac.wav", "-ar 11127", 11127, "pcm_s16le", 0.999, 0),
    ("mulaw.wav", "-c:a pcm_mulaw", 8000, "pcm_mulaw", 0.999, 0),
    ("alaw.wav", "-c:a pcm_alaw", 8000, "pcm_alaw", 0.999, 0),
    ("gsm.wav", "-c:a gsm_ms", 8000, "gsm_ms", 0.97, 0.04),
    ("g722.wav", "-ar 16000 -c:a g722", 16000, "adpcm_g722", 0.99, 0),
    ("ima.wav", "-c:a adpcm_ima_wav", 8000, "adpcm_ima_wav", 0.99, 0.13),
    ("ms.wav", "-c:a adpcm_ms", 8000, "adpcm_ms", 0.99, 0.13),
    ("g726.wav", "-c:a g726", 8000, "adpcm_g726", 0.99, 0),
    ("mp3.wav", "-c:a libmp3lame", 8000, "mp3", 0.98, 0.3),
    ("mulaw.au", "-c:a pcm_mulaw", 8000, "pcm_mulaw", 0.999, 0),
    ("mulaw.snd", "-e mu-law -t au", 8000, "pcm_mulaw", 0.999, 0),
    ("pcm.aiff", "", 8000, "pcm_s16be", 0.999, 0),
    ("pcm.w64", "", 8000, "pcm_s16le", 0.999, 0),
    ("pcm.caf", "", 8000, "pcm_s16be", 0.999, 0),
    ("pcm.sph", "-t sph", 8000, "pcm_s16le", 0.999, 0),
    ("call.ulaw", "-f mulaw", 8000, "pcm_mulaw", 0.999, 0),
    ("call.ul", "-t ul", 8000, "pcm_mulaw", 0.999, 0),
    ("call.pcmu", "-f mulaw", 8000, "pcm_mulaw", 0.999, 0),
    ("CALL.MULAW", "-f mulaw", 8000, "pcm_mulaw", 0.999, 0),
    ("call.alaw", "-f alaw", 8000, "pcm_alaw", 0.999, 0),
    ("call.al", "-t al", 8000, "pcm_alaw", 0.999, 0),
    ("call.pcma", "-f alaw", 8000, "pcm_alaw", 0.999, 0),
    ("call.sln", "-f s16le", 8000, "pcm_s16le", 0.999, 0),
    ("call.slin", "-f s16le", 8000, "pcm_s16le", 0.999, 0),
    ("call.raw", "-f s16le", 8000, "pcm_s16le", 0.999, 0),
    ("call.sln16", "-ar 16000 -f s16le", 16000, "pcm_s16le", 0.999, 0),
    ("call.sln44", "-ar 44100 -f s16le", 44100, "pcm_s16le", 0.999, 0),
    ("call.gsm", "-c:a libgsm", 8000, "gsm", 0.97, 0.02),
    ("call.g722", "-ar 16000", 16000, "adpcm_g722", 0.99, 0),
    ("call.mp3", "-b:a 32k", 8000, "mp3", 0.98, 0),
    ("hall.mp3", "-ar 44100 -b:a 64k", 44100, "mp3", 0.98, 0),
    ("phone.m4a", "-ar 44100 -b:a 64k", 44100, "aac", 0.98, 0.05),
    ("phone.aac", "-ar 44100 -b:a 64k", 44100, "aac", 0.98, 0.1),
    ("lossless.m4a", "-c:a alac", 8000, "alac", 0.999, 0),
    ("message.ogg", "-c:a libopus -b:a 24k", 48000, "opus", 0.98, 0.01),
    ("message.opus", "-c:a libopus -b:a 24k", 48000, "opus", 0.98, 0.01),
    ("vorbis.ogg", "-c:a libvorbis", 8000, "vorbis", 0.98, 0.02),
    ("speex.ogg", "-c:a libspeex", 8000, "speex", 0.8, 0.02),
    ("call.flac", "-c:a flac", 8000, "flac", 0.999, 0),
    ("browser.webm", "-c:a libopus", 48000, "opus", 0.98, 0.01),
    ("old.wma", "-ar 16000", 16000, "wmav2", 0.98, 0.03),
    ("call.amr", "-t amr-nb", 8000, "amr_nb", 0.8, 0.02),
    ("call.3gp", "-ar 44100 -c:a aac", 44100, "aac", 0.98, 0.05),
    ("wide.awb", "-r 16000 -t amr-wb", 16000, "amr_wb", 0.8, 0.02),
    ("film.mp4", "VIDEO -ar 44100 -c:a aac", 44100, "aac", 0.98, 0.05),
    ("film.mkv", "VIDEO -c:a libvorbis", 8000, "vorbis", 0.98, 0.02),
    ("film.webm", "VIDEO -c:v libvpx -c:a libopus", 48000, "opus", 0.98, 0.01),
    ("film.avi", "VIDEO -c:a pcm_s16le", 8000, "pcm_s16le", 0.999, 0),
]
STEREO = [
    ("call.wav", "-c:a pcm_s16le", 8000, "pcm_s16le", 0.999),
    ("call-mulaw.wav", "-c:a pcm_mulaw", 8000, "pcm_mulaw", 0.999),
    ("call-alaw.wav", "-c:a pcm_alaw", 8000, "pcm_alaw", 0.999),
    ("call-ima.wav", "-c:a adpcm_ima_wav", 8000, "adpcm_ima_wav", 0.99),
    ("call.au", "-c:a pcm_mulaw", 8000, "pcm_mulaw", 0.999),
    ("call.mp3", "-ar 44100 -b:a 128k", 44100, "mp3", 0.98),
    ("call.m4a", "-ar 44100 -b:a 128k", 44100, "aac", 0.98),
    ("call.ogg", "-c:a libopus -b:a 96k", 48000, "opus", 0.98),
    ("call.flac", "-c:a flac", 8000, "flac", 0.999),
    ("call.webm", "-c:a libopus -b:a 96k", 48000, "opus", 0.98),
    ("call.mp4", "VIDEO -ar 48000 -b:a 128k -c:a aac", 48000, "aac", 0.98),
]


def made(path: Path, how: str, *sources: Path) -> Path:
    """A file that ffmpeg, or sox where `how` is in its words, makes of the caller's prompt or of `sources`."""
    sources = sources or (CALLER,)
    if how.startswith(("-t", "-e", "-r")):
        command = ["sox", *sources, *how.split(), path]
    else:
        video = ["-f", "lavfi", "-i", "testsrc=duration=3:size=64x48:rate=5"] if "VIDEO" in how else []
        inputs = [word for source in sources for word in ("-i", source)]
        command = ["ffmpeg", "-v", "error", "-y", *inputs, *video, *how.replace("VIDEO", "").split(), path]
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.fixture(scope="session")
def call(tmp_path_factory) -> Path:
    """The two sides of a call, one in each channel."""
    path = tmp_path_factory.mktemp("call") / "call.wav"
    subprocess.run(["sox", "-M", CALLER, CALLED, path], check=True)
    return path


@pytest.fixture(scope="session")
def said() -> dict[Path, np.ndarray]:
    """The prompts at 16 kHz by another road than ours: sox."""
    command = ["sox", "SOURCE", "-r", str(SAMPLE_RATE), "-t", "f32", "-"]
    return {
        source: np.frombuffer(
            subprocess.run([command[0], source, *command[2:]], capture_output=True).stdout, np.float32
        )
        for source in (CALLER, CALLED)
    }


def likeness(decoded: np.ndarray, said: np.ndarray) -> tuple[float, float]:
    """The peak of the normalised cross-correlation, and by how many seconds `decoded` comes after `said` there."""
    size = 1 << (len(decoded) + len(said)).bit_length()
    correlation = np.fft.irfft(np.fft.rfft(decoded, size) * np.conj(np.fft.rfft(said, size)), size)
    peak = int(np.argmax(correlation))
    share = correlation[peak] / (np.linalg.norm(decoded) * np.linalg.norm(said) + 1e-9)
    return share, (peak if peak < size // 2 else peak - size) / SAMPLE_RATE


def write_wav(path: Path, samples: np.ndarray, rate: int) -> Path:
    """(channels, samples) of int16, or of float32 as they are."""
    tag, bits = (3, 32) if samples.dtype == np.float32 else (1, 16)
    data = np.ascontiguousarray(samples.T).tobytes()
    path.write_bytes(wav_header(len(data), rate, len(samples), tag, bits) + data)
    return path


def wav_header(length: int, rate: int = 8000, channels: int = 1, tag: int = 1, bits: int = 16) -> bytes:
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * frame & 0xFFFFFFFF, frame, bits)
    riff = struct.pack("<4sI4s4sI", b"RIFF", min(length + 36, 0xFFFFFFFF), b"WAVE", b"fmt ", len(fmt))
    return riff + fmt + struct.pack("<4sI", b"data", length)


@pytest.mark.parametrize("name, how, rate, codec, least, extra", MONO, ids=[row[0] for row in MONO])
def test_the_prompt_comes_back_from_every_format(tmp_path, said, name, how, rate, codec, least, extra):
    try:
        path = made(tmp_path / name, how)
    except subprocess.CalledProcessError as error:
        if codec != "amr_wb":
            raise
        pytest.skip(f"nothing here encodes AMR-WB: {error.stderr.decode().strip()}")
    recording = read(path)
    assert recording.facts.path == str(path)
    assert (recording.facts.sample_rate, recording.facts.channels, recording.facts.codec) == (rate, 1, codec)
    assert SECONDS - 0.03 <= recording.facts.seconds <= SECONDS + extra + 0.001
    assert recording.waveform.dtype == np.float32
    assert recording.waveform.shape == (1, round(recording.facts.seconds * SAMPLE_RATE))
    share, late = likeness(recording.waveform[0], said[CALLER])
    assert share > least
    assert abs(late) < extra + 0.01


@pytest.mark.parametrize("name, how, rate, codec, least", STEREO, ids=[row[0] for row in STEREO])
def test_the_two_sides_of_a_call_stay_apart_and_in_order(tmp_path, call, said, name, how, rate, codec, least):
    recording = read(made(tmp_path / name, how, call))
    assert (recording.facts.sample_rate, recording.facts.channels, recording.facts.codec) == (rate, 2, codec)
    caller, called = recording.waveform
    assert likeness(caller, said[CALLER])[0] > least
    assert likeness(called, said[CALLED])[0] > least
    assert likeness(caller, said[CALLED])[0] < 0.2
    assert likeness(called, said[CALLER])[0] < 0.2


def test_eight_channels_of_a_film(tmp_path):
    hertz = [300, 400, 500, 60, 600, 700, 800, 900]  # the fourth is for low sounds only
    time = np.arange(2 * 48000) / 48000
    tones = (np.sin(2 * np.pi * np.outer(hertz, time)) * 8000).astype(np.int16)
    source = write_wav(tmp_path / "tones.wav", tones, 48000)
    recording = read(made(tmp_path / "film.m4a", "-b:a 512k", source))
    assert recording.facts.channels == 8
    spectrum = np.abs(np.fft.rfft(recording.waveform[:, SAMPLE_RATE // 2 : SAMPLE_RATE * 3 // 2]))
    assert sorted(spectrum.argmax(axis=1)) == sorted(hertz)


@pytest.mark.parametrize("rate", [6000, 8000, 11025, 11127, 16000, 22050, 32000, 44100, 48000, 96000])
def test_a_tone_keeps_its_pitch_and_its_level(tmp_path, rate):
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(2 * rate) / rate)
    recording = read(write_wav(tmp_path / "tone.wav", tone[None].astype(np.float32), rate))
    decoded = recording.waveform[0, SAMPLE_RATE // 2 : SAMPLE_RATE * 3 // 2]
    angle = 2 * np.pi * 1000 * np.arange(SAMPLE_RATE // 2, SAMPLE_RATE * 3 // 2) / SAMPLE_RATE
    assert np.abs(decoded - 0.5 * np.sin(angle)).max() < 0.005


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_the_joints_of_the_resampling_do_not_show(tmp_path, rate):
    noise = np.random.default_rng(7).uniform(-0.5, 0.5, (2, 130 * rate + 17)).astype(np.float32)
    recording = read(write_wav(tmp_path / "noise.wav", noise, rate))
    whole = resample(torch.from_numpy(noise), rate, SAMPLE_RATE).numpy()
    assert recording.waveform.shape == whole.shape
    assert np.abs(recording.waveform - whole).max() < 1e-5


def test_a_stream_is_the_recording_block_by_block(tmp_path):
    noise = np.random.default_rng(7).uniform(-0.5, 0.5, (2, 130 * 8000)).astype(np.float32)
    path = write_wav(tmp_path / "noise.wav", noise, 8000)
    with stream(path) as blocks:
        found = list(blocks)
    whole = read(path)
    assert [block.dtype for block in found] == [np.float32] * 3
    assert max(block.shape[1] for block in found) < 62 * SAMPLE_RATE
    assert np.array_equal(np.concatenate(found, axis=1), whole.waveform)
    assert blocks.facts == whole.facts


def test_what_no_header_tells_is_not_a_number(tmp_path):
    path = tmp_path / "streamed.webm"
    command = ["ffmpeg", "-v", "error", "-i", CALLER, "-c:a", "libopus", "-f", "webm", "-"]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    with stream(path) as blocks:
        assert np.isnan(blocks.facts.seconds) and blocks.facts.codec == "opus"
        assert next(iter(blocks)).shape[0] == 1  # and one may stop there


def test_samples_that_are_no_numbers_or_too_loud_stay_in_range(tmp_path, recwarn):
    samples = np.full((1, 8000), 0.25)
    samples[0, [100, 2000, 4000, 6000]] = np.nan, np.inf, -np.inf, 1e300
    path = tmp_path / "wild.wav"
    path.write_bytes(wav_header(64_000, tag=3, bits=64) + samples.tobytes())
    waveform = read(path).waveform
    assert np.isfinite(waveform).all()
    assert np.abs(waveform).max() <= 1
    assert np.abs(waveform[0, 8100:11900].mean() - 0.25) < 0.02
    assert not recwarn.list


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF, 0x7FFFF000, 0x80000000, 10_000_000])
@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_mulaw"])
def test_the_data_that_is_there_counts_whatever_length_a_recorder_wrote(tmp_path, codec, length):
    intact = made(tmp_path / "intact.wav", f"-c:a {codec}")
    data = intact.read_bytes()
    at = data.index(b"data") + 4
    streamed = tmp_path / "streamed.wav"
    streamed.write_bytes(data[:4] + struct.pack("<I", length) + data[8:at] + struct.pack("<I", length) + data[at + 4 :])
    assert np.array_equal(read(streamed).waveform, read(intact).waveform)


def test_a_length_that_the_bytes_cannot_hold_is_not_believed(tmp_path):
    path = made(tmp_path / "call.flac", "")
    data = bytearray(path.read_bytes())
    data[21:26] = bytes([data[21] | 15, 255, 255, 255, 255])  # the number of samples, the last 36 bits
    path.write_bytes(data)
    with av.open(str(path)) as container:
        assert container.duration / av.time_base > 2000 * 3600
    assert read(path).facts.seconds == SECONDS


@pytest.mark.parametrize("container", ["wav", "au", "flac", "webm", "mp3", "ogg"])
def test_what_was_streamed_into_a_pipe(tmp_path, said, container):
    path = tmp_path / f"streamed.{container}"
    command = ["ffmpeg", "-v", "error", "-i", CALLER, "-f", container, "-"]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    recording = read(path)
    assert likeness(recording.waveform[0], said[CALLER])[0] > 0.98
    assert abs(recording.facts.seconds - SECONDS) < 0.25


@pytest.mark.parametrize("name", ["call.raw", "call.ulaw", "call.gsm"])
def test_a_header_weighs_more_than_the_extension(tmp_path, said, name):
    recording = read(made(tmp_path / name, "-f wav -c:a pcm_alaw"))
    assert recording.facts.codec == "pcm_alaw"
    assert likeness(recording.waveform[0], said[CALLER])[0] > 0.999


@pytest.mark.parametrize(
    "name",
    ["été à l'Opéra.wav", 'with "quotes" & spaces.wav', "two\nlines.wav", "concat:a|b.wav", "%03d.wav", "-i.wav"],
)
def test_any_file_name(tmp_path, name):
    path = tmp_path / name
    shutil.copy(CALLER, path)
    assert read(path).facts.seconds == SECONDS
    assert read(str(path)).facts.path == str(path)


def test_tags_in_another_encoding(tmp_path):
    path = made(tmp_path / "call.wav", "-metadata title=XXXX")
    path.write_bytes(path.read_bytes().replace(b"XXXX", "étéÿ".encode("latin-1")))
    assert read(path).facts.seconds == SECONDS


@pytest.mark.parametrize(
    "name, how",
    [
        ("call.wav", ""),
        ("call.mp3", ""),
        ("call.flac", ""),
        ("call.gsm", "-c:a libgsm"),
        ("call.ogg", "-c:a libopus -page_duration 200000"),
        ("call.webm", "-c:a libopus"),
        ("call.aac", ""),
        ("call.m4a", "-movflags +faststart"),
        ("film.mkv", "VIDEO -c:v libx264 -c:a libvorbis"),
    ],
    ids=lambda value: value if "." in value else "",
)
def test_of_a_cut_file_what_is_there_is_used(tmp_path, said, name, how):
    path = made(tmp_path / name, how)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    recording = read(path)
    assert 0.3 * SECONDS < recording.facts.seconds < 0.9 * SECONDS
    assert likeness(recording.waveform[0], said[CALLER][: recording.waveform.shape[1]])[0] > 0.9


def test_damage_in_the_middle_moves_nothing(tmp_path, said):
    path = made(tmp_path / "call.m4a", "-ar 16000 -b:a 48k")
    data = bytearray(path.read_bytes())
    sound, length = data.index(b"mdat") + 4, struct.unpack(">I", data[data.index(b"mdat") - 4 : data.index(b"mdat")])[0]
    hole = slice(sound + length * 4 // 10, sound + length * 5 // 10)
    data[hole] = np.random.default_rng(3).bytes(hole.stop - hole.start)
    intact, damaged = read(path), None
    path.write_bytes(data)
    damaged = read(path)
    assert not np.array_equal(damaged.waveform, intact.waveform)
    assert abs(damaged.facts.seconds - intact.facts.seconds) < 0.1
    end = int(1.8 * SAMPLE_RATE)
    share, late = likeness(damaged.waveform[0, end:], said[CALLER][end:])
    assert share > 0.95
    assert abs(late) < 0.03


def test_a_damaged_header_that_points_far_away(tmp_path, capfd):
    path = made(tmp_path / "call.caf", "")
    data = path.read_bytes()
    at = data.index(b"data")
    path.write_bytes(data[:at] + b"free" + struct.pack(">q", 2**63 - 4096) + data[at:])
    assert read(path).facts.seconds == SECONDS
    assert capfd.readouterr() == ("", "")


def test_silence_stands_where_packets_were_lost(tmp_path, said):
    lossy = tmp_path / "lossy.webm"
    with av.open(str(made(tmp_path / "call.webm", "-c:a libopus"))) as whole, av.open(str(lossy), "w") as rest:
        track = rest.add_stream_from_template(whole.streams.audio[0])
        for packet in whole.demux():
            if packet.pts is not None and not 1.0 <= packet.pts * packet.time_base < 1.5:
                packet.stream = track
                rest.mux(packet)
    decoded = read(lossy).waveform[0]
    assert np.abs(decoded[int(1.05 * SAMPLE_RATE) : int(1.45 * SAMPLE_RATE)]).max() == 0
    share, late = likeness(decoded[int(1.6 * SAMPLE_RATE) :], said[CALLER][int(1.6 * SAMPLE_RATE) :])
    assert share > 0.95
    assert abs(late) < 0.02


def test_times_are_those_of_the_film_where_its_sound_starts_late(tmp_path, said):
    path = tmp_path / "film.mp4"
    video = ["-f", "lavfi", "-i", "testsrc=duration=5:size=64x48:rate=5"]
    sound = ["-itsoffset", "1.5", "-i", CALLER, "-ar", "16000"]
    subprocess.run(["ffmpeg", "-v", "error", *video, *sound, path], check=True)
    decoded = read(path).waveform[0]
    assert np.abs(decoded[: int(1.4 * SAMPLE_RATE)]).max() == 0
    share, late = likeness(decoded, said[CALLER])
    assert share > 0.98
    assert abs(late - 1.5) < 0.03


def test_a_few_frames_with_other_channels_are_damage(tmp_path, said):
    frames = {}
    for channels in (1, 2):
        with av.open(str(made(tmp_path / f"{channels}.mp3", f"-ac {channels}"))) as container:
            frames[channels] = [bytes(packet) for packet in container.demux()]
    damaged = tmp_path / "damaged.mp3"
    damaged.write_bytes(b"".join(frames[1][:15] + frames[2][15:18] + frames[1][18:]))
    recording = read(damaged)
    assert recording.facts.channels == 1
    assert likeness(recording.waveform[0], said[CALLER])[0] > 0.85
    assert abs(recording.facts.seconds - SECONDS) < 0.3


def test_a_rate_that_changes_midway(tmp_path, said):
    first, second = made(tmp_path / "first.mp3", ""), made(tmp_path / "second.mp3", "-ar 44100", CALLED)
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    recording = read(joined)
    assert recording.facts.sample_rate == 8000
    half = round(2.95 * SAMPLE_RATE)
    assert likeness(recording.waveform[0, :half], said[CALLER])[0] > 0.98
    assert likeness(recording.waveform[0, half:], said[CALLED])[0] > 0.98


def picture(path):
    return made(path, "-frames:v 1 VIDEO -map 1:v -update 1 -f image2 -c:v png")


def mute_film(path):
    return made(path, "VIDEO -map 1:v")


def cut_before_its_index(path):
    data = made(path, "").read_bytes()
    path.write_bytes(data[: data.index(b"moov")])


def only_tags(path):
    path.write_bytes(b"ID3\x03\0\0\0\0\x07\x76" + bytes(1014))


def two_layouts(path):
    mono, stereo = (
        made(path.with_name("1.mp3"), "-ac 1").read_bytes(),
        made(path.with_name("2.mp3"), "-ac 2").read_bytes(),
    )
    path.write_bytes(mono + stereo)


def two_codings(path):
    path.write_bytes(
        made(path.with_name("1.ogg"), "-c:a libvorbis").read_bytes()
        + made(path.with_name("2.ogg"), "-c:a libvorbis -ar 22050").read_bytes()
    )


def writing(data: bytes):
    return lambda path: path.write_bytes(data)


BAD = [
    ("missing.wav", lambda path: None, "no file", "Aucun fichier"),
    ("folder.wav", Path.mkdir, "folder", "dossier"),
    ("pipe.wav", os.mkfifo, "not a file", "pas un fichier"),
    ("empty.wav", Path.touch, "empty", "vide"),
    ("empty.ulaw", Path.touch, "empty", "vide"),
    ("notes.wav", writing(b"Bonjour, ceci est une lettre.\n" * 99), "not a recording", "pas un enregistrement"),
    ("noise.mp3", writing(np.random.default_rng(1).bytes(40_000)), "not a recording", "pas un enregistrement"),
    ("zeros.wav", writing(bytes(40_000)), "not a recording", "pas un enregistrement"),
    ("page.mp3", writing(b"<!DOCTYPE html><html><body>404</body></html>"), "not a recording", "pas un enregistrement"),
    ("picture.png", picture, "not a recording", "pas un enregistrement"),
    ("picture.wav", picture, "not a recording", "pas un enregistrement"),
    ("film.mp4", mute_film, "no sound track", "pas de piste sonore"),
    ("film.mkv", mute_film, "no sound track", "pas de piste sonore"),
    ("header.wav", writing(wav_header(0)), "no sound that can be decoded", "aucun son"),
    ("promised.wav", writing(wav_header(16_000)), "no sound that can be decoded", "aucun son"),
    ("half-header.wav", writing(wav_header(0)[:30]), "not a recording", "pas un enregistrement"),
    ("tags.mp3", only_tags, "", ""),
    ("cut.m4a", cut_before_its_index, "before its index was written", "avant que son index"),
    ("strange.wav", writing(wav_header(16_000, tag=0x0123) + bytes(16_000)), "0x0123", "0x0123"),
    ("crowd.wav", writing(wav_header(18_000, channels=9) + bytes(18_000)), "9 channels", "9 canaux"),
    ("fast.wav", writing(wav_header(16_000, rate=4_000_000) + bytes(16_000)), "4000000 Hz", "4000000 Hz"),
    ("slow.wav", writing(wav_header(16_000, rate=100) + bytes(16_000)), "100 Hz", "100 Hz"),
    ("layouts.mp3", two_layouts, "changes its channels", "change de canaux"),
    ("codings.ogg", two_codings, "changes its channels or its coding", "ou de codage"),
    ("two\nlines.wav", Path.touch, "two\\nlines.wav", "two\\nlines.wav"),
    ("nul\0.wav", lambda path: None, "no file", "Aucun fichier"),
]


def refusal(path) -> UserError:
    with pytest.raises(UserError) as caught:
        read(path)
    for sentence in caught.value.message:
        assert sentence.endswith(".")
        assert "\n" not in sentence
    assert caught.value.message.en != caught.value.message.fr
    return caught.value


@pytest.mark.parametrize("name, make, english, french", BAD, ids=[repr(row[0])[1:-1] for row in BAD])
def test_what_is_no_recording_gets_one_sentence(tmp_path, capfd, name, make, english, french):
    path = tmp_path / name
    make(path)
    said = refusal(path).message
    assert english in said.en
    assert french in said.fr
    assert capfd.readouterr() == ("", "")


def test_a_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "secret.wav"
    shutil.copy(CALLER, path)
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root may read anything: be nobody for a moment
    try:
        said = refusal(path).message
    finally:
        os.seteuid(user)
    assert "may not be read" in said.en
    assert "ne peut pas être lu" in said.fr


def hls(folder: Path) -> str:
    made(folder / "secret.ts", "-c:a aac")
    return "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:2.9,\nsecret.ts\n#EXT-X-ENDLIST\n"


def ffconcat(folder: Path) -> str:
    shutil.copy(CALLER, folder / "secret.wav")
    return "ffconcat version 1.0\nfile secret.wav\n"


def sdp(folder: Path) -> str:
    return "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 40404 RTP/AVP 0\n"


@pytest.mark.parametrize("name", ["list.m3u8", "list.wav", "list.mp3"])
@pytest.mark.parametrize("make", [hls, ffconcat, sdp])
def test_a_list_of_other_files_opens_none_of_them(tmp_path, make, name):
    path = tmp_path / name
    path.write_text(make(tmp_path))
    if make is ffconcat or (make is hls and path.suffix == ".m3u8"):  # sdp would wait for packets
        with path.open("rb") as file, av.open(file) as container:
            assert container.streams.audio, "FFmpeg by itself would have opened it, or this test tests nothing"
    assert "not a recording" in refusal(path).message.en


def test_nothing_is_fetched(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/secret.ts"
        path = tmp_path / "list.m3u8"
        path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:2.9,\n{address}\n#EXT-X-ENDLIST\n")
        assert "not a recording" in refusal(path).message.en
        assert "no file" in refusal(address).message.en
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("address", ["file:{}", "concat:{}", "subfile,,start,0,end,0,,:{}", "cache:{}", "async:{}"])
def test_an_address_is_not_a_file(address):
    assert "no file" in refusal(address.format(CALLER)).message.en


def test_thirty_hours_are_refused_before_any_is_decoded(tmp_path, monkeypatch):
    path = tmp_path / "month.wav"
    length = 30 * 3600 * 8000
    with path.open("wb") as file:
        file.write(wav_header(length, tag=7, bits=8))
        file.truncate(file.tell() + length)
    monkeypatch.setattr(limits, "MAX_SECONDS", 9000.0)
    monkeypatch.setattr(decode, "_frames", None)
    said = refusal(path).message
    for sentence in said:
        assert "30 h 00 min" in sentence
        assert "2 h 30 min" in sentence
        assert "ALLO_MAX_HOURS" in sentence


def test_a_length_that_nothing_announces_is_refused_on_the_way(tmp_path, monkeypatch):
    path = tmp_path / "streamed.webm"
    command = ["ffmpeg", "-v", "error", "-i", CALLER, "-c:a", "libopus", "-f", "webm", "-"]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    monkeypatch.setattr(limits, "MAX_SECONDS", 3.0)
    assert abs(read(path).facts.seconds - SECONDS) < 0.01
    monkeypatch.setattr(limits, "MAX_SECONDS", 2.0)
    said = refusal(path).message
    assert "more than 0 min 02 s" in said.en
    assert "plus de 0 min 02 s" in said.fr


def test_a_guess_of_the_length_refuses_nothing(tmp_path, monkeypatch):
    """FFmpeg guesses the length of such a file from its start: here silence, then much denser sound."""
    silence = write_wav(tmp_path / "silence.wav", np.zeros((1, 30 * 16000), np.int16), 16000)
    noise = np.random.default_rng(5).integers(-20000, 20000, (1, 30 * 16000)).astype(np.int16)
    path = tmp_path / "call.aac"
    command = ["ffmpeg", "-v", "error", "-i", silence, "-i", write_wav(tmp_path / "noise.wav", noise, 16000)]
    subprocess.run([*command, "-filter_complex", "concat=v=0:a=1", "-q:a", "2", path], check=True)
    with av.open(str(path)) as container:
        guess = container.duration / av.time_base
    assert guess > 70
    monkeypatch.setattr(limits, "MAX_SECONDS", 65.0)
    assert abs(read(path).facts.seconds - 60) < 0.3


MEMORY = """
import resource, sys
from speech.audio.decode import read, stream
from speech.audio.limits import MAX_SECONDS
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
read(sys.argv[1])
before = peak()
with stream(sys.argv[3]) as blocks:
    print(sum(block.shape[1] for block in blocks) / 16000, peak() - before)
for path in sys.argv[2:]:
    before = peak()
    recording = read(path)
    print(recording.facts.seconds, recording.facts.channels, recording.waveform.nbytes / 2**20, peak() - before)
    del recording
print(MAX_SECONDS)
"""


def test_half_an_hour_fits_in_little_memory(tmp_path):
    """In MiB: 30 minutes of a call (55 as floats at 8 kHz, 110 at 16 kHz), and 8 minutes of stereo (176 at 48 kHz)."""
    stereo, call = tmp_path / "stereo.flac", tmp_path / "call.wav"
    silence = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-t", "480"]
    subprocess.run([*silence, stereo], check=True)
    with wave.open(str(CALLER)) as prompt, wave.open(str(call), "wb") as file:
        file.setparams(prompt.getparams())
        sound = prompt.readframes(prompt.getnframes())
        file.writeframes(sound * (1800 * 8000 // prompt.getnframes()))
    ran = subprocess.run(
        [sys.executable, "-c", MEMORY, CALLER, stereo, call],
        env=os.environ | {"ALLO_MAX_HOURS": "0.6"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    streamed, short, half_hour, limit = ([float(word) for word in line.split()] for line in ran.stdout.splitlines())
    assert streamed[0] == half_hour[0] and streamed[1] < 40
    assert abs(short[0] - 480) < 0.01
    assert short[3] < 176
    assert 1790 < half_hour[0] <= 1800
    assert half_hour[3] < 3 * half_hour[2]
    assert limit == [0.6 * 3600]
    assert ran.stderr == ""


@pytest.mark.parametrize("extension", ["wav", "flac", "mp3", "ogg", "webm", "m4a", "gsm", "ulaw", "adpcm.wav"])
def test_a_part_is_what_stands_there_in_the_whole(tmp_path, extension):
    clips = [str(found.path) for found in prompts(at_least=3.0)[:12]]
    subprocess.run(["sox", *clips, tmp_path / "whole.wav"], check=True)
    how = {"adpcm.wav": ["-c:a", "adpcm_ms"], "webm": ["-c:a", "libopus"], "ulaw": ["-f", "mulaw"]}.get(extension, [])
    path = tmp_path / f"call.{extension}"
    subprocess.run(["ffmpeg", "-v", "error", "-i", tmp_path / "whole.wav", *how, path], check=True)
    whole = read(path).waveform[0]
    seconds = len(whole) / SAMPLE_RATE
    for start, end in ((0, 1.5), (0.1, 0.2), (20.1234, 23.4567), (seconds - 1, seconds + 9)):
        part = read(path, start=start, end=end).waveform[0]
        expected = whole[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        assert part.shape == expected.shape and np.abs(part - expected).max() < 1e-3
