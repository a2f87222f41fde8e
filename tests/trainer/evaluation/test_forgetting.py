"""What an adapter forgot: sets that are the same each time, and figures that tell who lost."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from speech.audio.decode import SAMPLE_RATE
from speech.decoding.decode import Options
from speech.engines import Engine
from speech.engines.base import Alignment, Hypothesis
from trainer.data import held_out_prompts
from trainer.data.held_out_prompts import SECONDS, UNSEEN, VOICES, Spoken, chosen, spoken
from trainer.evaluation import forgetting
from trainer.evaluation.forgetting import GREEDY, LONG, NAMES, RECORDINGS, stitched, without_speech

INSTALLED = [language for language in VOICES if spoken(language, 1)]


class Deaf(Engine):
    """The embedded model with an encoder and a decoder that hear the same word in everything: quick, and wrong."""

    name, device, precision = "deaf", "cpu", "none"

    def __init__(self, like: Engine, word: str):
        vars(self).update(vars(like))
        self.tokens = self.tokenizer(word, add_special_tokens=False).input_ids

    def encode(self, mel):
        return mel

    def select(self, states, places):
        return states[places]

    def detect(self, states):
        raise NotImplementedError

    def align(self, states, prompt, tokens, frames):
        return [Alignment(np.linspace(0, 1, len(text) + 1).tolist(), [0.9] * len(text)) for text in tokens]

    def generate(self, states, prompt, *, beam_size, temperature, max_tokens):
        return [Hypothesis(self.tokens, -0.1, 0.0, cut=False) for _ in states]

    def beam(self, states, prompt, *, size, max_tokens):
        return [[Hypothesis(self.tokens, -0.1, 0.0, cut=False)] for _ in states]


@pytest.fixture
def debian(tmp_path, monkeypatch) -> Path:
    """Debian's folders, empty."""
    monkeypatch.setattr(held_out_prompts, "SOUNDS", tmp_path / "sounds")
    monkeypatch.setattr(held_out_prompts, "TEXTS", str(tmp_path / "core-sounds-{0}.txt.gz"))
    return tmp_path


def test_the_prompts_of_a_language_are_the_same_each_time():
    if not INSTALLED:
        pytest.skip("apt-get install asterisk-core-sounds-en-wav (or -es, -it, -ru)")
    language = INSTALLED[0]
    first, second = spoken(language, 12), spoken(language, 12)
    assert len(first) == 12 and [clip.text for clip in first] == [clip.text for clip in second]
    assert all(SECONDS[0] <= len(clip.waveform) / SAMPLE_RATE <= SECONDS[1] for clip in first)
    assert all(clip.text and not set(clip.text) & set("[]()") for clip in first)


def test_what_is_checked_was_not_trained_with():
    for language in INSTALLED:
        checked, kept = ([clip.text for clip in chosen(language, to=to)] for to in ("check", "keep"))
        assert checked and not set(checked) & set(kept) and len(set(checked)) == len(checked)
        assert bool(kept) == (language != UNSEEN)


def test_long_recordings_are_stitched_of_clips_with_silences():
    clip = Spoken(np.ones(3 * SAMPLE_RATE, np.float32), "trois secondes")
    recordings = stitched([clip] * 500)
    assert len(recordings) == RECORDINGS
    for waveform, text in recordings:
        seconds, clips = len(waveform) / SAMPLE_RATE, text.count("trois")
        assert LONG[0] <= seconds <= LONG[1] + 3 + 4 and waveform.sum() == clips * len(clip.waveform)
        assert seconds > 3.5 * clips


def test_too_little_french_makes_no_long_recording():
    assert stitched([Spoken(np.ones(SAMPLE_RATE, np.float32), "un")] * 5) == []


def test_sounds_without_speech_are_what_a_line_carries():
    sounds = without_speech()
    assert len(sounds) == 24 and sum(not sound.any() for sound in sounds) == 3
    assert all(np.abs(sound).max() <= 1 and sound.dtype == np.float32 for sound in sounds)
    again = without_speech()
    assert all((one == other).all() for one, other in zip(sounds, again, strict=True))


