"""A training in slices: what comes out is what one training gives, whatever ends a slice."""

import json

import pytest

from common.messages import UserError
from tests.kit.training import asked, before_step, last, same, weights
from trainer.runs import background
from trainer.runs import folder as run
from trainer.train.run import train
from trainer.train.slices import begin, train_slice


class Death(BaseException):
    """As sudden as kill -9, in this process."""


def dies(*_) -> None:
    raise Death


def is_asked_to_stop(trainer, _) -> None:
    trainer.stop.request()


def test_slices_learn_what_one_training_does(done, corpus, tiny, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    begin(asked(corpus, tiny), folder)
    for step, ends in ((2, is_asked_to_stop), (4, is_asked_to_stop), (6, dies), (7, None)):
        with monkeypatch.context() as patch:
            before_step(patch, step, ends)
            try:
                train_slice(folder, 60.0)
                assert run.state(folder)["status"] == "paused"
            except Death:
                assert step == 6
        assert (folder / run.TRAINED).exists() == (ends is None)
    assert same(last(folder), last(done)) and same(weights(folder / "adapter"), weights(done / "adapter"))
    lines = run.metrics(folder)
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4, 5, 6]
    assert [line["step"] for line in lines if "wer" in line] == [4, 5, 6]  # that of step 4 in the slice after it
    train(asked(corpus, tiny), folder, resume=True)
    assert run.state(folder)["status"] == "completed"
    assert json.loads((folder / "report.json").read_text())["training"]["steps"] == 6


def test_the_folder_asks_a_slice_to_stop(corpus, tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("ALLO_RUNS", str(tmp_path))
    begin(asked(corpus, tiny), tmp_path / "run")

    def stopped(trainer, _) -> None:
        background.stop("run")
        while not trainer.stop.requested:
            pass

    before_step(monkeypatch, 3, stopped)
    train_slice(tmp_path / "run", 60.0)
    assert (run.state(tmp_path / "run")["status"], run.state(tmp_path / "run")["step"]) == ("paused", 3)


def test_a_slice_without_time_trains_a_step(corpus, tiny, tmp_path):
    begin(asked(corpus, tiny), tmp_path / "run")
    train_slice(tmp_path / "run", 0.0)
    assert run.state(tmp_path / "run")["step"] == 1


def test_what_cannot_be_sliced_is_refused(done, corpus, tiny, tmp_path):
    with pytest.raises(UserError, match="holds a run already"):
        begin(asked(corpus, tiny), done)
    with pytest.raises(UserError, match="push_to"):
        begin(asked(corpus, tiny, push_to="ada/allo"), tmp_path / "run")
