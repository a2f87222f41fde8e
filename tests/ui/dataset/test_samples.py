"""Which samples are shown: those where base and adapter agree against the reference."""

from types import SimpleNamespace

import pandas as pd
import pytest

from ui.dataset.samples import View, chosen

pytestmark = pytest.mark.fast

TEXTS = ["fermez apelle", "oui", "non", "merci", "au revoir"]
BASE = ["Fermez l'appel.", "oui", "nom", None, "au revoir"]
ADAPTER = ["fermez l'appel", "oui", "nous", "mercis", None]


def cells(hypotheses: list) -> pd.DataFrame:
    plain = [text and text.lower().strip(".") for text in hypotheses]
    wrong = [None if text is None else int(text != said) for text, said in zip(plain, TEXTS, strict=True)]
    return pd.DataFrame({"hypothesis": hypotheses, "plain": plain, "edits": wrong, "loop": False, "wer": 0.0})


def test_references_that_are_perhaps_wrong_need_two_that_agree():
    rows = pd.DataFrame({"text": TEXTS, "split": "test"})
    opened = SimpleNamespace(corpus=SimpleNamespace(rows=rows), texts=rows["text"])
    view = View(shown="doubtful")
    assert chosen(opened, view, [cells(BASE), cells(ADAPTER)]).tolist() == [0]
    assert chosen(opened, view, [cells(BASE)]).tolist() == []
