"""What other texts have in the place of a word."""

import math

import pytest

from speech.decoding.alternatives import with_alternatives
from transcripts.transcript import Word

pytestmark = pytest.mark.fast


def alternatives(text: str, *others: tuple[str, float], own: float = 0.5) -> dict[str, list[str]]:
    """Of each word that has some; texts with their probabilities."""
    words = [Word(at, at + 1, word, 0.5) for at, word in enumerate(text.split())]
    shares = [math.log(share) for share in (own, *(share for _, share in others))]
    found = with_alternatives(words, [other for other, _ in others], shares)
    return {word.text: [each.text for each in word.alternatives] for word in found if word.alternatives}


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ("ce poste a sonné", "ce poste a sonné", {}),
        ("ce poste a sonné", "Ce poste a sonné.", {}),
        ("ce poste assonait", "ce poste a sonné", {"assonait": ["a sonné"]}),
        ("ce poste a sonné hier", "ce poste assonait hier", {"a": ["assonait"], "sonné": [""]}),
        ("ce poste sonné", "ce poste a sonné", {"poste": ["poste a"]}),
        ("poste", "ce poste", {"poste": ["ce poste"]}),
        ("ce poste", "poste", {"ce": [""]}),
        ("« poste »,", "postes", {"poste": ["postes"]}),
        ("oui.", "non, madame !", {"oui.": ["non, madame."]}),
        ("oui", "", {"oui": [""]}),
        ("", "oui", {}),
        ("un deux trois", "un dû très quatre", {"deux": ["dû"], "trois": ["très quatre"]}),
    ],
)
def test_each_word_has_what_stands_in_its_place(own, other, expected):
    assert alternatives(own, (other, 0.5)) == expected


def test_the_likeliest_come_first_and_those_of_many_texts_count_together():
    found = alternatives("le pont", ("le bon", 0.2), ("le banc", 0.3), ("Le bon !", 0.2), ("le ton", 1e-9))
    assert found == {"pont": ["bon", "banc"]}


def test_shares_are_of_all_texts():
    (word,) = with_alternatives([Word(0, 1, "oui", 0.5)], ["non"], [math.log(0.6) - 900, math.log(0.2) - 900])
    assert word.alternatives[0].share == pytest.approx(0.25)
