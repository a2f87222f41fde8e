"""python -m trainer publish: the Hub's real client against a Hub on loopback, and the adapter loaded back by its id."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from huggingface_hub import ModelCard
from safetensors.torch import load_file

from common.messages import UserError
from speech.models.adapters import merged, revision
from speech.models.choose import choose
from tests.kit.adapters import ALLO, published, small_base
from tests.kit.hub_writes import Client, Hub, client, run_trainer, serve_writable
from trainer.runs import background
from trainer.runs import folder as run

FILES = ["README.md", "adapter_config.json", "adapter_model.safetensors", "allo.json"]
CHANGED = "model.encoder.layers.0.self_attn.q_proj.weight"  # by the adapter
TOKENS = {"hf_ada": "ada", "hf_bob": "bob"}
SETS = {
    "steps": 3,
    "evaluations": 3,
    "batch_size": 2,
    "logging_steps": 1,
    "checkpoint_steps": 9,
    "generation_length": 4,
}
SETS |= {"validation_clips": 1, "report_clips": 0, "forgetting_clips": 0, "push_to": "ada/best"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Hub:
    with serve_writable(tmp_path_factory.mktemp("repositories"), TOKENS) as running:
        yield running


@pytest.fixture(scope="module")
def here(hub, tmp_path_factory) -> Client:
    with client(hub.url, tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    return small_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def adapter(base, tmp_path_factory) -> Path:
    return published(base, tmp_path_factory.mktemp("adapter"))


@pytest.fixture(autouse=True)
def mended(hub):
    yield
    hub.fails.clear()


def of_its_base(adapter: Path, base: Path, tmp_path: Path) -> Path:
    """The adapter, saying that it was trained on the base that it fits."""
    own = shutil.copytree(adapter, tmp_path / "own")
    (own / "allo.json").write_text(json.dumps(ALLO | {"base": str(base), "revision": revision(choose(str(base)))}))
    return own


def loaded_back(base: str, repository: str) -> list | str:
    """Weights of the model that the adapter was merged into, or the refusal."""
    try:
        with TemporaryDirectory() as folder, merged(choose(base, repository), Path(folder) / "x") as whole:
            return load_file(whole / "model.safetensors")[CHANGED].tolist()
    except UserError as refusal:
        return refusal.message.en


def published_nowhere(adapter: str) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
        return run_trainer(("publish", adapter, "ada/first"))


def test_adapter_and_card_go_up_in_one_commit(hub, here, adapter):
    status, out, err = here.trainer("publish", str(adapter), "ada/first", HF_TOKEN="hf_ada")
    assert (status, out) == (0, "ada/first\n"), err
    assert hub.commits == [("ada/first", FILES)] and "ada/first" not in hub.private
    pushed = hub.root / "ada/first"
    assert (pushed / "adapter_model.safetensors").read_bytes() == (adapter / "adapter_model.safetensors").read_bytes()
    assert ModelCard.load(pushed / "README.md").data.base_model == "openai/whisper-base"


def test_a_published_adapter_names_its_base_as_others_know_it(hub, here, adapter):
    here.trainer("publish", str(adapter), "ada/portable", HF_TOKEN="hf_ada")
    config = json.loads((hub.root / "ada/portable/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "openai/whisper-base"
    before = json.loads((adapter / "adapter_config.json").read_text())
    assert {name for name in config if config[name] != before[name]} == {"base_model_name_or_path"}


def test_it_loads_back_by_its_hub_id(here, adapter, base, tmp_path):
    own = of_its_base(adapter, base, tmp_path)
    here.trainer("publish", str(own), "ada/back", HF_TOKEN="hf_ada")
    by_id, by_folder = (here(loaded_back, str(base), name) for name in ("ada/back", str(own)))
    assert by_id == by_folder != load_file(base / "model.safetensors")[CHANGED].tolist()


def test_a_private_one_is_for_its_owner(hub, here, adapter, base, tmp_path):
    own = of_its_base(adapter, base, tmp_path)
    assert here.trainer("publish", str(own), "secret", "--private", HF_TOKEN="hf_ada")[1] == "ada/secret\n"
    assert "ada/secret" in hub.private
    assert "There is no adapter 'ada/secret'" in here(loaded_back, str(base), "ada/secret", HF_TOKEN="hf_bob")
    assert len(here(loaded_back, str(base), "ada/secret", HF_TOKEN="hf_ada")) == 64  # rows of weights


def test_a_second_time_is_a_new_version(hub, here, adapter):
    for _ in range(2):
        assert here.trainer("publish", str(adapter), "ada/again", HF_TOKEN="hf_ada")[0] == 0
    assert [name for name, _ in hub.commits].count("ada/again") == 2


@pytest.mark.parametrize(
    ("repository", "token", "english", "french"),
    [
        ("ada/new", None, "There is no token: set HF_TOKEN", "Il n'y a pas de jeton"),
        ("ada/new", "hf_wrong", "The Hub does not know the token", "Le Hub ne connaît pas le jeton"),
        ("bob/theirs", "hf_ada", "bob/theirs is not yours to write", "bob/theirs n'est pas à vous"),
        ("ada/not a name", "hf_ada", "is no name of a repository", "n'est pas un nom de dépôt"),
        ("ada/model", "hf_ada", "ada/model exists and holds something else", "contient autre chose"),
    ],
)
def test_refusals_name_what_is_wrong(hub, here, adapter, repository, token, english, french):
    (hub.root / "ada/model").mkdir(parents=True, exist_ok=True)
    (hub.root / "ada/model/README.md").write_text("somebody's model")
    (hub.root / "bob/theirs").mkdir(parents=True, exist_ok=True)
    commits = len(hub.commits)
    for language, sentence in (("C", english), ("fr_FR", french)):
        done = here.trainer("publish", str(adapter), repository, HF_TOKEN=token, LC_ALL=language)
        assert done[:2] == (2, "") and sentence in done[2] and len(done[2].splitlines()) == 1
    assert len(hub.commits) == commits and not (hub.root / "ada/new").exists()
    assert (hub.root / "ada/model/README.md").read_text() == "somebody's model"


def test_private_does_not_go_to_a_public_repository(here, adapter):
    here.trainer("publish", str(adapter), "ada/open", HF_TOKEN="hf_ada")
    done = here.trainer("publish", str(adapter), "ada/open", "--private", HF_TOKEN="hf_ada")
    assert done[0] == 2 and "ada/open exists and is public" in done[2]


@pytest.mark.parametrize("name", FILES)
def test_a_folder_that_is_not_whole_is_refused(here, adapter, tmp_path, name):
    shutil.copytree(adapter, tmp_path / "half")
    (tmp_path / "half" / name).unlink()
    done = here.trainer("publish", str(tmp_path / "half"), "ada/half", HF_TOKEN="hf_ada")
    assert done[0] == 2 and f"has no {name}" in done[2]


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors", "allo.json"])
def test_a_file_that_is_cut_short_is_refused(hub, here, adapter, tmp_path, name):
    shutil.copytree(adapter, tmp_path / "cut")
    (tmp_path / "cut" / name).write_bytes((adapter / name).read_bytes()[:-20])
    done = here.trainer("publish", str(tmp_path / "cut"), "ada/cut", HF_TOKEN="hf_ada")
    assert done[0] == 2 and "cut short or damaged" in done[2] and not (hub.root / "ada/cut").exists()


def test_a_card_that_the_hub_finds_faulty_is_refused(hub, here, adapter, tmp_path):
    shutil.copytree(adapter, tmp_path / "faulty")
    (tmp_path / "faulty/README.md").write_text("---\nlanguage: fr\n---\n# No licence\n")
    done = here.trainer("publish", str(tmp_path / "faulty"), "ada/faulty", HF_TOKEN="hf_ada")
    assert done[0] == 2 and '"license" is missing' in done[2] and "mend the card" in done[2]
    assert len(done[2].splitlines()) == 1 and hub.files("ada/faulty") == []


@pytest.mark.parametrize(("part", "status"), [("large/", 403), ("objects/batch", 403), ("/commit/", 500)])
def test_what_breaks_off_leaves_nothing_half_published(hub, here, adapter, part, status):
    hub.fails[part] = status
    name = f"ada/broken-{part.strip('/').replace('/', '-')}"
    done = here.trainer("publish", str(adapter), name, HF_TOKEN="hf_ada")
    assert done[0] == 2 and len(done[2].splitlines()) == 1
    assert hub.files(name) == []
    hub.fails.clear()
    assert here.trainer("publish", str(adapter), name, HF_TOKEN="hf_ada")[0] == 0 and hub.files(name) == FILES


def test_without_the_hub(here, adapter):
    done = here(published_nowhere, str(adapter), HF_TOKEN="hf_ada")
    assert done[:2] == (2, "") and "The Hub is out of reach" in done[2]
    done = here.trainer("publish", str(adapter), "ada/first", HF_TOKEN="hf_ada", ALLO_OFFLINE="1")
    assert done[:2] == (2, "") and "ALLO_OFFLINE is set" in done[2]


# Each new best adapter, while the training goes on


@pytest.fixture
def asked(corpus, tiny) -> list[str]:
    sets = [word for key, value in SETS.items() for word in ("--set", f"{key}={value}")]
    return ["--corpus", str(corpus), "--model", str(tiny), *sets]


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_best_adapter_is_pushed_and_the_token_is_nowhere(hub, here, asked, tmp_path):
    before = len(hub.commits)
    status, out, err = here.trainer("train", *asked, "--output", str(tmp_path / "run"), HF_TOKEN="hf_ada")
    assert status == 0, err
    assert "the best adapter so far is in ada/best" in err and "ada/best" in hub.private
    assert {name for name, _ in hub.commits[before:]} == {"ada/best"} and hub.files("ada/best") == FILES
    pushed = (hub.root / "ada/best/adapter_model.safetensors").read_bytes()
    assert pushed == (tmp_path / "run/adapter/adapter_model.safetensors").read_bytes()
    assert b"hf_ada" not in everything(tmp_path / "run") and "hf_ada" not in out + err


def test_a_push_that_fails_is_a_line_and_the_training_goes_on(hub, here, asked, tmp_path):
    hub.fails["/commit/"] = 500
    status, _, err = here.trainer("train", *asked, "--output", str(tmp_path / "run"), HF_TOKEN="hf_ada")
    hub.fails.clear()
    assert status == 0 and run.state(tmp_path / "run")["status"] == "completed"
    lines = [line for line in err.splitlines() if "not pushed: " in line]
    assert lines and all("The Hub refused ada/best (500)" in line for line in lines) and "Traceback" not in err


@pytest.mark.parametrize(("token", "said"), [(None, "There is no token"), ("hf_other", "does not know the token")])
def test_what_could_never_be_pushed_is_not_begun(here, asked, tmp_path, token, said):
    status, _, err = here.trainer("train", *asked, "--output", str(tmp_path / "run"), HF_TOKEN=token)
    assert status == 2 and said in err and len(err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_job_has_the_token_in_its_environment_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("ALLO_RUNS", str(tmp_path))
    monkeypatch.setattr(background, "PATIENCE", 0.0)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    background.start("run", "--corpus", "phone-prompts", token="hf_ada")
    process = Path("/proc", str(json.loads((tmp_path / "run/state.json").read_text())["pid"]))
    assert b"HF_TOKEN=hf_ada" in (process / "environ").read_bytes().split(b"\0")
    assert b"hf_ada" not in (process / "cmdline").read_bytes() + everything(tmp_path)
    background.stop("run")
