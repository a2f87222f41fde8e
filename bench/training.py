"""python bench/training.py [--steps N] [--seed-steps N] [--model M] : clips a second and memory, the seed and ours.

Both recipes learn the telephone prompts for some steps in one run of this script, each in a process of its own, with
all cores and without evaluations. Seconds are those of training alone, after loading and two steps to warm up; memory
is the process's peak (on CUDA the GPU's), and what the libraries take before a model is loaded is told apart. Core
seconds are what the process itself computed, and tell more than the wall where others compute on the same machine.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import ClassVar

sys.path.insert(0, str(Path(__file__).parent.parent))

WARM_UP = 2  # steps
RECIPES = {
    "seed": "the seed's: full windows, r 8 on q and v",
    "quick": "quick: short windows, r 32 on all linear layers",
}


def measure(recipe: str, model: str | None, steps: int) -> dict:
    """Runs in a process of its own."""
    import torch

    import corpus
    from speech.models import choose
    from trainer import lora, training
    from trainer.examples import Examples, divided
    from trainer.run import Run
    from trainer.settings import PRESETS

    libraries = training.peak_memory()
    settings = replace(PRESETS[recipe], steps=steps + WARM_UP)
    clips, choice = corpus.load("phone-prompts"), choose(model or "whisper-base")
    parts, formats = divided(clips, "fr"), lora.numbers(settings)
    adapted = lora.adapted(lora.base(choice, formats), settings)
    engine = lora.Live(choice, adapted, formats, None)
    examples = Examples(clips, parts.train, engine, settings)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder))
        teacher = training.Teacher(adapted, engine, examples, clips, [], formats, Path(folder), run, training.Stop())
        teacher.add_callback(clock := _clock())
        plan = {"steps": steps + WARM_UP, "evaluate_after": [], "validation": [], "frames_at_once": teacher.at_once}
        ended = teacher.teach(plan, {"recipe": recipe})
    wall, cores = (after - before for before, after in zip(clock.times[WARM_UP - 1], clock.times[-1], strict=True))
    return {
        "clips_per_second": steps * settings.batch_size / wall,
        "core_seconds": cores / (steps * settings.batch_size),
        "memory": training.peak_memory(),
        "libraries": 0 if torch.cuda.is_available() else libraries,
        "trainable": ended["trainable"],
        "parameters": ended["parameters"],
    }


def _clock():
    """A callback that takes the time after each step."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        times: ClassVar[list[tuple[float, float]]] = []  # on the wall, and of this process's cores

        def on_step_end(self, *_, **__):
            self.times.append((time.perf_counter(), time.process_time()))

    return Clock()


def measured_apart(recipe: str, model: str | None, steps: int) -> dict:
    command = [sys.executable, __file__, "--one", recipe, "--steps", str(steps), *(["--model", model] if model else [])]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{recipe}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=50, help="of ours (default: 50)")
    parser.add_argument("--seed-steps", type=int, default=10, help="of the seed's, all alike and slow (default: 10)")
    parser.add_argument("--model", help="a folder or a Hub id (default: the embedded whisper-base)")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one, asked.model, asked.steps)))
        return
    print(f"{asked.model or 'whisper-base'}; {platform.machine()}, {os.cpu_count()} cores, {date.today()}\n")
    print(
        "| recipe | steps | clips/s | core seconds a clip | peak MB | of which libraries | trainable |\n"
        "|---|---|---|---|---|---|---|",
        flush=True,
    )
    found = {}
    for recipe, steps in (("seed", asked.seed_steps), ("quick", asked.steps)):
        got = found[recipe] = measured_apart(recipe, asked.model, steps)
        print(
            f"| {RECIPES[recipe]} | {steps} | {got['clips_per_second']:.2f} | {got['core_seconds']:.2f} | "
            f"{got['memory'] / 1e6:.0f} | "
            f"{got['libraries'] / 1e6:.0f} | {got['trainable']:,} of {got['parameters']:,} |",
            flush=True,
        )
    seed, ours = found["seed"], found["quick"]
    speed, memory = ours["clips_per_second"] / seed["clips_per_second"], ours["memory"] / seed["memory"]
    print(f"\n{speed:.1f} times the clips a second, {memory:.2f} of the memory")


if __name__ == "__main__":
    main()