def test_text_for_sounds_without_speech_is_a_loss_in_words(int8, debian):
    silent, talker = Deaf(int8, ""), Deaf(int8, " allô")
    found = forgetting.forgetting(silent, talker, french=[])
    assert found == {"silence": {"before": 0.0, "after": 100.0, "lost": 100.0, "clips": 24}}
    assert forgetting.forgetting(talker, silent, french=[])["silence"]["lost"] == -100.0
    (said,) = forgetting.losses(found)
    assert said.en == "Made-up text: 100.0 % of sounds without speech got a text, 0.0 % before the training."
    assert said.fr.startswith("Texte inventé : 100,0 % des sons sans parole ont reçu un texte")
    assert forgetting.word_error_rates(found) == {}


@pytest.mark.parametrize(
    ("texts", "share"), [(["...", "?!", " – ", "♪"], 0), (["", "«»", "9", "é"], 50), (["oui."], 100)]
)
def test_text_without_a_letter_or_a_digit_is_no_text(texts, share):
    assert forgetting._share_with_text(texts) == share


def test_long_recordings_are_heard_whole_and_judged_in_french(int8, debian):
    clip = Spoken(np.ones(3 * SAMPLE_RATE, np.float32), "20 mots")
    how = Options(temperatures=(0.0,), voice_activity=False)
    right, wrong = Deaf(int8, " vingt mots"), Deaf(int8, " vingt lots")
    found = forgetting.forgetting(right, wrong, before=how, after=how, french=[clip] * 100)["long"]
    assert found["words"] > 2 * 60 / 7 and found["clips"] == RECORDINGS
    assert found["after"] > found["before"] > 0 and found["lost"] == pytest.approx(
        found["after"] - found["before"], abs=0.001
    )


def test_who_writes_a_word_for_a_digit_has_lost_nothing_in_english(int8, debian, monkeypatch):
    clip = Spoken(np.zeros(3 * SAMPLE_RATE, np.float32), "Press 1 now")
    monkeypatch.setattr(forgetting, "spoken", lambda language, clips: [clip] * (language in ("en", "es")))
    digit, word, wrong = Deaf(int8, " Press 1 now"), Deaf(int8, " Press one now"), Deaf(int8, " Press two now")
    found = forgetting.forgetting(digit, word, french=[])
    assert (found["en"]["after"], found["es"]["after"]) == (0.0, pytest.approx(100 / 3, abs=0.001))
    assert forgetting.forgetting(digit, wrong, french=[])["en"]["lost"] == pytest.approx(100 / 3, abs=0.001)


def test_sets_that_are_not_installed_are_named(int8, debian):
    quiet = Deaf(int8, "")
    found = forgetting.forgetting(quiet, quiet, french=[])
    assert list(found) == ["silence"]
    (said,) = forgetting.warnings(found)
    assert all(NAMES[name].en in said.en and NAMES[name].fr in said.fr for name in ("en", "es", "it", "ru", "long"))
    assert "apt-get install asterisk-core-sounds-en" in said.en


def test_a_loss_of_more_than_half_a_point_is_a_warning():
    found = {name: {"before": 20.0, "after": 20.5, "lost": 0.5} for name in NAMES}
    assert forgetting.warnings(found) == []
    (said,) = forgetting.warnings(found | {"it": {"before": 20.0, "after": 21.25, "lost": 1.25, "clips": 40}})
    assert said.en == "Italian prompts: 1.2 points lost by the training, from 20.0 to 21.2 %."
    assert said.fr == "Annonces en italien : 1,2 points perdus par l'entraînement, de 20,0 à 21,2 %."


def test_the_same_model_loses_nothing(int8, monkeypatch):
    """The real engine, on few clips: transcribed twice, the figures are the same."""
    monkeypatch.setattr(forgetting, "without_speech", lambda: without_speech()[:3])
    sets = forgetting.each(int8, int8, clips=3, french=[])
    for name, figures in itertools.islice(sets, 2):
        assert name in NAMES and figures["lost"] == 0.0
        assert 0 <= figures["before"] < 100 and figures["clips"] == 3


def test_nothing_is_drawn_at_random():
    assert GREEDY.temperatures == (0.0,)
