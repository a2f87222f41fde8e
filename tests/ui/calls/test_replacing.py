"""Find and replace."""

import pytest

from transcripts.edits import Edited, Journal
from transcripts.transcript import Turn
from ui.calls.replacing import Wanted, count, replaced

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("L'été, l'ete, ÉTÉ, étés", Wanted("été"), ["été", "ete", "ÉTÉ"]),
        ("L'été, l'ete, ÉTÉ, étés", Wanted("été", words=False), ["été", "ete", "ÉTÉ", "été"]),
        ("L'été, l'ete, ÉTÉ", Wanted("été", case=True, accents=True), ["été"]),
        ("L'été, l'ete, ÉTÉ", Wanted("été", accents=True), ["été", "ÉTÉ"]),
        ("Été été", Wanted("ete", case=True), ["été"]),
        ("l’heure et l'heure", Wanted("l'heure"), ["l’heure", "l'heure"]),
        ("c'est-à-dire à", Wanted("à"), ["à", "à"]),
        ("œuf sœur", Wanted("œuf"), ["œuf"]),
        ("aaaa", Wanted("aa", words=False), ["aa", "aa"]),
        ("Straße", Wanted("s", words=False), ["S"]),
        ("1 + 1 = 2 (oui)", Wanted("(oui)"), ["(oui)"]),
        ("de l'e\u0301te\u0301", Wanted("été"), ["e\u0301te\u0301"]),
        ("rien", Wanted(" "), []),
        ("deux mots", Wanted(" deux  mots "), ["deux mots"]),
    ],
)
def test_what_is_found(text, wanted, expected):
    assert [text[start:end] for start, end in wanted.spans(text)] == expected


def test_all_are_replaced_in_one_entry_that_can_be_undone():
    turns = [Turn(at, at + 1, text) for at, text in enumerate(("Allô Tarte, tarte", "tartes", "Tarte"))]
    edited = [Edited(turn) for turn in turns]
    assert count(edited, Wanted("tarte")) == 3
    entry = replaced(edited, Wanted("tarte"), r"\1 & Dartre")
    assert entry["texts"] == [[0, r"Allô \1 & Dartre, \1 & Dartre"], [2, r"\1 & Dartre"]]
    assert Journal(turns, [entry, {"kind": "undo"}]).turns == turns
    assert replaced(edited, Wanted("tarte"), "")["texts"] == [[0, "Allô ,"]]
