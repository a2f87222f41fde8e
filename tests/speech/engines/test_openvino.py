"""OpenVINO's encoder before CTranslate2's decoder: the same words, and nothing sent to anybody."""

import socket
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from jiwer import wer
from peft import LoraConfig, get_peft_model
from transformers import WhisperForConditionalGeneration

from common.cache import built_once
from common.messages import UserError
from corpus.prompts import prompts
from speech.audio.decode import read
from speech.decoding.decode import Options, decode
from speech.engines import load
from speech.models import conversion, quantization
from speech.models.checkpoint import content
from speech.models.choose import choose
from tests.kit import weights

FRAMES = 700


def waveforms(count: int) -> list[np.ndarray]:
    return [read(prompt.path).waveform[0] for prompt in prompts(at_least=2.0)[:count]]


@pytest.fixture
def listener(monkeypatch):
    """What every process reaches that asks for a page of the network: the lines that came."""
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    asked, _ = server.accept()
                except OSError:  # closed
                    return
                heard.append(asked.recv(1000))
                asked.close()

        threading.Thread(target=listen, daemon=True).start()
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.getsockname()[1]}")
        for name in ("no_proxy", "NO_PROXY"):  # a page of another test may ask its own server
            monkeypatch.setenv(name, "127.0.0.1,localhost")
        yield heard
        server.shutdown(socket.SHUT_RDWR)


def test_an_adapters_encoder_is_quantised_once_and_near_the_exact_one(tmp_path, monkeypatch, listener):
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path / "cache"))
    base = weights.tiny(tmp_path / "tiny")
    torch.manual_seed(1)
    config = LoraConfig(r=4, lora_alpha=64, target_modules=["q_proj", "v_proj", "fc1"], init_lora_weights=False)
    get_peft_model(WhisperForConditionalGeneration.from_pretrained(base), config).save_pretrained(tmp_path / "adapter")
    choice = choose(str(base), str(tmp_path / "adapter"))

    engine = load(choice, "openvino")
    mel = engine.mel(waveforms(4), FRAMES)
    found = np.array(engine.encode(mel))
    exact = np.array(load(choice, "ctranslate2", "float32").encode(mel))
    without = np.array(load(choose(str(base)), "ctranslate2", "float32").encode(mel))
    assert found.shape == exact.shape
    assert np.abs(found - exact).mean() < 0.3 * np.abs(without - exact).mean()

    monkeypatch.setattr(quantization, "quantise", None)
    assert load(choice, "openvino").memory == engine.memory  # what was made is taken
    conversion.forget(choice.adapter_folder)
    assert not list((tmp_path / "cache").glob(f"*{content(choice.adapter_folder)}*/"))
    assert not listener


def test_real_speech_gives_the_same_words(int8):
    engine = load(choose("whisper-base"), "openvino")
    assert (engine.name, engine.device) == ("openvino", "cpu")
    sounds = waveforms(12)
    options = Options(unsure_beam=1, margin=engine.margin)
    by_both = []
    for each in (int8, engine):
        texts = dict(pair for batch in decode(each, sounds, options) for pair in batch)
        by_both.append([texts[place].text for place in range(len(sounds))])
    assert wer(*by_both) < 0.25  # rounding changes some; bench/encoders.py counts them
    urgent = engine.ahead()
    mel = engine.mel(sounds[:2], FRAMES)
    assert np.array_equal(np.array(urgent.encode(mel)), np.array(int8.encode(mel)))  # it waits for no file's window


@pytest.mark.parametrize("lacks", ["openvino", "nncf"])
def test_what_is_not_installed_is_said(monkeypatch, lacks):
    monkeypatch.setattr(quantization, "find_spec", lambda name: name != lacks)
    with pytest.raises(UserError, match=r"requirements-openvino\.txt"):
        load(choose("whisper-base"), "openvino")
    monkeypatch.delenv("ALLO_OPENVINO", raising=False)
    assert not conversion.is_prepared(choose("whisper-base"))


def test_a_prepared_base_is_taken_unless_something_else_is_asked_for(monkeypatch, tmp_path):
    made = []
    monkeypatch.setattr("speech.engines.is_prepared", lambda choice: bool(made))
    assert load(choose("whisper-base")).name == "ctranslate2"
    made.append(True)
    assert load(choose("whisper-base")).name == "openvino"
    assert load(choose("whisper-base"), precision="float32").name == "ctranslate2"
    with pytest.raises(UserError, match="speculative"):
        load(choose("whisper-base"), "openvino", assistant="whisper-base")


def test_a_base_that_is_prepared_is_so_for_its_adapters(monkeypatch, tmp_path):
    base = choose("whisper-base")
    adapted = replace(base, adapter="mine", adapter_folder=tmp_path / "mine")
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path))
    monkeypatch.delenv("ALLO_OPENVINO")
    monkeypatch.setattr(quantization, "_multiplies_int8", lambda: True)
    assert not conversion.is_prepared(base)
    built_once(f"whisper-base-{base.base_weights}-openvino", lambda into: None, size=0)
    assert conversion.is_prepared(base) and conversion.is_prepared(adapted)
    assert not conversion.is_prepared(replace(base, model="another"))


def test_the_setting_and_the_processor_decide_whether_it_is_worth_it(monkeypatch, tmp_path):
    processors = {
        "flags\t\t: fpu avx512_vnni": True,
        "flags : fpu avx_vnni sse": True,
        "flags\t\t: fpu avx2": False,
        "": False,
    }
    for text, worth in processors.items():
        (tmp_path / "cpuinfo").write_text(text)
        monkeypatch.setattr(quantization, "PROCESSOR", Path(tmp_path, "cpuinfo"))
        monkeypatch.delenv("ALLO_OPENVINO", raising=False)
        assert quantization.is_worth_it() is worth
        monkeypatch.setenv("ALLO_OPENVINO", "0")
        assert not quantization.is_worth_it()
