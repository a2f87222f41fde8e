"""allo-fr-2 by example: what is the same French, what must stay different. The tables are the specification."""

import unicodedata

import pytest

from corpus.prompts import prompts
from scoring.french import NAME, WITHOUT_FILLERS, normalise

pytestmark = pytest.mark.fast

SAME = [
    # Case and punctuation, detached as the French and as transcribers write it.
    ("Bonjour !", "bonjour"),
    ("BONJOUR, MADAME.", "bonjour madame"),
    ("ÉLÈVE À L'ÉCOLE", "élève à l'école"),
    ("Vous allez bien ?", "vous allez bien"),
    ("oui , d' accord .", "Oui, d'accord."),
    ("« Merci », dit-il.", "merci dit il"),
    ('"Merci" dit-il', "merci dit-il"),
    ("“Au revoir”", "au revoir"),
    ("attendez… non", "attendez... non"),
    ("oui : non ; peut-être", "oui, non, peut-être"),
    ("– Allô ? – Oui.", "allô oui"),
    ("bonjour\N{NO-BREAK SPACE}!", "bonjour !"),
    ("bonjour\N{NARROW NO-BREAK SPACE}!", "bonjour !"),
    ("un\ttexte\nsur deux lignes", "un texte sur deux lignes"),
    ("  deux   espaces  ", "deux espaces"),
    ("et/ou", "et ou"),
    ("pour l'aide . . .", "pour l'aide"),
    # Apostrophes and elisions.
    ("l’homme", "l'homme"),
    ("l’ homme", "l'homme"),
    ("l' homme", "l’homme"),
    ("l ' homme", "l'homme"),
    ("l´homme", "l'homme"),
    ("l`homme", "l'homme"),
    ("l homme", "l'homme"),
    ("c est", "c'est"),
    ("j’ai", "J'ai"),
    ("aujourd’hui", "aujourd'hui"),
    ("aujourd' hui", "aujourd'hui"),
    ("Aujourd'hui", "aujourd hui"),
    ("quelqu’un", "quelqu'un"),
    ("qu’est-ce qu’il y a", "qu'est ce qu'il y a"),
    ("jusqu’à", "jusqu'à"),
    ("d’accord", "d' accord"),
    # Hyphens.
    ("peut-être", "peut être"),
    ("allez-y", "allez y"),
    ("rendez-vous", "rendez vous"),
    ("est-ce que", "est ce que"),
    ("y a-t-il", "y a t il"),
    ("c’est-à-dire", "c'est à dire"),
    ("week-end", "week end"),
    ("celui‑ci", "celui-ci"),  # with the hyphen that does not break
    ("sous–titre", "sous-titre"),
    # Ligatures and ways to store a letter.
    ("cœur", "coeur"),
    ("SŒUR", "soeur"),
    ("l'œuf", "l'oeuf"),
    ("curriculum vitæ", "curriculum vitae"),
    ("ﬁn", "fin"),
    (unicodedata.normalize("NFD", "à côté, ça a été"), "à côté, ça a été"),
    (unicodedata.normalize("NFD", "L'ÉTÉ À NOËL"), "l'été à noël"),
    ("zéro\N{ZERO WIDTH SPACE}", "zéro"),
    ("télé\N{SOFT HYPHEN}phone", "téléphone"),
    # Brackets hold what nobody said.
    ("[rire] bonjour", "bonjour"),
    ("bonjour (rires)", "bonjour"),
    ("<bruit> bonjour", "bonjour"),
    ("bon[bruit]jour", "bon jour"),
    ("oui [il rit [fort]] non", "oui non"),
    ("(Musique)", ""),
    ("...", ""),
    # Words with more than one spelling, and abbreviations.
    ("M. Dupont", "monsieur Dupont"),
    ("Mr Dupont", "monsieur Dupont"),
    ("Mme Martin", "madame Martin"),
    ("Mlle Martin", "mademoiselle Martin"),
    ("MM. Dupont et Martin", "messieurs Dupont et Martin"),
    ("Dr Leroy", "docteur Leroy"),
    ("St-Denis", "Saint-Denis"),
    ("Ste-Foy", "Sainte-Foy"),
    ("un rdv", "un rendez-vous"),
    ("SVP", "s'il vous plaît"),
    ("etc.", "et cætera"),
    ("S.N.C.F.", "SNCF"),
    ("O.K.", "okay"),
    ("allo", "allô"),
    ("un email", "un e-mail"),
    ("vous & moi", "vous et moi"),
    ("n° 5", "numéro cinq"),
    ("N°12", "numéro douze"),
    ("nº 3", "numéro 3"),
    ("appuyez sur #", "appuyez sur dièse"),
    ("appuyez sur *", "appuyez sur étoile"),
    ("jean.dupont@orange.fr", "jean point dupont arobase orange point fr"),
    ("www.impots-gouv.fr", "www point impots tiret gouv point fr"),
    # Numbers to a hundred, French, Belgian and Swiss.
    ("0", "zéro"),
    ("zero", "zéro"),
    ("tapez 1", "tapez un"),
    ("1 jour", "un jour"),
    ("1 fois", "une fois"),
    ("9", "neuf"),
    ("17", "dix-sept"),
    ("20", "vingt"),
    ("21", "vingt et un"),
    ("vingt-et-un", "vingt et un"),
    ("vingt et une", "21"),
    ("22", "vingt-deux"),
    ("vingt deux", "vingt-deux"),
    ("61", "soixante et un"),
    ("70", "soixante-dix"),
    ("70", "septante"),
    ("71", "soixante et onze"),
    ("71", "soixante-et-onze"),
    ("septante et un", "soixante et onze"),
    ("77", "septante-sept"),
    ("80", "quatre-vingts"),
    ("80", "quatre vingt"),
    ("80", "huitante"),
    ("80", "octante"),
    ("81", "quatre-vingt-un"),
    ("90", "quatre-vingt-dix"),
    ("90", "nonante"),
    ("91", "nonante et un"),
    ("99", "quatre-vingt-dix-neuf"),
    ("nonante-neuf", "quatre-vingt-dix-neuf"),
    # Hundreds, thousands, millions.
    ("100", "cent"),
    ("101", "cent un"),
    ("200", "deux cents"),
    ("deux cent", "deux cents"),
    ("201", "deux cent un"),
    ("999", "neuf cent quatre-vingt-dix-neuf"),
    ("1 000", "mille"),
    ("1200", "mille deux cents"),
    ("douze cents", "mille deux cents"),
    ("10 000", "10000"),
    ("10.000", "dix mille"),
    ("10'000", "dix mille"),
    ("10\N{NARROW NO-BREAK SPACE}000", "dix mille"),
    ("75001", "75 001"),
    ("123 456", "cent vingt-trois mille quatre cent cinquante-six"),
    ("1 000 000", "un million"),
    ("1.500.000", "un million cinq cent mille"),
    ("3 millions", "trois millions"),
    ("3 millions 500 mille", "3 500 000"),
    ("2 000 000 000", "deux milliards"),
    # Years.
    ("1998", "mille neuf cent quatre-vingt-dix-huit"),
    ("1998", "dix-neuf cent quatre-vingt-dix-huit"),
    ("2026", "deux mille vingt-six"),
    ("mil neuf cent", "mille neuf cents"),
    ("le 14 juillet 1789", "le quatorze juillet mille sept cent quatre-vingt-neuf"),
    # Ordinals and fractions.
    ("le 1er", "le premier"),
    ("le 1ᵉʳ janvier", "le premier janvier"),
    ("la 1re", "la première"),
    ("la 1ère fois", "la première fois"),
    ("les 1ers", "les premiers"),
    ("2e", "deuxième"),
    ("2ème", "deuxième"),
    ("2ième", "deuxième"),
    ("2nd", "second"),
    ("la 2nde", "la seconde"),
    ("4e", "quatrième"),
    ("5ème", "cinquième"),
    ("9e", "neuvième"),
    ("21e", "vingt et unième"),
    ("71e", "septante et unième"),
    ("80e", "quatre-vingtième"),
    ("100e", "centième"),
    ("1000e", "millième"),
    ("1/2", "un demi"),
    ("½", "un demi"),
    ("3/4", "trois quarts"),
    ("8/10", "huit sur dix"),
    # Decimals, signs and percentages.
    ("3,5", "trois virgule cinq"),
    ("3.5", "3,5"),
    ("0,05", "zéro virgule zéro cinq"),
    ("3,14", "trois virgule quatorze"),
    ("3,5 %", "trois virgule cinq pour cent"),
    ("3.5%", "3,5 pourcent"),
    ("100\N{NO-BREAK SPACE}%", "cent pour cent"),
    ("-5 °C", "moins cinq degrés"),
    ("+10 %", "plus dix pour cent"),
    ("bac+5", "bac plus cinq"),
    # The clock.
    ("14h30", "quatorze heures trente"),
    ("14 h 30", "quatorze heures trente"),
    ("14:30", "quatorze heures trente"),
    ("14H30", "14 heures 30"),
    ("14h", "quatorze heures"),
    ("14h00", "14 h"),
    ("14h05", "quatorze heures cinq"),
    ("14h05", "quatorze heures zéro cinq"),
    ("1h", "une heure"),
    ("1h15", "une heure quinze"),
    ("21 h", "vingt et une heures"),
    ("24h/24", "vingt-quatre heures sur vingt-quatre"),
    ("7j/7", "sept jours sur sept"),
    ("30 min", "trente minutes"),
    ("10 s", "dix secondes"),
    ("1 min 30", "une minute trente"),
    # Money.
    ("10 000 €", "dix mille euros"),
    ("10.000 euros", "10 000€"),
    ("€10", "dix euros"),
    ("1 €", "un euro"),
    ("5,50 €", "cinq euros cinquante"),
    ("5€50", "5 euros 50"),
    ("5,00 €", "5 euros"),
    ("1 500,75 €", "mille cinq cents euros soixante-quinze"),
    ("20 $", "vingt dollars"),
    ("2 000 000 €", "deux millions d'euros"),
    ("2 M€", "2 millions d’euros"),
    ("1,5 million d'euros", "un virgule cinq million d'euros"),
    ("15 k€", "quinze mille euros"),
    ("2 euro", "deux euros"),
    # Measures.
    ("10 km", "dix kilomètres"),
    ("dix km", "10km"),
    ("1 km", "un kilomètre"),
    ("50 km/h", "cinquante kilomètres heure"),
    ("50 km/h", "cinquante kilomètres à l'heure"),
    ("100 m", "cent mètres"),
    ("20 m²", "vingt mètres carrés"),
    ("5 kg", "cinq kilos"),
    ("500 g", "cinq cents grammes"),
    ("2 L", "deux litres"),
    ("20 Go", "vingt gigas"),
    ("20°", "vingt degrés"),
    # Letters and digits.
    ("la 4G", "la quatre G"),
    ("A4", "A quatre"),
    ("MP3", "MP trois"),
    # Telephone numbers.
    ("06 12 34", "zéro six douze trente-quatre"),
    ("06 12 34", "061234"),
    ("06.12.34", "06 12 34"),
    ("06-12-34", "06 12 34"),
    ("zéro six un deux trois quatre", "06 12 34"),
    ("0612345678", "06 12 34 56 78"),
    ("0612345678", "zéro six douze trente-quatre cinquante-six soixante-dix-huit"),
    ("01 71 91 00 05", "zéro un septante et un nonante et un zéro zéro zéro cinq"),
    ("0 800 123 456", "zéro huit cents cent vingt-trois quatre cent cinquante-six"),
    ("0800 123 456", "0800123456"),
    ("+33 6 12 34 56 78", "+33612345678"),
    ("+33 (0)6 12 34 56 78", "plus trente-trois six douze trente-quatre cinquante-six soixante-dix-huit"),
    ("007", "zéro zéro sept"),
    # Numbers that sound alike are alike: no listener can tell them apart.
    ("vingt, deux", "20, 2"),
    ("vingt, deux", "22"),
    # Fillers: one spelling each.
    ("heu oui", "euh oui"),
    ("euuuh oui", "euh oui"),
    ("hmm", "hum"),
]

