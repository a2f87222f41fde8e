"""python bench/compare.py [--prompts N] [--only NAME...] : what comparing costs, base beside adapters.

The embedded whisper-base, two threads, adapters with random weights of the shape that `--preset quick` trains (they
cost what trained ones cost; their words are worthless, so WER is of the base alone). Each measurement is a process of
its own. The clip is ten seconds of telephone prompts; a column is its transcription. "Cold" is from the choice of a
model to the first text, "warm" the median of the hearings after it. Memory is what the process holds after hearing
(resident), less what it held when a base had come and gone: the libraries.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

THREADS = 2
SECONDS = 10
AGAIN = 5  # warm hearings
COUNTS = (1, 2, 4)  # adapters in memory


def clip():
    """The first ten seconds of prompts spoken one after the other."""
    import numpy as np

    from corpus.prompts import prompts
    from speech.audio.decode import SAMPLE_RATE, read

    spoken = [read(found.path).waveform[0] for found in prompts(at_least=2.0)[:8]]
    return np.concatenate(spoken)[: SECONDS * SAMPLE_RATE]


def make_adapters(folder: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import WhisperForConditionalGeneration

    from speech.models.choose import choose
    from trainer.presets import PRESETS

    preset = PRESETS["quick"].adapter
    for number in range(max(COUNTS)):
        base = WhisperForConditionalGeneration.from_pretrained(choose("whisper-base").folder)
        torch.manual_seed(number)
        model = get_peft_model(
            base, LoraConfig(r=preset.rank, lora_alpha=preset.alpha, target_modules=list(preset.modules))
        )
        for name, weights in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weights, std=1e-4)  # all but nothing: the texts stay as long as the base's
        model.save_pretrained(folder / str(number), save_embedding_layers=False)


def make_draft(folder: Path) -> None:
    """The base with the first two layers of its decoder: untrained, the least that a draft can be."""
    import shutil

    from transformers import WhisperForConditionalGeneration

    from speech.models.choose import choose

    base = choose("whisper-base").folder
    shutil.copytree(base, folder, ignore=shutil.ignore_patterns("*.safetensors", "SHA256.json"))
    whisper = WhisperForConditionalGeneration.from_pretrained(base)
    whisper.model.decoder.layers = whisper.model.decoder.layers[:2]
    whisper.config.decoder_layers = 2
    whisper.save_pretrained(folder)


def resident() -> int:
    """Bytes of this process in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def adapter(folder: str, number: int) -> str:
    return str(Path(folder) / "adapters" / str(number))


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def load(engine: str, precision: str | None = None, named: str | None = None, assistant: str | None = None):
    from speech import engines
    from speech.models.choose import choose

    return engines.load(choose("whisper-base", named), engine, precision, THREADS, assistant)


def transcribe(engine, sound) -> str:
    from speech.decoding.decode import Options, decode

    (((_, decoded),),) = decode(engine, [sound], Options(margin=engine.margin))
    return decoded.text


def columns(engine: str, folder: str) -> dict:
    """Base and adapter: cold with the adapter's conversion still to do, cold without it, and warm."""
    sound, held, found = clip(), [], {}

    def cold(named: str | None) -> None:
        held.append(load(engine, named=named))
        transcribe(held[-1], sound)

    found["base, cold"] = timed(lambda: cold(None))
    found["adapter, cold"] = timed(lambda: cold(adapter(folder, 0)))
    found["the adapter loaded again"] = timed(lambda: cold(adapter(folder, 0)))
    both = held[:2]
    for name, one in zip(("base, warm", "adapter, warm"), both, strict=True):
        found[name] = statistics.median(timed(lambda one=one: transcribe(one, sound)) for _ in range(AGAIN))
    found["both columns, warm"] = timed(lambda: [transcribe(one, sound) for one in both])
    return found


def switching(folder: str) -> dict:
    """Milliseconds to switch between adapters, and to load one more."""
    held = [load("transformers", named=named) for named in (None, adapter(folder, 0), adapter(folder, 1))]
    times = [_switch(one) for _ in range(10) for one in held]
    more = timed(lambda: held.append(load("transformers", named=adapter(folder, 2))))
    return {"switch, ms": 1000 * statistics.median(times), "load one more, ms": 1000 * more}


def _switch(engine) -> float:
    started = time.perf_counter()
    with engine.exclusive():
        return time.perf_counter() - started


def memory(engine: str, count: int, folder: str) -> dict:
    sound = clip()
    load(engine)  # what the libraries take is counted apart; this base goes at once
    before = resident()
    held = [load(engine, named=adapter(folder, number)) for number in range(count)]
    for one in held:
        transcribe(one, sound)
    weights = {one.shared_weights: one.memory - one.own_memory for one in held}
    return {"resident": resident() - before, "weights": sum(weights.values()) + sum(one.own_memory for one in held)}


