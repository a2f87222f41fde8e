"""What two passes in a row agree on stands: the passes over a growing turn, and what each makes certain."""

import pytest

from speech.live.agreement import SENTENCE, WORDS, Agreement
from transcripts.transcript import Word

pytestmark = pytest.mark.fast

CASES = [  # passes; then what each commits, and what it leaves tentative
    (["bonjour", "bonjour je", "bonjour je suis"], ["", "bonjour", "je"], ["bonjour", "je", "suis"]),
    (["bon jour", "bonjour madame", "bonjour madame"], ["", "", "bonjour madame"], ["bon jour", "bonjour madame", ""]),
    (["Allô ?", "allô, oui", "Allô, oui"], ["", "allô,", "oui"], ["Allô ?", "oui", ""]),
    (["", "oui", "", "oui", "oui"], ["", "", "", "", "oui"], ["", "oui", "", "oui", ""]),
    # a pass that reads otherwise what is committed changes nothing of it
    (["le chat", "le chat dort", "les chats dorment", "les chats dorment"], ["", "le chat", "", "dorment"], None),
]


def words(text: str, start: float = 0.0) -> list[Word]:
    return [Word(start + i, start + i + 0.8, word, 0.9) for i, word in enumerate(text.split())]


def said(some) -> str:
    return " ".join(word.text for word in some)


@pytest.mark.parametrize("passes, committed, tentative", CASES)
def test_what_two_passes_agree_on_is_committed(passes, committed, tentative):
    agreement = Agreement()
    found = [agreement.add(words(text)) for text in passes]
    assert [said(new) for new, _ in found] == committed
    if tentative:
        assert [said(rest) for _, rest in found] == tentative
    assert said(agreement.committed) == " ".join(text for text in committed if text)


def test_words_that_move_a_little_are_not_written_twice():
    agreement = Agreement()
    agreement.add(words("un deux trois"))
    agreement.add(words("un deux trois"))
    late = [Word(2.75, 2.95, "trois", 0.9), Word(3.0, 3.8, "quatre", 0.9)]
    agreement.add(late)
    agreement.add(late)
    assert said(agreement.committed) == "un deux trois quatre"


def test_what_is_taken_back_is_counted():
    agreement = Agreement()
    for text in ("un", "hein deux", "un deux", "un deux"):
        agreement.add(words(text))
    assert agreement.taken_back == 1 + 2


def test_long_committed_text_is_left_out_of_the_next_pass():
    agreement = Agreement()
    sentence = " ".join(["mot"] * int(SENTENCE)) + " fin. Encore"
    agreement.add(words(sentence))
    agreement.add(words(sentence))
    assert agreement.settled == pytest.approx(int(SENTENCE) + 0.8)
    assert agreement.before(agreement.settled).endswith("fin.")
    endless = Agreement()
    endless.add(words("euh " * 30))
    endless.add(words("euh " * 30))
    assert endless.settled >= 30 - WORDS
