"""python bench/training.py [--steps N] [--seed-steps N] [--model M] [--minutes N] : what a training costs and brings.

First clips a second and memory of the seed's recipe and of ours.

Both recipes learn the telephone prompts for some steps in one run of this script, each in a process of its own, with
all cores and without evaluations. Seconds are those of training alone, after loading and two steps to warm up; memory
is the process's peak (on CUDA the GPU's), and what the libraries take before a model is loaded is counted apart. Core
seconds are what the process itself computed, and tell more than the wall where others compute on the same machine.

Then, where --minutes is not 0, `quick` teaches the embedded base the prompts for so long, a quarter of the sentences
left for the test, and those are transcribed by the base, and with the adapter: in its own window, in the full one, and
by faster-whisper (sequential, its defaults but greedy). WER is over all words, letters in lower case without
punctuation. Last, what the adapter forgot, as a training's own report has it.
"""

import argparse
import json
import os
import platform
import re
import shutil
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
    "quick": "quick: short windows, r 32 on half the encoder and the decoder's attention to it",
}


def measure(recipe: str, model: str | None, steps: int, changes: list[str]) -> dict:
    """Runs in a process of its own."""
    import torch

    import corpus
    from speech.models.choose import choose
    from trainer.data.examples import Examples
    from trainer.data.splits import splits_of
    from trainer.presets import preset
    from trainer.runs.folder import Run
    from trainer.train import lora
    from trainer.train.engine import TrainingEngine
    from trainer.train.loop import LoraTrainer
    from trainer.train.memory import peak_memory
    from trainer.train.plan import TrainingPlan
    from trainer.train.precision import precision
    from trainer.train.stop import StopFlag

    libraries = peak_memory()
    settings = preset(recipe, [f"steps={steps + WARM_UP}", *changes])
    clips, choice = corpus.load("phone-prompts"), choose(model or "whisper-base")
    formats = precision(settings.optimisation)
    model = lora.with_adapter(lora.load_base(choice, formats), settings)
    examples = Examples(clips, splits_of(clips, "fr").train, TrainingEngine(choice, model, formats, None), settings)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder))
        trainer = LoraTrainer(model, examples, [], Path(folder), run, StopFlag())
        trainer.add_callback(clock := _clock())
        plan = TrainingPlan(steps + WARM_UP, 0, 0, (), trainer.frames_at_once)
        ended = trainer.train(plan, {"recipe": recipe})
    wall, cores = (after - before for before, after in zip(clock.times[WARM_UP - 1], clock.times[-1], strict=True))
    return {
        "clips_per_second": steps * settings.optimisation.batch_size / wall,
        "core_seconds": cores / (steps * settings.optimisation.batch_size),
        "memory": peak_memory(),
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


def measured_apart(recipe: str, model: str | None, steps: int, changes: list[str]) -> dict:
    command = [sys.executable, __file__, "--one", recipe, "--steps", str(steps), *(["--model", model] if model else [])]
    command += [word for change in changes for word in ("--set", change)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{recipe}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def split_by_sentence(folder: Path) -> Path:
    """The prompts with a quarter of their sentences for the test, as a corpus of its own."""
    import corpus
    from corpus.prompts import prompt
    from corpus.splits import assign

    rows = corpus.load("phone-prompts").rows
    table = rows[["text"]].assign(
        file_name=[f"{name.replace('/', '-')}.wav" for name in rows["id"]],
        split=assign(rows, (("train", 0.67), ("validation", 0.08), ("test", 0.25))),
    )
    folder.mkdir(parents=True)
    for name, file in zip(rows["id"], table["file_name"], strict=True):
        shutil.copyfile(prompt(name), folder / file)
    table.to_csv(folder / "metadata.csv", index=False)
    return folder


def learned(minutes: float, sets: list[str], folder: Path) -> None:
    """Trains by the command, as anybody would, and prints a table of the rates on the test split."""
    source = split_by_sentence(folder / "prompts")
    command = [sys.executable, "-m", "trainer", "train", "--corpus", source, "--model", "whisper-base"]
    changes = [f"minutes={minutes}", "report_clips=0", "forgetting_clips=0", *sets]
    command += ["--output", folder / "run", *(word for change in changes for word in ("--set", change))]
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
    figures = json.loads((folder / "run" / "training.json").read_text())
    print(
        f"\n{figures['steps']} steps, {figures['epochs']:.1f} epochs, {figures['seconds']:.0f} s of training, ",
        end="",
    )
    print(f"{figures['clips_per_second']:.2f} clips/s, peak {figures['peak_memory_mb']} MB\n")
    print("| transcribed by | WER % | seconds |\n|---|---|---|", flush=True)
    base, adapted = engines(folder / "run" / "adapter")
    for name, (transcribe, files) in listeners(source, folder, base, adapted).items():
        transcribe(files[:1])
        started = time.perf_counter()
        texts = transcribe(files)
        seconds = time.perf_counter() - started
        print(f"| {name} | {error_rate(source, files, texts):.1f} | {seconds:.0f} |", flush=True)
    forgotten(source, base, adapted)


def engines(adapter: Path) -> tuple:
    """The base, and the same with the adapter."""
    from speech.engines import load
    from speech.models.choose import choose

    return tuple(load(choose("whisper-base", named), "ctranslate2", "int8") for named in (None, str(adapter)))


def forgotten(source: Path, base, adapted) -> None:
    """Prints what base and adapter make of other languages, of test clips end to end, and of sounds without speech."""
    from speech.audio.decode import read
    from trainer.data.held_out_prompts import Spoken
    from trainer.evaluation.forgetting import GREEDY, each

    clips = [Spoken(read(str(source / name)).waveform[0], text) for name, text in tested(source)]
    print("\n| forgotten | before % | after % | lost |\n|---|---|---|---|", flush=True)
    for name, found in each(base, adapted, after=replace(GREEDY, margin=adapted.margin), clips=100, french=clips):
        print(f"| {name} | {found['before']:.1f} | {found['after']:.1f} | {found['lost']:+.1f} |", flush=True)


def tested(source: Path) -> list[tuple[str, str]]:
    """File and text of the test clips."""
    import pandas as pd

    table = pd.read_csv(source / "metadata.csv")
    return table.loc[table["split"] == "test", ["file_name", "text"]].values.tolist()


def listeners(source: Path, folder: Path, base, adapted) -> dict:
    """Each with the test clips."""
    from bench.systems import faster_whisper_clips
    from speech.audio.decode import read
    from speech.decoding.decode import Options, decode
    from trainer.export import export

    files = [str(source / name) for name, _ in tested(source)]
    exported = str(export(str(folder / "run" / "adapter"), folder / "exported", "ctranslate2"))

    def ours(engine, **options):
        def transcribe(paths: list[str]) -> list[str]:
            clips = [read(path).waveform[0] for path in paths]
            decoded = dict(item for batch in decode(engine, clips, Options(**options)) for item in batch)
            return [decoded[i].text for i in range(len(clips))]

        return transcribe

    systems = {
        "the base, full window, no second look": ours(base, margin=None, timestamps=False, temperatures=(0.0,)),
        "the base, Allô": ours(base, margin=base.margin),
        "with the adapter, Allô, its own window": ours(adapted, margin=adapted.margin),
        "with the adapter, Allô, full window": ours(adapted, margin=None),
        "with the adapter, faster-whisper int8, sequential": faster_whisper_clips(exported, batched=False),
    }
    return {name: (transcribe, files) for name, transcribe in systems.items()}


def error_rate(source: Path, files: list[str], texts: list[str]) -> float:
    import jiwer
    import pandas as pd

    def plain(text: str) -> str:
        return " ".join(re.sub(r"[^\w\s]", " ", text.lower()).split())

    said = pd.read_csv(source / "metadata.csv").set_index("file_name")["text"]
    return 100 * jiwer.wer([plain(said[Path(file).name]) for file in files], [plain(text) for text in texts])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=50, help="of ours (default: 50; 0: no first table)")
    parser.add_argument("--seed-steps", type=int, default=10, help="of the seed's, all alike and slow (default: 10)")
    parser.add_argument("--model", help="a folder or a Hub id (default: the embedded whisper-base)")
    parser.add_argument("--minutes", type=float, default=10, help="of training for the second table (default: 10)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of it, to try")
    parser.add_argument("--folder", type=Path, help="where to keep that run (default: nowhere)")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one, asked.model, asked.steps, asked.set)))
        return
    if asked.steps:
        compare_costs(asked)
    if asked.minutes:
        with tempfile.TemporaryDirectory() as folder:
            learned(asked.minutes, asked.set, asked.folder or Path(folder))


def compare_costs(asked: argparse.Namespace) -> None:
    print(f"{asked.model or 'whisper-base'}; {platform.machine()}, {os.cpu_count()} cores, {date.today()}\n")
    print(
        "| recipe | steps | clips/s | core seconds a clip | peak MB | of which libraries | trainable |\n"
        "|---|---|---|---|---|---|---|",
        flush=True,
    )
    found = {}
    for recipe, steps in (("seed", asked.seed_steps), ("quick", asked.steps)):
        got = found[recipe] = measured_apart(recipe, asked.model, steps, asked.set if recipe == "quick" else [])
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