def precision(name: str, count: int) -> dict:
    """Weights in memory, and the WER of the base on every n-th prompt, so that `count` are transcribed."""
    from corpus.prompts import prompts
    from scoring.measures import score
    from speech.audio.decode import read
    from speech.decoding.decode import Options, decode

    spoken = prompts(at_least=0.6)
    spoken = spoken[:: max(1, len(spoken) // count)][:count]
    engine, clips = load("transformers", name), [read(found.path).waveform[0] for found in spoken]
    started = time.perf_counter()
    decoded = dict(pair for batch in decode(engine, clips, Options(margin=engine.margin)) for pair in batch)
    seconds = time.perf_counter() - started
    texts = [decoded[at].text for at in range(len(clips))]
    scored = score([found.text for found in spoken], texts, resamples=100)
    return {"memory": engine.memory, "wer": scored.wer, "prompts": len(spoken), "seconds": seconds}


def assisted(draft: str) -> dict:
    plain, helped, sound = load("transformers"), load("transformers", assistant=draft), clip()
    same = transcribe(plain, sound) == transcribe(helped, sound)
    drafted, accepted = helped.drafted, helped.accepted
    times = [
        statistics.median(timed(lambda one=one: transcribe(one, sound)) for _ in range(AGAIN))
        for one in (plain, helped)
    ]
    return {"same text": same, "drafted": drafted, "accepted": accepted, "plain": times[0], "assisted": times[1]}


def apart(work: str, *given: str, cache: str | None = None) -> dict:
    """One measurement in a process of its own; `cache` is where conversions are kept."""
    environment = os.environ | {"OMP_NUM_THREADS": str(THREADS), "ALLO_OFFLINE": "1"}
    if cache:
        environment["ALLO_CACHE"] = cache
    command = [sys.executable, __file__, "--one", work, *given]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{work} {' '.join(given)}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


ONE = {
    "adapters": lambda folder: make_adapters(Path(folder)),
    "draft": lambda folder: make_draft(Path(folder)),
    "columns": columns,
    "switching": switching,
    "memory": lambda engine, count, folder: memory(engine, int(count), folder),
    "precision": lambda name, count: precision(name, int(count)),
    "assisted": assisted,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=int, default=100, help="how many the precisions are scored on (default: 100)")
    parser.add_argument("--only", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        work, *given = asked.one
        print(json.dumps(ONE[work](*given)))
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores, {date.today()}; a clip of {SECONDS} s\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        apart("adapters", f"{folder}/adapters")
        for name in asked.only:
            PARTS[name](folder, asked)


def show_columns(folder: str, asked: argparse.Namespace) -> None:
    print("| seconds | transformers float32 | CTranslate2 int8 |\n|---|---|---|")
    from speech.models import bundled

    cache = Path(folder) / "cache"  # empty of conversions, so that the first one is paid
    cache.mkdir()
    for built in (bundled.ctranslate2_folder(), bundled.transformers_folder()):
        (cache / built.name).symlink_to(built)
    found = [apart("columns", engine, folder, cache=str(cache)) for engine in ("transformers", "ctranslate2")]
    for name in found[0]:
        print(f"| {name} | {found[0][name]:.2f} | {found[1][name]:.2f} |", flush=True)


def show_switching(folder: str, asked: argparse.Namespace) -> None:
    figures = apart("switching", folder)
    print(f"\nswitch an adapter: {figures['switch, ms']:.1f} ms; load one more: {figures['load one more, ms']:.0f} ms")


def show_memory(folder: str, asked: argparse.Namespace) -> None:
    print(
        "\n| adapters | " + " | ".join(f"{engine}, resident MB (weights)" for engine in ENGINES) + " |\n|---|---|---|"
    )
    for count in COUNTS:
        figures = [apart("memory", engine, str(count), folder) for engine in ENGINES]
        cells = [f"{each['resident'] / 1e6:.0f} ({each['weights'] / 1e6:.0f})" for each in figures]
        print(f"| {count} | {' | '.join(cells)} |", flush=True)


def show_precisions(folder: str, asked: argparse.Namespace) -> None:
    print("\n| precision | weights MB | WER % | seconds |\n|---|---|---|---|")
    for name in ("float32", "8bit", "4bit"):
        figures = apart("precision", name, str(asked.prompts))
        print(
            f"| {name} | {figures['memory'] / 1e6:.0f} | {figures['wer']:.1f} | {figures['seconds']:.0f} |",
            flush=True,
        )


def show_assistants(folder: str, asked: argparse.Namespace) -> None:
    apart("draft", f"{folder}/draft")
    print("\n| assistant | same text | drafted | accepted | plain s | assisted s |\n|---|---|---|---|---|---|")
    for name, draft in (("whisper-base itself", "whisper-base"), ("two decoder layers", f"{folder}/draft")):
        figures = apart("assisted", draft)
        cells = [figures[part] for part in ("same text", "drafted", "accepted")]
        print(
            f"| {name} | {' | '.join(map(str, cells))} | {figures['plain']:.2f} | {figures['assisted']:.2f} |",
            flush=True,
        )


ENGINES = ("transformers", "ctranslate2")
PARTS = {
    "columns": show_columns,
    "switching": show_switching,
    "memory": show_memory,
    "precisions": show_precisions,
    "assistants": show_assistants,
}

if __name__ == "__main__":
    main()
