"""What is personal is found, however it was said; what only counts something stays."""

import random
import re
from pathlib import Path
from time import process_time

import pytest

from corpus.prompts import prompts
from scoring.french import cardinal
from speech.privacy.find import find
from speech.privacy.mask import mask
from speech.privacy.numbers.fillers import NUMBER_WORDS
from speech.privacy.words import plain
from transcripts.transcript import Transcript, Turn

PHRASES = [
    line.split("\t")
    for line in Path(__file__).with_name("phrases.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]

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
    "Zéro six, euh, douze, alors, trente-quatre, oui, cinquante-six et soixante-dix-huit.":
        "[téléphone], euh, [téléphone], alors, [téléphone], oui, [téléphone].",
    "C'est le (06) 12 34 56 78, de 8h30 à 12h.": "C'est le [téléphone], de 8h30 à 12h.",
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
    "La carte 4970 1012 3456 7890 12 27 123.": "La carte [carte].",  # with when it expires, and its code
    "Le code reçu par SMS est 4829, mon mot de passe c'est Soleil_75.":
        "Le code reçu par SMS est [code], mon mot de passe c'est [mot de passe].",
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
    "285077511604297": "[sécurité sociale]",
    "2850775116042": "[numéro]",  # without a key it may be anything
    "Un, quatre-vingt-cinq, zéro sept, soixante-quinze, cent seize, zéro quarante-deux, zéro neuf.":
        "[sécurité sociale].",
    "Numéro de sécurité sociale 2 99 12 2A 004 123 57.": "Numéro de sécurité sociale [sécurité sociale].",
    "Sur la carte vitale, je lis 1 85 07 75.": "Sur la carte vitale, je lis [sécurité sociale].",
    # Others
    "Mon numéro de client est le 451 236.": "Mon numéro de client est le [numéro].",
    "La référence est AB 12 34 56 7.": "La référence est AB [numéro].",
    "Le SIRET 552 100 554 00013.": "Le SIRET [numéro].",
    "La voiture, c'est AB-123-CD.": "La voiture, c'est [immatriculation].",
    # Dates of birth and addresses
    "Je suis né le 12/03/1980, pas le 12.03.1981.":
        "Je suis né le [date de naissance], pas le [date de naissance].",
    "Né le douze zéro trois mille neuf cent quatre-vingt.": "Né le [date de naissance].",
    "J'habite au 12 rue de la Paix, 75002 Paris, troisième étage, code 1234.":
        "J'habite au [adresse], troisième étage, code 1234.",
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
    "Le 12 03 1980, à 14h30 ou 15:45.",
    "Livré le 05 03 24, facturé le 12/04/24.",
    "Le 12 mars 2024, puis le 13 avril 2025 et le 14 mai 2026.",
    "En 2019, 2020, 2021 et 2022, rien.",
    "À 8 heures 30, 9 heures 15, 10 heures 45 et 11 heures.",
    "Faites le 3639, ou le 15, le 17, le 18 et le 112.",
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
        [("A", "Votre mot de passe ?"), ("B", "Oui, c'est soleil42.")],
        ["Votre mot de passe ?", "Oui, c'est [mot de passe]."],
    ),
    ([("A", "Un mot de passe ?"), ("B", "Non, j'en ai 2.")], ["Un mot de passe ?", "Non, j'en ai 2."]),
    (
        [
            ("A", "Mon numéro, c'est le zéro six"),
            ("B", "Oui, j'écoute."),
            ("A", "douze trente-quatre"),
            ("B", "Douze, trente-quatre."),
            ("A", "cinquante-six soixante-dix-huit."),
        ],
        ["Mon numéro, c'est le [téléphone]", "Oui, j'écoute.", "[téléphone]", "[téléphone].", "[téléphone]."],
    ),
    (
        [("A", "La carte : 4970 1012"), ("B", "Attendez, j'ai 2 stylos."), ("A", "3456 7890. Il est 14 h.")],
        ["La carte : [carte]", "Attendez, j'ai 2 stylos.", "[carte]. Il est 14 h."],
    ),
    (
        [
            (None, "Zéro un quarante-quatre"),
            (None, "D'accord, je note."),
            (None, "cinquante-cinq soixante-six"),
            (None, "Très bien."),
            (None, "soixante-dix-sept"),
        ],
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
        [
            ("A", "F R soixante-seize trente mille six"),
            ("B", "Oui"),
            ("A", "zéro zéro zéro zéro un"),
            ("B", "Oui"),
            ("A", "douze trente-quatre cinquante-six soixante-dix-huit neuf zéro un quatre-vingt-neuf"),
        ],
        ["[IBAN]", "Oui", "[IBAN]", "Oui", "[IBAN]"],
    ),
    (
        [("A", "J'en voudrais douze."), ("B", "Douze, à 34 euros."), ("A", "Non, quinze."), ("A", "Et pour 2025 ?")],
        ["J'en voudrais douze.", "Douze, à 34 euros.", "Non, quinze.", "Et pour 2025 ?"],
    ),
    ([("A", "zéro six douze"), ("B", "trente-quatre cinquante")], ["zéro six douze", "trente-quatre cinquante"]),
    ([("A", "06 12 34"), ("B", "56 78, c'est ça ?")], ["[téléphone]", "[téléphone], c'est ça ?"]),
    (
        [("A", "06 45 12"), ("B", "45 12, oui"), ("A", "89"), ("B", "89"), ("A", "30"), ("B", "30, merci")],
        [
            "[téléphone]",
            "[téléphone], oui",
            "[téléphone]",
            "[téléphone]",
            "[téléphone]",
            "[téléphone], merci",
        ],
    ),
    (
        [("A", "Mon mail, c'est jean point dupont"), ("B", "Oui, arobase ?"), ("A", "gmail point com")],
        ["Mon mail, c'est [e-mail]", "Oui, arobase ?", "[e-mail]"],
    ),
    (
        [("B", "Les trois chiffres au dos ?"), ("A", "456."), ("B", "456, merci. Il est 12 h 30.")],
        ["Les trois chiffres au dos ?", "[carte].", "[carte], merci. Il est 12 h 30."],
    ),
    (
        [
            ("B", "Votre mail ?"),
            ("A", "camille point leroy"),
            ("B", "avec un y ?"),
            ("A", "oui, arobase free point fr"),
        ],
        ["Votre mail ?", "[e-mail]", "avec un y ?", "oui, [e-mail]"],
    ),
    (
        [("B", "Votre adresse ?"), ("A", "14 rue"), ("A", "des Lilas"), ("B", "À ?"), ("A", "33000 Bordeaux")],
        ["Votre adresse ?", "[adresse]", "[adresse]", "À ?", "[adresse]"],
    ),
    (
        [("A", "07 88"), ("B", "88"), ("A", "22, 14"), ("B", "22 ? Il est 14 h 30."), ("A", "double zéro")],
        ["[téléphone]", "[téléphone]", "[téléphone]", "[téléphone] ? Il est 14 h 30.", "[téléphone]"],
    ),
    (
        [
            ("B", "Votre date de naissance, votre adresse ?"),
            ("A", "Le 12 mars 1980."),
            ("A", "3 rue Haute, 69001 Lyon."),
        ],
        ["Votre date de naissance, votre adresse ?", "Le [date de naissance].", "[adresse]."],
    ),
]
ONE_CHANNEL = [  # the same with both voices on it, which were told apart wrongly in the middle of what one of them said
    ([("A", "zéro six douze"), ("B", "trente-quatre cinquante-six"), ("A", "78")], ["[téléphone]"] * 3),
    (
        [("A", "0,6, 45"), ("B", "oui"), ("A", "12, 89,"), ("B", "30")],
        ["[téléphone]", "oui", "[téléphone],", "[téléphone]"],
    ),
    (
        [("A", "La carte : 49,70"), ("B", "10,12, 34,56"), ("A", "78,90.")],
        ["La carte : [carte]", "[carte]", "[carte]."],
    ),
    ([("A", "C'est jean point"), ("B", "dupont arobase gmail point com")], ["C'est [e-mail]", "[e-mail]"]),
    (
        [("A", "J'en veux 12."), ("B", "Douze, à 34 euros."), ("A", "Non, 15."), ("B", "15 à 45,50.")],
        ["J'en veux 12.", "Douze, à 34 euros.", "Non, 15.", "15 à 45,50."],
    ),
]  # fmt: skip

