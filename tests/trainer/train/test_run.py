"""A run: its folder holds what was promised, and what dies, is stopped or fails leaves what it had learned."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from common.files import write_json
from common.messages import UserError
from common.process import started_at
from speech.models import adapters
from speech.models.choose import choose
from tests.kit.disk import small_disk
from tests.kit.training import LITTLE, asked, before_step, last, near, same, weights
from trainer.__main__ import _parser
from trainer.data.held_out_prompts import VOICES, chosen
from trainer.presets import PRESETS
from trainer.runs import folder as run
from trainer.settings import RENAMED, from_dict
from trainer.train.request import TrainingRequest
from trainer.train.run import train
from trainer.train.stop import Cancelled

BEFORE_NAMES = {now: before for before, now in RENAMED.items()}
C = {"LC_ALL": "C.UTF-8"}  # messages in English


def test_the_folder_holds_what_was_promised(done, corpus, tiny):
    told = run.state(done)
    assert (told["status"], told["step"], told["steps"], told["eta"]) == ("completed", 6, 6, 0)
    config = run.config(done)
    assert config["corpus"] == str(corpus) and config["model"] == str(tiny) and config["preset"] == "quick"
    assert from_dict(config["settings"]) == asked(corpus, tiny).settings
    assert config["split"] == {"train": 18, "validation": 6, "test": 6, "foreign": 0}
    lines = run.metrics(done)
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4, 5, 6]
    assert [line["step"] for line in lines if "wer" in line] == [4, 5, 6]
    assert all({"learning_rate", "clips_per_second"} <= line.keys() for line in lines if "loss" in line)
    assert lines[-2]["learning_rate"] == PRESETS["quick"].optimisation.learning_rate  # after the first steps it stays
    report = json.loads((done / "report.json").read_text())
    assert report["training"]["steps"] == 6 and report["training"]["trainable"] == 30_720
    assert report["warnings"][0]["en"].startswith("There is no test split")
    assert "step 6/6" in (done / "train.log").read_text()


def test_the_adapter_says_what_it_is(done, tiny, corpus):
    told = json.loads((done / "adapter" / "allo.json").read_text())
    assert told["base"] == str(tiny) and told["margin"] == 0.3 and told["language"] == "fr" and told["allo"] == 1
    assert told["revision"] == adapters.revision(choose(str(tiny))) and told["corpus"] == str(corpus)
    assert from_dict(told["settings"]).adapter.rank == 32 and len(told["split_hash"]) == 16
    assert told["held_by"] == [name for name in sorted(VOICES) if chosen(name, 1, to="keep")]
    adapters.check_base(done / "adapter", choose(str(tiny)))
    with pytest.raises(UserError, match="name that base"):
        adapters.check_base(done / "adapter", choose("whisper-base"))


def test_the_adapter_has_its_card(done):
    card = (done / "adapter" / "README.md").read_text()
    assert (
        "library_name: peft" in card and "There is no test split" in card and "What it forgot was not measured" in card
    )
    assert "training: steps 6" in card  # it was written again at the end


def test_an_estimate_says_what_it_would_cost_and_keeps_nothing(corpus, tiny, tmp_path, capsys):
    given = ["--corpus", corpus, "--model", tiny, "--set", "minutes=1", "--set", "validation_clips=4", "--estimate"]
    assert command(*given, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["split"] == {"train": 18, "validation": 6, "test": 6} and told["train_seconds"] > 18
    assert told["steps"] > 0 and told["seconds_a_step"] > 0 and 0 < told["memory"] < told["memory_free"]
    assert 0 < told["seconds"] <= 66 and told["trainable"] == 30_720
    with pytest.raises(UserError, match="--output"):
        command(*given[:-1])


def asked_of_a_process(folder: Path, corpus: Path, model: Path) -> list[str]:
    """The command of `asked`."""
    sets = [word for key, value in LITTLE.items() for word in ("--set", f"{key}={value}")]
    command = [sys.executable, "-m", "trainer", "train", "--corpus", corpus, "--model", model, "--output", folder]
    return [*map(str, command), *sets]


def kill_after(folder: Path, corpus: Path, model: Path, lines: int) -> None:
    """Starts a training of `asked` in a process of its own, and kill -9 it once so many metrics are written."""
    started = subprocess.Popen(
        asked_of_a_process(folder, corpus, model), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while len(run.metrics(folder)) < lines:
        assert started.poll() is None, started.stderr.read()
        time.sleep(0.002)
    started.send_signal(signal.SIGKILL)
    started.communicate()


def test_a_killed_run_goes_on_as_if_nothing_had_happened(done, corpus, tiny, tmp_path):
    folder = tmp_path / "run"
    kill_after(folder, corpus, tiny, lines=5)
    assert run.state(folder)["status"] == "failed" and started_at(run.state(folder)["pid"]) is None
    assert run.metrics(folder)[-1]["step"] < 6
    train(asked(corpus, tiny), folder, resume=True)
    # The first steps were another process's, which may round otherwise: within the whole suite the last bits differed.
    assert near(last(folder), last(done)) and near(weights(folder / "adapter"), weights(done / "adapter"))
    again, once = ([line for line in run.metrics(of) if "loss" in line] for of in (folder, done))
    assert [line["step"] for line in again] == [line["step"] for line in once] == [1, 2, 3, 4, 5, 6]
    assert [line["loss"] for line in again] == pytest.approx([line["loss"] for line in once], rel=1e-4)
    assert run.state(folder)["status"] == "completed"


class Death(Exception):
    """As sudden as kill -9, in this process."""


@pytest.mark.parametrize("at", [1, 4, 6])
def test_death_at_any_step_changes_nothing(at, done, corpus, tiny, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(Death):
        before_step(patch, at, lambda *_: (_ for _ in ()).throw(Death()))
        train(asked(corpus, tiny), tmp_path / "run")
    assert run.state(tmp_path / "run")["status"] == "failed"
    train(asked(corpus, tiny), tmp_path / "run", resume=True)
    assert same(last(tmp_path / "run"), last(done))
    assert same(weights(tmp_path / "run" / "adapter"), weights(done / "adapter"))


def as_the_version_before(folder: Path) -> None:
    """Rewrites a run's files as f700f9d wrote them: other names of settings, a plan of evaluation steps alone."""
    stored = run.config(folder)
    stored["settings"] = {BEFORE_NAMES.get(name, name): value for name, value in stored["settings"].items()}
    stored["plan"] = {
        name: stored["plan"][name] for name in ("steps", "evaluate_after", "validation", "frames_at_once")
    }
    write_json(folder / "config.json", stored)
    for path in folder.glob("checkpoints/*/trainer_state.json"):
        write_json(path, json.loads(path.read_text()) | {"eval_steps": 500, "stateful_callbacks": {}})
        run.Run(folder).seal(path.parent)


