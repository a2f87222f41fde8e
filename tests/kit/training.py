"""What a training in a test needs: a little corpus of real prompts, a tiny Whisper, and a short recipe."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from trainer.presets import PRESETS
from trainer.runs.folder import Run, config

LITTLE = {"steps": 6, "batch_size": 4, "evaluations": 3, "logging_steps": 1, "checkpoint_steps": 2}
LITTLE |= {"report_clips": 0, "forgetting_clips": 0, "generation_length": 8}  # random weights end no text
SIZES = {"layers": 2, "attention_heads": 2, "ffn_dim": 64}
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "preprocessor_config.json", "generation_config.json")


def prompt_calls(folder: Path) -> Path:
    """30 prompts of one to two seconds in five calls: three to train on, one to validate with, one for the test."""
    from corpus.prompts import prompts

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


def tiny_whisper(folder: Path) -> Path:
    """A Whisper with the embedded one's tokens and hardly any weights, at random: for all but real speech."""
    import torch
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    from speech.models.choose import choose

    base = choose("whisper-base").folder
    sizes = {f"{side}_{what}": size for side in ("encoder", "decoder") for what, size in SIZES.items()}
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(WhisperConfig.from_pretrained(base, d_model=32, **sizes))
    model.save_pretrained(folder)
    for name in TOKENIZER:
        shutil.copyfile(base / name, folder / name)
    generation = json.loads((folder / "generation_config.json").read_text())
    heads = {"alignment_heads": [[1, 0], [1, 1]]}  # CTranslate2 dies of heads that are not there
    (folder / "generation_config.json").write_text(json.dumps(generation | heads))
    return folder


def asked(corpus: Path | str, model: Path | str, **changes):
    """A request for a training of a few steps."""
    from trainer.train.request import TrainingRequest

    settings = PRESETS["quick"].with_values(**LITTLE | changes)
    return TrainingRequest(str(corpus), None, None, None, str(model), "quick", settings)


def weights(folder: Path) -> dict:
    """The weights of an adapter or of a checkpoint."""
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


def last(folder: Path) -> dict:
    """The weights at a run's end, and their average so far."""
    import torch

    from trainer.train.weight_averaging import FILE

    checkpoint, _ = Run(folder).last_checkpoint()
    assert checkpoint.name == f"checkpoint-{config(folder)['plan']['steps']}"
    return weights(checkpoint) | torch.load(checkpoint / FILE, weights_only=True)


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(one[name].equal(other[name]) for name in one)


def near(one: dict, other: dict) -> bool:
    """Equal but for rounding: the matrices that begin at zero, and show the training, differ by under a hundredth."""
    import torch

    trained = [torch.cat([x[name].flatten() for name in sorted(x) if "lora_B" in name]) for x in (one, other)]
    return torch.linalg.norm(trained[0] - trained[1]) < 0.01 * torch.linalg.norm(trained[0]) != 0


def before_step(monkeypatch, at: int, what: Callable) -> None:
    """Calls `what(trainer, inputs)` in the middle of a run, before its step `at`."""
    from trainer.train.loop import LoraTrainer

    step = LoraTrainer.training_step

    def hooked(trainer, model, inputs, *more):
        if trainer.state.global_step == at - 1:
            what(trainer, inputs)
        return step(trainer, model, inputs, *more)

    monkeypatch.setattr(LoraTrainer, "training_step", hooked)
