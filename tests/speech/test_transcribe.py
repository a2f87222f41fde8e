"""Recordings of calls: long ones, with two channels, with text that came before."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from itertools import pairwise

import jiwer
import numpy as np
import pytest
import torch
from silero_vad import load_silero_vad
from transformers.models.whisper.english_normalizer import BasicTextNormalizer

from common.messages import UserError
from corpus.prompts import Prompt, prompt, prompts
from speech.audio.channels import Leakage, separate_channels
from speech.audio.decode import SAMPLE_RATE, Recording, read
from speech.audio.line_quality import LineMeter
from speech.audio.vad import MAX_WINDOW, FixedWindows, SpeechDetector, SpeechWindows
from speech.decoding.decode import Options, decode
from speech.decoding.segments import at_word_starts
from speech.placement import cut_at_pauses
from speech.transcribe import transcribe
from transcripts.transcript import AudioFacts, Transcript, Turn, Word

NORMAL = BasicTextNormalizer()
GREEDY = Options(unsure_beam=1)  # the beam has tests of its own, and takes as long again


def recording(*channels: np.ndarray) -> Recording:
    waveform = np.stack(channels).astype(np.float32)
    return Recording(
        AudioFacts("call.wav", waveform.shape[1] / SAMPLE_RATE, 8000, len(channels), "pcm_s16le"), waveform
    )


def stitched(spoken: list[Prompt], gap: float) -> np.ndarray:
    silence = np.zeros(round(gap * SAMPLE_RATE), np.float32)
    return np.concatenate([part for found in spoken for part in (read(found.path).waveform[0], silence)])


def whole(recording: Recording, engine, options: Options, channels: str = "auto"):
    *_, last = transcribe(recording, engine, options, channels)
    return last.transcript


def error_rate(spoken: list[Prompt], decoded: str) -> float:
    return 100 * jiwer.wer(NORMAL(" ".join(found.text for found in spoken)), NORMAL(decoded))


@pytest.fixture(scope="module")
def spoken() -> list[Prompt]:
    """Nine prompts of three seconds and more: a minute and a half."""
    return prompts(at_least=3.0)[::2][:9]


@pytest.fixture(scope="module")
def long(spoken, int8):
    """The steps of transcribing them, stitched with a second between."""
    return list(transcribe(recording(stitched(spoken, 1.0)), int8, Options()))


def test_a_long_recording_is_heard_to_its_end(long, spoken):
    transcript = long[-1].transcript
    assert error_rate(spoken, transcript.text) < 30
    assert transcript.turns[-1].end > transcript.audio.seconds - 5


def test_progress_grows_and_ends_whole(long):
    done = [step.seconds_done for step in long]
    assert len(done) > 2 and done == sorted(done) and done[-1] == long[-1].seconds_total


def test_the_work_ends_with_who_asks_for_it(int8, spoken):
    work = transcribe(recording(stitched(spoken[:9], 2.0)), int8, GREEDY)
    next(progress for progress in work if progress.transcript.turns)
    work.close()
    deadline = time.monotonic() + 20
    while found := [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_turns_are_in_order_and_inside_the_recording(long):
    turns = long[-1].transcript.turns
    assert all(a.start <= b.start and a.end <= b.start + 1.0 for a, b in pairwise(turns))
    assert all(0 <= turn.start < turn.end <= long[-1].transcript.audio.seconds and turn.text for turn in turns)


def test_words_lie_in_their_turns(int8):
    transcript = whole(read(prompt("conf-adminmenu-162")), int8, replace(GREEDY, words=True))
    words = [word for turn in transcript.turns for word in turn.words]
    assert " ".join(word.text for word in words) == " ".join(turn.text for turn in transcript.turns)
    assert all(a.start <= b.start and a.end >= a.start for a, b in pairwise(words))


def test_two_channels_are_two_speakers(int8):
    first, second = read(prompt("conf-full")).waveform[0], read(prompt("agent-loginok")).waveform[0]
    quiet = np.zeros(SAMPLE_RATE, np.float32)
    left = np.concatenate([first, quiet, np.zeros_like(second)])
    right = np.concatenate([np.zeros_like(first), quiet, second])
    transcript = whole(recording(left, right), int8, GREEDY)
    assert [(turn.channel, turn.speaker) for turn in transcript.turns] == [(0, "A"), (1, "B")]
    assert "conférence" in transcript.turns[0].text and "en ligne" in transcript.turns[1].text
    mixed = whole(recording(left, right), int8, GREEDY, "mix")
    assert {turn.speaker for turn in mixed.turns} == {None} and "conférence" in mixed.text and "en ligne" in mixed.text


def test_the_same_signal_twice_is_one_speaker(int8):
    voice = read(prompt("conf-full")).waveform[0]
    transcript = whole(recording(voice, 0.8 * voice), int8, GREEDY)
    assert [turn.speaker for turn in transcript.turns] == [None]


def test_a_dead_channel_says_nothing(int8):
    voice = read(prompt("conf-full")).waveform[0]
    transcript = whole(recording(voice, np.zeros_like(voice)), int8, GREEDY)
    assert [turn.channel for turn in transcript.turns] == [0]


def test_text_that_came_before_is_taken_along(int8, monkeypatch):
    prompted = []
    monkeypatch.setattr(int8, "prompt", lambda *asked, prompt=int8.prompt: prompted.append(asked[3:]) or prompt(*asked))
    spoken = prompts(at_least=6.0)[:3]
    transcript = whole(recording(stitched(spoken, 4.0)), int8, replace(GREEDY, context=True))
    assert error_rate(spoken, transcript.text) < 40
    before = [asked[0].strip() for asked in prompted if asked]
    assert before[0] == "" and all(before[1:])


@pytest.mark.parametrize("kept", [slice(-1, None), slice(0)], ids=["all but the last", "all"])
def test_what_is_passed_over_among_others_is_heard_by_itself(int8, kept):
    """Of the windows that are transcribed end to end, Whisper may pass over some."""
    together = []

    def hasty(engine, sounds, *asked):
        for batch in decode(engine, sounds, *asked):
            told = [(i, len(sounds[i]) > 12 * SAMPLE_RATE, decoded) for i, decoded in batch]
            together.extend(i for i, several, _ in told if several)
            yield [
                (i, replace(decoded, turns=decoded.turns[kept]) if several else decoded) for i, several, decoded in told
            ]

    spoken = [found for found in prompts(at_least=4.0) if found.seconds < 6.0][:4]
    *_, last = transcribe(recording(stitched(spoken, 4.0)), int8, GREEDY, decoder=hasty)
    transcript = last.transcript
    assert together and error_rate(spoken, transcript.text) < 30
    assert all(a.end <= b.start for a, b in pairwise(transcript.turns))


def test_a_line_that_a_queue_says_again_and_again_is_no_loop(int8, monkeypatch):
    """End to end it looks like one; each by itself it does not, and is not worth another temperature."""
    warmths = []
    generate = int8.generate
    monkeypatch.setattr(int8, "generate", lambda *a, **how: warmths.append(how["temperature"]) or generate(*a, **how))
    spoken = [found for found in prompts() if found.path.stem == "vm-nobodyavail"] * 7
    transcript = whole(recording(stitched(spoken, 3.5)), int8, GREEDY)
    assert error_rate(spoken, transcript.text) < 20 and len(transcript.turns) == 7 and not transcript.flagged
    assert set(warmths) == {0.0}


def test_without_voice_activity_everything_is_heard(int8):
    transcript = whole(read(prompt("conf-full")), int8, replace(GREEDY, voice_activity=False))
    assert "conférence est pleine" in transcript.text


def test_a_detected_language_is_told(int8):
    transcript = whole(read(prompt("conf-full")), int8, replace(GREEDY, language=None))
    assert transcript.language == "fr" and "conférence" in transcript.text


def test_an_unknown_language_is_refused_before_any_work(int8):
    with pytest.raises(UserError, match="'klingon'"):
        next(transcribe(read(prompt("conf-full")), int8, replace(Options(), language="klingon")))


def test_a_cpu_does_without_torch():
    """It takes seconds and half a gigabyte to import, for every call of the command line."""
    asked = ["transcribe", prompt("conf-full"), "--engine", "ctranslate2"]
    code = (
        f"import sys; from speech.__main__ import main; done = main({list(map(str, asked))})\n"
        "print(done, [name for name in ('torch', 'transformers', 'silero_vad') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "Cette conférence est pleine.\n0 []\n"


def test_a_second_engine_has_as_many_workers_as_the_first():
    """CTranslate2 sets OpenMP's threads, which torch counts by, to those of one worker when it loads a model."""
    asked = (
        "import torch; from speech.engines import load; from speech.models.choose import choose\n"
        "print(*(load(choose('whisper-base'), 'ctranslate2').workers for _ in range(2)), torch.get_num_threads())"
    )
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout == "2 2 2\n"


