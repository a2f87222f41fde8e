"""A clip of a corpus that fits in Whisper's window."""

import numpy as np

from common.messages import UserError
from corpus import Corpus
from speech.decoding.decode import MAX_CLIP


def waveform(corpus: Corpus, row: int) -> np.ndarray:
    """The sound of a row, float32 at 16 kHz. Raises UserError where it cannot be read, or is longer than 30 s."""
    samples = corpus.clip(row)
    if len(samples) > MAX_CLIP:  # its row may say otherwise
        raise too_long()
    return samples


def too_long() -> UserError:
    return UserError(
        en="longer than the 30 s of Whisper's window: cut it into segments",
        fr="plus long que les 30 s de la fenêtre de Whisper : découpez-le en segments",
    )