DIFFERENT = [
    # Accents are kept.
    ("ou", "où"),
    ("a", "à"),
    ("sur", "sûr"),
    ("du", "dû"),
    ("la", "là"),
    ("pêche", "péché"),
    ("côte", "coté"),
    ("parle", "parlé"),
    ("mais", "maïs"),
    # Words that sound alike, or nearly.
    ("cent", "sans"),
    ("il est", "il et"),
    ("c'est", "ces"),
    ("vingt", "vin"),
    ("six", "si"),
    ("huit", "oui"),
    ("cinq", "saint"),
    ("mille", "millier"),
    ("une", "un"),
    ("les uns", "les un"),
    ("neuf", "nouveau"),
    ("second", "deuxième"),
    ("premier", "première"),
    ("demi", "midi"),
    ("p'tit", "petit"),
    ("monsieur", "messieurs"),
    ("peut-être", "peut"),
    ("l'eau", "l'os"),
    # Other numbers.
    ("un", "deux"),
    ("20", "24"),
    ("4 et 20", "80"),
    ("22", "20 et 2"),
    ("soixante-dix-huit", "sept huit"),
    ("60", "70"),
    ("80", "90"),
    ("septante", "huitante"),
    ("sept cents", "sept cent un"),
    ("700", "107"),
    ("1000", "100"),
    ("mille", "million"),
    ("un million", "un milliard"),
    ("deux mille", "mille deux"),
    ("1998", "1989"),
    ("1998", "98"),
    ("006", "6"),
    ("06 12 34", "06 12 43"),
    ("06 12 34", "6 12 34"),
    ("0612345678", "0612345679"),
    ("3,5", "35"),
    ("1,5", "15"),
    ("3,5", "3,05"),
    ("1,05 €", "1,50 €"),
    ("5 %", "5"),
    ("-5", "5"),
    ("14h30", "14h13"),
    ("14h30", "4h30"),
    ("14h", "14"),
    ("premier", "deuxième"),
    ("2e", "2"),
    ("21e", "20e"),
    ("10 €", "10 $"),
    ("10 km", "10 kg"),
    ("10 m", "10 min"),
    ("10 s", "10 s'est"),
    ("2/3", "3/4"),
    # Fillers are words unless they are left out.
    ("euh oui", "oui"),
    ("ben non", "non"),
    ("euh", "hein"),
    ("j'ai eu", "j'ai euh"),
]