NAMES = {
    "Bonjour, jean dupont à l'appareil.": "Bonjour, [nom] à l'appareil.",
    "Monsieur Dupont ? Oui, M. DUPONT.": "Monsieur [nom] ? Oui, M. [nom].",
    "C'est Eloise, pas Éloïse.": "C'est [nom], pas [nom].",
    "Je m'appelle D, U, P, O, N, T, Jean.": "Je m'appelle [nom], [nom].",
    "D-U-P-O-N-T, d'Éloïse Martin-Petit.": "[nom], d'[nom] [nom].",
    "Un petit problème avec les duponts de Martinique.": "Un petit problème avec les duponts de Martinique.",
}


def turns_of(said: list[tuple[str | None, str]], channels: int = 2) -> list[Turn]:
    return [
        Turn(3.0 * n, 3.0 * n + 2.5, text, channel=int(who == "B" and channels == 2), speaker=who)
        for n, (who, text) in enumerate(said)
    ]


def masked(said: list[tuple[str | None, str]], names=(), channels: int = 2) -> list[str]:
    return [turn.text for turn in mask(Transcript.of_turns(turns_of(said, channels)), names).turns]


def masked_alone(text: str, names=()) -> str:
    return masked([("A", text)], names)[0]


@pytest.mark.parametrize(("kind", "text", "names"), [(kind, text, names) for kind, text, *names in PHRASES])
def test_what_stands_between_marks_is_hidden_and_no_more(kind, text, names):
    said = text.replace("«", "").replace("»", "")
    found = masked_alone(said, names)
    if kind == "K":
        assert found == said
    else:
        stays = re.sub("«[^»]*»", " ", text)
        assert re.findall(r"\w+", re.sub(r"\[[^][]*\]", " ", found)) == re.findall(r"\w+", stays), found


