"""Resemblyzer's network (Apache 2.0), of Wan et al., "Generalized end-to-end loss for speaker verification"."""

from collections.abc import Callable
from functools import lru_cache
from os import PathLike

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence
from torchaudio.transforms import MelSpectrogram

RATE = 16_000


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(40, 256, 3, batch_first=True)
        self.linear = nn.Linear(256, 256)

    def forward(self, mels: list[torch.Tensor]) -> torch.Tensor:
        """(clips, 256), of length 1, from spectrograms of (frames, 40)."""
        hidden, _ = self.lstm(pad_sequence(mels, batch_first=True))  # packed, those of a call take eight times as long
        last = hidden[range(len(mels)), [len(mel) - 1 for mel in mels]]
        return nn.functional.normalize(self.linear(last).relu(), dim=1)


@lru_cache(maxsize=1)
def network(path: str | PathLike) -> Callable[[list[np.ndarray]], np.ndarray]:
    """Gives vectors of clips, float32 at 16 kHz. The weights are a pickle, of which tensors only are read."""
    encoder = Encoder().eval()
    weights = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
    encoder.load_state_dict({name: weights[name] for name in encoder.state_dict()})
    # librosa's defaults: Slaney's scale and norm, the power, not its logarithm
    spectrogram = MelSpectrogram(RATE, 400, hop_length=160, n_mels=40, norm="slaney", mel_scale="slaney")

    @torch.inference_mode()
    def embed(clips: list[np.ndarray]) -> np.ndarray:
        return encoder([spectrogram(torch.from_numpy(_levelled(clip))).T for clip in clips]).numpy()

    return embed


def _levelled(clip: np.ndarray) -> np.ndarray:
    """At the -30 dBFS that the network was taught with."""
    return clip * (10 ** (-30 / 20) / max(1e-6, float(np.sqrt(np.mean(np.square(clip))))))
