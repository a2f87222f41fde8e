"""python bench/gpu.py [--minutes 8] [--only PART...] [--dry] : what a CUDA GPU does with Allô, in eight minutes.

For any machine with a GPU and this checkout's environment: the embedded whisper-base and the telephone prompts are all
it needs, no Hub. Each part runs in a process of its own, so that what fails takes nothing along, and prints a row as
soon as it is there. Times and memory are ratios to the first row of their table: they hold for one GPU and one run.
--dry runs every part on the CPU with next to nothing to do: it shows that the script works, and measures nothing.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

HOUSE = Path(__file__).parent.parent
sys.path.insert(0, str(HOUSE))

Row = dict  # name, seconds, bytes, and what else was found


def clips(dry: bool, folder: Path) -> Iterator[Row]:
    """The prompts through both engines."""
    for engine in ("transformers", "ctranslate2"):
        yield _prompts_through(engine, None, 2 if dry else 200, dry)


def call(dry: bool, folder: Path) -> Iterator[Row]:
    """A call of ten minutes, of prompts with pauses between them, through both engines."""
    from speech.audio.decode import SAMPLE_RATE, Recording
    from speech.transcribe import transcribe
    from transcripts.transcript import AudioFacts

    sound = _call(4 if dry else 600)
    recording = Recording(AudioFacts("call", len(sound) / SAMPLE_RATE, SAMPLE_RATE, 1, "pcm"), sound[None])
    for engine in ("transformers", "ctranslate2"):
        for name, at_once in (("text as it comes", None), ("all windows at once", 64)):

            def whole(loaded, options, at_once=at_once) -> Row:
                *_, last = transcribe(recording, loaded, options, at_once=at_once)
                return {"words": len(last.transcript.text.split())}

            yield _measured(f"{engine}, {name}", engine, None, dry, whole)


def precisions(dry: bool, folder: Path) -> Iterator[Row]:
    """8 and 4 bits against bfloat16."""
    for precision in ("float32" if dry else "bfloat16", "8bit", "4bit"):
        yield _prompts_through("transformers", precision, 2 if dry else 100, dry)


def training(dry: bool, folder: Path) -> Iterator[Row]:
    """The seed's recipe, `quick` and `thorough`: clips a second, over some steps each."""
    changes = ["patience=0"]  # there are no evaluations to stop early by
    changes += ["batch_size=2", "stitched_share=0"] if dry else []
    sets = [word for change in changes for word in ("--set", change)]
    for recipe, steps in (("seed", 20), ("quick", 60), ("thorough", 20)):
        command = [sys.executable, HOUSE / "bench/training.py", "--one", recipe, "--steps", 1 if dry else steps, *sets]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        got = json.loads(done.stdout.splitlines()[-1])
        yield {"name": recipe, "seconds": 1 / got["clips_per_second"], "bytes": got["memory"]}


def together(dry: bool, folder: Path) -> Iterator[Row]:
    """Base and adapter on the same clips in one call, as on ZeroGPU, against a call for each."""
    from speech.decoding.decode import Options
    from speech.models.choose import choose
    from ui.kit import zero_gpu

    if dry:
        zero_gpu.DEVICE, zero_gpu.PRECISION = "cpu", "float32"
    _, sounds = _prompts(2 if dry else 100)
    adapter = _adapter(folder, steps=1 if dry else 20, batch_size=2 if dry else 8)
    beam = 1 if dry else Options.unsure_beam
    choices = [choose("whisper-base", named) for named in (None, str(adapter))]
    asked = [
        zero_gpu.Request(choice, sounds, Options(margin=choice.margin, unsure_beam=beam), "", set())
        for choice in choices
    ]
    for name, calls in (("one call", [asked]), ("a call each", [[each] for each in asked])):
        started = time.perf_counter()
        for requests in calls:
            zero_gpu._engines.clear()  # a call begins without what the one before it loaded
            zero_gpu._decoded(requests)
        yield _row(name, time.perf_counter() - started)


def memory(dry: bool, folder: Path) -> Iterator[Row]:
    """A training that runs out of memory goes on with smaller pieces."""
    import torch

    from trainer.train.loop import LoraTrainer

    if dry:  # a CPU has no such end
        in_pieces, times = LoraTrainer._in_pieces, iter(range(10**9))

        def once(trainer, *more):
            if next(times) == 0:
                raise torch.OutOfMemoryError
            return in_pieces(trainer, *more)

        LoraTrainer._in_pieces = once
    else:
        torch.cuda.set_per_process_memory_fraction(3e9 / torch.cuda.mem_get_info()[1])
    started = time.perf_counter()
    large = {"window": "full", "batch_size": 512, "frames_at_once": 512 * 3000}
    _adapter(folder, steps=1 if dry else 2, **({"batch_size": 2} if dry else large))
    log = (folder / "run" / "train.log").read_text()
    if "memory ran out" not in log:
        raise RuntimeError("memory did not run out: take a larger batch")
    yield _row("went on in smaller pieces", time.perf_counter() - started)


PARTS: dict[str, Callable[[bool, Path], Iterator[Row]]] = {
    part.__name__: part for part in (clips, call, precisions, training, together, memory)
}


# What the parts share


