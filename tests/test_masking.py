"""What is personal is hidden, in the text, its words and the sound; what only counts something stays."""

import random
import re
from dataclasses import replace

import numpy as np
import pytest

from corpus.prompts import prompt, prompts
from scoring.french import cardinal
from speech.audio.decode import SAMPLE_RATE, Recording, read
from speech.decoding.decode import Options
from speech.masking import find, hide, mask, moments
from speech.transcribe import transcribe
from transcripts.formats import write
from transcripts.transcript import AudioFacts, Flagged, Transcript, Turn, Word

HIDDEN = {  # one voice, one turn
    # Telephone numbers
    "Mon numéro, c'est le 06 12 34 56 78.": "Mon numéro, c'est le [téléphone].",
    "Rappelez-moi au 0612345678 s'il vous plaît.": "Rappelez-moi au [téléphone] s'il vous plaît.",
    "C'est le 06.12.34.56.78, merci.": "C'est le [téléphone], merci.",
    "C'est le 06-12-34-56-78 ou le 01/44/55/66/77.": "C'est le [téléphone] ou le [téléphone].",
    "Alors, zéro six douze trente-quatre cinquante-six soixante-dix-huit.": "Alors, [téléphone].",
    "Zéro six, douze, quatre-vingt-dix-sept, quatre-vingts, soixante et onze.": "[téléphone].",
    "zero un quarante quatre quatre vingt dix huit douze treize": "[téléphone]",
    "Le zéro, six, un, deux, trois, quatre, cinq, six, sept, huit.": "Le [téléphone].",
    "C'est le 06 douze 34 cinquante-six 78.": "C'est le [téléphone].",
    "Depuis l'étranger, faites le +33 6 12 34 56 78.": "Depuis l'étranger, faites le [téléphone].",
    "Plus trente-trois six douze trente-quatre cinquante-six soixante-dix-huit.": "[téléphone].",
    "C'est le 00 33 6 12 34 56 78.": "C'est le [téléphone].",
    "Zéro six, euh, douze, alors, trente-quatre, oui, cinquante-six et soixante-dix-huit.": "[téléphone].",
    "Zéro six deux fois le douze trente-quatre cinquante-six.": "[téléphone].",
    "Mon portable : 6 12 34 56 78.": "Mon portable : [téléphone].",
    "Il habite au 12, 06 12 34 56 78, 3 euros la minute.": "Il habite au 12, [téléphone], 3 euros la minute.",
    "Sur mon portable, 06 12 34.": "Sur mon portable, [téléphone].",
    "Le 06 12 34 56 78 M. Martin.": "Le [téléphone] M. Martin.",
    "Au revoir 035 15 11": "Au revoir [téléphone]",
    # Cards
    "La carte, c'est 4970 1012 3456 7890.": "La carte, c'est [carte].",
    "4970101234567890, elle expire en 04/26.": "[carte], elle expire en 04/26.",
    "quarante-neuf soixante-dix, dix, douze, trente-quatre, cinquante-six, soixante-dix-huit, quatre-vingt-dix":
        "[carte]",
    "Quatre mille neuf cent soixante-dix, mille douze, trois mille quatre cent cinquante-six, 7890.": "[carte].",
    "Quatre neuf sept zéro un zéro un deux trois quatre cinq six sept huit neuf zéro.": "[carte].",
    "Une Amex : 3782 822463 10005.": "Une Amex : [carte].",
    "Le cryptogramme, c'est 123.": "Le cryptogramme, c'est [carte].",
    # Accounts
    "Mon IBAN est FR76 3000 6000 0112 3456 7890 189.": "Mon IBAN est [IBAN].",
    "C'est FR7630006000011234567890189.": "C'est [IBAN].",
    "F R 76, 3000, 6000, 0112, 3456, 7890, 189.": "[IBAN].",
    "F.R. soixante-seize, trois mille, six mille, zéro cent douze, trente-quatre cinquante-six, 78 90, 189.": "[IBAN].",
    "Le RIB : 30006 00001 12345678901 89, voilà.": "Le RIB : [IBAN], voilà.",
    "BE68 5390 0754 7034": "[IBAN]",
    "FR14 2004 1010 0505 0001 3M02 606": "[IBAN]",
    # Social security
    "Ma sécu : 1 85 07 75 116 042 09.": "Ma sécu : [sécurité sociale].",
    "2850775116042": "[sécurité sociale]",
    "Un, quatre-vingt-cinq, zéro sept, soixante-quinze, cent seize, zéro quarante-deux, zéro neuf.":
        "[sécurité sociale].",
    "Numéro de sécurité sociale 2 99 12 2A 004 123 57.": "Numéro de sécurité sociale [sécurité sociale].",
    "Sur la carte vitale, je lis 1 85 07 75.": "Sur la carte vitale, je lis [sécurité sociale].",
    # Others
    "Mon numéro de client est le 451 236.": "Mon numéro de client est le [numéro].",
    "La référence est AB 12 34 56 7.": "La référence est AB [numéro].",
    "Le SIRET 552 100 554 00013.": "Le SIRET [numéro].",
    # E-mail
    "Écrivez à jean.dupont@orange.fr.": "Écrivez à [e-mail].",
    "C'est jean point dupont arobase orange point fr, merci.": "C'est [e-mail], merci.",
    "Mon adresse, c'est j tiret dupont 75 arrobase gmail.com.": "Mon adresse, c'est [e-mail].",
    "Mon mail est jean underscore dupont at wanadoo point fr.": "Mon mail est [e-mail].",
    "J, E, A, N, point, D, U, P, O, N, T, arobase, la poste point net.": "[e-mail].",
    "C'est jeandupont arobase gmail.": "C'est [e-mail].",
    "C'est jean dupont tout attaché arobase free point f r.": "C'est [e-mail].",
    "jean point dupont zéro six arobase s f r point fr": "[e-mail]",
    "c'est contact arobase petite tiret entreprise point com.": "c'est [e-mail].",
}  # fmt: skip

