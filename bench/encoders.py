"""python bench/encoders.py [--prompts N] [--minutes M] [--seeds S...] : OpenVINO's encoder beside CTranslate2's.

Wants `pip install openvino==2026.4.1 nncf==3.4.0`, which Allô does without. The encoder is quantised in two ways:
weights and states by what 40 windows of telephone prompts showed (NNCF's SmoothQuant), and weights alone, the states as
they come (dynamic, in groups of 128). Every N-th telephone prompt (0: none) and simulated calls are decoded greedily
with each, everything but the encoder being the same. Core seconds are those of this process on all cores.
"""

import argparse
import os
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent.parent))

import nncf
import openvino
from efforts import on_calls, on_prompts, row
from transformers import WhisperForConditionalGeneration

import corpus
from corpus.prompts import prompts
from corpus.simulate import simulate
from speech.audio.decode import SAMPLE_RATE, read
from speech.decoding.decode import Options
from speech.engines import load
from speech.engines.ctranslate2 import CTranslate2Engine, _stored
from speech.models.choose import choose

WINDOWS, SECONDS, FRAMES = 40, 24.5, 2450  # that the quantisation is calibrated on
GROUP = 128  # states that are quantised together where that is dynamic


class Encoder(torch.nn.Module):
    """(items, mels, frames) to states (items, frames / 2, size): transformers' takes windows of 30 s alone."""

    def __init__(self, folder: Path):
        super().__init__()
        self.whisper = WhisperForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval().model.encoder

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        gelu = torch.nn.functional.gelu
        states = gelu(self.whisper.conv2(gelu(self.whisper.conv1(mel)))).permute(0, 2, 1)
        states = states + self.whisper.embed_positions.weight[: states.shape[1]]
        for layer in self.whisper.layers:
            states = layer(states, None)
            states = states[0] if isinstance(states, tuple) else states
        return self.whisper.layer_norm(states)


def windows(engine: CTranslate2Engine) -> list[np.ndarray]:
    """Mel spectrograms (1, mels, frames) of prompts, one after the other."""
    sound = np.concatenate([read(each.path).waveform[0] for each in prompts(at_least=1.0)])
    length = round(SECONDS * SAMPLE_RATE)
    return [engine.mel([sound[at : at + length]], FRAMES) for at in range(0, length * WINDOWS, length)]


def models(engine: CTranslate2Engine, folder: Path) -> dict[str, openvino.Model]:
    seen = windows(engine)
    with torch.inference_mode():
        mel = torch.from_numpy(seen[0])
        whole = openvino.convert_model(Encoder(folder), example_input=mel, input=[(-1, mel.shape[1], -1)])
    calibration = nncf.Dataset(seen)
    calibrated = nncf.quantize(whole, calibration, model_type=nncf.ModelType.TRANSFORMER, subset_size=WINDOWS)
    dynamic = nncf.compress_weights(whole, mode=nncf.CompressWeightsMode.INT8_SYM)
    return {"OpenVINO, calibrated": calibrated, "OpenVINO, dynamic": dynamic}


def encoding(model: openvino.Model, streams: int):
    """A method `encode` for the engine; each of its threads has a request of its own."""
    how = {"NUM_STREAMS": streams, "INFERENCE_NUM_THREADS": streams, "INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(model, "CPU", how | {"DYNAMIC_QUANTIZATION_GROUP_SIZE": GROUP})
    own = threading.local()

    def encode(self: CTranslate2Engine, mel: np.ndarray):
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        states = []
        for item in mel:
            own.request.infer([np.ascontiguousarray(item[None], np.float32)])
            states.append(own.request.get_output_tensor(0).data.copy())
        return _stored(np.concatenate(states))

    return encode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=1, metavar="N", help="every N-th prompt (default: 1)")
    parser.add_argument("--minutes", type=float, default=5.0, help="of a call (default: 5)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[61, 62], help="of the calls (default: 61 62)")
    asked = parser.parse_args()
    choice = choose()
    engine = load(choice)
    found = models(engine, choice.folder)
    encoders = {"CTranslate2": CTranslate2Engine.encode}
    encoders |= {name: encoding(model, engine.workers) for name, model in found.items()}
    with tempfile.TemporaryDirectory() as folder:
        clips, seconds = corpus.load("phone-prompts"), 60 * asked.minutes
        calls = [simulate(clips, Path(folder, str(s)), seconds=seconds, seed=s)[0] for s in asked.seeds]
        print(
            f"{engine.model} {engine.precision}; {os.cpu_count()} cores; calls of {asked.minutes:g} minutes, greedy\n"
        )
        print("| beam | encoder | of | words | WER % | core seconds | seconds |\n|---|---|---|---|---|---|---|")
        options = Options(unsure_beam=1, margin=engine.margin)
        for name, encode in encoders.items():
            CTranslate2Engine.encode = encode
            if asked.prompts:
                row(1, {1: name}, "prompts", on_prompts, engine, options, asked.prompts)
            row(1, {1: name}, "calls", on_calls, engine, options, calls)


if __name__ == "__main__":
    main()