def _prompts(count: int) -> tuple[list[str], list]:
    from corpus.prompts import prompts
    from speech.audio.decode import read

    chosen = [prompt for prompt in prompts(at_least=1.0)][:count]
    return [prompt.text for prompt in chosen], [read(prompt.path).waveform[0] for prompt in chosen]


def _call(seconds: int):
    import numpy as np

    from speech.audio.decode import SAMPLE_RATE

    _, sounds = _prompts(500)
    pause, pieces = np.zeros(SAMPLE_RATE // 2, np.float32), []
    while sum(map(len, pieces)) < seconds * SAMPLE_RATE:
        pieces += [sounds[len(pieces) // 2 % len(sounds)], pause]
    return np.concatenate(pieces)[: seconds * SAMPLE_RATE]


def _prompts_through(engine: str, precision: str | None, count: int, dry: bool) -> Row:
    from scoring.measures import score
    from speech.decoding.decode import decode

    said, sounds = _prompts(count)

    def all_of_them(loaded, options) -> Row:
        found = dict(pair for batch in decode(loaded, sounds, options) for pair in batch)
        rate = score(said, [found[place].text for place in range(len(said))]).wer
        return {"wer": rate, "weights": loaded.memory}

    return _measured(f"{engine} {precision or ''}".strip(), engine, precision, dry, all_of_them)


def _measured(name: str, engine: str, precision: str | None, dry: bool, work: Callable[..., Row]) -> Row:
    """What an engine on the GPU takes for the work, loaded and warmed up before."""
    import torch

    from speech.decoding.decode import Options, decode
    from speech.engines import load
    from speech.models.choose import choose

    free = None if dry else torch.cuda.mem_get_info()[0]
    loaded = load(choose("whisper-base"), engine, precision)
    if not dry and loaded.device != "cuda":
        raise RuntimeError(f"{engine} runs on {loaded.device}: {loaded.reason.en}")
    options = Options(margin=loaded.margin, batch_size=32, unsure_beam=1 if dry else Options.unsure_beam)
    list(decode(loaded, _prompts(1 if dry else 8)[1], options))
    if not dry:
        torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    found = work(loaded, options)
    row = _row(name, time.perf_counter() - started, **found)
    if not dry and engine == "ctranslate2":  # torch does not see what it takes
        row["bytes"] = free - torch.cuda.mem_get_info()[0]
    return row


def _adapter(folder: Path, **changes: object) -> Path:
    """Trains for some steps without evaluations."""
    command = ["train", "--corpus", "phone-prompts", "--model", "whisper-base", "--output", str(folder / "run")]
    sets = {"report_clips": 0, "forgetting_clips": 0, "evaluations": 1, "validation_clips": 1} | changes
    from trainer.__main__ import main

    if main([*command, *(word for key, value in sets.items() for word in ("--set", f"{key}={value}"))]):
        raise RuntimeError("the training failed, see above")
    return folder / "run" / "adapter"


def _row(name: str, seconds: float, **more: object) -> Row:
    from trainer.train.memory import peak_memory

    return {"name": name, "seconds": seconds, "bytes": peak_memory(), **more}


# The run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=8.0, help="in all; what is not reached is said (default: 8)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=[*PARTS], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--dry", action="store_true", help="on the CPU, with next to nothing to do")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        with tempfile.TemporaryDirectory() as folder:
            for row in PARTS[asked.part](asked.dry, Path(folder)):
                print(json.dumps(row), flush=True)
        return 0
    print(f"{_device(asked.dry)}; {platform.machine()}, {os.cpu_count()} cores, {date.today()}")
    deadline = time.monotonic() + 60 * asked.minutes
    return max([_part(name, asked.dry, deadline) for name in asked.only])


def _device(dry: bool) -> str:
    import torch

    if dry:
        return "dry: on the CPU, these figures say nothing"
    if not torch.cuda.is_available():
        sys.exit("There is no GPU that torch can use: run this on a machine with one, or with --dry.")
    return f"{torch.cuda.get_device_name()}, torch {torch.__version__}"


def _part(name: str, dry: bool, deadline: float) -> int:
    """Prints a part's table; 1 where it failed or was not reached."""
    print(f"\n{PARTS[name].__doc__}\n\n| | seconds | times | memory | |\n|---|---|---|---|---|", flush=True)
    left = deadline - time.monotonic()
    environment = os.environ | {"ALLO_OFFLINE": "1"} | ({"CUDA_VISIBLE_DEVICES": ""} if dry else {})
    command = [sys.executable, __file__, "--part", name, *(["--dry"] if dry else [])]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=max(left, 0.1))
        printed, why = done.stdout, done.stderr if done.returncode else ""
    except subprocess.TimeoutExpired as ended:
        printed, why = (ended.stdout or b"").decode(), "the time is out"
    rows = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    for row in rows:
        more = {key: value for key, value in row.items() if key not in ("name", "seconds", "bytes")}
        facts = ", ".join(f"{key} {value:,.{isinstance(value, float):d}f}" for key, value in more.items())
        times, memory = row["seconds"] / rows[0]["seconds"], row["bytes"] / rows[0]["bytes"]
        print(f"| {row['name']} | {row['seconds']:.2f} | {times:.2f} | {memory:.2f} | {facts} |", flush=True)
    if why:
        print(f"\n{name}: {why.strip().splitlines()[-1]}", flush=True)
    return 1 if why else 0


if __name__ == "__main__":
    sys.exit(main())