STAYS = [
    "Ça fait 12,50 euros, ou 1 250 000 euros en tout.",
    "Le budget est de 12 500 000.",
    "Un million deux cent cinquante mille habitants, et deux cent mille, trois cent mille, quatre cent mille voitures.",
    "J'ai quarante-deux ans, ma femme 39, mes enfants 12, 10, 8, 6 et 4 ans.",
    "Je suis né le 12/03/1980, pas le 12.03.1981.",
    "Né le douze zéro trois mille neuf cent quatre-vingt.",
    "Le 12 03 1980, à 14h30 ou 15:45.",
    "Livré le 05 03 24, facturé le 12/04/24.",
    "Le 12 mars 2024, puis le 13 avril 2025 et le 14 mai 2026.",
    "En 2019, 2020, 2021 et 2022, rien.",
    "À 8 heures 30, 9 heures 15, 10 heures 45 et 11 heures.",
    "Faites le 3639, ou le 15, le 17, le 18 et le 112.",
    "J'habite au 12 rue de la Paix, 75002 Paris, troisième étage, code 1234.",
    "Les départements 75, 77, 78, 91, 92 et 93.",
    "Un, deux, trois, quatre, cinq, six, sept, huit, neuf, dix, onze.",
    "Tapez 1, tapez 2, ou tapez 3 puis dièse.",
    "Il y en a six ou sept, peut-être huit, un neuf et deux vieux.",
    "La température est de 37,2, elle était de 38,5 puis 39,1.",
    "Entre dix et quinze pour cent, soit 12 % ou 13 %.",
    "C'est à 120 km, 2 h 30 de route, en 4G puis 5G.",
    "Une télé de 55 pouces à 1 299 euros, moins 200, soit 1 099.",
    "Cent, deux cents, trois cents, quatre cents, cinq cents.",
    "Le 1er, le 2e, le 3e, le vingt et unième.",
    "La touche arobase du clavier ne marche pas.",
    "Le point, c'est que la maison est grande.",
    "Elle est A, il est B, tu es en C 12.",
    "La carte coûte 45 euros par an, 3 euros 75 par mois.",
    "Mon portable a 128 gigas, 6 pouces, et coûte 899 euros.",
    "Rappelez le 12 mai 2024 entre 14 h et 16 h.",
    "Version 3.11, chapitre 2.4, page 112.",
    "Sur mon compte, il reste 250 000.",
    "Deux fois deux font quatre, quatre fois quatre seize.",
]

