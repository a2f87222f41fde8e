"""python -m trainer submit: the Job that would be started, what it costs, and what the Job itself runs."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import gradio as gr
import pytest
from huggingface_hub import HfApi, close_session
from starlette.requests import Request

from common.cache import cache_folder
from common.jobs import seconds_of
from common.messages import UserError
from tests.kit.adapters import published, small_base
from tests.kit.hub import COMMIT, serve
from tests.kit.hub_writes import Client, Hub, client, serve_with_space
from trainer.hub.follow import latest
from ui.training.recipe import Form

ROOT = Path(__file__).parents[3]
ASKED = ("submit", "--corpus", "diabolocom/talkbank_4_stt", "--output", "ada/fr", "--source", "ada/allo")
TOKEN = {"HF_TOKEN": "hf_ada"}
FORM = ["essai", "phone-prompts", "whisper-base", "quick", 5, 32, 64, 0, ["q_proj"], 2e-4, 0.1, 8, 12, "short", "", ""]
FORM = Form(*FORM, "", "", "segment")
CACHED = {"ALLO_CACHE": str(cache_folder())}  # where the embedded weights are


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Hub:
    with serve_with_space(tmp_path_factory.mktemp("repositories")) as running:
        yield running


@pytest.fixture(scope="module")
def adapter(tmp_path_factory) -> Path:
    return published(small_base(tmp_path_factory.mktemp("base")), tmp_path_factory.mktemp("adapter"))


@pytest.fixture(scope="module")
def here(hub, tmp_path_factory) -> Client:
    with client(hub.url, tmp_path_factory.mktemp("home")) as started:
        yield started


def test_a_dry_run_tells_the_job_and_its_cost_and_starts_nothing(hub, here):
    settings = ("--preset", "quick", "--set", "rank=16")
    status, out, _ = here.trainer(*ASKED, *settings, "--timeout", "30m", "--dry-run", "--json")
    assert status == 0 and not hub.jobs and not (hub.root / "ada/fr").exists()
    assert json.loads(out) == {
        "script": f"{hub.url}/spaces/ada/allo/resolve/{COMMIT}/trainer/hub/job_script.py",
        "arguments": ["ada/allo", COMMIT, "ada/fr", "1440", "train", *ASKED[1:3], *settings],
        "result": "ada/fr",
        "private": False,
        "flavor": "a10g-small",
        "seconds": 1800,
        "secrets": ["HF_TOKEN"],
        "cost": 0.5,  # 30 minutes at 0.016667 USD
    }


def test_a_dry_run_reads_well(here):
    _, out, _ = here.trainer(*ASKED, "--dry-run", "--flavor", "cpu-basic")
    assert "cost: 1.20 USD at most" not in out and "cost: 0.02 USD at most (0.000167 USD a minute)" in out
    assert "nothing was started" in out and "on cpu-basic for 7200 s at most" in out


def test_the_space_that_it_runs_in_is_the_source(here):
    _, out, _ = here.trainer(*ASKED[:-2], "--dry-run", SPACE_ID="ada/allo")
    assert "/spaces/ada/allo/resolve/" in out


def test_without_the_hub_the_cost_is_not_known(here):
    _, out, _ = here.trainer(*ASKED, "--dry-run", ALLO_OFFLINE="1")
    assert "cost: not known, the Hub could not be asked" in out and "/resolve/main/" in out


def test_it_starts_the_job_with_the_token_as_a_secret(hub, here):
    status, out, err = here.trainer(*ASKED, "--private", **TOKEN)
    assert status == 0, err
    assert out.endswith(f"started: {hub.url}/jobs/ada/job-1\n") and "hf_ada" not in out + err
    (job,) = hub.jobs
    assert job["command"][:3] == ["uv", "run", f"{hub.url}/spaces/ada/allo/resolve/{COMMIT}/trainer/hub/job_script.py"]
    assert job["command"][3:8] == ["ada/allo", COMMIT, "ada/fr", "6600", "--private"]
    assert job["secrets"] == {"HF_TOKEN": "hf_ada"} and job["environment"] == {}
    assert (job["flavor"], job["timeoutSeconds"]) == ("a10g-small", 7200)
    assert "ada/fr" in hub.private  # made before the Job is paid for
    hub.jobs.clear()


@pytest.mark.parametrize(
    ("changed", "settings", "sentence"),
    [
        ((), {}, "There is no token"),
        ((), {"HF_TOKEN": "hf_wrong"}, "The Hub does not know the token"),
        (("--output", "bob/fr"), TOKEN, "bob/fr is not yours to write"),
        (("--flavor", "abacus"), TOKEN, "The Hub has no machine 'abacus': choose one of cpu-basic, a10g-small"),
        (("--source", "ada/nothing"), TOKEN, "There is no Space 'ada/nothing'"),
        (("--timeout", "soon"), TOKEN, "The time limit 'soon' is none"),
        (("--set", "rank"), TOKEN, "The setting rank is ''"),
        (("--set", "depth=3"), TOKEN, "There is no setting 'depth'"),
        (("--preset", "slow"), TOKEN, "There is no preset 'slow'"),
        (("--corpus", str(ROOT)), TOKEN, "is on this machine, where the Job is not"),
        (("--model", str(ROOT)), TOKEN, "is on this machine, where the Job is not"),
    ],
)
def test_refusals_come_before_anything_is_paid(hub, here, changed, settings, sentence):
    status, out, err = here.trainer(*ASKED, *changed, **settings)
    assert (status, out) == (2, "") and sentence in err and len(err.splitlines()) == 1
    assert not hub.jobs


def test_without_a_source_it_asks_for_one(here):
    status, _, err = here.trainer(*ASKED[:-2], "--dry-run")
    assert status == 2 and "name your Space of it in --source" in err


def test_an_account_without_credit_is_told_so(hub, here):
    hub.fails["api/jobs/ada"] = 402
    status, _, err = here.trainer(*ASKED, **TOKEN)
    hub.fails.clear()
    assert status == 2 and "The Hub asks for payment" in err


@pytest.mark.parametrize(("limit", "seconds"), [("90", 90), ("90s", 90), ("1.5h", 5400), ("30m", 1800), ("1d", 86_400)])
def test_time_limits(limit, seconds):
    assert seconds_of(limit) == seconds


@pytest.mark.parametrize("limit", ["", "h", "-2h", "2 weeks", "0", "59"])
def test_time_limits_that_are_none(limit):
    with pytest.raises(UserError, match="write 30m, 2h or 1d"):
        seconds_of(limit)


def job(hub: Hub, folder: Path, seconds: str, uv: str) -> tuple[int, list[list[str]]]:
    """Runs trainer/hub/job_script.py with a uv and an apt-get that note their arguments; its status, and the notes."""
    notes = folder / "notes"
    note = f"import json, sys\nopen({str(notes)!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
    for name, rest in (("uv", uv), ("apt-get", "")):
        program = folder / name
        program.write_text(f"#!{sys.executable}\n{note}{rest}")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    environment = os.environ | {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(folder / "hf"),
    }
    arguments = ["ada/allo", COMMIT, "ada/fr", seconds, "train", "--corpus", "a/b"]
    done = subprocess.run(
        [sys.executable, ROOT / "trainer/hub/job_script.py", *arguments], env=environment, cwd=folder, timeout=60
    )
    return done.returncode, [json.loads(line) for line in notes.read_text().splitlines()]


def test_the_job_trains_and_publishes(hub, tmp_path):
    status, asked = job(hub, tmp_path, "60", "")
    train, publish = ([*found[found.index("trainer") + 1 :]] for found in asked if "trainer" in found)
    assert status == 0
    assert train == ["train", "--corpus", "a/b", "--output", str(tmp_path / "run")]
    assert publish == ["publish", str(tmp_path / "run/adapter"), "ada/fr"]
    assert all("requirements.txt" in found and "requirements-offline.txt" not in found for found in asked[-2:])
    if os.geteuid() == 0:
        assert "asterisk-core-sounds-fr" in asked[1]


def test_a_training_that_fails_publishes_nothing(hub, tmp_path):
    status, asked = job(hub, tmp_path, "60", "sys.exit(1)")
    assert status == 1 and not any("publish" in found for found in asked)


def test_when_the_time_is_up_the_best_so_far_is_published(hub, tmp_path):
    status, asked = job(hub, tmp_path, "2", "import time\ntime.sleep(30 if 'train' in sys.argv else 0)")
    assert status == 0 and "publish" in asked[-1]


def price(space: str) -> float | None:
    from common.hub import hub_in_reach
    from trainer.cost import price_of

    hub_in_reach.forget()
    try:
        return price_of(space)
    finally:
        hub_in_reach.forget()


def test_an_estimate_knows_the_price_of_a_space(hub, here, monkeypatch):
    assert here(price, "ada/allo") is None  # a Hub without the default model is not in reach
    default = hub.root / "openai/whisper-small"
    default.mkdir(parents=True)
    assert here(price, "ada/allo") == pytest.approx(0.016667 / 60)
    assert here(price, "") is here(price, "ada/allo", ALLO_OFFLINE="1") is None
    monkeypatch.setattr(hub, "machine", "zero-a10g")  # which has no price
    assert here(price, "ada/allo") is None
    assert here(price, "ada/nothing") is None
    default.rmdir()


# From the page


def visitor() -> gr.Request:
    headers = [(b"host", b"127.0.0.1:7860"), (b"accept-language", b"fr")]
    return gr.Request(Request({"type": "http", "headers": headers, "client": ("127.0.0.1", 1)}))


def priced(token: str, machine: str = "a10g-small", limit: str = "30m", **changes) -> tuple:
    from ui.training import cloud

    form = FORM._asdict() | {name: value for name, value in changes.items() if name == "corpus"}
    told, plan, _ = cloud._price(token, "ada/best", machine, limit, True, "ada/allo", visitor(), None, **form)
    return told, plan


def started(token: str, plan):
    """The Job; pressed again, there is nothing to start any more."""
    from ui.training import cloud

    _, left, _, job, _ = cloud._start(token, plan, visitor(), None)
    cloud._start(token, left, visitor(), None)
    return job


def looked(token: str, job) -> tuple[str, bool, bool]:
    """What is shown, and whether it can be cancelled and fetched."""
    from ui.training import cloud

    shown, cancel, fetch, _ = cloud._look(token, job, visitor(), None)
    return shown, getattr(cancel, "visible", False), getattr(fetch, "visible", False)


def found(token: str):
    from ui.training import cloud

    return cloud._find(token, visitor(), None)


def cancelled(token: str, job) -> str:
    from ui.training import cloud

    return cloud._cancel(token, job, visitor(), None)


def fetched(token: str, job) -> str:
    from ui.training import cloud

    return cloud._fetch(token, job, "", visitor(), None, None)


def test_a_job_from_its_cost_to_its_adapter(hub, here, adapter, tmp_path):
    told, plan = here(priced, "hf_ada", **CACHED)
    assert "0,50 USD" in told and "30:00" in told and "ada/best" in told and not hub.jobs
    job = here(started, "hf_ada", plan)
    assert len(hub.jobs) == 1 and hub.jobs[0]["secrets"] == {"HF_TOKEN": "hf_ada"}
    assert "hf_ada" not in repr((plan, job)) and job.result == "ada/best"
    assert "attend sa machine" in here(looked, "hf_ada", job)[0]
    hub.stage, hub.log = "RUNNING", ["trainer: step 1", "trainer: <b>step 2</b>"]
    shown, cancel, fetch = here(looked, "hf_ada", job)
    assert (
        "Le Job est en cours" in shown
        and "step 1\ntrainer: &lt;b&gt;step 2" in shown
        and (cancel, fetch) == (True, False)
    )
    assert here(found, "hf_ada")[1] == job  # by a page that was reloaded
    assert here(cancelled, "hf_ada", job) == ""
    shown, cancel, fetch = here(looked, "hf_ada", job)
    assert "annulé" in shown and (cancel, fetch) == (False, False)

    hub.stage = "COMPLETED"
    for path in adapter.iterdir():
        (hub.root / "ada/best" / path.name).write_bytes(path.read_bytes())
    assert here(looked, "hf_ada", job)[2]
    for said in ("best est ici", "Il y a déjà un entraînement best"):
        told = here(fetched, "hf_ada", job, ALLO_RUNS=str(tmp_path))
        assert said in told.replace("\N{NO-BREAK SPACE}", " ")
    assert [path.name for path in tmp_path.iterdir()] == ["best"]
    weights = "adapter/adapter_model.safetensors"
    assert (tmp_path / "best" / weights).read_bytes() == (adapter / "adapter_model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"token": ""}, "Connectez-vous avec Hugging Face"),
        ({"machine": "abacus"}, "choisissez parmi cpu-basic"),
        ({"limit": "soon"}, "La limite de temps"),
        ({"corpus": "../etc"}, "n’est ni un corpus"),
    ],
)
def test_what_cannot_be_is_a_sentence_before_anything_is_paid(hub, here, changes, said):
    jobs = len(hub.jobs)
    told, plan = here(_priced, {"token": "hf_ada"} | changes, **CACHED)
    assert said in told.replace("\N{NO-BREAK SPACE}", " ") and 'role="alert"' in told and plan is None
    assert len(hub.jobs) == jobs


def _priced(changes: dict) -> tuple:
    return priced(**changes)


def test_a_hub_that_falls_silent_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("common.hub.HUB_SILENCE", 0.5)
    close_session()
    try:
        with serve({}, silent=True) as silent, pytest.raises(UserError, match="out of reach"):
            latest(HfApi(endpoint=silent, token="hf_ada"))
    finally:
        close_session()


def test_nobody_sees_or_fetches_the_job_of_another(hub, here):
    job = here(started, "hf_ada", here(priced, "hf_ada", **CACHED)[1])
    assert "ne montre pas ce Job" in here(looked, "hf_bob", job)[0]
    assert "ne connaît pas le jeton" in here(found, "hf_wrong")[0]
