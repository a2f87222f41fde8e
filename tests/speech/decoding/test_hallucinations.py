"""Lines that nobody said and loops are known; what people do say on the telephone passes."""

import pytest

from corpus.prompts import prompts
from speech.decoding.hallucinations import is_hallucination, is_loop, is_too_long

pytestmark = pytest.mark.fast

HALLUCINATIONS = [
    "Sous-titres réalisés para la communauté d'Amara.org",
    "Sous-titres réalisés par la communauté d'Amara.org",
    "Sous-titrage Société Radio-Canada",
    "Sous-titrage ST' 501",
    "Sous-titrage FR ?",
    "Sous-titrage",
    "Sous-titres par SousTitreur.com",
    "❤️ par SousTitreur.com",
    "Merci d'avoir regardé cette vidéo !",
    "Merci d'avoir regardé !",
    "Merci à tous d'avoir suivi cette vidéo.",
    "N'oubliez pas de vous abonner à la chaîne !",
    "Abonnez-vous !",
    "Abonnez-vous à notre chaîne YouTube.",
    "Cliquez-vous sur les sous-titres et abonnez-vous à la chaîne",
    "À bientôt pour une nouvelle vidéo.",
    "Musique de générique",
    "Thanks for watching!",
    "Thank you for watching.",
    "Subtitles by the Amara.org community",
    "Please subscribe to my channel",
]
SPOKEN = [
    "Merci.",
    "Merci d'avoir appelé, au revoir.",
    "Merci d'avoir patienté.",
    "Merci de votre appel.",
    "Vous pouvez vous abonner à notre offre en ligne.",
    "Je voudrais m'abonner à la fibre.",
    "Est-ce que vous avez les sous-titres sur votre décodeur ?",
    "Sous-titres désactivés sur mon décodeur, comment les remettre ?",
    "Merci de m'avoir écouté.",
    "La musique d'attente est trop forte.",
    "Oui oui oui oui oui.",
    "Non, non, non, non !",
    "Allô ? Allô ? Allô ?",
    "zéro six douze trente-quatre zéro zéro zéro zéro",
    "Le un, le deux, le trois, le quatre, le cinq, le six, le sept, le huit.",
    "",
]
LOOPS = [
    "Zulu. " * 9,
    "Nous sommes des allées. " * 5,
    "onze " * 12,
    "ha" * 40,
    "Je ne sais pas, je ne sais pas, " * 12,
    "S. S. S. S. S. S. S. S.",
]


@pytest.mark.parametrize("line", HALLUCINATIONS)
def test_phantom_lines_are_known(line):
    assert is_hallucination(line)


@pytest.mark.parametrize("line", SPOKEN)
def test_spoken_lines_pass(line):
    assert not is_hallucination(line)
    assert not is_loop(line)
    assert not is_too_long(line, len(line) / 20)


@pytest.mark.parametrize("line", LOOPS)
def test_loops_are_known(line):
    assert is_loop(line)


def test_no_transcript_of_the_prompts_is_doubted():
    whole = [prompt for prompt in prompts() if prompt.name != "vm-mismatch"]  # its text says more than its recording
    assert [
        p.name for p in whole if is_loop(p.text) or is_hallucination(p.text) or is_too_long(p.text, p.seconds)
    ] == []


def test_more_text_than_the_seconds_can_hold():
    assert is_too_long("Un texte que personne ne peut dire en une demi-seconde.", 0.5)
    assert not is_too_long("Au revoir.", 0.3)
