"""Which rows of a corpus are trained on, which validate, and which are the test."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate

import pandas as pd
from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

from common.messages import Message, UserError
from corpus import Corpus, splits

USES = {
    "train": Message(en="to train on", fr="pour entraîner"),
    "validation": Message(en="to choose the best adapter by", fr="pour choisir le meilleur adaptateur"),
}


@dataclass(frozen=True)
class Splits:
    """The rows of a corpus by what they are for. No row of the test split is ever trained on."""

    train: list[int]
    validation: list[int]
    test: list[int]
    foreign: int  # rows of other languages, which are in none of these

    @property
    def counts(self) -> dict[str, int]:
        return {name: len(getattr(self, name)) for name in ("train", "validation", "test")}


def splits_of(corpus: Corpus, language: str, train_share: float = 1.0) -> Splits:
    """The corpus's own splits; where there is no validation, it is taken out of train, of which a share is used.

    Raises UserError where there is no clip to train on, or none to validate with.
    """
    rows = corpus.rows
    spoken = rows["language"].map(_code, na_action="ignore")
    own = rows[spoken.isna() | (spoken == language)]
    if own.empty:
        there = ", ".join(sorted(spoken.dropna().unique()))
        raise UserError(
            en=f"{corpus.name} is in another language ({there}) than {language}: --set language={there.split(',')[0]}.",
            fr=f"{corpus.name} est dans une autre langue ({there}) que {language} : "
            f"--set language={there.split(',')[0]}.",
        )
    split = own["split"].copy()
    if "validation" not in set(split):
        split[split == "train"] = _with_validation(own[split == "train"])
    found = {name: split.index[split == name].tolist() for name in ("train", "validation", "test")}
    for name, use in USES.items():
        if not found[name]:
            raise UserError(
                en=f"{corpus.name} has no clips {use.en}: give it more clips, or a column split (train, validation).",
                fr=f"{corpus.name} n'a pas d'extraits {use.fr} : donnez-lui plus d'extraits, ou une colonne split "
                "(train, validation).",
            )
    found["train"] = _share_of(own.loc[found["train"]], train_share)
    return Splits(**found, foreign=len(rows) - len(own))


def split_hash(corpus: Corpus, splits: Splits) -> str:
    """A short hash of which clips are in which split."""
    ids = corpus.rows["id"]
    named = [[name, sorted(ids[row] for row in getattr(splits, name))] for name in splits.counts]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:16]


def _with_validation(train: pd.DataFrame) -> list[str]:
    """Train or validation for each row; of few calls chance may take none or all, then it is the shortest."""
    names = splits.carve(train)
    if len(set(names)) == 2:
        return names
    groups = splits.groups(train)
    sizes = sorted((groups.count(group), group) for group in set(groups))
    return ["validation" if len(sizes) > 1 and group == sizes[0][1] else "train" for group in groups]


def _share_of(train: pd.DataFrame, share: float) -> list[int]:
    """The rows of whole calls (or what else is not divided), in an order of their own, until they make the share."""
    names = splits.groups(train)
    rows = Counter(names)
    order = sorted(rows, key=lambda name: hashlib.sha256(name.encode()).digest())
    before = dict(zip(order, accumulate((rows[name] for name in order), initial=0), strict=False))
    return [row for row, name in zip(train.index, names, strict=True) if before[name] < share * len(names)]


def _code(language: str) -> str:
    """fr of fr-CA, French, french_quebec."""
    name = language.lower().replace("_", "-").partition("-")[0]
    return TO_LANGUAGE_CODE.get(name, name[:2])
