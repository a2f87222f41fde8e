"""What the page says of a line: true of real telephone prompts, and of what goes wrong with them."""

import subprocess
import tracemalloc
from importlib.metadata import distribution

import numpy as np
import pytest

from corpus.prompts import prompt, prompts
from speech.audio.decode import SAMPLE_RATE, read
from speech.audio.line_quality import LineMeter, describe
from transcripts.transcript import AudioFacts, Line

FACTS = AudioFacts("call.wav", 0.0, 8000, 1, "pcm_s16le")
WIDE = distribution("gradio").locate_file("gradio/media_assets/audio/cate_blanch_2.mp3")  # a voice up to 16 kHz


def surveyed(*channels: np.ndarray, facts: AudioFacts = FACTS) -> Line:
    survey = LineMeter()
    survey.add(np.stack(channels).astype(np.float32))
    return survey.line(facts)


def said(line: Line) -> str:
    return " ".join(sentence.en for sentence in describe(line))


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    """Half a minute of prompts with half a second between them."""
    pause = np.zeros(SAMPLE_RATE // 2, np.float32)
    clips = [part for found in prompts(at_least=4.0)[:5] for part in (read(found.path).waveform[0], pause)]
    return np.concatenate(clips)


@pytest.fixture(scope="module")
def hiss(voice) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(len(voice)).astype(np.float32)


def test_a_clean_line_is_said_in_one_sentence(voice):
    line = surveyed(voice)
    (sentence,) = describe(line)
    assert sentence.en.startswith("A clean line") and sentence.fr.startswith("Ligne propre")
    assert "8 kHz" in sentence.en and "telephone" in sentence.en and "téléphone" in sentence.fr
    assert line.channels[0].low < 200 and 3400 < line.channels[0].high <= 4000


@pytest.mark.parametrize(
    "name", ["conf-full", "agent-loginok", "vm-goodbye", "tt-allbusy", "cannot-complete-as-dialed"]
)
def test_a_telephone_in_a_wide_file_is_a_telephone(name):
    recording = read(prompt(name))
    line = surveyed(recording.waveform[0], facts=AudioFacts("call.wav", 1.0, 16_000, 1, "pcm_s16le"))
    assert line.channels[0].high <= 4000
    assert "the telephone's band, although the file could hold more" in said(line)


def test_a_wide_voice_is_no_telephone():
    recording = read(WIDE)
    line = surveyed(recording.waveform[0], facts=recording.facts)
    assert line.channels[0].high > 6500
    assert "MP3, 32 kHz" in said(line) and "wider than a telephone" in said(line)


def test_the_same_voice_through_300_to_3400_hz(voice):
    spectrum = np.fft.rfft(voice)
    hertz = np.fft.rfftfreq(len(voice), 1 / SAMPLE_RATE)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    channel = surveyed(np.fft.irfft(spectrum, len(voice))).channels[0]
    assert channel.low == pytest.approx(300, abs=70) and channel.high == pytest.approx(3400, abs=100)


@pytest.mark.parametrize("coded, codec, name", [("call.wav", "-e mu-law", "mu-law"), ("call.gsm", "", "GSM")])
def test_the_codec_is_named_in_plain_words(tmp_path, coded, codec, name):
    subprocess.run(["sox", prompt("conf-full"), *codec.split(), tmp_path / coded], check=True)
    recording = read(tmp_path / coded)
    line = surveyed(*recording.waveform, facts=recording.facts)
    assert f"ound {name} (" in said(line)
    assert "téléphone" in describe(line)[0].fr


@pytest.mark.parametrize("snr, noisy", [(30, False), (22, False), (12, True), (6, True)])
def test_noise_is_heard(voice, hiss, snr, noisy):
    level = surveyed(voice).channels[0].level
    line = surveyed(np.clip(voice + hiss * 10 ** ((level - snr) / 20), -1, 1))
    assert line.channels[0].level - line.channels[0].noise == pytest.approx(snr, abs=2.5)
    assert ("noisy" in said(line)) == noisy


def test_a_level_is_the_voices_whatever_the_pauses(voice):
    loud = surveyed(voice).channels[0].level
    assert -26 < loud < -15
    assert surveyed(np.concatenate([voice, np.zeros(4 * len(voice))])).channels[0].level == pytest.approx(loud, abs=0.5)
    faint = surveyed(voice / 30)
    assert faint.channels[0].level == pytest.approx(loud - 29.5, abs=0.7)
    assert "very quiet" in said(faint) and "quiet" not in said(surveyed(voice))


def test_clipping_is_heard(voice):
    line = surveyed(np.clip(20 * voice, -1, 1))
    assert line.channels[0].clipped > 0.02 and line.channels[0].peak == pytest.approx(0, abs=0.01)
    assert "clipped" in said(line) and "écrêté" in describe(line)[1].fr


@pytest.mark.parametrize("dead", [0.0, 0.3, 1e-4, 1.0])
def test_a_dead_channel(voice, hiss, dead):
    """Nothing, a voltage, a faint hiss, and a loud one under which nobody speaks."""
    other = np.full_like(voice, dead) if dead == 0.3 else 0.01 * dead * hiss
    line = surveyed(voice, other)
    assert [channel.dead for channel in line.channels] == [False, True]
    assert not line.identical and "Channel 2: no voice at all" in said(line)


def test_a_short_word_is_not_dead():
    word = read(prompt("digits/1")).waveform[0]
    assert not surveyed(word[: SAMPLE_RATE // 5]).channels[0].dead


def test_one_signal_on_both_channels(voice, hiss):
    for second in (voice, 0.3 * voice, voice + 0.005 * hiss):
        line = surveyed(voice, second)
        assert line.identical and "same signal" in said(line) and said(line).count("hannel") == 1
    leaking = surveyed(voice, np.roll(voice, len(voice) // 2) + 10 ** (-15 / 20) * voice)
    assert not leaking.identical and 0.1 < leaking.correlation < 0.3
    assert surveyed(voice, -voice).correlation == pytest.approx(-1)


def test_blocks_of_any_length_give_the_same_line(voice):
    both = np.stack([voice, voice[::-1]])
    survey = LineMeter()
    for start in range(0, len(voice), 7001):
        survey.add(both[:, start : start + 7001])
    blocks, whole = survey.line(FACTS), surveyed(*both)
    assert blocks.seconds == whole.seconds == len(voice) / SAMPLE_RATE
    for some, all_ in zip(blocks.channels, whole.channels, strict=True):
        assert vars(some) == pytest.approx(vars(all_), abs=1e-3)


def test_memory_does_not_grow_with_the_length(voice):
    block, survey = np.stack([voice, voice[::-1]])[:, : 20 * SAMPLE_RATE], LineMeter()
    survey.add(block)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(10):
        survey.add(block)
    assert tracemalloc.get_traced_memory()[0] - before < 100_000
    tracemalloc.stop()


@pytest.mark.parametrize("samples", [0, 1, 100, 511, 513])
def test_next_to_nothing_is_surveyed(samples):
    line = surveyed(np.zeros(samples))
    assert line.channels[0].dead and "no voice" in said(line).lower()


def test_one_word_in_ten_minutes_is_not_dead(hiss):
    quiet = 0.0005 * np.resize(hiss, 600 * SAMPLE_RATE)
    word = read(prompt("digits/1")).waveform[0]
    assert surveyed(quiet).channels[0].dead
    quiet[: len(word)] += word
    assert not surveyed(quiet).channels[0].dead
