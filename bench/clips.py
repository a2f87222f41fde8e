"""python bench/clips.py [--every N] [--only NAME...] : the telephone prompts through us and our peers, in one run.

Every system has the same weights (the embedded whisper-base), greedy decoding, French, two threads, a process of its
own, and gets the same files. WER is over the whole corpus with one normaliser for all, transformers'
BasicTextNormalizer. Seconds are for reading and hearing the clips, after loading and one clip to warm up. Memory is the
process's peak; what the libraries take before a model is loaded is told apart.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from corpus.prompts import prompts

THREADS = 2
AT_LEAST = 0.6  # seconds
AT_ONCE = 64  # clips of ours in memory, as many as an evaluation has
Hear = Callable[[list[str]], list[str]]  # paths to texts


def ours(engine: str, precision: str, **options) -> Hear:
    from speech.audio import read
    from speech.decoding import Options, decode
    from speech.engines import load
    from speech.models import choose

    loaded, options = load(choose("whisper-base"), engine, precision, THREADS), Options(**options)

    def hear(paths: list[str]) -> list[str]:
        heard = {}
        order = sorted(paths, key=os.path.getsize)
        for some in (order[start : start + AT_ONCE] for start in range(0, len(order), AT_ONCE)):
            clips = [read(path).waveform[0] for path in some]
            heard |= {some[i]: found.text for batch in decode(loaded, clips, options) for i, found in batch}
        return [heard[path] for path in paths]

    return hear


def faster_whisper(batched: bool, folder: str) -> Hear:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=THREADS)
    asked = {"language": "fr", "beam_size": 1}
    if batched:
        model, asked = BatchedInferencePipeline(model), asked | {"batch_size": 8}

    def hear(paths: list[str]) -> list[str]:
        return [" ".join(segment.text for segment in model.transcribe(path, **asked)[0]) for path in paths]

    return hear


def pipeline(folder: str) -> Hear:
    """As the notebook has it: transformers' pipeline, each clip in a 30-s window."""
    import torch
    from transformers import pipeline

    torch.set_num_threads(THREADS)
    asr = pipeline("automatic-speech-recognition", model=folder)
    asked = {"language": "french", "task": "transcribe", "num_beams": 1}
    return lambda paths: [heard["text"] for heard in asr(paths, generate_kwargs=asked)]


def systems(ctranslate2: str, transformers: str) -> dict[str, Callable[[], Hear]]:
    return {
        "Allô, CTranslate2 int8": lambda: ours("ctranslate2", "int8"),
        "Allô, CTranslate2 int8, full window": lambda: ours("ctranslate2", "int8", margin=None),
        "Allô, transformers float32": lambda: ours("transformers", "float32"),
        "faster-whisper int8, sequential": lambda: faster_whisper(False, ctranslate2),
        "faster-whisper int8, batched": lambda: faster_whisper(True, ctranslate2),
        "transformers pipeline float32": lambda: pipeline(transformers),
    }


def measure(name: str, folders: list[str], paths: list[str]) -> dict:
    """Runs in the system's own process."""
    hear = systems(*folders)[name]()
    hear(paths[:1])
    started = time.perf_counter()
    texts = hear(paths)
    seconds = time.perf_counter() - started
    return {"texts": texts, "seconds": seconds, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def measured_apart(name: str, folders: list[str], paths: list[str]) -> dict:
    command = [sys.executable, __file__, "--one", name, *folders]
    environment = os.environ | {"OMP_NUM_THREADS": str(THREADS), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, input=json.dumps(paths), capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def error_rate(references: list[str], hypotheses: list[str]) -> float:
    import jiwer
    from transformers.models.whisper.english_normalizer import BasicTextNormalizer

    normal = BasicTextNormalizer()
    return 100 * jiwer.wer([normal(text) for text in references], [normal(text) for text in hypotheses])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take each Nth prompt (default: all)")
    parser.add_argument("--only", nargs="+", default=[], help="systems whose names hold one of these")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        name, *folders = asked.one
        print(json.dumps(measure(name, folders, json.load(sys.stdin))))
        return

    from speech import embedded

    folders = [str(embedded.ctranslate2_folder()), str(embedded.transformers_folder())]
    chosen = prompts(AT_LEAST)[:: asked.every]
    audio = sum(prompt.seconds for prompt in chosen)
    print(f"{len(chosen)} prompts, {audio:.0f} s; {platform.machine()}, {os.cpu_count()} cores, {date.today()}\n")
    print("| system | WER % | seconds | times real time | peak MB |\n|---|---|---|---|---|", flush=True)
    for name in systems(*folders):
        if asked.only and not any(part in name for part in asked.only):
            continue
        got = measured_apart(name, folders, [str(prompt.path) for prompt in chosen])
        rate = error_rate([prompt.text for prompt in chosen], got["texts"])
        seconds = got["seconds"]
        print(
            f"| {name} | {rate:.1f} | {seconds:.0f} | {audio / seconds:.1f} | {got['memory'] / 1e6:.0f} |", flush=True
        )


if __name__ == "__main__":
    main()
