"""OpenVINO's int8 encoder of a Whisper: about half of what CTranslate2's takes, where the processor multiplies int8.

NNCF quantises weights and states by what the encoder gives for French telephone speech: Debian's prompts. That takes
half a minute and 1.5 GB, so it is done once, in a process of its own: `python -m speech.models.quantization`.
"""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from common.messages import UserError

if TYPE_CHECKING:
    import numpy as np

PROMPTS = Path("/usr/share/asterisk/sounds/fr_CA_f_June")  # of asterisk-core-sounds-fr-wav
PROCESSOR = Path("/proc/cpuinfo")
FILE = "encoder.xml"  # the weights lie beside it
WANTED = ("openvino", "nncf")
FLAGS = {"avx512_vnni", "avx_vnni", "amx_int8"}  # of processors that multiply and add int8 in one step
WINDOWS, SECONDS = 10, 24.5  # of speech; 40 windows gave no fewer errors


def is_worth_it() -> bool:
    """Whether the encoder can be made here, is fast on this processor, and ALLO_OPENVINO is not 0."""
    return os.environ.get("ALLO_OPENVINO") != "0" and _refusal() is None and _multiplies_int8()


def check() -> None:
    """Raises UserError where the encoder cannot be made here."""
    if refusal := _refusal():
        raise refusal


def _refusal() -> UserError | None:
    if not all(map(find_spec, WANTED)):
        return UserError(
            en="OpenVINO is not installed: run `pip install -r requirements-openvino.txt`, or choose the engine "
            "ctranslate2.",
            fr="OpenVINO n'est pas installé : lancez « pip install -r requirements-openvino.txt », ou choisissez le "
            "moteur ctranslate2.",
        )
    if not PROMPTS.is_dir():
        return UserError(
            en="OpenVINO's encoder is quantised by telephone speech that is not here: "
            "apt-get install asterisk-core-sounds-fr-wav, or choose the engine ctranslate2.",
            fr="L'encodeur d'OpenVINO est quantifié sur de la parole téléphonique qui n'est pas ici : "
            "apt-get install asterisk-core-sounds-fr-wav, ou choisissez le moteur ctranslate2.",
        )
    return None


def _multiplies_int8() -> bool:
    try:
        lines = PROCESSOR.read_text().splitlines()
    except OSError:  # no Linux
        return False
    return any(FLAGS & set(line.split()) for line in lines)


def library() -> ModuleType:
    """OpenVINO without the package by which it, and NNCF, would tell their makers of each use."""
    sys.modules["openvino_telemetry"] = None
    import openvino

    return openvino


def quantise(checkpoint: Path, into: Path) -> None:
    """Writes the int8 encoder of a transformers checkpoint into a folder, by a process that gives its memory back."""
    command = [sys.executable, "-m", __name__, str(checkpoint), str(into)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{__name__} {checkpoint}: {(done.stderr.splitlines() or [done.returncode])[-1]}")


def _main(checkpoint: str, into: str) -> None:
    openvino = library()
    import nncf
    import torch

    seen = _windows(Path(checkpoint))
    with torch.inference_mode():
        mel = torch.from_numpy(seen[0])
        model = openvino.convert_model(_encoder(checkpoint), example_input=mel, input=[(-1, mel.shape[1], -1)])
    kind = nncf.ModelType.TRANSFORMER
    model = nncf.quantize(model, nncf.Dataset(seen), model_type=kind, subset_size=len(seen))
    openvino.save_model(model, Path(into, FILE))


def _windows(checkpoint: Path) -> list["np.ndarray"]:
    """Mel spectrograms (1, mels, frames) of prompts from all over the list, and of what else a telephone gives.

    Without noise, a tone and silence, the states of those were as wrong as they are large (bench/encoders.py).
    """
    import numpy as np

    from speech.audio.decode import SAMPLE_RATE, read
    from speech.engines.base import FRAMES_PER_SECOND
    from speech.networks.mel import log_mel

    mels = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))["num_mel_bins"]
    length, frames = round(SECONDS * SAMPLE_RATE), round(SECONDS * FRAMES_PER_SECOND)
    long = [path for path in sorted(PROMPTS.glob("*.wav")) if path.stat().st_size > 32_000]  # 2 s at 8 kHz
    sounds = [np.concatenate([read(path).waveform[0] for path in long[at::WINDOWS]]) for at in range(WINDOWS)]
    noise = 0.1 * np.random.default_rng(0).standard_normal(length)
    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(length) / SAMPLE_RATE)  # in France that for dialling
    sounds += [noise, tone, np.zeros(length)]
    return [log_mel([sound[:length].astype(np.float32)], frames, mels) for sound in sounds]


def _encoder(checkpoint: str):
    """A module: (items, mels, frames) to states (items, frames / 2, size); transformers' takes 30 s alone."""
    import torch
    from transformers import WhisperForConditionalGeneration

    model = WhisperForConditionalGeneration.from_pretrained(checkpoint, dtype=torch.float32, use_safetensors=True)

    class Encoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.whisper = model.eval().model.encoder

        def forward(self, mel: torch.Tensor) -> torch.Tensor:
            gelu = torch.nn.functional.gelu
            states = gelu(self.whisper.conv2(gelu(self.whisper.conv1(mel)))).permute(0, 2, 1)
            states = states + self.whisper.embed_positions.weight[: states.shape[1]]
            for layer in self.whisper.layers:
                states = layer(states, None)
                states = states[0] if isinstance(states, tuple) else states
            return self.whisper.layer_norm(states)

    return Encoder()


if __name__ == "__main__":
    _main(*sys.argv[1:])