CALLS = [  # (voice, text) in the order of time
    (
        [("A", "Mon numéro, c'est le zéro six"), ("B", "Oui, j'écoute."), ("A", "douze trente-quatre"),
         ("B", "Douze, trente-quatre."), ("A", "cinquante-six soixante-dix-huit.")],
        ["Mon numéro, c'est le [téléphone]", "Oui, j'écoute.", "[téléphone]", "[téléphone].", "[téléphone]."],
    ),
    (
        [("A", "La carte : 4970 1012"), ("B", "Attendez, j'ai 2 stylos."), ("A", "3456 7890. Il est 14 h.")],
        ["La carte : [carte]", "Attendez, j'ai 2 stylos.", "[carte]. Il est 14 h."],
    ),
    (
        [(None, "Zéro un quarante-quatre"), (None, "D'accord, je note."), (None, "cinquante-cinq soixante-six"),
         (None, "Très bien."), (None, "soixante-dix-sept")],
        ["[téléphone]", "D'accord, je note.", "[téléphone]", "Très bien.", "[téléphone]"],
    ),
    (
        [("A", "C'est jean point"), ("B", "Oui."), ("A", "dupont arobase"), ("A", "orange point fr")],
        ["C'est [e-mail]", "Oui.", "[e-mail]", "[e-mail]"],
    ),
    (
        [("B", "Votre numéro de carte ?"), ("A", "Quarante-neuf soixante-dix dix douze.")],
        ["Votre numéro de carte ?", "[carte]."],
    ),
    (
        [("A", "F R soixante-seize trente mille six"), ("B", "Oui"), ("A", "zéro zéro zéro zéro un"), ("B", "Oui"),
         ("A", "douze trente-quatre cinquante-six soixante-dix-huit neuf zéro un quatre-vingt-neuf")],
        ["[IBAN]", "Oui", "[IBAN]", "Oui", "[IBAN]"],
    ),
    (
        [("A", "J'en voudrais douze."), ("B", "Douze, à 34 euros."), ("A", "Non, quinze."), ("A", "Et pour 2025 ?")],
        ["J'en voudrais douze.", "Douze, à 34 euros.", "Non, quinze.", "Et pour 2025 ?"],
    ),
    ([("A", "zéro six douze"), ("B", "trente-quatre cinquante")], ["zéro six douze", "trente-quatre cinquante"]),
]  # fmt: skip

NAMES = {
    "Bonjour, jean dupont à l'appareil.": "Bonjour, [nom] à l'appareil.",
    "Monsieur Dupont ? Oui, M. DUPONT.": "Monsieur [nom] ? Oui, M. [nom].",
    "C'est Eloise, pas Éloïse.": "C'est [nom], pas [nom].",
    "Je m'appelle D, U, P, O, N, T, Jean.": "Je m'appelle [nom], [nom].",
    "D-U-P-O-N-T, d'Éloïse Martin-Petit.": "[nom], d'[nom] [nom].",
    "Un petit problème avec les duponts de Martinique.": "Un petit problème avec les duponts de Martinique.",
}


def turns_of(said: list[tuple[str | None, str]]) -> list[Turn]:
    channels = {"A": 0, "B": 1, None: 0}
    return [Turn(3.0 * n, 3.0 * n + 2.5, text, 0.9, channels[who], who) for n, (who, text) in enumerate(said)]


def call(turns: list[Turn], **facts) -> Transcript:
    return Transcript(AudioFacts("appel.wav", 60.0, 8000, 2, "pcm_mulaw"), "fr", "m", None, "e", turns, **facts)


def masked(text: str, names=()) -> str:
    return mask(call(turns_of([("A", text)])), names).turns[0].text


def with_words(text: str, start: float = 0.0) -> Turn:
    """A turn whose words last half a second each, less sure as they go on."""
    words = [
        Word(start + n / 2, start + n / 2 + 0.4, word, round(0.9 - n / 100, 2)) for n, word in enumerate(text.split())
    ]
    return Turn(start, words[-1].end, text, 0.8, words=tuple(words))


