"""Telephone prompts in other languages than the corpus's: Debian's asterisk-core-sounds-*.

Every other one measures what was forgotten; the rest is replayed in training, so that less is. No sentence is in both,
though the voices are the same; one language is never replayed at all.
"""

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from common.messages import Message
from corpus.prompts import Prompt, listed
from speech.audio.decode import read

SOUNDS = Path("/usr/share/asterisk/sounds")
TEXTS = "/usr/share/doc/asterisk-core-sounds-{0}/core-sounds-{0}.txt.gz"
VOICES = {"en": "en_US_f_Allison", "es": "es_MX_f_Allison", "it": "it_IT_m_Carlo", "ru": "ru_RU_f_IvrvoiceRU"}
UNSEEN = "ru"  # only measured: it stands for the languages of which there is no speech to replay
NAMES = {
    "en": Message("English prompts", "Annonces en anglais"),
    "es": Message("Spanish prompts", "Annonces en espagnol"),
    "it": Message("Italian prompts", "Annonces en italien"),
    "ru": Message("Russian prompts", "Annonces en russe"),
}
SECONDS = (2.0, 10.0)  # of a prompt: shorter ones have few words for the window that they cost


class Spoken(NamedTuple):
    waveform: np.ndarray  # float32, mono, 16 kHz
    text: str


def chosen(language: str, clips: int | None = None, to: Literal["check", "keep"] = "check") -> list[Prompt]:
    """So many prompts of a language, spread over all of them, the same each time; none where they are not installed.

    `to` says what for: to check what was forgotten, or to keep it by replay.
    """
    found = [] if to == "keep" and language == UNSEEN else [*_fit(language)[to == "keep" :: 2]]
    spread = np.linspace(0, len(found) - 1, min(clips or len(found), len(found))).round().astype(int)
    return [found[i] for i in spread]


def spoken(language: str, clips: int | None = None) -> list[Spoken]:
    """What was chosen to check, with its sound."""
    return [Spoken(read(prompt.path).waveform[0], prompt.text) for prompt in chosen(language, clips)]


def _fit(language: str) -> list[Prompt]:
    """The prompts that are long enough, and no longer; each text once."""
    texts, sounds = Path(TEXTS.format(language)), SOUNDS / VOICES[language]
    found = listed(texts, sounds) if texts.is_file() and sounds.is_dir() else []
    once = {prompt.text: prompt for prompt in found}.values()
    return [prompt for prompt in once if SECONDS[0] <= prompt.seconds <= SECONDS[1]]
