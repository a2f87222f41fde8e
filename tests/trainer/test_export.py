"""python -m trainer export: a folder for other programs, which transcribes with the adapter as we do."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from faster_whisper import WhisperModel
from safetensors import safe_open
from transformers import WhisperForConditionalGeneration, WhisperProcessor

from common.messages import UserError
from corpus.prompts import prompt
from scoring.french import normalise
from speech.audio.decode import read
from speech.decoding.decode import Options, decode
from speech.engines import Engine, load
from speech.engines.ctranslate2 import CTranslate2Engine
from speech.models import adapters
from speech.models.choose import choose
from tests.kit.adapters import saved
from trainer.__main__ import main
from trainer.export import base_of, export

PROMPTS = ("agent-alreadyon", "conf-full", "vm-nobodyavail")
GREEDY = Options(timestamps=False, margin=None, temperatures=(0.0,), unsure_beam=1)


@pytest.fixture(scope="module")
def adapter(tmp_path_factory) -> Path:
    base = WhisperForConditionalGeneration.from_pretrained(choose().folder)
    folder = saved(base, tmp_path_factory.mktemp("adapter"))
    facts = {"base": "whisper-base", "revision": adapters.revision(choose("whisper-base"))}
    (folder / "allo.json").write_text(json.dumps(facts))
    return folder


@pytest.fixture(scope="module")
def clips() -> list[np.ndarray]:
    return [read(prompt(name)).waveform[0] for name in PROMPTS]


@pytest.fixture(scope="module")
def merged(adapter, tmp_path_factory) -> Path:
    return export(str(adapter), tmp_path_factory.mktemp("merged"), "merged")


@pytest.fixture(scope="module")
def texts(merged, clips) -> list[str]:
    """What the merged model says, in float32 and by transformers."""
    return decoded(load(choose(str(merged)), "transformers"), clips)


@pytest.fixture(scope="module")
def converted(adapter, tmp_path_factory) -> dict[str, Path]:
    """By quantization."""
    folder = tmp_path_factory.mktemp("ct2")
    return {name: export(str(adapter), folder / name, "ctranslate2", name) for name in ("int8", "float16")}


def decoded(engine: Engine, clips: list[np.ndarray]) -> list[str]:
    found = dict(pair for batch in decode(engine, clips, GREEDY) for pair in batch)
    return [found[i].text for i in range(len(clips))]


def test_the_merged_folder_is_a_whole_model(merged, texts):
    assert sorted(path.name for path in merged.iterdir()) == [
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "preprocessor_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    assert WhisperProcessor.from_pretrained(merged).tokenizer.decode([50258]) == "<|startoftranscript|>"
    assert WhisperForConditionalGeneration.from_pretrained(merged).generation_config.alignment_heads
    assert "agent" in texts[0]


def test_the_adapter_is_in_it(merged, adapter, tmp_path):
    name = "model.encoder.layers.0.self_attn.q_proj.weight"
    with adapters.merged(choose("whisper-base", str(adapter)), tmp_path / "x") as whole:
        folders = (merged, whole, choose("whisper-base").folder)
        weights = [safe_open(folder / "model.safetensors", "pt").get_tensor(name) for folder in folders]
    assert weights[0].equal(weights[1]) and not weights[0].equal(weights[2])
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(("quantization", "precision"), [("int8", "int8"), ("float16", "float32")])
def test_ctranslate2_says_the_same(converted, merged, clips, texts, quantization, precision):
    how = (choose(str(merged)), converted[quantization], choose().reason, "cpu", precision, 0)
    said = decoded(CTranslate2Engine(*how), clips)
    # some processors round int8 so that a capital turns
    assert said == texts if precision == "float32" else [*map(normalise, said)] == [*map(normalise, texts)]


def test_faster_whisper_takes_the_folder_as_it_is(converted, clips, texts, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    # loading sets torch's threads to those of this model, and with another number of them a training rounds otherwise
    how = {"compute_type": "float32", "cpu_threads": torch.get_num_threads(), "local_files_only": True}
    model = WhisperModel(str(converted["int8"]), "cpu", **how)
    how = {"language": "fr", "beam_size": 1, "without_timestamps": True, "temperature": 0.0}
    said = [" ".join(part.text.strip() for part in model.transcribe(clip, **how)[0]) for clip in clips[1:]]
    # its mel is not ours to the last bit: a capital turns, and in the first clip a word
    assert [*map(normalise, said)] == [*map(normalise, texts[1:])]


def test_int8_is_a_quarter_of_float32_and_float16_half(merged, converted):
    whole = (merged / "model.safetensors").stat().st_size
    shares = {name: (folder / "model.bin").stat().st_size / whole for name, folder in converted.items()}
    assert shares == pytest.approx({"int8": 0.26, "float16": 0.5}, abs=0.03)


def test_merged_in_float16(adapter, merged, tmp_path):
    assert (
        main(["export", str(adapter), str(tmp_path / "half"), "--format", "merged", "--quantization", "float16"]) == 0
    )
    sizes = [(folder / "model.safetensors").stat().st_size for folder in (tmp_path / "half", merged)]
    assert sizes[0] == pytest.approx(sizes[1] / 2, rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "english", "french"),
    [
        (["--format", "onnx"], "There is no format 'onnx'", "Le format 'onnx' n'existe pas"),
        (["--format", "merged", "--quantization", "int8"], "has no quantization 'int8'", "n'a pas de quantification"),
        (["--format", "merged", "--model", "nobody/nothing"], "cannot be fetched", "ne peut être téléchargé"),
    ],
)
def test_requests_that_are_refused(adapter, tmp_path, arguments, english, french, capsys, monkeypatch):
    for language, sentence in (("C", english), ("fr_FR", french)):
        monkeypatch.setenv("LC_ALL", language)
        assert main(["export", str(adapter), str(tmp_path / "out"), *arguments]) == 2
        said = capsys.readouterr()
        assert sentence in said.err and len(said.err.splitlines()) == 1 and said.out == ""
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_there_is_left_alone(adapter, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    for output in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(UserError, match="is there already"):
            export(str(adapter), output, "merged")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_breaks_off_leaves_nothing(adapter, tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.export._merged", lambda *_: (tmp_path / "nowhere" / "x").write_text(""))
    with pytest.raises(UserError, match="cannot be written"):
        export(str(adapter), tmp_path / "out", "merged")
    assert list(tmp_path.iterdir()) == []


def test_an_adapter_says_its_base(adapter, tmp_path):
    assert base_of(str(adapter)) == "whisper-base"
    (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "openai/whisper-small"}))
    assert base_of(str(tmp_path)) == "openai/whisper-small"
    for nowhere in (str(tmp_path / "nothing"), "nobody/nothing"):
        with pytest.raises(UserError, match="does not name its base"):
            base_of(nowhere)


def test_a_base_that_is_not_the_adapters_own_is_refused(adapter, tmp_path):
    mine = tmp_path / "adapter"
    shutil.copytree(adapter, mine)
    (mine / "allo.json").write_text(json.dumps({"base": "whisper-base", "revision": "another"}))
    with pytest.raises(UserError, match="name that base"):
        export(str(mine), tmp_path / "out", "merged")
    assert not (tmp_path / "out").exists()