def test_the_table_is_long_and_a_third_of_it_stays():
    hidden, stays = len(HIDDEN) + len(NAMES) + len(CALLS), len(STAYS)
    assert hidden + stays >= 60 and stays >= (hidden + stays) / 3


@pytest.mark.parametrize("text", HIDDEN)
def test_hidden(text):
    assert masked(text) == HIDDEN[text]


@pytest.mark.parametrize("text", STAYS)
def test_stays(text):
    assert masked(text) == text


@pytest.mark.parametrize("said, expected", CALLS)
def test_across_the_turns_of_one_voice(said, expected):
    assert [turn.text for turn in mask(call(turns_of(said))).turns] == expected


@pytest.mark.parametrize("text", NAMES)
def test_names_that_were_given(text):
    assert masked(text, ["Jean Dupont", "éloïse", "Martin Petit"]) == NAMES[text]
    assert masked(text) == text


def spoken(number: str, sizes: list[int], separator: str, hyphens: bool) -> str:
    """The groups of a number in words: « zéro six douze... »."""
    said = []
    for size in sizes:
        group, number = number[:size], number[size:]
        zeros = len(group) - len(group.lstrip("0"))
        words = [cardinal(int(group))] if zeros < size else []
        said.append(
            " ".join(["zéro"] * zeros + [w if " et " in w or not hyphens else w.replace(" ", "-") for w in words])
        )
    return separator.join(said)


@pytest.mark.parametrize("separator", [" ", ", ", ". "])
@pytest.mark.parametrize("hyphens", [True, False])
@pytest.mark.parametrize(
    "start, digits, sizes",
    [
        ("0", 9, [2] * 5),
        ("0", 9, [1] * 10),
        ("0", 9, [4, 3, 3]),
        ("4", 15, [4] * 4),
        ("5", 15, [2] * 8),
        ("185", 12, [1, 2, 2, 2, 3, 3, 2]),
        ("30006", 18, [5, 5, 5, 4, 2, 2]),
    ],
)
def test_any_number_is_hidden_whole_however_it_is_grouped(start, digits, sizes, separator, hyphens):
    draw = random.Random(7)
    for _ in range(20):
        said = spoken(start + "".join(draw.choices("0123456789", k=digits)), sizes, separator, hyphens)
        found = find(turns_of([("A", f"C'est {said}, voilà.")]))
        assert (found[0].start, found[-1].end) == (6, 6 + len(said)), said


def test_real_prompts_hold_nothing_personal():
    assert not [p.text for p in prompts() if find(turns_of([("A", p.text)]))]


def test_words_inside_become_one():
    turn = with_words("C'est le zéro six, douze, 34, cinquante-six 78. Voilà.", start=10.0)
    words = mask(call([turn])).turns[0].words
    assert [word.text for word in words] == ["C'est", "le", "[téléphone].", "Voilà."]
    assert (words[2].start, words[2].end, words[2].confidence) == (11.0, 13.9, 0.83)
    assert mask(call([turn])).turns[0].text == "C'est le [téléphone]. Voilà."


def test_a_corrected_text_hides_its_words_too():
    """The words are still what was heard: without a number in them, or with one that was taken out of the text."""
    heard = with_words("Mon numéro est le zéro si douce trente, au revoir.")
    turn = replace(heard, text="Mon numéro est le 06 12 34 56 78, au revoir.")
    masked = mask(call([turn])).turns[0]
    assert masked.text == "Mon numéro est le [téléphone], au revoir."
    assert [word.text for word in masked.words] == ["Mon", "numéro", "est", "le", "[téléphone],", "au", "revoir."]
    assert moments(call([turn])) == [(0, pytest.approx(1.8), pytest.approx(4.1))]
    taken_out = replace(with_words("C'est le 0612345678, voilà."), text="C'est ça, voilà.")
    assert [word.text for word in mask(call([taken_out])).turns[0].words] == ["C'est", "le", "[téléphone],", "voilà."]


