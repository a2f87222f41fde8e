"""Augmentation: what is changed in a clip, and sounds without speech. All of it is drawn from a given generator."""

import numpy as np
import torch
from torchaudio.functional import speed
from torchaudio.transforms import FrequencyMasking, TimeMasking

from corpus import telephone_line as telephone
from speech.audio.decode import SAMPLE_RATE
from speech.engines.base import FRAMES_PER_SECOND

SPEEDS = (0.9, 0.95, 1.05, 1.1)  # times the speed of the clip; its pitch changes with it
LONGEST_DELAY = 0.5  # seconds of silence before a clip
MASKS = 2  # of SpecAugment, bands and stretches each


def faster(waveform: np.ndarray, factor: float) -> np.ndarray:
    """The waveform (float32 at 16 kHz) at `factor` times its speed."""
    return waveform if factor == 1.0 else speed(torch.from_numpy(waveform), SAMPLE_RATE, factor)[0].numpy()


def telephone_line(waveform: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The waveform (float32 at 16 kHz) through a random telephone line: A-law or µ-law, its level, its noise."""
    level = random.uniform(0.1, 0.9) / (abs(waveform).max(initial=0.0) or 1.0)
    codec = ("alaw", "ulaw")[random.integers(2)]  # the codecs that take no time
    return telephone.through(waveform * np.float32(level), codec, snr=random.uniform(15, 40), seed=random)


def without_speech(samples: int, random: np.random.Generator) -> np.ndarray:
    """Silence, a telephone's tone, hum or noise: float32 at 16 kHz."""
    times = np.arange(samples) / SAMPLE_RATE
    loudness = 10 ** random.uniform(-4, -1)
    kind = random.integers(4)
    if kind == 0:
        return np.zeros(samples, np.float32)
    if kind == 1:
        tone, cadence = random.choice([350, 425, 440, 480, 620]), random.choice([0.5, 1.0, 4.0])
        sound = np.sin(2 * np.pi * tone * times) * ((times / cadence) % 2 < 1)
    elif kind == 2:
        sound = np.sin(2 * np.pi * random.choice([50, 60, 100]) * times)
    else:
        sound = random.standard_normal(samples) / 3
    return (loudness * sound).astype(np.float32)


def spec_augment(features: np.ndarray, samples: int, strength: float, random: np.random.Generator) -> None:
    """Masks bands and stretches of a clip's mel (mels, frames), in place, with its mean (SpecAugment).

    The clip has so many `samples`; what follows it in the window stays. At `strength` 1 a band is up to a quarter of
    the mels and a stretch up to an eighth of the clip.
    """
    length = min(features.shape[1], samples * FRAMES_PER_SECOND // SAMPLE_RATE)
    if not strength or not length:
        return
    clip = torch.from_numpy(features[:, :length])
    blank = clip.mean().item()
    band, stretch = FrequencyMasking(int(strength * len(features) / 4)), TimeMasking(int(strength * length / 8))
    with torch.random.fork_rng(devices=[]):  # torchaudio draws from torch's own generator
        torch.manual_seed(random.integers(2**31))
        for _ in range(MASKS):
            clip.copy_(stretch(band(clip, blank), blank))
