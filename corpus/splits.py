"""Splits that do not leak: which side a clip is on, by its call, and what is on both sides all the same."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from common.messages import Message
from corpus.clips import Clips

SHARES = (("train", 0.8), ("validation", 0.1), ("test", 0.1))
TELLING_WORDS = 4  # a sentence of fewer (« oui », « d'accord », « à demain alors ») is said in any two calls
ORDER = ("train", "validation", "test")
NAMES = {
    "call": Message(en="calls", fr="appels"),
    "speaker": Message(en="speakers", fr="locuteurs"),
    "sentence": Message(
        en=f"sentences of {TELLING_WORDS} words and more", fr=f"phrases de {TELLING_WORDS} mots et plus"
    ),
    "audio": Message(en="recordings", fr="enregistrements"),
}


@dataclass(frozen=True)
class Leak:
    """What two splits share, so that a score on the second flatters who has learned from the first."""

    between: tuple[str, str]
    kind: str  # "call", "speaker", "sentence" or "audio"
    count: int  # how many calls (speakers, ...) are on both sides
    clips: int  # of the second split, that belong to them
    example: str

    @property
    def message(self) -> Message:
        first, second = self.between
        name, s = NAMES[self.kind], "s" * (self.clips > 1)
        return Message(
            en=f"{first} and {second} have {name.en} in common: {self.count}, with {self.clips} clip{s} of {second}; "
            f"one is “{self.example}”.",
            fr=f"{first} et {second} ont en commun des {name.fr} : {self.count}, avec "
            f"{self.clips} extrait{s} de {second} ; par exemple « {self.example} ».",
        )

    def to_dict(self) -> dict:
        return vars(self) | {"between": list(self.between), **self.message._asdict()}


def assign(rows: pd.DataFrame, shares: Sequence[tuple[str, float]] = SHARES) -> list[str]:
    """A split for each row, by the hash of its group alone: rows that are added later move none.

    The group is the call where all rows name one, else the speaker where they name several, else the sentence. Shares
    hold on average only: of a handful of calls none may come to the test split.
    """
    return [_drawn(key, shares) for key in groups(rows)]


def carve(rows: pd.DataFrame, share: float = 0.1) -> list[str]:
    """Train or validation for each row of a published train split, in the manner of `assign`."""
    return assign(rows, (("train", 1 - share), ("validation", share)))


def groups(rows: pd.DataFrame) -> list[str]:
    """What must not be divided, for each row: its call, else its speaker, else its sentence."""
    if rows["call"].notna().all():
        return rows["call"].tolist()
    if rows["speaker"].notna().all() and rows["speaker"].nunique() > 1:
        return rows["speaker"].tolist()
    return [sentence(text) for text in rows["text"]]


def sentence(text: str) -> str:
    """What makes two texts the same sentence: the letters and digits, in lower case."""
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).lower()))


def divide(names: Iterable[str | None]) -> bool:
    """Splits of these names were published to be kept: there are several, or one that is not to be learned from."""
    known = {name for name in names if name}
    return len(known) > 1 or "test" in known


def rank(name: str | None) -> int:
    """Splits in the order that people know: what is learned from comes first."""
    return ORDER.index(name) if name in ORDER else len(ORDER)


def _drawn(key: str, shares: Sequence[tuple[str, float]]) -> str:
    point = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64
    for name, share in shares:
        point -= share
        if point < 0:
            return name
    return shares[-1][0]


def leaks(rows: pd.DataFrame, clips: Clips | None = None, places: Sequence[int] = ()) -> list[Leak]:
    """Each call, speaker and sentence (of TELLING_WORDS at least) on both sides of two splits.

    With `clips`, where the rows lie at `places`, also the same audio: every clip is read, which takes its time.
    """
    keys = {"call": rows["call"], "speaker": rows["speaker"]}
    sentences = pd.Series([sentence(text) for text in rows["text"]], rows.index, dtype=object)
    keys["sentence"] = sentences.where(sentences.str.count(" ") + 1 >= TELLING_WORDS)
    if clips is not None:
        keys["audio"] = pd.Series([hashlib.sha256(clips.encoded(place)).hexdigest() for place in places], rows.index)
    names = sorted(dict.fromkeys(rows["split"]), key=rank)
    found = (_shared(rows, kind, key, pair) for pair in combinations(names, 2) for kind, key in keys.items())
    return [leak for leak in found if leak]


def _shared(rows: pd.DataFrame, kind: str, key: pd.Series, between: tuple[str, str]) -> Leak | None:
    first, second = (key[rows["split"] == name].dropna() for name in between)
    touched = second[second.isin(set(first))]
    if touched.empty:
        return None
    row = touched.index[0]
    example = {"sentence": rows["text"][row], "audio": rows["id"][row]}.get(kind, touched[row])
    return Leak(between, kind, touched.nunique(), len(touched), str(example))
