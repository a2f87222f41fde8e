"""Which model transcribes, and why: with a Hub that answers, one that does not, and models that are none."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from transformers import WhisperConfig

from common.messages import UserError
from speech.models import bundled
from speech.models.choose import choose
from tests.kit import weights
from tests.kit.hub import COMMIT, serve

CHOOSE = """
import json, sys
from speech.models.choose import choose
from common.messages import UserError
try:
    choice = choose(*sys.argv[1:])
except UserError as refusal:
    print(json.dumps({"refusal": refusal.message}))
else:
    print(json.dumps(vars(choice), default=str))
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    return weights.tiny(tmp_path_factory.mktemp("tiny") / "whisper-tiny-random")


def chosen(tmp_path: Path, endpoint: str, *arguments: str, **settings: str) -> dict:
    """What a fresh process chooses: huggingface_hub reads its settings when it is imported."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ALLO_", "HF_"))}
    environment |= {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "hf")} | settings
    done = subprocess.run(
        [sys.executable, "-c", CHOOSE, *arguments], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_with_the_hub_it_is_whisper_small(tmp_path, tiny):
    with serve({"openai/whisper-small": tiny}) as hub:
        found = chosen(tmp_path, hub)
    assert (found["model"], found["source"]) == ("openai/whisper-small", "hub")
    assert found["reason"] == ["the Hub is in reach", "le Hub répond"]
    assert (Path(found["folder"]) / "model.safetensors").is_file()


def test_a_setting_names_another_model(tmp_path, tiny):
    with serve({"someone/whisper-mine": tiny}) as hub:
        found = chosen(tmp_path, hub, ALLO_MODEL="someone/whisper-mine")
    assert (found["model"], found["reason"][0]) == ("someone/whisper-mine", "named in ALLO_MODEL")


def test_a_hub_that_never_answers_leaves_the_embedded_model(tmp_path):
    with serve({}, silent=True) as hub:
        found = chosen(tmp_path, hub)
    assert (found["model"], found["source"], found["reason"][0]) == (
        "whisper-base",
        "embedded",
        "the Hub does not answer",
    )


def test_no_hub_at_all_leaves_the_embedded_model(tmp_path):
    assert chosen(tmp_path, "http://127.0.0.1:9")["source"] == "embedded"


def test_offline_by_setting_asks_nobody(tmp_path):
    found = chosen(tmp_path, "http://127.0.0.1:9", ALLO_OFFLINE="1")
    assert found["reason"] == ["ALLO_OFFLINE is set", "ALLO_OFFLINE est défini"]


def test_a_missing_and_a_gated_repository_are_distinguished(tmp_path, tiny):
    with serve({"someone/secret": tiny}, gated={"someone/secret"}) as hub:
        missing = chosen(tmp_path, hub, "nobody/nothing")["refusal"]
        gated = chosen(tmp_path, hub, "someone/secret")["refusal"]
    assert missing[0].startswith("There is no model 'nobody/nothing'")
    assert "HF_TOKEN" in gated[0] and "HF_TOKEN" in gated[1] and gated[0] != gated[1]


def test_of_what_is_no_whisper_nothing_more_is_fetched(tmp_path):
    folder = tmp_path / "huge"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "bert"}')
    (folder / "model.safetensors").write_bytes(bytes(1000))
    with serve({"someone/huge": folder}) as hub:
        assert "is no Whisper (bert)" in chosen(tmp_path, hub, "someone/huge")["refusal"][0]
    fetched = {path.name for path in (tmp_path / "hf").rglob("snapshots/*/*")}
    assert fetched == {"config.json"}


def test_an_adapter_of_the_hub_and_what_it_lacks(tmp_path, tiny):
    """Fetched, not loaded: its weights may be anything. Where no model is named, the base is that of the adapter."""
    repositories = {"someone/whisper-mine": tiny}
    for name, files in (("whole", 2), ("half", 1), ("secret", 2)):
        folder = repositories[f"someone/{name}"] = tmp_path / name
        folder.mkdir()
        for file in ("adapter_config.json", "adapter_model.safetensors")[:files]:
            (folder / file).write_text("{}")
        (folder / "allo.json").write_text(json.dumps({"base": "someone/whisper-mine", "revision": COMMIT}))
    with serve(repositories, gated={"someone/secret"}) as hub:
        found = chosen(tmp_path, hub, "", "someone/whole")
        half, gated = (chosen(tmp_path, hub, "", f"someone/{name}")["refusal"] for name in ("half", "secret"))
    assert (found["model"], found["adapter"]) == ("someone/whisper-mine", "someone/whole")
    assert (Path(found["adapter_folder"]) / "allo.json").is_file() and (Path(found["folder"]) / "config.json").is_file()
    assert "has no adapter_model.safetensors" in half[0] and "HF_TOKEN" in gated[0] and "HF_TOKEN" in gated[1]


def test_the_embedded_checkpoint_has_the_tokens_of_the_original():
    config = WhisperConfig.from_pretrained(bundled.transformers_folder())
    found = (config.decoder_start_token_id, config.bos_token_id, config.eos_token_id, config.pad_token_id)
    assert found == (50258, 50257, 50257, 50257)


def test_a_folder_is_a_model(tiny):
    choice = choose(str(tiny))
    assert (choice.source, choice.folder) == ("folder", tiny)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("not a name at all!", "There is no model"),
        ("nobody/nothing", "the Hub is out of reach"),
    ],
)
def test_models_that_cannot_be_had_offline(name, sentence, monkeypatch):
    monkeypatch.setenv("ALLO_OFFLINE", "1")
    with pytest.raises(UserError, match=sentence):
        choose(name)


def test_a_folder_without_weights_is_refused(tmp_path, tiny):
    shutil.copyfile(tiny / "config.json", tmp_path / "config.json")
    with pytest.raises(UserError, match=r"needs config\.json and model\.safetensors"):
        choose(str(tmp_path))


def test_a_model_that_is_no_whisper_is_refused(tmp_path, tiny):
    shutil.copyfile(tiny / "model.safetensors", tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(UserError, match=r"is no Whisper \(bert\)"):
        choose(str(tmp_path))


def test_a_transformers_folder_is_converted_for_ctranslate2_once(tiny, tmp_path, monkeypatch):
    import numpy as np

    from speech.engines import load

    bundled.transformers_folder()
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path / "cache"))
    choice = choose(str(tiny))
    engines = [load(choice, "ctranslate2", "float32"), load(choice, "transformers")]
    mel = engines[0].mel([np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)], 200)
    texts = [
        e.generate(e.encode(mel), e.prompt("fr", timestamps=False), beam_size=1, temperature=0.0, max_tokens=12)[
            0
        ].tokens
        for e in engines
    ]
    assert texts[0] == texts[1] and len(texts[0]) > 0
    built = [path for path in (tmp_path / "cache").iterdir() if path.is_dir()]
    before = built[0].stat().st_mtime_ns
    load(choice, "ctranslate2")
    assert len(built) == 1 and built[0].stat().st_mtime_ns == before


def test_damaged_weights_are_refused(tiny, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(tiny, broken)
    os.truncate(broken / "model.safetensors", 10_000)
    from speech.engines import load

    for engine in ("transformers", "ctranslate2"):
        with pytest.raises(UserError, match="do not load"):
            load(choose(str(broken)), engine)


def copied(tiny: Path, folder: Path, **settings) -> Path:
    shutil.copytree(tiny, folder)
    config = json.loads((tiny / "config.json").read_text()) | settings
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_pickled_weights_are_never_loaded(tiny, tmp_path):
    pickled = copied(tiny, tmp_path / "pickled")
    (pickled / "model.safetensors").unlink()
    (pickled / "pytorch_model.bin").write_bytes(b"\x80\x04N.")  # None, pickled
    with pytest.raises(UserError, match=r"it needs config\.json and model\.safetensors"):
        choose(str(pickled))
    with serve({"someone/pickled": pickled}) as hub:
        refusal = chosen(tmp_path, hub, "someone/pickled")["refusal"]
    assert "has no .safetensors weights" in refusal[0] and ".safetensors" in refusal[1]
    assert not [path for path in (tmp_path / "hf").rglob("*.bin")]


@pytest.mark.parametrize("name", ["pytorch_model.bin", "../tiny/model.safetensors", "/etc/passwd", None])
def test_an_index_names_safetensors_beside_it_alone(tiny, tmp_path, name):
    from speech.engines import load

    folder = copied(tiny, tmp_path / "sharded")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"proj_out.weight": name}}))
    for engine in ("transformers", "ctranslate2"):
        with pytest.raises(UserError, match=r"other files than \*\.safetensors"):
            load(choose(str(folder)), engine)


@pytest.mark.parametrize(
    "settings", [{"encoder_layers": 10**6}, {"d_model": "64"}, {"vocab_size": -1}, {"d_model": None}]
)
def test_a_config_of_no_possible_whisper_is_refused(tiny, tmp_path, settings):
    with pytest.raises(UserError, match=r"config\.json of the model .* is damaged"):
        choose(str(copied(tiny, tmp_path / "strange", **settings)))


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, '{"model_type": ["whisper"]}', '{"auto_map": {"": "x"}}'])
def test_a_config_that_cannot_be_read_is_no_whisper(tiny, tmp_path, text):
    folder = copied(tiny, tmp_path / "strange")
    (folder / "config.json").write_text(text)
    with pytest.raises(UserError, match="is no Whisper"):
        choose(str(folder))


def test_a_base_that_holds_an_adapter_is_refused(tiny, tmp_path):
    """transformers would load it with the base, and its expressions with it."""
    folder = copied(tiny, tmp_path / "both")
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "target_modules": "((a+)+)+!"}')
    with pytest.raises(UserError, match="holds an adapter as well"):
        choose(str(folder))


@pytest.mark.parametrize("name", ["a/b:c", "a" * 5000, "nul\0byte", "../..//x", "a b", ""])
def test_names_that_are_none_are_refused_in_a_sentence(name):
    from trainer.runs.adapters import is_on_the_hub

    assert not is_on_the_hub(name)
    if name:
        for asked in ({"model": name}, {"adapter": name}):
            with pytest.raises(UserError):
                choose(**asked)


@pytest.mark.parametrize("name", ["tokenizer.json", "generation_config.json", "preprocessor_config.json"])
def test_a_damaged_file_is_named(tiny, tmp_path, name):
    from speech.engines import load

    folder = copied(tiny, tmp_path / "broken")
    if not (folder / name).is_file():
        name = "tokenizer_config.json"
    (folder / name).write_text("{")
    with pytest.raises(UserError, match=f"do not load \\({name}"):
        load(choose(str(folder)), "transformers")


@pytest.mark.parametrize("error", [TypeError("ours"), AssertionError("ours"), ZeroDivisionError("ours")])
def test_an_error_of_ours_does_not_blame_the_model(tiny, monkeypatch, error):
    from speech.engines import load

    monkeypatch.setattr("speech.engines.transformers.shared", lambda *_: (_ for _ in ()).throw(error))
    with pytest.raises(type(error), match="ours"):
        load(choose(str(tiny)), "transformers")


def test_more_than_a_model_or_an_adapter_can_have_is_not_fetched(tiny, tmp_path):
    huge = copied(tiny, tmp_path / "huge")
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    for file in (huge / "model.safetensors", adapter / "adapter_model.safetensors"):
        with file.open("wb") as sparse:
            sparse.truncate(11_000_000_000)
    with serve({"someone/huge": huge, "someone/adapter": adapter}) as hub:
        model = chosen(tmp_path, hub, "someone/huge")["refusal"]
        other = chosen(tmp_path, hub, "", "someone/adapter")["refusal"]
    assert "The model someone/huge holds 11 GB" in model[0] and "no more than 10" in model[0]
    assert "L'adaptateur someone/adapter contient 11 Go" in other[1]
    assert not list((tmp_path / "hf").rglob("*.safetensors"))
