"""A LoRA adapter is merged once into its base, and both engines then hear with it."""

import json
import os
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import WhisperConfig, WhisperForConditionalGeneration

from speech.audio import read
from speech.decoding import Options, decode
from speech.engines import load
from speech.models import choose
from speech.said import Refusal
from speech.transcript import Turn
from tests.prompts import prompt

LORA = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"])


def saved(model, folder: Path) -> Path:
    """An adapter that was not trained but does something: its B matrices are not zero."""
    torch.manual_seed(1)
    adapted = get_peft_model(model, LORA)
    for name, weights in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.02)
    adapted.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def adapter(tmp_path_factory) -> Path:
    base = WhisperForConditionalGeneration.from_pretrained(choose().folder)
    return saved(base, tmp_path_factory.mktemp("adapter"))


def hear(adapter: str | None, engine: str) -> Turn:
    clip = read(prompt("agent-alreadyon")).waveform[0]
    loaded = load(choose(None, adapter), engine, "float32")
    assert loaded.adapter == adapter
    (((_, heard),),) = decode(loaded, [clip], Options(timestamps=False))
    return heard.turns[0]


def test_both_engines_hear_with_the_adapter(adapter, tmp_path, monkeypatch):
    plain = hear(None, "ctranslate2")
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path))
    one, other = (hear(str(adapter), engine) for engine in ("ctranslate2", "transformers"))
    assert one.text == other.text and one.confidence == pytest.approx(other.confidence, abs=0.01)
    assert abs(one.confidence - plain.confidence) > 0.001


def test_an_adapter_is_merged_once(adapter, tmp_path, monkeypatch):
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path))
    folders = [choose(None, str(adapter)).folder for _ in range(2)]
    assert folders[0] == folders[1] and not list(tmp_path.glob("*.building-*"))


def test_an_adapter_of_another_base_is_refused(tmp_path):
    tiny = WhisperForConditionalGeneration(WhisperConfig(d_model=96, encoder_layers=2, decoder_layers=2))
    folder = saved(tiny, tmp_path / "other")
    with pytest.raises(Refusal, match="does not fit whisper-base"):
        choose(None, str(folder))


def test_an_adapter_with_an_unknown_target_is_refused(adapter, tmp_path):
    settings = json.loads((adapter / "adapter_config.json").read_text()) | {"target_modules": ["no_such_layer"]}
    (tmp_path / "adapter_config.json").write_text(json.dumps(settings))
    os.link(adapter / "adapter_model.safetensors", tmp_path / "adapter_model.safetensors")
    with pytest.raises(Refusal, match="does not fit"):
        choose(None, str(tmp_path))


def test_a_half_copied_adapter_is_refused(adapter, tmp_path):
    (tmp_path / "adapter_config.json").write_bytes((adapter / "adapter_config.json").read_bytes())
    with pytest.raises(Refusal, match=r"has no adapter_model\.safetensors"):
        choose(None, str(tmp_path))
    (tmp_path / "adapter_model.safetensors").write_bytes((adapter / "adapter_model.safetensors").read_bytes()[:5000])
    with pytest.raises(Refusal, match="copy or export it again"):
        choose(None, str(tmp_path))


def test_an_adapter_that_is_nowhere_is_refused():
    with pytest.raises(Refusal, match="There is no adapter 'nobody/nothing'"):
        choose(None, "nobody/nothing")
