"""The loop: what is evaluated is what is saved, the best is kept, and real speech is learned."""

import json
import time
from inspect import signature

import pytest
import torch
from peft import LoraConfig, get_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from transformers import Trainer

from corpus import load as load_corpus
from speech.decoding.decode import decode
from speech.models.choose import choose
from tests.kit.training import asked, before_step, last, same, weights
from trainer.data.held_out_prompts import VOICES
from trainer.data.splits import splits_of
from trainer.evaluation import forgetting
from trainer.evaluation.forgetting import without_speech
from trainer.runs import folder as run
from trainer.train import loop
from trainer.train.loop import LoraTrainer
from trainer.train.plan import TrainingPlan, plan_training
from trainer.train.progress import RunProgress
from trainer.train.run import prepared, train
from trainer.train.stop import StopFlag


def held(model) -> dict[str, torch.Tensor]:
    """A copy of what learns, as it is now."""
    found = get_peft_model_state_dict(model, save_embedding_layers=False)
    return {name: tensor.clone() for name, tensor in found.items()}


@pytest.mark.parametrize("averaged", [0.0, 1.0])
def test_the_best_adapter_is_the_one_of_its_step(averaged, corpus, tiny, tmp_path, monkeypatch):
    stepped, evaluated, folder = {}, {}, tmp_path / "run"
    step_ended, evaluate = RunProgress.on_step_end, LoraTrainer.transcribe

    def after_step(progress, args, state, control, **more):
        stepped[state.global_step] = held(progress.trainer.model)
        return step_ended(progress, args, state, control, **more)

    def evaluating(trainer, *more):
        monkeypatch.setattr(loop, "decode", lambda *asked: note(trainer) or decode(*asked))
        return evaluate(trainer, *more)

    def note(trainer) -> None:
        evaluated[trainer.state.global_step] = held(trainer.model)

    monkeypatch.setattr(RunProgress, "on_step_end", after_step)
    monkeypatch.setattr(LoraTrainer, "transcribe", evaluating)
    ended = train(asked(corpus, tiny, average_last=averaged), folder)["training"]
    wers = {line["step"]: line["wer"] for line in run.metrics(folder) if "wer" in line}
    assert evaluated.keys() == wers.keys() == {4, 5, 6}
    assert ended["best_wer"] == min(wers.values()) == wers[ended["best_step"]]
    assert same(evaluated[ended["best_step"]], weights(folder / "adapter"))
    assert same(weights(folder / "checkpoints" / "checkpoint-6"), stepped[6])  # the evaluation changed nothing
    for step, found in evaluated.items():
        shown = range(1, step + 1) if averaged else [step]
        mean = {name: sum(stepped[at][name] for at in shown) / len(shown) for name in found}
        assert all(torch.allclose(found[name], mean[name], atol=1e-7) for name in mean)


def test_an_adapter_is_judged_and_kept_at_its_strength(corpus, tiny, tmp_path, monkeypatch):
    heard_at, learned_at = [], []

    def scales(model) -> set[float]:
        layers = (module for module in model.modules() if isinstance(module, LoraLayer))
        return {scale for layer in layers for scale in layer.scaling.values()}

    def hooked(engine, *more):
        heard_at.append(scales(engine.shared_weights.whisper))
        return decode(engine, *more)

    monkeypatch.setattr(loop, "decode", hooked)
    before_step(monkeypatch, 6, lambda trainer, _: learned_at.append(scales(trainer.model)))
    train(asked(corpus, tiny, lora_scale=0.5), tmp_path / "run")
    whole = LoraConfig.from_pretrained(tmp_path / "run" / "checkpoints" / "checkpoint-6")
    assert learned_at == [{whole.lora_alpha / whole.r}]
    assert len(heard_at) > 1 and all(scale == {0.5 * whole.lora_alpha / whole.r} for scale in heard_at)
    assert LoraConfig.from_pretrained(tmp_path / "run" / "adapter").lora_alpha == 0.5 * whole.lora_alpha


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        (Trainer._save, ["self", "output_dir", "state_dict"]),
        (Trainer._load_from_checkpoint, ["self", "resume_from_checkpoint", "model"]),
    ],
)
def test_the_private_methods_of_transformers_that_the_loop_overrides_are_as_it_knows_them(method, parameters):
    """A checkpoint holds the adapter and the average of the weights, for which there is no public place."""
    assert list(signature(method).parameters) == parameters
    assert list(signature(getattr(LoraTrainer, method.__name__)).parameters) == parameters