def test_a_run_of_the_version_before_resumes(done, corpus, tiny, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch, pytest.raises(Death):
        before_step(patch, 5, lambda *_: (_ for _ in ()).throw(Death()))
        train(asked(corpus, tiny), folder)
    as_the_version_before(folder)
    assert command("--resume", "--output", folder) == 0
    assert same(last(folder), last(done)) and same(weights(folder / "adapter"), weights(done / "adapter"))
    assert [line["step"] for line in run.metrics(folder) if "wer" in line] == [4, 5, 6]


def test_a_checkpoint_cut_short_is_passed_over(done, corpus, tiny, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch, pytest.raises(Death):
        before_step(patch, 6, lambda *_: (_ for _ in ()).throw(Death()))
        train(asked(corpus, tiny), folder)
    os.truncate(folder / "checkpoints" / "checkpoint-5" / "optimizer.pt", 5000)
    train(asked(corpus, tiny), folder, resume=True)
    assert "checkpoint-5 is cut short" in capsys.readouterr().err
    assert same(last(folder), last(done))


def test_a_stop_comes_after_the_step_and_keeps_the_best(done, corpus, tiny, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch, pytest.raises(Cancelled):
        before_step(patch, 4, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        train(asked(corpus, tiny), folder)
    told = run.state(folder)
    assert (told["status"], told["step"]) == ("cancelled", 4)
    assert weights(folder / "adapter")
    assert "cancelled" in (folder / "train.log").read_text()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    train(asked(corpus, tiny), folder, resume=True)
    assert same(last(folder), last(done))


def test_a_stop_before_the_first_evaluation_keeps_what_there_is(corpus, tiny, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    before_step(monkeypatch, 1, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Cancelled):
        train(asked(corpus, tiny), folder)
    assert same(weights(folder / "adapter"), weights(folder / "checkpoints" / "checkpoint-1"))


def test_a_stop_that_comes_with_the_first_word_is_heard(corpus, tiny, tmp_path, monkeypatch):
    mark = run.Run.mark

    def hooked(running, *more, **facts):
        mark(running, *more, **facts)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(run.Run, "mark", hooked)
    with pytest.raises(Cancelled):
        train(asked(corpus, tiny), tmp_path / "run")
    told = run.state(tmp_path / "run")
    assert (told["status"], told["step"]) == ("cancelled", 0)


def test_a_loss_that_is_no_number_is_told_and_the_best_is_kept(corpus, tiny, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    before_step(monkeypatch, 5, lambda _, inputs: inputs["input_features"].fill_(float("nan")))
    with pytest.raises(UserError, match="no number any more after 4 steps"):
        train(asked(corpus, tiny), folder)
    told = run.state(folder)
    assert told["status"] == "failed" and "learning_rate" in told["message"]["fr"]
    assert (folder / "train.log").read_text().splitlines()[-1].startswith("trainer: The loss is no number")
    assert all(torch.isfinite(tensor).all() for tensor in weights(folder / "adapter").values())


def test_a_loss_that_is_no_number_before_the_first_evaluation_leaves_no_adapter(corpus, tiny, tmp_path, monkeypatch):
    before_step(monkeypatch, 2, lambda _, inputs: inputs["input_features"].fill_(float("nan")))
    with pytest.raises(UserError, match=r"after 1 steps: .* none was evaluated yet, so there is no adapter"):
        train(asked(corpus, tiny), tmp_path / "run")
    assert not (tmp_path / "run" / "adapter").exists()


def test_a_full_disk_is_told_and_the_best_is_kept(corpus, tiny, tmp_path):
    """A real one: not all checkpoints fit on it."""
    with small_disk(tmp_path, "1600k") as small:
        ended = subprocess.run(
            asked_of_a_process(small / "run", corpus, tiny), capture_output=True, text=True, env=os.environ | C
        )
        told = run.state(small / "run")
        shutil.copytree(small / "run" / "adapter", tmp_path / "adapter")
        log = (small / "run" / "train.log").read_text()
    assert ended.returncode == 2 and ended.stderr.splitlines()[-1].startswith("trainer: The disk is full")
    assert told["status"] == "failed" and "disk is full" in told["message"]["en"] and told["step"] >= 2
    assert "The disk is full" in log.splitlines()[-1]
    adapters.check_base(tmp_path / "adapter", choose(str(tiny)))
    assert weights(tmp_path / "adapter")


def test_two_processes_learn_what_one_does(corpus, tiny, tmp_path):
    sets = LITTLE | {"steps": 3, "dropout": 0.0, "evaluations": 1, "weights_on_cpu": "float32"}
    words = [word for key, value in sets.items() for word in ("--set", f"{key}={value}")]
    # `accelerate launch --cpu --num_processes 2` starts one process, unless there is MPI: torchrun starts two
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "-m", "trainer"]
    both = tmp_path / "both"
    command = [*launch, "train", "--corpus", corpus, "--model", tiny, "--output", both, *words, "--json"]
    environment = os.environ | {"ACCELERATE_USE_CPU": "1"}
    ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["training"]["steps"] == 3 and run.config(both)["processes"] == 2
    train(asked(corpus, tiny, **sets), tmp_path / "alone")
    assert near(last(tmp_path / "alone"), last(both))
    one, two = ([line["wer"] for line in run.metrics(tmp_path / name) if "wer" in line] for name in ("alone", "both"))
    assert one == two and run.state(both)["status"] == "completed"


def command(*arguments) -> int:
    """`main` without its turning a UserError into a line."""
    given = _parser().parse_args(["train", *map(str, arguments)])
    return given.command(given)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--corpus", "nowhere"], "no corpus 'nowhere'"),
        (["--corpus", "{corpus}", "--model", "{bert}"], "no Whisper (bert)"),
        (["--corpus", "{corpus}", "--model", "{tiny}", "--set", "language=xx"], "the language 'xx'"),
        (["--corpus", "{corpus}", "--model", "{tiny}", "--preset", "best"], "no preset 'best'"),
        (["--corpus", "{corpus}", "--model", "{tiny}", "--set", "nothing=1"], "no setting 'nothing'"),
        (["--corpus", "{corpus}", "--model", "{tiny}", "--set", "batch_size=0"], "batch_size is 0"),
        (["--corpus", "{corpus}", "--resume"], "holds no run to resume"),
    ],
)
def test_bad_input_is_one_sentence(arguments, said, corpus, tiny, tmp_path):
    (tmp_path / "bert").mkdir()
    (tmp_path / "bert" / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "bert" / "model.safetensors").write_bytes(b"")
    places = {"corpus": corpus, "tiny": tiny, "bert": tmp_path / "bert"}
    with pytest.raises(UserError) as refused:
        command(*[word.format(**places) for word in arguments], "--output", tmp_path / "run")
    assert said in refused.value.message.en and "\n" not in refused.value.message.en
    assert refused.value.message.fr != refused.value.message.en
    told = run.state(tmp_path / "run")
    assert told is None or (told["status"], told["message"]["en"]) == ("failed", refused.value.message.en)


def test_what_was_refused_may_be_asked_again_in_the_same_folder(corpus, tiny, tmp_path):
    with pytest.raises(UserError, match="no corpus"):
        train(asked("nowhere", tiny), tmp_path / "run")
    train(asked(corpus, tiny, steps=1, evaluations=1), tmp_path / "run")
    assert run.state(tmp_path / "run")["status"] == "completed" and run.state(tmp_path / "run")["message"] is None


@pytest.mark.parametrize(
    ("rows", "said"),
    [(["0.wav,oui,train"], "no clips to choose the best adapter by"), (["0.wav,oui,test"], "no clips to train on")],
)
def test_a_corpus_of_one_clip_is_refused(rows, said, corpus, tiny, tmp_path):
    one = tmp_path / "one"
    one.mkdir()
    (one / "metadata.csv").write_text("\n".join(["file_name,text,split", *rows]) + "\n")
    shutil.copyfile(corpus / "0.wav", one / "0.wav")
    with pytest.raises(UserError, match=said):
        train(asked(one, tiny), tmp_path / "run")


def test_a_run_is_gone_on_with_as_it_was_asked(done, corpus, tiny, tmp_path, capsys):
    copy = shutil.copytree(done, tmp_path / "run")
    assert command("--resume", "--output", copy, "--json") == 0  # it had ended: its report again
    assert json.loads(capsys.readouterr().out) == json.loads((done / "report.json").read_text())
    for other in (
        ["--set", "rank=4"],
        ["--preset", "seed"],
        ["--corpus", "phone-prompts"],
        ["--model", "whisper-base"],
    ):
        with pytest.raises(UserError, match="another request"):
            command("--resume", "--output", copy, *other)
    with pytest.raises(UserError, match="holds a run already"):
        command("--corpus", corpus, "--model", tiny, "--output", copy)


def test_a_corpus_that_changed_is_refused(done, corpus, tiny, tmp_path):
    moved, copy = shutil.copytree(corpus, tmp_path / "corpus"), shutil.copytree(done, tmp_path / "run")
    (copy / "report.json").unlink()
    config = run.config(copy) | {"corpus": str(moved)}
    write_json(copy / "config.json", config)
    (moved / "metadata.csv").write_text((moved / "metadata.csv").read_text().replace("call-0", "call-9"))
    with pytest.raises(UserError, match="has changed since"):
        train(TrainingRequest.from_dict(config), copy, resume=True)


def test_a_folder_in_use_is_refused(corpus, tiny, tmp_path, monkeypatch):
    refused = []

    def second(*_):
        try:
            with run.claimed(tmp_path / "run", resume=True):
                pass
        except UserError as refusal:
            refused.append(refusal.message.en)

    before_step(
        monkeypatch, 2, lambda *_: [thread.start() or thread.join() for thread in [threading.Thread(target=second)]]
    )
    train(asked(corpus, tiny, steps=2), tmp_path / "run")
    assert len(refused) == 1 and "Another process is training" in refused[0]
