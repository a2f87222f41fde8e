"""Of what a beam writes the text that its others agree with."""

import math

import pytest

from speech.decoding.mbr import consensus

pytestmark = pytest.mark.fast


def chosen(*texts: tuple[str, float], **how) -> str:
    """Texts with their probabilities."""
    words, shares = zip(*texts, strict=True)
    return words[consensus(words, [math.log(share) for share in shares], **how)]


def test_one_that_is_likelier_than_all_others_together_is_taken():
    assert chosen(("appuyez sur un", 0.6), ("appuyez sur deux", 0.2), ("appuyer sur deux", 0.2)) == "appuyez sur un"


def test_what_most_agree_on_outweighs_the_likeliest():
    """Each of its words is in most of the texts, though it is in no place the likeliest."""
    found = chosen(
        ("ce poste a sonné", 0.3), ("le poste a sonné", 0.25), ("le poste assonait", 0.2), ("le poste", 0.25)
    )
    assert found == "le poste a sonné"


def test_capitals_and_punctuation_are_no_difference():
    """Together they outweigh the other one, and the likelier of them stands for both."""
    assert chosen(("merci", 0.4), ("Au revoir.", 0.35), ("au revoir", 0.25)) == "Au revoir."


def test_accents_are_a_difference():
    assert chosen(("répété", 0.4), ("répète", 0.35), ("repete", 0.25)) == "répété"


def test_without_spaces_characters_are_counted():
    found = [("今日は晴れ", 0.4), ("明日は雨だ", 0.3), ("明日は雨よ", 0.3)]
    assert chosen(*found) == "今日は晴れ" and chosen(*found, characters=True) == "明日は雨だ"


def test_probabilities_that_no_number_holds_are_compared_all_the_same():
    assert consensus(["oui", "non", "Non."], [-5000.0, -5000.5, -5000.5]) == 1


@pytest.mark.parametrize("texts", [["", "oui"], ["oui", ""], [""]])
def test_no_text_is_a_text(texts):
    assert consensus(texts, [-0.1, -3.0][: len(texts)]) == 0
