"""The training: what is asked is what is done, and what dies, is stopped or fails leaves what it had learned."""

import argparse
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from peft import LoraConfig, get_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file
from transformers import WhisperConfig, WhisperForConditionalGeneration

from common.messages import UserError
from common.process import started_at
from corpus.prompts import prompts
from speech.decoding.decode import decode
from speech.engines.short_window import ShortWindowWhisper
from speech.models import adapters
from speech.models.choose import choose
from tests.kit.disk import small_disk
from trainer.data.examples import Batches
from trainer.evaluation.held_out_prompts import VOICES, spoken
from trainer.runs import folder as run
from trainer.settings import BEFORE, PRESETS, Settings, from_dict, preset
from trainer.train import lora, training, weight_averaging

SMALL = {"d_model": 768, "encoder_layers": 12, "decoder_layers": 12, "vocab_size": 51865}
SMALL |= {
    "encoder_attention_heads": 12,
    "decoder_attention_heads": 12,
    "encoder_ffn_dim": 3072,
    "decoder_ffn_dim": 3072,
}
LITTLE = {"steps": 6, "batch_size": 4, "evaluations": 3, "logging_steps": 1, "checkpoint_steps": 2}
LITTLE |= {"report_clips": 0, "forgetting_clips": 0}
FULL = {"window": "full", "steps": 3, "evaluations": 1, "frames_at_once": 12_000}
FULL |= {"weights_on_cpu": "float32"}  # bfloat16 rounds otherwise where a batch is divided


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """30 prompts of one to two seconds in five calls: three to learn from, one to judge by, one for the test."""
    folder = tmp_path_factory.mktemp("corpus")
    chosen = [prompt for prompt in prompts(at_least=1.0) if prompt.seconds < 2.0][::3][:30]
    assert len(chosen) == 30
    with (folder / "metadata.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file_name", "text", "call", "split"])
        for number, prompt in enumerate(chosen):
            (folder / f"{number}.wav").write_bytes(prompt.path.read_bytes())
            split = {3: "validation", 4: "test"}.get(number % 5, "train")
            table.writerow([f"{number}.wav", prompt.text, f"call-{number % 5}", split])
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    """A Whisper with the words of the embedded one and hardly any weights, which know nothing: for all but learning."""
    folder, base = tmp_path_factory.mktemp("tiny"), choose("whisper-base").folder
    sizes = {f"{side}_{what}": size for side in ("encoder", "decoder") for what, size in SIZES.items()}
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(WhisperConfig.from_pretrained(base, d_model=32, **sizes))
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "preprocessor_config.json", "generation_config.json"):
        shutil.copyfile(base / name, folder / name)
    return folder


C = {"LC_ALL": "C.UTF-8"}  # messages in English
SIZES = {"layers": 2, "attention_heads": 2, "ffn_dim": 64}


def asked(corpus: Path, model: Path | str, **changes) -> training.Job:
    settings = replace(PRESETS["quick"], **LITTLE | changes)
    return training.Job(str(corpus), None, None, None, str(model), "quick", settings)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "adapter_model.safetensors")


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def near(one: dict, other: dict) -> bool:
    """But for rounding: what was learned, in the matrices that begin at zero, differs by less than a hundredth."""
    learned = [torch.cat([x[name].flatten() for name in sorted(x) if "lora_B" in name]) for x in (one, other)]
    return torch.linalg.norm(learned[0] - learned[1]) < 0.01 * torch.linalg.norm(learned[0]) != 0


def last(folder: Path) -> dict[str, torch.Tensor]:
    """The weights at a run's end, and their mean so far."""
    checkpoint, _ = run.Run(folder).last_checkpoint()
    assert checkpoint.name == f"checkpoint-{run.config(folder)['plan']['steps']}"
    return weights(checkpoint) | torch.load(checkpoint / weight_averaging.FILE, weights_only=True)