def test_the_detector_is_silero(spoken):
    sound = stitched(spoken[:4], 1.0)
    detector = SpeechDetector()
    ours = [share for block in np.array_split(sound, 7) for share in detector.add(block)] + detector.end()
    assert ours == pytest.approx(load_silero_vad().audio_forward(torch.from_numpy(sound)[None], 16000)[0], abs=1e-4)


@pytest.mark.parametrize("kind", [SpeechWindows, FixedWindows])
@pytest.mark.parametrize("size", [5_000, 100_000, 3_000_000])
def test_windows_are_the_same_however_the_sound_comes(spoken, kind, size):
    sound = stitched(spoken[:9], 2.0)

    def windows(size: int):
        cutter = kind()
        blocks = [sound[at : at + size] for at in range(0, len(sound), size)]
        return [window for block in blocks for window in cutter.add(block)] + list(cutter.end())

    found = windows(size)
    assert found == windows(960_000)
    assert all(0 < window.seconds <= MAX_WINDOW and len(window.sound) <= 30 * SAMPLE_RATE for window in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    at = [round(window.start * SAMPLE_RATE) for window in found]
    assert all(np.array_equal(w.sound, sound[i : i + len(w.sound)]) for i, w in zip(at, found, strict=True))


def test_a_voice_that_never_pauses_is_cut_where_it_is_quietest():
    vowel = prompt("conf-full")
    sound = read(vowel).waveform[0][4000:12000]
    loud = np.tile(sound[np.argmax(np.convolve(sound**2, np.ones(1600), "valid")) :][:1600], 900)
    quiet = 26 * SAMPLE_RATE
    loud[quiet : quiet + 1600] *= 0.1
    cutter = FixedWindows()
    first, *_ = [*cutter.add(loud), *cutter.end()]
    assert quiet <= first.end * SAMPLE_RATE <= quiet + 1600


def line_of(*channels: np.ndarray):
    survey, found = LineMeter(), recording(*channels)
    survey.add(found.waveform)
    return survey.line(found.facts)


def test_the_channels_that_are_heard():
    voice, other = read(prompt("conf-full")).waveform[0], read(prompt("agent-loginok")).waveform[0]
    size = min(len(voice), len(other))
    voice, other, nobody = voice[:size], other[:size], np.zeros(size, np.float32)
    assert separate_channels(line_of(voice)) is None
    assert (
        separate_channels(line_of(voice, other)) == (0, 1) and separate_channels(line_of(voice, other), "mix") is None
    )
    assert separate_channels(line_of(voice, voice)) is None and separate_channels(line_of(voice, voice), "split") == (
        0,
        1,
    )
    assert separate_channels(line_of(voice, -voice)) == (0,)
    assert separate_channels(line_of(voice, 0.1 * voice)) == (0, 1)  # an echo: what leaks is taken out of it
    assert separate_channels(line_of(nobody, voice)) == (1,) and separate_channels(line_of(nobody, nobody)) is None
    assert separate_channels(line_of(voice, other, nobody, voice)) == (0, 1, 3)
    hum = (np.sin(np.arange(size) / 80) * 0.01).astype(np.float32)
    assert separate_channels(line_of(hum, hum)) is None  # alike, and without a voice


@pytest.fixture(scope="module")
def two_parties() -> tuple[np.ndarray, np.ndarray]:
    """Each says two sentences; the second of the one and the first of the other overlap."""
    a, b = (stitched([found], 0.0) for found in prompts(at_least=3.0)[:2])
    c, d = (read(prompt(name)).waveform[0] for name in ("conf-full", "agent-loginok"))
    left, right = np.zeros(14 * SAMPLE_RATE, np.float32), np.zeros(14 * SAMPLE_RATE, np.float32)
    for lane, at, sound in ((left, 0.5, c), (right, 3.0, d), (left, 6.0, a[: 4 * SAMPLE_RATE]), (right, 9.0, b)):
        start = round(at * SAMPLE_RATE)
        lane[start : start + len(sound)] += sound[: len(lane) - start]
    return left, right


@pytest.fixture(scope="module")
def alone(int8, two_parties) -> Transcript:
    """Of both, where neither leaks into the other's channel."""
    return whole(recording(*two_parties), int8, GREEDY)


@pytest.mark.parametrize("leakage", [-15, -25, -35])
def test_a_voice_that_leaks_is_heard_once(int8, two_parties, alone, leakage):
    left, right = two_parties
    late = SAMPLE_RATE // 25
    leak = [10 ** (leakage / 20) * np.concatenate([np.zeros(late, np.float32), lane[:-late]]) for lane in (right, left)]
    both = whole(recording(left + leak[0], right + leak[1]), int8, GREEDY)
    for channel in (0, 1):
        said, decoded = ([turn.text for turn in found.turns if turn.channel == channel] for found in (alone, both))
        # a word in three may differ: processors round int8 in ways of their own, and the text is shaky
        assert jiwer.wer(NORMAL(" ".join(said)), NORMAL(" ".join(decoded))) < 0.34
    assert "conférence est pleine" in both.text and both.text.lower().count("pleine") == 1


def test_a_voice_of_its_own_survives_a_leak(two_parties):
    left, right = two_parties
    leaks = Leakage()
    leaks.add(np.stack([left + 0.1 * right, right + 0.1 * left]))
    own = leaks.own_voice((0, 1))
    loud = np.square(np.stack([left, right]).reshape(2, -1, 320)).mean(axis=2) > 1e-4
    assert (own & loud).sum() > 0.97 * loud.sum()
    assert (own & ~loud)[:, :900].mean() < 0.9


def test_each_channel_has_its_language(int8):
    english = "/usr/share/asterisk/sounds/en_US_f_Allison/demo-instruct.wav"
    french, other = read(prompt("demo-instruct")).waveform[0], read(english).waveform[0]
    size = 12 * SAMPLE_RATE
    transcript = whole(recording(french[:size], other[:size]), int8, replace(GREEDY, language=None))
    text = [" ".join(turn.text for turn in transcript.turns if turn.channel == channel) for channel in (0, 1)]
    assert " vous " in text[0] and " you " in text[1]


def test_a_path_is_heard_as_the_recording_in_memory(int8):
    path = prompt("vm-intro")
    assert whole(str(path), int8, GREEDY).turns == whole(read(path), int8, GREEDY).turns


def test_two_voices_on_one_channel(int8):
    english = read("/usr/share/asterisk/sounds/en_US_f_Allison/demo-congrats.wav").waveform[0][: 9 * SAMPLE_RATE]
    french = read(prompt("demo-instruct")).waveform[0][: 9 * SAMPLE_RATE]
    *_, last = transcribe(recording(np.concatenate([french, english])), int8, GREEDY, speakers=2)
    turns = last.transcript.turns
    assert {turn.speaker for turn in turns} == {"A", "B"} and not turns[0].words
    assert all((turn.speaker == "A") == (turn.end < 9.5) for turn in turns)
    assert 0.5 < last.transcript.speakers_sure <= 1


def test_a_turn_is_never_cut_inside_a_word(int8):
    ids = int8.tokenizer(" La conférence", add_special_tokens=False).input_ids
    pieces = [(0.0, 1.0, ids[:-1]), (1.0, 2.0, ids[-1:])]
    assert not int8.tokenizer.decode(ids[-1:]).startswith(" ")
    assert at_word_starts(int8, pieces, "fr") == [(0.0, 2.0, ids)]
    words = (Word(0.1, 0.9, "Bonjour.", 0.9), Word(4.0, 4.6, "Oui.", 0.8))
    turn = Turn(0.0, 5.0, "Bonjour. Oui.", 0.9, words=words)
    parts = cut_at_pauses(turn, [(0.1, 0.9), (4.0, 4.7)])
    assert [(part.start, part.end, part.text) for part in parts] == [(0.0, 0.9, "Bonjour."), (4.0, 5.0, "Oui.")]