def test_moments_are_those_of_the_words_or_a_share_of_the_turn():
    timed = with_words("Appelez le 06 12 34 56 78 demain.", start=10.0)
    assert moments(call([timed])) == [(0, pytest.approx(10.8), pytest.approx(13.6))]
    untimed = Turn(20.0, 30.0, "Appelez le 06 12 34 56 78 demain.", 0.9, channel=1)
    ((channel, start, end),) = moments(call([untimed]))
    assert channel == 1 and 20.0 < start < 22.0 and 28.0 < end < 30.0  # digits take longer to say than to write
    last = replace(with_words("Appelez le 06 12 34 56 78.", start=10.0), end=15.0)  # its last word ends at 13.4
    assert moments(call([last])) == [(0, pytest.approx(10.8), pytest.approx(15.2))]
    assert moments(call([with_words("Il a douze ans et trente euros.")])) == []


def test_hidden_sound_is_silence_or_a_tone_on_all_channels_also_in_blocks():
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 3 * SAMPLE_RATE)).astype(np.float32)
    silent = hide(sound, [(1, 1.0, 1.5), (0, 2.9, 9.0)])
    inside = np.r_[SAMPLE_RATE : SAMPLE_RATE * 3 // 2, round(2.9 * SAMPLE_RATE) : 3 * SAMPLE_RATE]
    outside = np.setdiff1d(np.arange(sound.shape[1]), inside)
    assert not silent[:, inside].any() and (silent[:, outside] == sound[:, outside]).all()
    whole = hide(sound, [(0, 0.4, 2.2)], tone=True)
    spectrum = np.abs(np.fft.rfft(whole[1, SAMPLE_RATE : 2 * SAMPLE_RATE]))
    assert spectrum.argmax() == 1000 and spectrum[1000] > 0.99 * np.linalg.norm(spectrum)
    blocks = [hide(sound[:, a : a + 10_000], [(0, 0.4, 2.2)], True, a / SAMPLE_RATE) for a in range(0, 48_000, 10_000)]
    assert np.allclose(np.concatenate(blocks, axis=1), whole, atol=1e-6)


@pytest.mark.parametrize("format", ["txt", "srt", "vtt", "json", "csv"])
def test_no_export_holds_what_is_hidden(format):
    turns = [with_words("C'est jean.dupont@orange.fr ou le 06 12 34 56 78."), with_words("Oui, Dupont.", 20.0)]
    flagged = [Flagged(30.0, 31.0, "06 12 34 56 78 06 12 34 56 78", "loop")]
    transcript = call(turns, flagged=flagged)
    transcript.audio = replace(transcript.audio, path="/appels/0612345678 dupont.wav")
    text = write(mask(transcript, ["Jean Dupont", "Dupont"]), format).decode()
    assert (0, 30.0, 31.0) in moments(transcript)
    assert "[téléphone]" in text and "[nom]" in text and "[e-mail]" in text
    assert not re.search(r"dupont|orange|78", text, re.IGNORECASE)
    assert "dupont" in write(transcript, format).decode()


def test_a_number_that_was_really_said_is_gone_from_text_and_sound(int8):
    said = ["0", "6", "1", "2", "9", "4", "5", "8", "7", "3"]
    pause = np.zeros((1, SAMPLE_RATE // 20), np.float32)
    before, after = (read(prompt(name)).waveform for name in ("vm-goodbye", "vm-goodbye"))
    number = [piece for digit in said for piece in (read(prompt(f"digits/{digit}")).waveform, pause)]
    waveform = np.concatenate([before, *number, after], axis=1)
    recording = Recording(AudioFacts("appel.wav", waveform.shape[1] / SAMPLE_RATE, 8000, 1, "pcm_s16le"), waveform)

    def heard(recording):
        *_, last = transcribe(recording, int8, Options(words=True))
        return last.transcript

    transcript = heard(recording)
    masked = mask(transcript)
    assert "[téléphone]" in masked.text and not re.search(r"\d", masked.text), transcript.text
    again = heard(replace(recording, waveform=hide(waveform, moments(transcript))))
    assert not find(again.turns) and not re.search(r"\d", again.text), again.text