@pytest.fixture(scope="module")
def done(corpus, tiny, tmp_path_factory) -> Path:
    """A run of six steps that nothing disturbed."""
    folder = tmp_path_factory.mktemp("done") / "run"
    training.train(asked(corpus, tiny), folder)
    return folder


# What is asked


def test_the_seed_has_the_notebooks_numbers():
    with torch.device("meta"):
        whisper = ShortWindowWhisper(WhisperConfig(**SMALL))
    model = lora.adapted(whisper, PRESETS["seed"])
    assert model.get_nb_trainable_parameters() == (884_736, 242_619_648)


def test_the_seed_is_the_notebooks_recipe():
    seed = PRESETS["seed"]
    assert (seed.rank, seed.alpha, seed.dropout, seed.modules) == (8, 32, 0.1, ("q_proj", "v_proj"))
    assert (seed.learning_rate, seed.warmup_steps, seed.batch_size, seed.epochs) == (1e-3, 50, 8, 3)
    assert (seed.weights_on_cuda, seed.compute_on_cuda, seed.input_require_grads) == ("8bit", "float16", True)
    assert (seed.window, seed.generation_length, seed.logging_steps, seed.evaluations) == ("full", 128, 25, 0)
    assert (seed.spec_augment, seed.silence_share, seed.stitched_share, seed.kept_share) == (0, 0, 0, 0)
    assert (seed.paced_share, seed.late_share, seed.line_share) == (0, 0, 0)
    assert seed.minutes is None
    assert (seed.encoder_share, seed.decoder_part, seed.strength) == (1, "all", 1)
    assert (seed.schedule, seed.averaged) == ("linear", 0)


def test_settings_are_set_and_read_back():
    changes = ["learning_rate=5e-4", "modules=q_proj, fc1", "dora=true", "minutes=none", "steps=7", "window=full"]
    settings = preset("quick", changes)
    assert (settings.learning_rate, settings.modules, settings.dora) == (5e-4, ("q_proj", "fc1"), True)
    assert (settings.minutes, settings.steps, settings.decoding_margin) == (None, 7, None)
    for one in (*PRESETS.values(), settings):
        assert from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_a_run_goes_on_as_it_began_where_a_setting_is_younger():
    asked = PRESETS["quick"].to_dict()
    for name in BEFORE:
        del asked[name]
    assert from_dict(asked) == replace(PRESETS["quick"], **BEFORE) != PRESETS["quick"]


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("best", "", "no preset 'best'"),
        ("quick", "lr=1", "no setting 'lr'"),
        ("quick", "learning_rate=fast", "give a number"),
        ("quick", "learning_rate=nan", "learning_rate is nan"),
        ("quick", "batch_size=0", "batch_size is 0"),
        ("quick", "batch_size=2.5", "a whole number"),
        ("quick", "dora=perhaps", "true or false"),
        ("quick", "modules=conv1", "modules has no 'conv1'"),
        ("quick", "modules=", "one module at least"),
        ("quick", "margin_least=9", "not above margin_most"),
        ("quick", "window=tall", "window has no 'tall'"),
        ("quick", "rank", "rank is ''"),
    ],
)
def test_wrong_settings_are_one_sentence(name, change, said):
    with pytest.raises(UserError) as refused:
        preset(name, [change] if change else [])
    assert said in refused.value.message.en and refused.value.message.fr != refused.value.message.en
    assert "\n" not in refused.value.message.en