WITHOUT = [  # the same without their fillers
    ("euh oui", "oui"),
    ("Ben, euh, oui, hein ?", "oui"),
    ("hum hum", ""),
    ("bah non", "non"),
    ("heuuu d'accord", "d'accord"),
    ("mh mhm hmm", ""),
    ("c'est euh vingt euh deux euros", "c'est 22 €"),
    ("eh bien bon", "Eh bien, bon."),
    ("j'ai eu", "j'ai eu"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same(one, other):
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different(one, other):
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(("one", "other"), WITHOUT)
def test_the_same_without_fillers(one, other):
    assert normalise(one, fillers=False) == normalise(other, fillers=False)


def test_the_canonical_form_is_what_is_heard():
    assert (
        normalise("Le 1er, à 14h30 : « 3,5 % de 10 000 € » (rires), c’est 71 !")
        == "le premier à quatorze heures trente trois virgule cinq pour cent de dix mille euros c est soixante et onze"
    )


def test_the_variants_have_names():
    assert (NAME, WITHOUT_FILLERS) == ("allo-fr-2", "allo-fr-2 without fillers")


def test_the_specification_is_as_long_as_promised():
    assert len({frozenset(pair) for pair in SAME}) >= 150
    assert len({frozenset(pair) for pair in DIFFERENT}) >= 40


@pytest.mark.parametrize("fillers", [True, False])
def test_a_second_time_changes_nothing(fillers):
    texts = [text for pair in SAME + DIFFERENT + WITHOUT for text in pair] + [prompt.text for prompt in prompts()]
    once = [normalise(text, fillers) for text in texts]
    assert [normalise(text, fillers) for text in once] == once


def test_numbers_survive_the_way_through_words():
    for number in [*range(2000), 7_071, 80_080, 999_999, 1_000_001, 21_091_071, 80_000_000, 1_200_000_000]:
        spoken = normalise(str(number))
        assert normalise(spoken) == spoken == normalise(f"{number:,}".replace(",", " "))
        assert number == 0 or normalise(normalise(f"{number}e")) == normalise(f"{number}e")
    spoken = [normalise(str(number)) for number in range(2000)]
    assert len(set(spoken)) == 2000


def test_case_and_the_form_of_accents_do_not_matter():
    for prompt in prompts():
        for other in (prompt.text.upper(), unicodedata.normalize("NFD", prompt.text)):
            assert normalise(other) == normalise(prompt.text)


def test_no_prompt_loses_all_its_words():
    assert [prompt.name for prompt in prompts() if not normalise(prompt.text)] == []
    assert all(character.isalpha() or character in " '" for prompt in prompts() for character in normalise(prompt.text))
