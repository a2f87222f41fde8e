"""The French telephone prompts of Debian's asterisk-core-sounds-fr and -fr-wav: real 8 kHz speech with its text."""

import gzip
import re
import wave
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from common.messages import Message, UserError
from corpus.clips import Files, identity
from corpus.layouts.raw import Raw

NAME = "phone-prompts"
LICENCE = "cc-by-sa-3.0"
SPEAKER = "June Wallack"
SOUNDS = Path("/usr/share/asterisk/sounds/fr_CA_f_June")
TEXTS = Path("/usr/share/doc/asterisk-core-sounds-fr/core-sounds-fr.txt.gz")


class Prompt(NamedTuple):
    name: str
    text: str
    path: Path
    seconds: float


def prompt(name: str) -> Path:
    return SOUNDS / f"{name}.wav"


def prompts(at_least: float = 0.0) -> list[Prompt]:
    """Those of `at_least` seconds and at most 30 whose text is all spoken, in the order of Asterisk's list.

    Raises UserError where Debian's packages are not installed.
    """
    if not TEXTS.is_file() or not SOUNDS.is_dir():
        raise UserError(
            en="The telephone prompts are not here: "
            "apt-get install asterisk-core-sounds-fr asterisk-core-sounds-fr-wav.",
            fr="Les annonces téléphoniques ne sont pas ici : "
            "apt-get install asterisk-core-sounds-fr asterisk-core-sounds-fr-wav.",
        )
    return [found for found in listed(TEXTS, SOUNDS) if at_least <= found.seconds <= 30]


@cache
def listed(texts: Path, sounds: Path) -> list[Prompt]:
    """Of one of Debian's lists the prompts that are in `sounds` and whose text is all spoken, in its order."""
    found = []
    with gzip.open(texts, "rt", encoding="utf-8-sig") as lines:
        for line in lines:
            name, _, text = (part.strip() for part in line.partition(":"))
            path = sounds / f"{name}.wav"
            if text and not name.startswith(";") and not re.search(r"[][(){}<>]", text) and path.is_file():
                with wave.open(str(path)) as sound:
                    seconds = sound.getnframes() / sound.getframerate()
                found.append(Prompt(name, text, path, seconds))
    return found


def open_prompts(reason: Message) -> Raw:
    """All prompts as a source. They have one voice and no calls, so that their splits are by sentence."""
    found = prompts()
    frame = pd.DataFrame({"id": [p.name for p in found], "text": [p.text for p in found]})
    frame["seconds"] = [p.seconds for p in found]
    frame = frame.assign(speaker=SPEAKER, language="fr")
    clips = Files([p.name for p in found], [str(p.path) for p in found], (identity(p.path) for p in found))
    return Raw(NAME, NAME, LICENCE, reason, frame, clips)