def test_the_loss_is_a_tokens_mean_however_the_batch_is_divided():
    torch.manual_seed(0)
    logits, labels = torch.randn(4, 6, 9), torch.randint(0, 9, (4, 6))
    labels[0, 1:] = labels[2, 3:] = -100
    tokens = (labels != -100).sum()

    def loss(clips: list[int], kept: list[bool]) -> torch.Tensor:
        here, kept = labels[clips] != -100, torch.tensor(kept)[clips]
        outputs = SimpleNamespace(logits=logits[clips][here])
        answers = base[clips][kept][here[kept]].log_softmax(-1) if kept.any() else None
        return training.token_loss(outputs, labels[clips], tokens, kept, answers)

    base = torch.randn(4, 6, 9)
    for kept in ([False] * 4, [False, True, False, True]):
        assert torch.allclose(loss([0], kept) + loss([1, 2, 3], kept), loss([0, 1, 2, 3], kept))
    whole = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
    assert torch.allclose(loss([0, 1, 2, 3], [False] * 4), whole)


def test_what_is_kept_costs_nothing_as_long_as_it_is_as_the_base_says():
    torch.manual_seed(0)
    logits, labels = torch.randn(6, 9), torch.randint(0, 9, (1, 6))
    for answers, same in ((logits, True), (logits.flip(0), False)):
        outputs, kept = SimpleNamespace(logits=logits), torch.tensor([True])
        loss = training.token_loss(outputs, labels, torch.tensor(6), kept, answers.log_softmax(-1))
        assert (float(loss) < 1e-6) == same


def test_what_is_kept_is_asked_of_the_base(corpus, tiny, tmp_path):
    """An adapter that says otherwise is drawn back to what the base says, and to nothing else."""
    job = asked(corpus, tiny, kept_share=1.0, silence_share=0.0, stitched_share=0.0, spec_augment=0.0)
    clips, choice = training.corpus.load(str(corpus)), choose(str(tiny))
    parts = training.divided(clips, "fr")
    teacher = training.prepared(job.settings, clips, parts, choice, tmp_path, None, training.Stop())
    batch = teacher.examples.collate([teacher.examples[place] for place in Batches(teacher.examples).whole()[0]])
    batch.pop("frames")
    assert batch["kept"].all()

    def loss() -> torch.Tensor:
        with teacher.engine.compute:
            return teacher.compute_loss(teacher.model, dict(batch), num_items_in_batch=(batch["labels"] != -100).sum())

    assert abs(loss().item()) < 1e-6
    for name, weight in teacher.model.named_parameters():
        if "lora_B" in name:
            weight.data.normal_()
    changed = loss()
    assert changed.item() > 1e-3 and changed.requires_grad
    assert not torch.is_autocast_enabled("cpu")


def test_on_a_cpu_it_computes_in_what_the_cpu_is_fastest_in(monkeypatch):
    for able, expected in (("avx512_bf16", "bfloat16"), ("amx_bf16", "bfloat16"), ("avx2", "float32")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: {able: True})
        formats = lora.numbers(PRESETS["quick"])
        assert (formats.weights, formats.compute) == (expected, expected)
        assert lora.numbers(PRESETS["seed"]).weights == "float32"
    assert lora.numbers(replace(PRESETS["quick"], weights_on_cpu="8bit")).compute == "float32"


@torch.no_grad()
def test_attention_by_products_and_logits_of_what_is_learned_are_the_same(tiny):
    torch.manual_seed(0)
    mel, ids, learned = torch.randn(2, 80, 120), torch.randint(0, 50_000, (2, 7)), torch.rand(2, 7) < 0.5
    whole, other = (
        ShortWindowWhisper.from_pretrained(tiny, attn_implementation=how).eval() for how in ("sdpa", "products")
    )
    logits = whole(mel, decoder_input_ids=ids).logits
    assert torch.allclose(other(mel, decoder_input_ids=ids).logits, logits, atol=1e-5)
    assert torch.allclose(other(mel, decoder_input_ids=ids, learned=learned).logits, logits[learned], atol=1e-5)


