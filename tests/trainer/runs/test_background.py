"""Trainings in the background: real processes, started once, stopped, gone on with and taken away."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from common.messages import UserError
from common.process import Process
from speech.models import checkpoint
from tests.kit.training import LITTLE
from trainer.runs import background, folder


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLO_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def asked(corpus, tiny) -> list[str]:
    """A training that would take minutes."""
    sets = LITTLE | {"steps": 400, "evaluations": 2, "checkpoint_steps": 5}
    words = [word for key, value in sets.items() for word in ("--set", f"{key}={value}")]
    return ["--corpus", str(corpus), "--model", str(tiny), *words]


def until(name: str, *statuses: str, step: int = 0) -> dict:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = folder.state(background.folder_of(name))
        if found and found["status"] in statuses and found["step"] >= step:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{found}, {background.last_lines(name)}")


def test_a_job_lives_by_itself_and_does_as_it_is_told(asked):
    background.start("first", *asked)
    assert background.names() == ["first"]
    began = until("first", "running", step=6)
    assert os.getsid(began["pid"]) == began["pid"] != os.getsid(0)  # who started it may die
    niced = min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)  # of us
    assert os.getpriority(os.PRIO_PROCESS, began["pid"]) == niced
    with pytest.raises(UserError, match="stop it first"):
        background.delete("first")
    with pytest.raises(UserError, match="stop it first"):
        background.resume("first")

    background.start("second", *asked)
    until("second", "queued")
    assert [background.place_in_queue(name, "cpu") for name in ("first", "second", "third")] == [0, 1, None]
    background.stop("first")
    stopped = until("first", "cancelled")["step"]
    assert stopped >= 6
    until("second", "running")

    os.kill(folder.state(background.folder_of("second"))["pid"], signal.SIGKILL)
    assert "train.log" in until("second", "failed")["message"]["en"]
    background.resume("first")
    assert until("first", "queued", "running")["step"] == stopped  # while it loads
    assert until("first", "running", step=stopped + 2)["pid"] != began["pid"]
    background.stop("first")
    until("first", "cancelled")
    assert sum("cancelled" in line for line in background.last_lines("first", 100)) == 2
    for name in ("first", "second"):
        background.delete(name)
    assert background.names() == [] and not any(background.runs_folder().iterdir())


def test_what_was_made_of_an_adapter_goes_with_its_run(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path / "cache"))
    adapter = background.folder_of("first") / "adapter"
    adapter.mkdir(parents=True)
    for name in checkpoint.FILES:
        (adapter / name).write_text(name)
    converted = tmp_path / "cache" / f"whisper-base-0-{checkpoint.content(adapter)}-ctranslate2"
    converted.mkdir(parents=True)
    background.delete("first")
    assert not converted.exists() and background.names() == []


def test_start_pressed_often_is_one_job(asked):
    refused = []

    def press():
        try:
            background.start("run", *asked)
        except UserError as refusal:
            refused.append(refusal.message.en)

    presses = [threading.Thread(target=press) for _ in range(50)]
    for thread in presses:
        thread.start()
    for thread in presses:
        thread.join()
    assert len(refused) == 49 and all("There is a run run already" in said for said in refused)
    background.stop("run")
    until("run", "cancelled")


STARTER = """
import sys, time
from common.messages import UserError
from trainer.runs import background as jobs
jobs.PATIENCE = 0
sys.stdin.readline()
try:
    jobs.start("run", *sys.argv[1:])
    print("started")
except UserError as refusal:
    print(refusal.message.en)
"""


def test_of_two_servers_that_start_one_name_one_does(asked):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    servers = [
        subprocess.Popen([sys.executable, "-c", STARTER, *asked], cwd=background.ROOT, **pipes) for _ in range(2)
    ]
    for server in servers:
        server.stdin.write("now\n")
        server.stdin.flush()
    told = [server.communicate()[0] for server in servers]
    assert sorted("started" in said for said in told) == [False, True]
    assert any("There is a run run already" in said for said in told)
    background.stop("run")


def test_started_and_deleted_at_once_there_is_a_whole_run_or_none(asked, monkeypatch):
    monkeypatch.setattr(background, "PATIENCE", 0.0)
    refused = []

    def press(act, *arguments):
        try:
            act("run", *arguments)
        except UserError as refusal:
            refused.append(refusal.message.en)

    for _ in range(5):
        pages = [threading.Thread(target=press, args=(background.start, *asked)) for _ in range(2)]
        pages += [threading.Thread(target=press, args=(background.delete,)) for _ in range(2)]
        for page in pages:
            page.start()
        for page in pages:
            page.join()
        assert folder.process_of(
            folder.state(background.folder_of("run"))
        ).lives  # what is deleted was not alive: one start stands
        background.stop("run")
        background.delete("run")
    assert all("already" in said or "still running" in said for said in refused) and len(refused) >= 5
    assert not any(background.runs_folder().iterdir())


def test_what_is_stopped_before_it_could_speak_was_cancelled(asked, monkeypatch):
    monkeypatch.setattr(background, "PATIENCE", 0.0)
    background.start("run", *asked)
    assert folder.state(background.folder_of("run"))["status"] == "queued"
    background.stop("run")
    assert until("run", "cancelled")["step"] == 0


@pytest.mark.parametrize("name", ["", "../../x", "/etc", "a/b", ".hidden", "-rf", "a b", "x" * 65, "é"])
def test_a_name_is_a_name(name):
    with pytest.raises(UserError, match="is no name for a run"):
        background.start(name)
    assert not background.runs_folder().exists()


def test_what_cannot_be_trained_says_so_at_once(asked):
    with pytest.raises(UserError, match="no setting 'nothing'"):
        background.start("run", *asked, "--set", "nothing=1")
    assert not any(background.runs_folder().iterdir())
    with pytest.raises(UserError, match="holds no run"):
        background.resume("run")
    assert background.names() == []


def test_a_pid_that_changed_hands_is_left_alone(tmp_path):
    other = Process.this()._replace(started=1)
    other.end()  # this process is still here
    assert not other.lives and Process.this().lives