@pytest.mark.parametrize("text", HIDDEN)
def test_hidden(text):
    assert masked_alone(text) == HIDDEN[text]


@pytest.mark.parametrize("text", STAYS)
def test_stays(text):
    assert masked_alone(text) == text


@pytest.mark.parametrize("said, expected", CALLS)
def test_across_the_turns_of_one_voice(said, expected):
    assert masked(said) == expected


@pytest.mark.parametrize("said, expected", ONE_CHANNEL)
def test_across_the_voices_of_one_channel(said, expected):
    assert masked(said, channels=1) == expected


@pytest.mark.parametrize("text", NAMES)
def test_names_that_were_given(text):
    assert masked_alone(text, ["Jean Dupont", "éloïse", "Martin Petit"]) == NAMES[text]
    assert masked_alone(text) == text


def test_a_name_that_is_spelled_over_several_turns():
    said = [("A", "D comme Denis, U,"), ("B", "D, U, oui"), ("A", "P, O, N, deux T")]
    assert masked(said, ["Jean Dupontt"]) == ["[nom],", "D, U, oui", "[nom]"]


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


SIGNS = [" ", ", ", ",", ". ", ".", "-", " - ", "h", ":", " : ", "/", "€", " h ", "... ", "; ", "–", " ? ", ", euh, "]
NUMBERS = [("06", [2] * 5), ("01", [1, 1, 2, 2, 2, 2]), ("0", [4, 2, 2, 2]), ("07", [2, 3, 3, 2]), ("06", [1] * 10)]


@pytest.mark.parametrize(("start", "sizes"), NUMBERS)
@pytest.mark.parametrize("sign", SIGNS)
def test_a_telephone_number_is_hidden_whole_whatever_stands_between(sign, start, sizes):
    draw = random.Random(11)
    for _ in range(20):
        number = start + "".join(draw.choices("123456789", k=sum(sizes) - len(start)))
        ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
        groups = [number[end - size : end] for end, size in zip(ends, sizes, strict=True)]
        assert not re.search(r"\d", masked_alone(f"C'est le {sign.join(groups)}.")), sign.join(groups)