def test_the_same_again_is_the_same(done, corpus, tiny, tmp_path):
    train(asked(corpus, tiny), tmp_path / "run")
    assert same(last(tmp_path / "run"), last(done))


def test_a_training_that_gets_no_better_ends(corpus, tiny, tmp_path):
    """With a rate of almost nothing the words stay the same: two evaluations after the first are enough."""
    changes = {"patience": 2, "learning_rate": 1e-12, "warmup_steps": 0, "steps": 12, "evaluations": 6}
    told = train(asked(corpus, tiny, **changes), tmp_path / "run")
    assert told["training"]["steps"] == 9 and told["training"]["best_step"] == 7
    assert run.state(tmp_path / "run")["status"] == "completed"


def test_minutes_become_steps(corpus, tiny, tmp_path):
    changes = {"steps": None, "minutes": 0.1, "evaluations": 1, "validation_clips": 2, "checkpoint_steps": 1000}
    clips, choice = load_corpus(str(corpus)), choose(str(tiny))
    settings = asked(corpus, tiny, **changes).settings
    plan = plan_training(prepared(settings, clips, splits_of(clips, "fr"), choice, tmp_path, None, StopFlag()))
    assert plan.steps > 6 and plan.evaluate_after == [plan.steps]
    assert plan.steps * plan.seconds_a_step + len(plan.validation) * plan.seconds_a_clip <= 6.1


def test_minutes_are_a_limit_also_where_the_machine_became_slower(corpus, tiny, tmp_path, monkeypatch):
    """Of 1000 steps that were planned for six seconds there is time for a few; the last of them is evaluated."""
    before_step(monkeypatch, 3, lambda *_: time.sleep(6))
    rows = splits_of(load_corpus(str(corpus)), "fr").validation[:1]
    plan = TrainingPlan(1000, 500, 500, tuple(rows), 1600, 0.006, 0.1)
    monkeypatch.setattr("trainer.train.run.plan_training", lambda _: plan)
    changes = {"steps": None, "minutes": 0.1, "generation_length": 4, "checkpoint_steps": 1000}
    result = train(asked(corpus, tiny, **changes), tmp_path / "run")["training"]
    assert result["steps"] == result["best_step"] == 3
    assert run.state(tmp_path / "run")["status"] == "completed" and weights(tmp_path / "run" / "adapter")


def test_real_speech_is_learned_and_reported(corpus, tmp_path, monkeypatch, capfd):
    """The embedded base for six steps: the loss falls, and the report is by the engine that users have."""
    monkeypatch.setattr(forgetting, "without_speech", lambda: without_speech()[:2])
    monkeypatch.setattr(forgetting, "VOICES", {"en": VOICES["en"]})
    changes = {"steps": 6, "evaluations": 1, "batch_size": 4, "learning_rate": 1e-3, "warmup_steps": 0, "patience": 3}
    changes |= {"replay_share": 0.0, "silence_share": 0.0, "spec_augment": 0.0}  # whose loss is none, or jumps
    changes |= {"validation_clips": 1, "report_clips": 2, "forgetting_clips": 1}
    folder = tmp_path / "run"
    result = train(asked(corpus, "whisper-base", **changes), folder)
    losses = [line["loss"] for line in run.metrics(folder) if "loss" in line]
    assert sum(losses[-2:]) < 0.9 * sum(losses[:2])
    assert {"wer", "cer", "interval", "words"} <= result["base"].keys() & result["adapter"].keys()
    assert result["adapter"]["words"] == result["full_window"]["base"]["words"] > 2
    assert {"p_value", "fixed", "broken", "better", "worse", "examples", "training", "leaks", "split"} <= result.keys()
    assert sorted(path.name for path in (folder / "heard").glob("*.csv")) == [
        *("adapter-full.csv", "adapter-short.csv", "base-full.csv", "base-short.csv"),
    ]
    assert result == json.loads((folder / "report.json").read_text())
    assert {"en", "silence"} == result["forgetting"].keys()  # two prompts make no long recording
    assert "Longs enregistrements" in result["warnings"][-1]["fr"]
    card = (folder / "adapter" / "README.md").read_text()
    assert "Annonces en anglais" in card and "English prompts" in card
    assert "EarlyStopping" not in (folder / "train.log").read_text() + capfd.readouterr().err
