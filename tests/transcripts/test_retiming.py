"""The times of corrected words."""

import pytest

from transcripts.retiming import retimed
from transcripts.transcript import Word

pytestmark = pytest.mark.fast

HEARD = (Word(0.0, 0.5, "le", 0.9), Word(0.5, 1.5, "zéros", 0.2), Word(1.5, 2.0, "six", 0.9))


def test_words_that_stay_keep_their_times_and_others_share_the_time_of_those_they_replace():
    found = retimed(HEARD, "le zéro et six")
    assert found == (HEARD[0], Word(0.5, 1.0, "zéro", 1.0), Word(1.0, 1.5, "et", 1.0), HEARD[2])


def test_words_are_taken_out_and_put_in():
    assert retimed(HEARD, "six") == (HEARD[2],)
    assert retimed(HEARD, "") == ()
    assert [word.text for word in retimed(HEARD, "euh le zéros six voilà")] == ["euh", "le", "zéros", "six", "voilà"]


def test_without_times_there_are_none():
    assert retimed((), "allô") == ()
