"""Who speaks when in a call, by the times of its turns."""

import pytest

from speech.turn_taking import analyse, said_by_people, spoken
from transcripts.transcript import Sound, Turn, Word

pytestmark = pytest.mark.fast


def test_talk_silence_overlaps_and_interruptions():
    said = [(0, 4, "A"), (3, 6, "B"), (5, 5.5, "A"), (8, 9, "A"), (9, 10, "B")]
    found = analyse([Turn(start, end, "", 1.0, speaker=party) for start, end, party in said], 12)
    assert found.talk == {"A": [(0, 4), (5, 5.5), (8, 9)], "B": [(3, 6), (9, 10)]}
    assert found.overlaps == [(3, 4), (5, 5.5)] and found.overlap == 1.5
    assert (found.silence, found.longest_silence) == (4, 2)
    assert found.interruptions == [(3, "B")]  # within another's turn one only agrees
    assert found.share("A") == 5.5 / 9.5


def test_a_first_and_a_last_word_do_not_reach_into_silence():
    words = (Word(0.0, 3.0, "oui", 1.0), Word(3.0, 3.4, "merci", 1.0), Word(5.0, 9.0, "non", 1.0))
    (start, end), (again, until) = spoken(Turn(0.0, 9.0, "oui merci non", 1.0, words=words))
    assert (round(start, 2), round(end, 2), round(again, 2), round(until, 2)) == (2.64, 3.4, 5.0, 5.36)


def test_a_call_in_which_nobody_speaks_is_silence():
    found = analyse([], 5)
    assert (found.silence, found.longest_silence, found.talk, found.interruptions) == (5, 5, {}, [])


def test_what_a_machine_says_most_of_is_said_by_nobody():
    turns = [Turn(0, 4, "", channel=0), Turn(0, 4, "", channel=1), Turn(5, 9, ""), Turn(9, 10, "")]
    sounds = [Sound(0, 3, "prompt"), Sound(5, 6.5, "prompt"), Sound(9, 10, "music")]
    assert said_by_people(turns, sounds) == turns[1:]
