"""python -m speech submit: a dataset of recordings as a Job, on the tests' own Hub, and the Job's script."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus.prompts import prompt
from tests.kit.hub import COMMIT
from tests.kit.hub_writes import Client, Hub, client, serve_with_space

ROOT = Path(__file__).parents[2]
ASKED = ("submit", "ada/calls", "--output", "ada/transcripts", "--source", "ada/allo", "--flavor", "a10g-small")
TOKEN = {"HF_TOKEN": "hf_ada"}
UV = """
import json, pathlib, sys
at = sys.argv.index("--output")
calls, out = pathlib.Path(sys.argv[at - 1]), pathlib.Path(sys.argv[at + 1])
sounds = sorted(str(path.relative_to(calls)) for path in calls.rglob("*.*") if path.suffix in (".wav", ".png"))
out.mkdir(exist_ok=True)
file = out / f"{len(list(out.glob('*.txt')))}.txt"
file.write_text(json.dumps([sys.argv, sounds]))
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Hub:
    with serve_with_space(tmp_path_factory.mktemp("repositories")) as running:
        calls = running.root / "ada/calls/lundi"
        calls.mkdir(parents=True)
        (calls / "full.wav").write_bytes(prompt("conf-full").read_bytes())
        sound = {"bytes": prompt("conf-full").read_bytes(), "path": "x/../plein.wav"}
        rows = {"audio": [sound, None, sound | {"path": None}], "picture": [{"bytes": b"PNG", "path": "a.png"}] * 3}
        features = {"picture": {"_type": "Image"}, "audio": {"_type": "Audio"}}
        told = {"huggingface": json.dumps({"info": {"features": features}})}
        pq.write_table(pa.table(rows).replace_schema_metadata(told), calls / "rows.parquet")
        yield running


@pytest.fixture(scope="module")
def here(hub, tmp_path_factory) -> Client:
    with client(hub.url, tmp_path_factory.mktemp("home")) as started:
        yield started


def run(*arguments: str) -> tuple[int, str, str]:
    from speech.__main__ import main

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main(list(arguments))
    return status, out.getvalue(), err.getvalue()


def test_it_starts_a_job_whose_cost_is_told(hub, here):
    status, out, err = here(run, *ASKED, "--", "--words", "--format", "json", **TOKEN)
    assert status == 0 and "USD at most" in out and "hf_ada" not in out, err
    (job,) = hub.jobs
    script = f"{hub.url}/spaces/ada/allo/resolve/{COMMIT}/speech/job_script.py"
    told = ["ada/allo", COMMIT, "ada/calls", "ada/transcripts", "6600", "transcribe", "--words", "--format", "json"]
    assert job["command"] == ["uv", "run", script, *told] and job["secrets"] == {"HF_TOKEN": "hf_ada"}
    hub.jobs.clear()


@pytest.mark.parametrize(
    ("changed", "settings", "said"),
    [
        ((), {}, "There is no token"),
        (("--", "--format", "odt"), TOKEN, "There is no format 'odt'"),
        (("--", "--output", "x"), TOKEN, "after the --"),
        (("--", "--adapter", str(ROOT)), TOKEN, "is on this machine"),
        (("--timeout", "soon"), TOKEN, "The time limit 'soon' is none"),
    ],
)
def test_refusals_come_before_anything_is_paid(hub, here, changed, settings, said):
    status, out, err = here(run, *ASKED, *changed, **settings)
    assert (status, out) == (2, "") and said in err and len(err.splitlines()) == 1 and not hub.jobs


def test_the_job_keeps_its_transcripts_and_finds_them_again(hub, tmp_path):
    """With a uv that writes one file more each time, about the recordings that it is given."""
    for name, program in (("uv", UV), ("apt-get", "")):
        (tmp_path / name).write_text(f"#!{sys.executable}\n{program}")
        (tmp_path / name).chmod(0o755)
    settings = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf")}
    asked = ["ada/allo", COMMIT, "ada/calls", "ada/out", "60", "transcribe", "--words"]
    for day in ("one", "two"):
        (tmp_path / day).mkdir()
        command = [sys.executable, ROOT / "speech/job_script.py", *asked]
        environment = os.environ | settings | TOKEN | {"HF_HUB_DISABLE_XET": "1"}
        assert subprocess.run(command, env=environment, cwd=tmp_path / day, timeout=60).returncode == 0
    assert hub.files("ada/out") == ["0.txt", "1.txt"]
    words, sounds = json.loads((hub.root / "ada/out/1.txt").read_text())
    assert words[words.index("speech") + 1 :][:2] == ["transcribe", "--words"]
    rows = ["lundi/rows/audio/000000-plein.wav", "lundi/rows/audio/000002-recording.wav"]
    assert sounds == ["lundi/full.wav", *rows]
