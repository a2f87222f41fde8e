"""The run folder: what a reader finds there, whoever dies while writing it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import save_file

from common.files import write_json
from common.messages import UserError
from common.process import Process, started_at
from tests.kit.disk import small_disk
from trainer.runs import folder as folders
from trainer.runs.folder import Run, claimed, config, disk_full, metrics, state


@pytest.fixture
def small(tmp_path):
    with small_disk(tmp_path, "1m") as disk:
        yield disk


def test_a_run_says_where_it_stands(tmp_path):
    with claimed(tmp_path, resume=False) as run:
        run.mark("cancelling", step=3, steps=10, eta=7)
        found = state(tmp_path)
        assert (found["status"], found["step"], found["steps"], found["eta"]) == ("cancelling", 3, 10, 7)
        assert Process(found["pid"], found["started"], found["boot"]) == Process.this()
    assert state(tmp_path / "nowhere") is None


@pytest.mark.parametrize("status", ["queued", "running", "cancelling"])
def test_a_dead_process_is_never_shown_as_alive(status, tmp_path):
    sleeper = subprocess.Popen(["sleep", "60"])
    facts = Process.this()._asdict() | {"status": status, "pid": sleeper.pid, "started": started_at(sleeper.pid)}
    write_json(tmp_path / "state.json", facts)
    assert state(tmp_path)["status"] == status
    sleeper.kill()
    while started_at(sleeper.pid) is not None:  # a zombie, which its parent has not buried, is dead as well
        pass
    found = state(tmp_path)
    assert found["status"] == "failed" and "--resume" in found["message"]["en"]
    sleeper.wait()
    assert state(tmp_path)["status"] == "failed"


def test_a_pid_that_a_stranger_has_now_is_not_the_run(tmp_path):
    others = [
        ({"started": 1}, "ended without an error message"),
        ({"boot": "of yesterday"}, "The machine was restarted"),
    ]
    for other, why in others:
        write_json(tmp_path / "state.json", Process.this()._asdict() | {"status": "running"} | other)
        found = state(tmp_path)
        assert found["status"] == "failed" and why in found["message"]["en"]


def test_a_run_that_ended_keeps_its_word(tmp_path):
    for status in ("completed", "cancelled", "failed"):
        write_json(tmp_path / "state.json", {"status": status, "pid": 1, "started": 1, "boot": ""})
        assert state(tmp_path)["status"] == status


def test_a_folder_in_use_is_refused(tmp_path):
    with (
        claimed(tmp_path, resume=False),
        pytest.raises(UserError, match="Another process is training"),
        claimed(tmp_path, resume=False),
    ):
        pass
    with claimed(tmp_path, resume=False):
        pass


def test_a_run_is_not_written_over_and_none_is_not_gone_on_with(tmp_path):
    with pytest.raises(UserError, match="holds no run"), claimed(tmp_path, resume=True):
        pass
    write_json(tmp_path / "config.json", {"corpus": "mine", "plan": {}})
    with pytest.raises(UserError, match="holds a run already"), claimed(tmp_path, resume=False):
        pass
    assert config(tmp_path) == {"corpus": "mine", "plan": {}}
    with claimed(tmp_path, resume=True):
        pass


def test_a_folder_that_cannot_be_made_is_refused():
    with pytest.raises(UserError, match="cannot be written"), claimed(Path("/proc/nowhere"), resume=False):
        pass


def test_metrics_are_whole_lines_and_those_after_a_checkpoint_are_taken_back(tmp_path):
    run = Run(tmp_path)
    for step in range(5):
        run.append_metrics({"step": step, "loss": 1.0})
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 5, "lo')
    assert [line["step"] for line in metrics(tmp_path)] == [0, 1, 2, 3, 4]
    assert (
        [line["step"] for line in run.drop_metrics_after(2)]
        == [0, 1, 2]
        == [line["step"] for line in metrics(tmp_path)]
    )
    run.append_metrics({"step": 3})
    assert metrics(tmp_path)[-1] == {"step": 3}


def test_the_log_has_what_was_said(tmp_path, capsys):
    with claimed(tmp_path, resume=False):
        print("step 1", file=sys.stderr)
    print("after", file=sys.stderr)
    assert (tmp_path / "train.log").read_text() == "step 1\n"
    assert capsys.readouterr().err == "step 1\nafter\n"


def checkpoint(run: Run, step: int, sealed: bool = True) -> Path:
    folder = run.checkpoints / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "optimizer.pt").write_bytes(bytes(1000))
    if sealed:
        run.seal(folder)
    return folder


def test_a_checkpoint_cut_short_is_not_gone_on_from(tmp_path):
    run = Run(tmp_path)
    assert run.last_checkpoint() == (None, [])
    good, cut, unsealed = checkpoint(run, 9), checkpoint(run, 10), checkpoint(run, 100, sealed=False)
    assert run.last_checkpoint() == (cut, [unsealed])
    os.truncate(cut / "optimizer.pt", 999)
    assert run.last_checkpoint() == (good, [unsealed, cut])
    (good / "optimizer.pt").unlink()
    assert run.last_checkpoint() == (None, [unsealed, cut, good])


def test_a_full_disk_leaves_room_for_the_last_word(small):
    with claimed(small, resume=False) as run:
        try:
            (small / "big").write_bytes(bytes(2_000_000))
        except OSError as error:
            assert run.is_full(error)
            run.fail(disk_full().message)
    found = state(small)
    assert found["status"] == "failed" and "disk is full" in found["message"]["en"]
    assert "disk is full" in (small / "train.log").read_text()


def test_a_full_disk_is_known_when_what_filled_it_is_gone(small):
    with claimed(small, resume=False) as run:
        with pytest.raises(SafetensorError) as told:
            save_file({"weights": np.zeros(2_000_000, np.uint8)}, small / "adapter.safetensors")
        (small / "adapter.safetensors").unlink(missing_ok=True)
        assert run.is_full(told.value)


def test_other_errors_are_no_full_disk(tmp_path):
    run = Run(tmp_path)
    assert not run.is_full(FileNotFoundError(2, "no such file"))
    assert not run.is_full(RuntimeError("anything")) and not run.is_full(KeyError("x"))
    assert folders.RESERVE < 1_000_000
