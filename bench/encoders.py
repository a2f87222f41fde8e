"""python bench/encoders.py [--prompts N] [--minutes M] [--seeds S...] : OpenVINO's encoder beside CTranslate2's.

Every N-th telephone prompt (0: none) and simulated calls are decoded greedily with each engine, everything but the
encoder being the same; the states of both are compared with the exact ones on speech and on what is none. Core seconds
are those of this process on all cores.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from efforts import on_calls, on_prompts, row

import corpus
from corpus.prompts import SOUNDS, prompts
from corpus.simulate import simulate
from speech.audio.decode import SAMPLE_RATE, read
from speech.decoding.decode import Options
from speech.engines import load
from speech.engines.base import FRAMES_PER_SECOND, Engine
from speech.models.choose import choose

SECONDS = 20
UNKNOWN = "ru_RU_f_IvrvoiceRU"


def windows() -> dict[str, np.ndarray]:
    """Of speech, of a voice that nothing was quantised by if it is installed, of noise, a tone and silence."""
    length, chance = SECONDS * SAMPLE_RATE, np.random.default_rng(0)
    speech = np.concatenate([read(prompt.path).waveform[0] for prompt in prompts(at_least=1.0)[:40]])[:length]
    unknown = [read(path).waveform[0] for path in sorted(SOUNDS.with_name(UNKNOWN).rglob("*.wav"))[50:150]]
    time = np.arange(length) / SAMPLE_RATE
    found = {"an unknown voice": np.concatenate(unknown)[:length]} if unknown else {}
    found |= {"speech": speech, "speech in noise": speech + 0.02 * chance.standard_normal(length)}
    found |= {"noise": 0.1 * chance.standard_normal(length), "a tone": 0.2 * np.sin(2 * np.pi * 440 * time)}
    return {name: sound.astype(np.float32) for name, sound in (found | {"silence": np.zeros(length)}).items()}


def states(engine: Engine, sound: np.ndarray) -> np.ndarray:
    return np.array(engine.encode(engine.mel([sound], SECONDS * FRAMES_PER_SECOND)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=1, metavar="N", help="every N-th prompt (default: 1)")
    parser.add_argument("--minutes", type=float, default=5.0, help="of a call (default: 5)")
    parser.add_argument("--seeds", type=int, nargs="*", default=[61, 62], help="of the calls (default: 61 62)")
    asked = parser.parse_args()
    choice = choose()
    engines = [load(choice, name) for name in ("ctranslate2", "openvino")]
    exact = load(choice, "ctranslate2", "float32")
    print("| window | " + " | ".join(f"{each.name}: mean error" for each in engines) + " | of |\n|---|---|---|---|")
    for name, sound in windows().items():
        true = states(exact, sound)
        errors = [f"{np.abs(states(each, sound) - true).mean():.3f}" for each in engines]
        print(f"| {name} | {' | '.join(errors)} | {np.abs(true).mean():.2f} |")
    with tempfile.TemporaryDirectory() as folder:
        clips, seconds = corpus.load("phone-prompts"), 60 * asked.minutes
        calls = [simulate(clips, Path(folder, str(s)), seconds=seconds, seed=s)[0] for s in asked.seeds]
        print(f"\n{choice.model}; {os.cpu_count()} cores; calls of {asked.minutes:g} minutes, greedy\n")
        print("| beam | engine | of | words | WER % | core seconds | seconds |\n|---|---|---|---|---|---|---|")
        for engine in engines:
            options = Options(unsure_beam=1, margin=engine.margin)
            if asked.prompts:
                row(1, {1: engine.name}, "prompts", on_prompts, engine, options, asked.prompts)
            if calls:
                row(1, {1: engine.name}, "calls", on_calls, engine, options, calls)


if __name__ == "__main__":
    main()
