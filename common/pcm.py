"""Samples between float, -1 to 1, and the 16-bit integers of PCM."""

import numpy as np

FULL_SCALE = 32767  # so that 1.0 and -1.0 are as far from zero


def to_int16(samples: np.ndarray) -> np.ndarray:
    """The samples as little-endian int16 of the same shape, rounded to the nearest; what lies beyond -1 to 1 is
    clipped, where a cast alone would wrap the loudest sample round to the other sign."""
    return np.rint(np.clip(samples, -1, 1) * FULL_SCALE).astype("<i2")


def from_int16(samples: np.ndarray) -> np.ndarray:
    """Float32 of the same shape, -1 to 1."""
    return samples.astype(np.float32) / 32768