def test_a_batch_in_pieces_is_the_same_batch():
    """Each clip once, in a window of its own need, and without the others' padding."""
    labels = torch.tensor([[5, 6, 7], [5, -100, -100], [5, 6, -100]])
    mel = torch.arange(3.0)[:, None, None].expand(3, 80, 300)
    batch = {"frames": torch.tensor([300, 96, 120]), "input_features": mel, "labels": labels}
    batch |= {"decoder_input_ids": labels + 1, "kept": torch.tensor([True, False, True])}
    assert [piece.keys() for piece in training.pieces_of(batch, 900)] == [batch.keys() - {"frames"}]
    short, long = training.pieces_of(batch, 300)
    assert short["input_features"].shape == (2, 80, 120) and long["input_features"].shape == (1, 80, 300)
    assert short["labels"].tolist() == [[5, -100], [5, 6]] and long["labels"].tolist() == [[5, 6, 7]]
    assert short["kept"].tolist() == [False, True]
    assert short["input_features"][:, 0, 0].tolist() == [1.0, 2.0]
    assert len(training.pieces_of(batch, 1)) == 3


def test_an_estimate_says_what_it_would_cost_and_keeps_nothing(corpus, tiny, tmp_path, capsys):
    given = ["--corpus", corpus, "--model", tiny, "--set", "minutes=1", "--set", "validation_clips=4", "--estimate"]
    assert command(*given, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["split"] == {"train": 18, "validation": 6, "test": 6} and told["train_seconds"] > 18
    assert told["steps"] > 0 and told["seconds_a_step"] > 0 and 0 < told["memory"] < told["memory_free"]
    assert 0 < told["seconds"] <= 66 and told["trainable"] == 30_720
    with pytest.raises(UserError, match="--output"):
        command(*given[:-1])


# What is left of it


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
    assert lines[-2]["learning_rate"] == PRESETS["quick"].learning_rate  # after the first steps it stays
    report = json.loads((done / "report.json").read_text())
    assert report["training"]["steps"] == 6 and report["training"]["trainable"] == 30_720
    assert report["warnings"][0]["en"].startswith("There is no test split")
    assert "step 6/6" in (done / "train.log").read_text()


def test_the_adapter_says_what_it_is(done, tiny, corpus):
    told = json.loads((done / "adapter" / "allo.json").read_text())
    assert told["base"] == str(tiny) and told["margin"] == 0.3 and told["language"] == "fr" and told["allo"] == 1
    assert told["revision"] == adapters.revision(choose(str(tiny))) and told["corpus"] == str(corpus)
    assert from_dict(told["settings"]).rank == 32 and len(told["split_hash"]) == 16
    assert told["held_by"] == [name for name in sorted(VOICES) if spoken(name, 1, to="keep")]
    adapters.check_base(done / "adapter", choose(str(tiny)))
    with pytest.raises(UserError, match="name that base"):
        adapters.check_base(done / "adapter", choose("whisper-base"))


def test_the_adapter_has_its_card(done):
    card = (done / "adapter" / "README.md").read_text()
    assert (
        "library_name: peft" in card and "There is no test split" in card and "What it forgot was not measured" in card
    )
    assert "training: steps 6" in card  # it was written again at the end


def held(model) -> dict[str, torch.Tensor]:
    """A copy of what learns, as it is now."""
    found = get_peft_model_state_dict(model, save_embedding_layers=False)
    return {name: tensor.clone() for name, tensor in found.items()}


@pytest.mark.parametrize("averaged", [0.0, 1.0])
def test_the_best_adapter_is_the_one_of_its_step(averaged, corpus, tiny, tmp_path, monkeypatch):
    stepped, heard, folder = {}, {}, tmp_path / "run"
    step_ended, judge = training.Progress.on_step_end, training.Teacher._heard

    def after_step(progress, args, state, control, **more):
        stepped[state.global_step] = held(progress.teacher.model)
        return step_ended(progress, args, state, control, **more)

    def hearing(teacher, *more):
        monkeypatch.setattr(training, "decode", lambda *asked: kept(teacher) or decode(*asked))
        return judge(teacher, *more)

    def kept(teacher) -> None:
        heard[teacher.state.global_step] = held(teacher.model)

    monkeypatch.setattr(training.Progress, "on_step_end", after_step)
    monkeypatch.setattr(training.Teacher, "_heard", hearing)
    ended = training.train(asked(corpus, tiny, averaged=averaged), folder)["training"]
    wers = {line["step"]: line["wer"] for line in run.metrics(folder) if "wer" in line}
    assert heard.keys() == wers.keys() == {4, 5, 6}
    assert ended["best_wer"] == min(wers.values()) == wers[ended["best_step"]]
    assert same(heard[ended["best_step"]], weights(folder / "adapter"))
    assert same(weights(folder / "checkpoints" / "checkpoint-6"), stepped[6])  # the training went on as if unheard
    for step, found in heard.items():
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

    monkeypatch.setattr(training, "decode", hooked)
    interrupted(monkeypatch, 6, lambda teacher, _: learned_at.append(scales(teacher.model)))
    training.train(asked(corpus, tiny, strength=0.5), tmp_path / "run")
    whole = LoraConfig.from_pretrained(tmp_path / "run" / "checkpoints" / "checkpoint-6")
    assert learned_at == [{whole.lora_alpha / whole.r}]
    assert len(heard_at) > 1 and all(scale == {0.5 * whole.lora_alpha / whole.r} for scale in heard_at)
    assert LoraConfig.from_pretrained(tmp_path / "run" / "adapter").lora_alpha == 0.5 * whole.lora_alpha


def test_the_same_again_is_the_same(done, corpus, tiny, tmp_path):
    training.train(asked(corpus, tiny), tmp_path / "run")
    assert same(last(tmp_path / "run"), last(done))


def test_batches_in_pieces_learn_the_same(corpus, tiny, tmp_path):
    for at_once in (12_000, 1):  # all together, or one by one
        changes = FULL | {"frames_at_once": at_once}
        training.train(asked(corpus, tiny, **changes), tmp_path / str(at_once))
    assert near(*(last(tmp_path / str(at_once)) for at_once in (12_000, 1)))


@pytest.mark.parametrize(
    "changes",
    [
        {"dora": True},
        {"rslora": True},
        *({"weights_on_cpu": numbers} for numbers in ("float32", "bfloat16", "8bit", "4bit")),
    ],
    ids=["DoRA", "rsLoRA", "float32", "bfloat16", "8-bit", "4-bit"],
)
def test_other_adapters_and_bases_learn_too(changes, corpus, tiny, tmp_path):
    told = training.train(asked(corpus, tiny, steps=2, evaluations=2, **changes), tmp_path / "run")
    learned = [tensor for name, tensor in last(tmp_path / "run").items() if "lora_B" in name]
    assert told["training"]["steps"] == 2 and all(tensor.any() for tensor in learned)


@pytest.mark.parametrize(("changes", "decoder"), [({}, 2 * 4), ({"decoder_part": "all"}, 2 * 10)])
def test_parts_of_the_model_may_stay_as_they_are(tiny, changes, decoder):
    whisper = ShortWindowWhisper.from_pretrained(tiny)
    model = lora.adapted(whisper, replace(PRESETS["quick"], encoder_share=0.5, **changes))
    adapted = {name.partition(".lora_")[0] for name, _ in model.named_parameters() if "lora_" in name}
    encoder = {name for name in adapted if "encoder.layers" in name}
    assert len(encoder) == 6 and all("encoder.layers.1." in name for name in encoder)
    assert len(adapted - encoder) == decoder  # its layers also look at what was heard
    assert changes or all(".encoder_attn." in name for name in adapted - encoder)


def test_a_training_that_gets_no_better_ends(corpus, tiny, tmp_path):
    """With a rate of almost nothing the words stay the same: two evaluations after the first are enough."""
    changes = {"patience": 2, "learning_rate": 1e-12, "warmup_steps": 0, "steps": 12, "evaluations": 6}
    told = training.train(asked(corpus, tiny, **changes), tmp_path / "run")
    assert told["training"]["steps"] == 9 and told["training"]["best_step"] == 7
    assert run.state(tmp_path / "run")["status"] == "completed"


@pytest.mark.slow
def test_minutes_become_steps_once(corpus, tiny, tmp_path):
    job = asked(corpus, tiny, steps=None, minutes=0.1, evaluations=1, checkpoint_steps=1000)
    started = time.perf_counter()
    training.train(job, tmp_path / "run")
    plan = run.config(tmp_path / "run")["plan"]
    assert plan["steps"] > 6 and plan["evaluate_after"] == [plan["steps"]] and plan["seconds_a_step"] > 0
    assert time.perf_counter() - started < 30


# What comes in between


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
    training.train(asked(corpus, tiny), folder, resume=True)
    # The first steps were another process's, which may round otherwise: within the whole suite the last bits differed.
    assert near(last(folder), last(done)) and near(weights(folder / "adapter"), weights(done / "adapter"))
    again, once = ([line for line in run.metrics(of) if "loss" in line] for of in (folder, done))
    assert [line["step"] for line in again] == [line["step"] for line in once] == [1, 2, 3, 4, 5, 6]
    assert [line["loss"] for line in again] == pytest.approx([line["loss"] for line in once], rel=1e-4)
    assert run.state(folder)["status"] == "completed"


def interrupted(monkeypatch, at: int, what) -> None:
    """Something happens in the middle of a run, before its step `at`."""
    step = training.Teacher.training_step

    def hooked(teacher, model, inputs, *more):
        if teacher.state.global_step == at - 1:
            what(teacher, inputs)
        return step(teacher, model, inputs, *more)

    monkeypatch.setattr(training.Teacher, "training_step", hooked)


class Death(Exception):
    """As sudden as kill -9, in this process."""


@pytest.mark.parametrize("at", [1, 4, 6])
def test_death_at_any_step_changes_nothing(at, done, corpus, tiny, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(Death):
        interrupted(patch, at, lambda *_: (_ for _ in ()).throw(Death()))
        training.train(asked(corpus, tiny), tmp_path / "run")
    assert run.state(tmp_path / "run")["status"] == "failed"
    training.train(asked(corpus, tiny), tmp_path / "run", resume=True)
    assert same(last(tmp_path / "run"), last(done))
    assert same(weights(tmp_path / "run" / "adapter"), weights(done / "adapter"))


def test_a_checkpoint_cut_short_is_passed_over(done, corpus, tiny, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch, pytest.raises(Death):
        interrupted(patch, 6, lambda *_: (_ for _ in ()).throw(Death()))
        training.train(asked(corpus, tiny), folder)
    os.truncate(folder / "checkpoints" / "checkpoint-4" / "optimizer.pt", 5000)
    training.train(asked(corpus, tiny), folder, resume=True)
    assert "checkpoint-4 is cut short" in capsys.readouterr().err
    assert same(last(folder), last(done))


def test_a_stop_comes_after_the_step_and_keeps_the_best(done, corpus, tiny, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch, pytest.raises(training.Cancelled):
        interrupted(patch, 4, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        training.train(asked(corpus, tiny), folder)
    told = run.state(folder)
    assert (told["status"], told["step"]) == ("cancelled", 4)
    assert weights(folder / "adapter")
    assert "cancelled" in (folder / "train.log").read_text()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    training.train(asked(corpus, tiny), folder, resume=True)
    assert same(last(folder), last(done))


def test_a_stop_before_the_first_evaluation_keeps_what_there_is(corpus, tiny, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    interrupted(monkeypatch, 1, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(training.Cancelled):
        training.train(asked(corpus, tiny), folder)
    assert same(weights(folder / "adapter"), weights(folder / "checkpoints" / "checkpoint-1"))


def test_a_stop_that_comes_with_the_first_word_is_heard(corpus, tiny, tmp_path, monkeypatch):
    mark = run.Run.mark

    def hooked(running, *more, **facts):
        mark(running, *more, **facts)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(run.Run, "mark", hooked)
    with pytest.raises(training.Cancelled):
        training.train(asked(corpus, tiny), tmp_path / "run")
    told = run.state(tmp_path / "run")
    assert (told["status"], told["step"]) == ("cancelled", 0)


def test_a_loss_that_is_no_number_is_told_and_the_best_is_kept(corpus, tiny, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    interrupted(monkeypatch, 5, lambda _, inputs: inputs["input_features"].fill_(float("nan")))
    with pytest.raises(UserError, match="no number any more after 4 steps"):
        training.train(asked(corpus, tiny), folder)
    told = run.state(folder)
    assert told["status"] == "failed" and "learning_rate" in told["message"]["fr"]
    assert (folder / "train.log").read_text().splitlines()[-1].startswith("trainer: The loss is no number")
    assert all(torch.isfinite(tensor).all() for tensor in weights(folder / "adapter").values())


def test_a_loss_that_is_no_number_before_the_first_evaluation_leaves_no_adapter(corpus, tiny, tmp_path, monkeypatch):
    interrupted(monkeypatch, 2, lambda _, inputs: inputs["input_features"].fill_(float("nan")))
    with pytest.raises(UserError, match=r"after 1 steps: .* none was judged yet, so there is no adapter"):
        training.train(asked(corpus, tiny), tmp_path / "run")
    assert not (tmp_path / "run" / "adapter").exists()


def scarce(monkeypatch, room: int) -> None:
    """Memory for so many clips at once."""
    loss = training.Teacher.compute_loss

    def limited(teacher, model, inputs, *more, **how):
        if len(inputs["labels"]) > room:
            raise torch.OutOfMemoryError(f"there is room for {room}")
        return loss(teacher, model, inputs, *more, **how)

    monkeypatch.setattr(training.Teacher, "compute_loss", limited)


@pytest.mark.slow
def test_where_memory_runs_out_batches_come_in_pieces(corpus, tiny, tmp_path, monkeypatch, capsys):
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    training.train(asked(corpus, tiny, **FULL), whole)
    scarce(monkeypatch, room=2)
    training.train(asked(corpus, tiny, **FULL), halved)
    assert "memory ran out: from now on" in capsys.readouterr().err
    assert run.config(halved)["plan"]["frames_at_once"] == 6000 and run.state(halved)["status"] == "completed"
    assert near(last(whole), last(halved))


def test_where_even_one_clip_is_too_much_it_is_told(corpus, tiny, tmp_path, monkeypatch):
    scarce(monkeypatch, room=0)
    with pytest.raises(UserError, match="Memory ran out"):
        training.train(asked(corpus, tiny), tmp_path / "run")
    assert run.state(tmp_path / "run")["status"] == "failed"


def test_a_full_disk_is_told_and_the_best_is_kept(corpus, tiny, tmp_path):
    """A real one: not all checkpoints fit on it."""
    with small_disk(tmp_path, "1100k") as small:
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


@pytest.mark.slow
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
    training.train(asked(corpus, tiny, **sets), tmp_path / "alone")
    assert near(last(tmp_path / "alone"), last(both))
    one, two = ([line["wer"] for line in run.metrics(tmp_path / name) if "wer" in line] for name in ("alone", "both"))
    assert one == two and run.state(both)["status"] == "completed"


# What is refused


def command(*arguments) -> int:
    parser = argparse.ArgumentParser()
    training.add_command(parser.add_subparsers())
    given = parser.parse_args(["train", *map(str, arguments)])
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
        (["--corpus", "{corpus}", "--resume"], "holds no run"),
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
        training.train(asked("nowhere", tiny), tmp_path / "run")
    training.train(asked(corpus, tiny, steps=1, evaluations=1), tmp_path / "run")
    assert run.state(tmp_path / "run")["status"] == "completed" and run.state(tmp_path / "run")["message"] is None


@pytest.mark.parametrize(
    ("rows", "said"),
    [(["0.wav,oui,train"], "no clips to choose the best adapter by"), (["0.wav,oui,test"], "no clips to learn from")],
)
def test_a_corpus_of_one_clip_is_refused(rows, said, corpus, tiny, tmp_path):
    one = tmp_path / "one"
    one.mkdir()
    (one / "metadata.csv").write_text("\n".join(["file_name,text,split", *rows]) + "\n")
    shutil.copyfile(corpus / "0.wav", one / "0.wav")
    with pytest.raises(UserError, match=said):
        training.train(asked(one, tiny), tmp_path / "run")


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
        with pytest.raises(UserError, match="something else"):
            command("--resume", "--output", copy, *other)
    with pytest.raises(UserError, match="holds a run already"):
        command("--corpus", corpus, "--model", tiny, "--output", copy)


def test_a_corpus_that_changed_is_refused(done, corpus, tiny, tmp_path):
    moved, copy = shutil.copytree(corpus, tmp_path / "corpus"), shutil.copytree(done, tmp_path / "run")
    (copy / "report.json").unlink()
    config = run.config(copy) | {"corpus": str(moved)}
    run.write_json(copy / "config.json", config)
    (moved / "metadata.csv").write_text((moved / "metadata.csv").read_text().replace("call-0", "call-9"))
    with pytest.raises(UserError, match="has changed since"):
        training.train(training.Job.from_dict(config), copy, resume=True)


def test_a_folder_in_use_is_refused(corpus, tiny, tmp_path, monkeypatch):
    refused = []

    def second(*_):
        try:
            with run.claimed(tmp_path / "run", resume=True):
                pass
        except UserError as refusal:
            refused.append(refusal.message.en)

    interrupted(
        monkeypatch, 2, lambda *_: [thread.start() or thread.join() for thread in [threading.Thread(target=second)]]
    )
    training.train(asked(corpus, tiny, steps=2), tmp_path / "run")
    assert len(refused) == 1 and "Another process is training" in refused[0]


# Whether it learns


@pytest.mark.slow
def test_real_speech_is_learned_and_heard_with_the_adapter(corpus, tmp_path, monkeypatch):
    """The embedded base for ten steps: the loss falls, and the report is by the engine that users have."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    changes = {"steps": 10, "evaluations": 2, "batch_size": 4, "report_clips": 3, "learning_rate": 1e-3, "patience": 3}
    changes |= {"forgetting_clips": 2}
    folder = tmp_path / "run"
    told = training.train(asked(corpus, "whisper-base", **changes), folder)
    losses = [line["loss"] for line in run.metrics(folder) if "loss" in line]
    assert sum(losses[-3:]) < 0.8 * sum(losses[:3])
    assert {"wer", "cer", "interval", "words"} <= told["base"].keys() & told["adapter"].keys()
    assert told["adapter"]["words"] == told["full_window"]["base"]["words"] > 5
    assert {"p_value", "fixed", "broken", "better", "worse", "examples", "training", "leaks", "split"} <= told.keys()
    assert sorted(path.name for path in (folder / "heard").glob("*.csv")) == [
        *("adapter-full.csv", "adapter-short.csv", "base-full.csv", "base-short.csv"),
    ]
    assert told == json.loads((folder / "report.json").read_text())
    assert {"en", "es", "it", "ru", "silence"} == told["forgetting"].keys()  # six prompts make no long recording
    assert "Longs enregistrements" in told["warnings"][-1]["fr"]
    told_in_the_card = (folder / "adapter" / "README.md").read_text()
    assert "Annonces en anglais" in told_in_the_card and "English prompts" in told_in_the_card


def test_defaults_are_the_quick_preset():
    assert Settings() == PRESETS["quick"]