BETWEEN = [
    *(" euh ", ", euh, ", ", attendez, ", ", alors ", ", oui, ", ", voilà, ", ", je répète, ", ", pardon, ", ", hum, "),
    *(
        " et ",
        ", ensuite ",
        ", vous notez ? ",
        ", d'accord, ",
        ", je cherche mes lunettes, ",
        ", c'est ça, ",
        ", hop, ",
    ),
    *(", deux petites secondes, ", ", ça y est, ", ", point, ", " - ", ", on y va, ", ", bon, ", ", je reprends, "),
    *(", attendez voir, ", ", super, ", ", je vous écoute, ", ", allez-y, ", ", nickel, ", ", tenez, "),
]
KINDS_OF_NUMBERS = {  # how it begins, the sizes of its groups, and what is said before it
    "telephone": ("06", [2] * 5, ""),
    "telephone, digit by digit": ("07", [1, 1, 2, 2, 2, 2], ""),
    "card": ("4", [4] * 4, "Ma carte, c'est le "),
    "card in pairs": ("51", [2] * 8, "Le numéro de carte : "),
    "customer": ("8", [2] * 4, "Mon numéro de client est le "),
    "social security": ("1850575116", [1, 2, 2, 2, 3, 3, 2], "Mon numéro de sécu : "),
}


@pytest.mark.parametrize("kind", KINDS_OF_NUMBERS)
def test_a_number_is_hidden_whole_whatever_is_said_between(kind):
    start, sizes, said = KINDS_OF_NUMBERS[kind]
    draw = random.Random(17)
    for _ in range(60):
        rest, text = start + "".join(draw.choices("123456789", k=sum(sizes) - len(start))), said
        for size in sizes:
            group, rest = rest[:size], rest[size:]
            text += group if draw.random() < 0.5 else spoken(group, [size], "", draw.random() < 0.5)
            text += draw.choice(BETWEEN) if rest and draw.random() < 0.3 else ", " if rest else "."
        shown = re.sub(r"\[[^]]*\]", "", masked_alone(text)).replace("deux petites secondes", "")
        assert not re.search(rf"\d|\b(?:{'|'.join(NUMBER_WORDS - {'un', 'une'})})\b", plain(shown)), text


COUNTED = {
    "hours": lambda draw: f"{draw.randint(0, 23)}h{draw.randint(0, 59):02}",
    "clocks": lambda draw: f"{draw.randint(0, 23):02}:{draw.randint(0, 59):02}",
    "prices": lambda draw: f"{draw.randint(1, 999)},{draw.choice([0, 50, 90, 99]):02} €",
    "amounts": lambda draw: f"{draw.randint(1, 999)} euros",
    "degrees": lambda draw: f"{draw.randint(1, 40)},{draw.randint(0, 9)}",
    "dates": lambda draw: f"{draw.randint(1, 28):02}/{draw.randint(1, 12):02}/{draw.randint(10, 30)}",
    "years": lambda draw: str(draw.randint(1950, 2030)),
    "postal codes": lambda draw: f"{draw.randint(1, 95):02}{draw.randint(0, 999):03}",
}


@pytest.mark.parametrize("what", COUNTED)
def test_a_list_of_what_counts_something_stays(what):
    draw = random.Random(5)
    for sign in (", ", " et ", " puis ", ". ", " - "):
        for _ in range(20):
            text = sign.join(COUNTED[what](draw) for _ in range(draw.randint(2, 5)))
            assert masked_alone(text) == text


def test_real_prompts_hold_nothing_personal():
    assert not [prompt.text for prompt in prompts() if find(turns_of([("A", prompt.text)]))]


def test_a_long_call_takes_time_in_proportion():
    """Each number is sought among a few words around it: five times the call may not take 25 times as long."""
    turns = turns_of([("AB"[n % 2], "alors 06, 12, et 34 euros, la référence 4512 " * 5) for n in range(150)])

    def seconds(part):
        start = process_time()
        assert find(part)
        return process_time() - start

    seconds(turns[:30])
    assert seconds(turns) < 12 * seconds(turns[:30])
