"""What is no speech gives no turn: hold music, and text without a letter or a digit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from transformers import WhisperForConditionalGeneration

from corpus.prompts import prompt
from speech.audio.decode import Recording, read
from speech.decoding.decode import Options
from speech.decoding.hallucinations import has_words
from speech.engines import load
from speech.engines.base import Engine, Hypothesis
from speech.models.choose import choose
from speech.placement import cut_at_pauses
from speech.transcribe import transcribe
from tests.kit.adapters import saved
from transcripts.transcript import Transcript, Turn, Word

MUSIC = Path("/usr/share/asterisk/moh")  # of asterisk-moh-opsound-wav
PIECES = ("macroform-cold_day", "macroform-robot_dity", "macroform-the_simplicity", "manolo_camp-morning_coffee")
EXCERPT = 20, 32  # seconds


def transcribed(recording: Recording, engine: Engine, options: Options) -> Transcript:
    *_, last = transcribe(recording, engine, options)
    return last.transcript


@pytest.fixture(scope="module")
def excerpts() -> list[Recording]:
    found = [read(MUSIC / f"{name}.wav", start=EXCERPT[0], end=EXCERPT[1]) for name in (*PIECES, "reno_project-system")]
    assert all(np.sqrt(np.mean(each.waveform**2)) > 0.01 for each in found)
    return found


@pytest.fixture(scope="module")
def adapted(int8, tmp_path_factory) -> Engine:
    base = WhisperForConditionalGeneration.from_pretrained(choose("whisper-base").folder)
    return load(choose("whisper-base", str(saved(base, tmp_path_factory.mktemp("adapter")))), "ctranslate2")


@pytest.mark.parametrize("voice_activity", [True, False])
@pytest.mark.parametrize("with_adapter", [False, True])
def test_hold_music_gives_no_turn(int8, request, excerpts, voice_activity, with_adapter):
    engine = request.getfixturevalue("adapted") if with_adapter else int8
    options = Options(voice_activity=voice_activity, margin=engine.margin)
    assert [transcribed(each, engine, options).turns for each in excerpts] == [[]] * 5


@pytest.mark.parametrize("text", ["...", "…", "♪ ♪", "- !", "« »", "❤️"])
def test_a_text_without_a_letter_or_a_digit_is_no_turn(int8, monkeypatch, text):
    ids = int8.tokenizer(text, add_special_tokens=False).input_ids
    monkeypatch.setattr(int8, "generate", lambda *_, **__: [Hypothesis(ids, -0.1, 0.0, cut=False)])
    found = transcribed(read(prompt("conf-full")), int8, Options(voice_activity=False))
    assert found.turns == [] and found.flagged == [] and not has_words(text)


@pytest.mark.parametrize("text", ["2", "à", "Oui...", "да", "はい", "№ 5"])
def test_a_letter_or_a_digit_is_text(text):
    assert has_words(text)


def test_a_part_of_a_turn_without_a_letter_is_left_out():
    words = (Word(0.1, 0.9, "Bonjour.", 0.9), Word(4.0, 4.6, "...", 0.2), Word(8.0, 8.5, "Oui.", 0.8))
    turn = Turn(0.0, 9.0, "Bonjour. ... Oui.", 0.9, words=words)
    speech = [(0.1, 0.9), (4.0, 4.7), (8.0, 8.6)]
    assert [part.text for part in cut_at_pauses(turn, speech)] == ["Bonjour.", "Oui."]
    last = replace(turn, text="Bonjour. ...", words=words[:2], end=4.6)
    assert [part.text for part in cut_at_pauses(last, speech)] == ["Bonjour."]
