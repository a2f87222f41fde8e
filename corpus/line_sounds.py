"""What sounds on a telephone line beside voices: keypad tones, ringing, busy, hold music. Float32 (samples,) at 16 kHz.

Keypad tones are ITU-T Q.23's, the rhythms those of France in ITU-T E.180. Music is Debian's asterisk-moh-opsound-wav.
"""

from functools import cache
from pathlib import Path

import numpy as np

from common.messages import UserError
from speech.audio.decode import SAMPLE_RATE, read
from speech.audio.tones import HIGH, KEYS, LOW

KINDS = ("ringing", "keys", "music", "busy")  # in the order in which they come in a call
FRANCE = 440  # Hz
PRESS, LIFT = 0.08, 0.09  # seconds of a key, and between two
RING, BUSY = (1.5, 3.5), (0.5, 0.5)  # seconds of the tone, and of silence
SECONDS = 8.0, 20.0  # of hold music
MUSIC = Path("/usr/share/asterisk/moh")


def pressed(digits: str, level: float) -> np.ndarray:
    """The tones of these keys, at a level that is the square root of their mean power."""
    tones = [_waves((LOW[KEYS.index(digit) // 4], HIGH[KEYS.index(digit) % 4]), PRESS, level) for digit in digits]
    return _apart(tones, LIFT)


def ringing(times: int, level: float, hertz: float = FRANCE) -> np.ndarray:
    return _apart([_waves((hertz,), RING[0], level)] * times, RING[1])


def busy(times: int, level: float, hertz: float = FRANCE) -> np.ndarray:
    return _apart([_waves((hertz,), BUSY[0], level)] * times, BUSY[1])


def melodies() -> list[Path]:
    """The pieces of music that are installed."""
    return sorted(MUSIC.glob("*.wav"))


def melody(piece: Path, seconds: float, level: float, random: np.random.Generator) -> np.ndarray:
    """A part of a piece of music, from a place of chance."""
    sound = _decoded(piece)
    length = min(len(sound), round(seconds * SAMPLE_RATE))
    start = int(random.integers(0, len(sound) - length + 1))
    part = sound[start : start + length]
    return part * np.float32(level / np.sqrt(np.square(part).mean() + 1e-12))


def check(kinds: tuple[str, ...]) -> None:
    """Raises UserError for a sound that is none, and for music where none is installed."""
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise UserError(
            en=f"There is no sound {unknown[0]!r}: choose among {', '.join(KINDS)}.",
            fr=f"Le son {unknown[0]!r} n'existe pas : choisissez parmi {', '.join(KINDS)}.",
        )
    if "music" in kinds and not melodies():
        raise UserError(
            en="There is no hold music on this machine: install asterisk-moh-opsound-wav.",
            fr="Il n'y a pas de musique d'attente sur cette machine : installez asterisk-moh-opsound-wav.",
        )


@cache
def _decoded(piece: Path) -> np.ndarray:
    return read(piece).waveform[0]


def _waves(hertz: tuple[float, ...], seconds: float, level: float) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    waves = sum(np.sin(2 * np.pi * each * time) for each in hertz)
    return (waves * level * np.sqrt(2 / len(hertz))).astype(np.float32)


def _apart(tones: list[np.ndarray], seconds: float) -> np.ndarray:
    """One after the other, with so much silence between them."""
    silence = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    return np.concatenate([part for tone in tones for part in (tone, silence)][:-1])
