"""OpenVINO's encoder of a Whisper, its weights in int8: faster than CTranslate2's where the processor multiplies int8.

States are quantised as they come, in groups. What was quantised by given speech instead (NNCF's SmoothQuant) was
faster still, and wrong for every voice that it had not seen (bench/README.md).
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from common.messages import UserError

PROCESSOR = Path("/proc/cpuinfo")
FILE = "encoder.xml"  # the weights lie beside it
EXAMPLE = 800  # frames of the window that the conversion is shown; any length can be encoded afterwards
FLAGS = {"avx512_vnni", "avx_vnni", "amx_int8"}  # of processors that multiply and add int8 in one step


def is_worth_it() -> bool:
    """Whether the encoder can be made here, is fast on this processor, and ALLO_OPENVINO is not 0."""
    return os.environ.get("ALLO_OPENVINO") != "0" and _is_installed() and _multiplies_int8()


def check() -> None:
    """Raises UserError where the encoder cannot be made here."""
    if not _is_installed():
        raise UserError(
            en="OpenVINO is not installed: run `pip install -r requirements-openvino.txt`, or choose the engine "
            "ctranslate2.",
            fr="OpenVINO n'est pas installé : lancez « pip install -r requirements-openvino.txt », ou choisissez le "
            "moteur ctranslate2.",
        )


def _is_installed() -> bool:
    return all(map(find_spec, ("openvino", "nncf")))


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
    """Writes the encoder of a transformers checkpoint into a folder, by a process that gives its memory back."""
    command = [sys.executable, "-m", __name__, str(checkpoint), str(into)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{__name__} {checkpoint}: {(done.stderr.splitlines() or [done.returncode])[-1]}")


def _main(checkpoint: str, into: str) -> None:
    openvino = library()
    import nncf
    import torch

    encoder = _encoder(checkpoint)
    mels = encoder.whisper.config.num_mel_bins
    with torch.inference_mode():
        mel = torch.zeros(1, mels, EXAMPLE)
        model = openvino.convert_model(encoder, example_input=mel, input=[(-1, mels, -1)])
    openvino.save_model(nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_ASYM), Path(into, FILE))


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
