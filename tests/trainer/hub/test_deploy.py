"""make deploy: Allô as a Space, created and updated on the tests' own Hub by huggingface_hub's real client."""

import io
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from tests.kit.hub_writes import Client, Hub, client, serve_writable
from trainer.hub import deploy

ROOT = Path(__file__).parents[3]
TOKEN = {"HF_TOKEN": "hf_ada"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Hub:
    with serve_writable(tmp_path_factory.mktemp("repositories"), {"hf_ada": "ada", "hf_bob": "bob"}) as running:
        yield running


@pytest.fixture(scope="module")
def here(hub, tmp_path_factory) -> Client:
    with client(hub.url, tmp_path_factory.mktemp("home")) as started:
        yield started


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = deploy.main(list(arguments))
    return status, out.getvalue(), err.getvalue()


def test_a_space_is_created_with_all_it_needs_and_nothing_else(hub, here):
    status, out, err = here(run, "ada/allo", "--private", **TOKEN, ALLO_PASSWORD="sésame", ALLO_MODEL="x/y")
    assert status == 0, err
    assert out.splitlines()[-1] == f"{hub.url}/spaces/ada/allo" and "sésame" not in out
    [asked] = hub.asked
    assert (asked["sdk"], asked["visibility"]) == ("gradio", "private")
    assert asked["secrets"] == [{"key": "ALLO_PASSWORD", "value": "sésame"}]
    assert asked["variables"] == [{"key": "ALLO_MODEL", "value": "x/y"}]
    assert hub.machine == "zero-a10g"
    sent = hub.files("ada/allo")
    assert {"app.py", "README.md", "requirements.txt", "packages.txt", "speech/transcribe.py"} <= set(sent)
    assert not [path for path in sent if path.startswith(("tests/", "bench/", ".")) or "__pycache__" in path]
    [(_, commit)] = hub.commits
    assert sorted(commit) == sent


def test_an_update_takes_away_what_is_gone_and_keeps_the_settings(hub, here):
    (hub.root / "ada/allo/speech/gone.py").write_text("")
    status, out, err = here(run, "ada/allo", "--hardware", "a10g-small", **TOKEN)
    assert status == 0 and " US$ a " in out, err
    assert "speech/gone.py" not in hub.files("ada/allo") and "speech/transcribe.py" in hub.files("ada/allo")
    assert hub.machine == "a10g-small" and "secrets" not in hub.asked[-1]


def test_a_dry_run_sends_nothing(hub, here):
    before = len(hub.commits), len(hub.asked)
    status, out, _ = here(run, "ada/other", "--dry", HF_TOKEN=None)
    assert status == 0 and "app.py" in out and "zero-a10g, free" in out and (len(hub.commits), len(hub.asked)) == before


@pytest.mark.parametrize(
    "arguments, settings, said",
    [
        (["allo"], TOKEN, "owner/name"),
        (["ada/allo", "--hardware", "abacus"], TOKEN, "a10g-small"),
        (["ada/allo"], {"HF_TOKEN": None}, "HF_TOKEN"),
        (["ada/allo"], {"HF_TOKEN": "hf_nobody"}, "token"),
        (["ada/allo"], {"HF_TOKEN": "hf_bob"}, "ada/allo"),
        (["ada/allo"], TOKEN | {"ALLO_OFFLINE": "1"}, "ALLO_OFFLINE"),
    ],
)
def test_what_cannot_be_deployed_gets_a_sentence(hub, here, arguments, settings, said):
    before = len(hub.commits)
    status, _, err = here(run, *arguments, **settings)
    assert status == 2 and said in err and len(err.splitlines()) == 1 and len(hub.commits) == before


def test_what_is_sent_is_what_git_knows_of_it():
    known = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    rooms = {path for path in known if path.split("/")[0] in deploy.ROOMS}
    assert rooms <= {path.as_posix() for path in deploy.files()}
