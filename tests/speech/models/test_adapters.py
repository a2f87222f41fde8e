"""A LoRA adapter beside its base, or merged into it: both engines transcribe with it, and refuse what does not fit."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from transformers import WhisperConfig, WhisperForConditionalGeneration

from common.messages import UserError
from corpus.prompts import prompt
from speech.audio.decode import read
from speech.decoding.decode import Options, decode
from speech.engines import load
from speech.models import adapters
from speech.models.adapters import check_base, revision
from speech.models.checkpoint import Choice, facts
from speech.models.choose import choose
from speech.models.conversion import ctranslate2_folder, forget
from tests.kit.adapters import saved
from tests.kit.disk import small_disk
from transcripts.transcript import Turn


@pytest.fixture(scope="module")
def adapter(tmp_path_factory) -> Path:
    base = WhisperForConditionalGeneration.from_pretrained(choose().folder)
    return saved(base, tmp_path_factory.mktemp("adapter"))


def transcribed(adapter: str | None, engine: str) -> Turn:
    clip = read(prompt("agent-alreadyon")).waveform[0]
    loaded = load(choose(None, adapter), engine, "float32")
    assert loaded.adapter == adapter
    (((_, transcript),),) = decode(loaded, [clip], Options(timestamps=False))
    return transcript.turns[0]


def test_both_engines_transcribe_with_the_adapter(adapter, tmp_path, monkeypatch):
    plain = transcribed(None, "ctranslate2")
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path))
    one, other = (transcribed(str(adapter), engine) for engine in ("ctranslate2", "transformers"))
    assert one.text == other.text and one.confidence == pytest.approx(other.confidence, abs=0.01)
    assert abs(one.confidence - plain.confidence) > 0.001


def test_an_adapter_is_converted_once_and_taken_away_with_it(adapter, tmp_path, monkeypatch):
    choice = choose(None, str(adapter))
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path))
    folders, written = [], set()
    for _ in range(2):
        folders.append(ctranslate2_folder(choice))
        written.add((folders[-1] / "model.bin").stat().st_mtime_ns)
    assert folders[0] == folders[1] and len(written) == 1
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == folders[:1]  # and no merged copy is left
    other = tmp_path / "whisper-base-0-1-ctranslate2"
    other.mkdir()
    forget(adapter)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == [other]


def test_a_disk_that_an_adapter_fills_is_one_sentence(adapter, tmp_path):
    choice = choose(None, str(adapter))
    with small_disk(tmp_path, "20m") as small:
        with pytest.MonkeyPatch.context() as patch, pytest.raises(UserError, match=r"The disk is full: free 5\d\d MB"):
            patch.setenv("ALLO_CACHE", str(small))
            ctranslate2_folder(choice)
        assert not [path for path in small.iterdir() if path.is_dir()]


def test_a_choice_knows_base_and_adapter_apart(adapter, tmp_path):
    base, chosen = choose(), choose(None, str(adapter))
    assert chosen.folder == base.folder and chosen.adapter_folder == adapter and chosen.adapter == str(adapter)
    twin = shutil.copytree(adapter, tmp_path / "twin")
    assert choose(None, str(twin)).weights == chosen.weights != base.weights
    (twin / "adapter_config.json").write_text((adapter / "adapter_config.json").read_text() + " ")
    assert choose(None, str(twin)).weights != chosen.weights


def with_facts(adapter: Path, folder: Path, **facts) -> str:
    """A copy of the adapter that says this of itself."""
    shutil.copytree(adapter, folder)
    (folder / "allo.json").write_text(json.dumps(facts))
    return str(folder)


@pytest.mark.parametrize(("facts", "margin"), [({}, 4.0), ({"margin": 1.5}, 1.5), ({"margin": None}, None)])
def test_an_adapter_says_its_margin(adapter, tmp_path, facts, margin):
    choice = choose(None, with_facts(adapter, tmp_path / "own", **facts))
    assert choice.margin == margin and choose().margin == 4.0
    assert load(choice, "transformers").margin == margin


def test_an_adapter_says_its_language(adapter, tmp_path):
    choice = choose(None, with_facts(adapter, tmp_path / "own", margin=1.0, language="fr"))
    assert (choice.language, choose().language, choose(None, str(adapter)).language) == ("fr", None, None)


def test_where_no_model_is_named_the_adapters_base_is_taken(adapter, tmp_path, monkeypatch):
    own = with_facts(adapter, tmp_path / "own", base="whisper-base", revision=revision(choose("whisper-base")))
    monkeypatch.setenv("ALLO_MODEL", "someone/else")
    choice = choose(None, own)
    assert (choice.model, choice.reason.en) == ("whisper-base", "the adapter was trained on it")
    check_base(Path(own), choice)


@pytest.mark.parametrize("other", [{"base": "openai/whisper-small"}, {"revision": "another"}])
def test_another_base_or_revision_is_refused(adapter, tmp_path, other):
    facts = {"base": "whisper-base", "revision": revision(choose("whisper-base"))} | other
    with pytest.raises(UserError, match="name that base"):
        choose("whisper-base", with_facts(adapter, tmp_path / "own", **facts))


@pytest.mark.parametrize("text", ["{", "[]", '{"margin": "wide"}', '{"margin": -1}', '{"base": 7}', '{"language": 1}'])
def test_damaged_facts_are_refused(adapter, tmp_path, text):
    with_facts(adapter, tmp_path / "own")
    (tmp_path / "own" / "allo.json").write_text(text)
    with pytest.raises(UserError, match="is damaged"):
        choose(None, str(tmp_path / "own"))


def test_facts_are_those_of_the_file(adapter, tmp_path):
    assert facts(adapter) == {}
    assert facts(Path(with_facts(adapter, tmp_path / "own", corpus="mine"))) == {"corpus": "mine"}


def loaded(choice: Choice) -> None:
    load(choice, "transformers")


def merged(choice: Choice) -> None:
    with TemporaryDirectory() as beside, adapters.merged(choice, Path(beside) / "x"):
        pass


@pytest.fixture(params=[loaded, merged], ids=["beside", "merged"])
def use(request) -> Callable[[Choice], object]:
    """Both ways that an adapter comes to its base."""
    return request.param


def test_an_adapter_of_another_base_is_refused(tmp_path, use):
    tiny = WhisperForConditionalGeneration(WhisperConfig(d_model=96, encoder_layers=2, decoder_layers=2))
    folder = saved(tiny, tmp_path / "other")
    with pytest.raises(UserError, match="does not fit whisper-base"):
        use(choose(None, str(folder)))


@pytest.mark.parametrize(
    "settings",
    [
        {"target_modules": ["no_such_layer"]},
        {"target_modules": ["q_proj", "v_proj", "fc1"]},
        {"target_modules": ["q_proj"]},
        {"peft_type": "IA3"},
        {"peft_type": "NEW"},
        {"r": 8},
    ],
)
def test_a_configuration_that_is_not_its_own_is_refused(adapter, tmp_path, use, settings):
    settings = json.loads((adapter / "adapter_config.json").read_text()) | settings
    (tmp_path / "adapter_config.json").write_text(json.dumps(settings))
    os.link(adapter / "adapter_model.safetensors", tmp_path / "adapter_model.safetensors")
    with pytest.raises(UserError, match="does not fit"):
        use(choose(None, str(tmp_path)))


def test_a_half_copied_adapter_is_refused(adapter, tmp_path, use):
    with pytest.raises(UserError, match=r"has no adapter_config\.json"):
        choose(None, str(tmp_path))
    (tmp_path / "adapter_config.json").write_bytes((adapter / "adapter_config.json").read_bytes())
    with pytest.raises(UserError, match=r"has no adapter_model\.safetensors"):
        choose(None, str(tmp_path))
    (tmp_path / "adapter_model.safetensors").write_bytes((adapter / "adapter_model.safetensors").read_bytes()[:5000])
    with pytest.raises(UserError, match="copy or export it again"):
        use(choose(None, str(tmp_path)))
    shutil.copyfile(adapter / "adapter_model.safetensors", tmp_path / "adapter_model.safetensors")
    (tmp_path / "adapter_config.json").write_text("{")
    with pytest.raises(UserError, match="copy or export it again"):
        use(choose(None, str(tmp_path)))


def test_an_adapter_that_was_removed_meanwhile_is_refused(adapter, tmp_path, use):
    choice = choose(None, with_facts(adapter, tmp_path / "own"))
    shutil.rmtree(tmp_path / "own")
    with pytest.raises(UserError, match="was removed or renamed"):
        use(choice)


def test_an_adapter_that_is_nowhere_is_refused():
    with pytest.raises(UserError, match="The adapter nobody/nothing cannot be fetched"):
        choose(None, "nobody/nothing")
