"""Sound for a gr.Audio that plays it."""

import secrets
from pathlib import Path

import numpy as np
from gradio.utils import get_upload_folder

from common.pcm import to_int16

SAMPLE_RATE = 16_000  # Hz, of all waveforms inside of Allô


def playable(waveform: np.ndarray) -> tuple[int, np.ndarray]:
    """The rate and int16 samples of (samples,) or (channels, samples), float32 from -1 to 1."""
    return SAMPLE_RATE, to_int16(waveform.T)


def new_file(name: str) -> Path:
    """Where a file of this name may be written: in the folder that gradio empties, and nobody can guess the way."""
    folder = Path(get_upload_folder()) / secrets.token_hex(16)
    folder.mkdir(parents=True)
    return folder / name
