"""A text without times finds them in what was transcribed, or says that it does not."""

import random

import pytest

from corpus.alignment import pieces, timed
from corpus.prompts import prompts
from transcripts.transcript import Turn, Word

OTHER = ("numéro", "madame", "dossier", "contrat", "mercredi", "combien", "volontiers", "facture")


def call(seed: int, turns: int = 40) -> list[Turn]:
    """A call of prompts, on two channels, some of whose turns overlap; each word has its time."""
    draw, clock, found = random.Random(seed), 0.0, []
    for number in range(turns):
        text = draw.choice(prompts(at_least=1.0)).text
        start, words = max(0.0, clock - draw.choice((0.0, 0.0, 0.5))), []
        clock = start
        for word in text.split():
            words.append(Word(clock, clock + 0.3, word, 1.0))
            clock += 0.35
        found.append(Turn(start, clock, text, channel=number % 2, words=tuple(words)))
        clock += draw.uniform(0.1, 1.0)
    return found


def misheard(turns: list[Turn], share: float, seed: int) -> list[Turn]:
    """As a model would transcribe them: so many words are others, left out or too many."""
    draw, found = random.Random(seed), []
    for turn in turns:
        words = []
        for word in turn.words:
            if draw.random() >= share:
                words.append(word)
            elif draw.random() < 0.6:
                words.append(Word(word.start, word.end, draw.choice(OTHER), 0.5))
            elif draw.random() < 0.5:
                words += [word, Word(word.end - 0.1, word.end, draw.choice(OTHER), 0.5)]
        found.append(Turn(turn.start, turn.end, "", channel=turn.channel, words=tuple(words)))
    return found


def plain(turns: list[Turn], wrong: float, seed: int) -> list[Turn]:
    """The text that people wrote, without times, some words of it wrong."""
    draw = random.Random(seed)
    texts = (" ".join(draw.choice(OTHER) if draw.random() < wrong else w for w in t.text.split()) for t in turns)
    return [Turn(0.0, 0.0, text) for text in texts]


@pytest.mark.parametrize("seed", range(4))
def test_nearly_all_turns_are_found_where_they_are_and_none_elsewhere(seed):
    spoken = call(seed)
    written = plain(spoken, 0.02, seed)
    found, missing = timed(written, misheard(spoken, 0.1, seed))
    assert len(found) + len(missing) == len(spoken) and len(found) >= 0.95 * len(spoken)
    own = {turn.text: [s for w, s in zip(written, spoken, strict=True) if w.text == turn.text] for turn in found}
    for turn in found:
        assert any(
            abs(turn.start - s.start) < 0.8 and abs(turn.end - s.end) < 0.8 and turn.channel == s.channel
            for s in own[turn.text]
        )
    for turn in missing:
        assert 0 <= turn.after <= spoken[-1].end


def test_what_was_not_said_is_not_found():
    spoken = call(1)
    written = plain(spoken, 0.0, 1)
    other = Turn(0.0, 0.0, "Pourriez-vous me rappeler la couleur exacte du parapluie que vous aviez hier")
    _, missing = timed([*written[:10], other, *written[10:]], misheard(spoken, 0.05, 1))
    assert [turn.turn for turn in missing if turn.turn.text == other.text] == [other]
    at = next(turn.after for turn in missing if turn.turn.text == other.text)
    assert abs(at - spoken[9].end) < 1


def test_the_text_of_another_call_finds_next_to_nothing():
    found, missing = timed(plain(call(2), 0.0, 2), misheard(call(3), 0.05, 3))
    assert len(found) <= 0.1 * (len(found) + len(missing))


def test_half_a_text_and_no_text_at_all():
    spoken = call(5)
    found, _ = timed(plain(spoken, 0.0, 5)[:20], misheard(spoken, 0.1, 5))
    assert len(found) >= 19 and max(turn.end for turn in found) <= spoken[19].end + 0.1
    assert timed([], misheard(spoken, 0.0, 5)) == ([], [])
    assert [turn.after for turn in timed(plain(spoken, 0.0, 5)[:2], [])[1]] == [0.0, 0.0]


def test_figures_and_accents_are_the_same_word():
    words = tuple(Word(n, n + 0.5, text, 1.0) for n, text in enumerate(("Etes-vous", "la", "a", "12", "%", "?")))
    found, missing = timed([Turn(0, 0, "Êtes-vous là, à douze % ?")], [Turn(0, 6, "", words=words)])
    assert not missing and (found[0].start, found[0].end) == (0, 5.5) and found[0].text == "Êtes-vous là, à douze % ?"


def test_pieces_are_sentences_that_fit_and_lose_no_word():
    text = "Bonjour. Oui. " + "Je vous appelle pour mon contrat de la semaine dernière. " * 3 + "mot " * 100
    parts = [part.text for part in pieces(Turn(0, 0, text))]
    assert " ".join(parts).split() == text.split() and max(len(part.split()) for part in parts) <= 40
    assert parts[0] == "Bonjour. Oui. Je vous appelle pour mon contrat de la semaine dernière."


def test_beside_a_turn_that_is_found_most_letters_are_enough():
    texts = ("Votre message est enregistré", "secondes", "xray", "l'extension")
    transcribed = ("Votre message est enregistrer", "seconde,", "X-ray", "Poste")
    words = [Word(float(at), at + 0.5, word, 1.0) for at, word in enumerate(" ".join(transcribed).split())]
    written = [Turn(0, 0, text) for text in texts]
    found, missing = timed(written, [Turn(0, 9, "", words=tuple(words))])
    assert [turn.text for turn in found] == list(texts[:3]) and [lost.turn.text for lost in missing] == [texts[3]]
    assert [(turn.start, turn.end) for turn in found] == [(0, 3.5), (4, 4.5), (5, 5.5)]
    assert timed(written[1:3], [Turn(0, 9, "", words=tuple(words[4:6]))])[0] == []
