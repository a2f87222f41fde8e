"""allo-fr-2 by kind: the same words in digits, signs and capitals, and what must stay different beside them."""

import time
from decimal import Decimal
from pathlib import Path

import pytest

from scoring.french import cardinal, normalise
from scoring.french.quantities import values
from scoring.french.roman import value

PAIRS = [
    line.split("\t")
    for line in Path(__file__).with_name("pairs.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
SAME = {
    "hours": """
        14h00 150 personnes | quatorze heures cent cinquante personnes
        17h00 200 euros | dix-sept heures deux cents euros
        20:00 150 places | vingt heures cent cinquante places
        à 14h05 10 personnes | à quatorze heures cinq dix personnes
        10h00,150 personnes | dix heures cent cinquante personnes
        14h00 06 personnes | quatorze heures six personnes
        18h00 06 12 34 56 78 | dix-huit heures zéro six douze trente-quatre cinquante-six soixante-dix-huit
        8h00-12h00 | huit heures douze heures
        10:00 - 12:00 | dix heures douze heures
        9h00–18h00 | neuf heures dix-huit heures
        7:00 - 9:30 | sept heures neuf heures trente
        12h15-12h45 | douze heures quinze douze heures quarante-cinq
        8h-12h/14h-18h | huit heures douze heures quatorze heures dix-huit heures
        08:00-12:00 / 14:00-18:00 | huit heures douze heures quatorze heures dix-huit heures
        de 08h00 à 12h00 | de huit heures à douze heures
        9-12h | neuf douze heures
        08h30 | huit heures trente
        à 7h05 | à sept heures cinq
        00:00 | zéro heure
        2h30min15s | deux heures trente minutes quinze secondes
        5'30 | cinq minutes trente
        trois heures et demie | 3h30
        1,5 h | une heure et demie
        10h moins 10 | neuf heures cinquante
        huit heures moins le quart | 7h45
        24 h/24 et 7 j/7 | vingt-quatre heures sur vingt-quatre et sept jours sur sept
    """,
    "dates and leading zeros": """
        le 05 mai | le cinq mai
        le 01 janvier | le premier janvier
        du 05 au 09 juin | du cinq au neuf juin
        le 09 novembre 1989 à 09h09 | le neuf novembre mille neuf cent quatre-vingt-neuf à neuf heures neuf
        08 personnes | huit personnes
        05 km | cinq kilomètres
        12/03/2024 | douze mars deux mille vingt-quatre
        31.12.2024 | trente et un décembre deux mille vingt-quatre
        12 / 03 / 2024 | douze mars deux mille vingt-quatre
        2024-03-12 | douze mars deux mille vingt-quatre
        le 03/04/24 | le trois avril vingt-quatre
        du 12/03 au 15/03 | du douze mars au quinze mars
        17-18-19 juin | dix-sept dix-huit dix-neuf juin
        17/18 juin | dix-sept dix-huit juin
        17, 18 et 19 juin | dix-sept dix-huit et dix-neuf juin
        07/2024 | juillet deux mille vingt-quatre
        le 1er/02/2023 | le premier février deux mille vingt-trois
        lundi 12/03 | lundi douze mars
        le 14 juil. 2024 | le quatorze juillet deux mille vingt-quatre
        10 ème | dixième
        2 èmes | deuxièmes
        1 er | premier
        1 ères | premières
        3 è | troisième
    """,
    "Roman numerals": """
        XIXe siècle | dix-neuvième siècle
        XIXᵉ siècle | 19e siècle
        XIX e siècle | dix-neuvième siècle
        le XVIIIème siècle | le dix-huitième siècle
        au XIXe s. | au dix-neuvième siècle
        LE XIXE SIÈCLE | le dix-neuvième siècle
        XIXe-XXe siècles | dix-neuvième vingtième siècles
        VIe siècle | sixième siècle
        Paris VIe | Paris sixième
        le Xe siècle | le dixième siècle
        la Ve République | la cinquième République
        la Ière Guerre | la première guerre
        la IIe Guerre mondiale | la deuxième guerre mondiale
        Louis XIV | Louis quatorze
        louis xiv | Louis 14
        Henri IV et Louis XIII | Henri quatre et Louis treize
        François Ier | François 1er
        Elisabeth Ire | Élisabeth première
        Charles X | Charles dix
        Jean-Paul II | Jean-Paul deux
        acte V scène II | acte cinq scène deux
        tome III | tome trois
        MCMXCVIII | 1998
        Ⅳ | quatre
    """,
    "acronyms": """
        la S.N.C.F | la SNCF
        l'A.D.N | l'ADN
        la S.N.C.F et la R.A.T.P | la SNCF et la RATP
        un R I B | un RIB
        r.i.b. | RIB
        mon r i b | mon RIB
        la s n c f | la SNCF
        S. N. C. F. | SNCF
        S-N-C-F | SNCF
        P.-D.G. | PDG
        P.D.G. | PDG
        J.-C. | JC
        U S B | usb
        O K | okay
        D, U, P, O, N, T | D U P O N T
        de l'E.D.F | de l'EDF
        M. A. Dupont | monsieur A Dupont
        la C.P.A.M, bonjour | la CPAM bonjour
    """,
    "units": """
        80km/h | quatre-vingts kilomètres heure
        120 km / h | cent vingt kilomètres par heure
        1m80 | un mètre quatre-vingts
        1 m 80 | un mètre quatre-vingts
        1,75m | un mètre soixante-quinze
        2To | deux téraoctets
        20 Go | vingt gigas
        50 Ko | cinquante kilo-octets
        5 kWh | cinq kilowatts-heures
        10 Mb/s | dix mégabits par seconde
        80 kmh | quatre-vingts kilomètres heure
        300 Mbit/s | trois cents mégabits par seconde
        10 Mbps | dix mégas par seconde
        2,4 GHz | deux virgule quatre gigahertz
        230V | deux cent trente volts
        un disjoncteur 16 A | un disjoncteur seize ampères
        25 m2 | vingt-cinq mètres carrés
        1 m² | un mètre carré
        25 °C | vingt-cinq degrés Celsius
        3kgs | trois kilos
        5L | cinq litres
        20s | vingt secondes
        1 g | un gramme
        la 5G | la cinq G
        10 l/min | dix litres par minute
        8 h/jour | huit heures par jour
        3 fois/jour | trois fois par jour
        un kilo et demi | 1,5 kg
        3 x 4 m | trois fois quatre mètres
        1 carte | une carte
    """,
    "money": """
        12,90 €/mois | douze euros quatre-vingt-dix par mois
        12,90 euros / mois | douze euros quatre-vingt-dix centimes par mois
        1,20 €/min | un euro vingt la minute
        0,35 €/min | trente-cinq centimes la minute
        1 500 €/m² | mille cinq cents euros le mètre carré
        15 €/h | quinze euros de l'heure
        2,99 €/SMS | deux euros quatre-vingt-dix-neuf par SMS
        0,10 € | dix centimes
        0,05 € | cinq centimes
        0€50 | cinquante centimes
        zéro euro cinquante | 50 cts
        10,5 € | dix euros cinquante
        dix virgule cinq euros | 10,50 €
        dix euros et cinquante centimes | 10,50 €
        5,05 € 10 | cinq euros cinq dix
        1,859 €/L | un euro huit cent cinquante-neuf le litre
        CHF 12.50 | douze francs cinquante
        20 CHF | vingt francs suisses
        2'500.00 CHF | deux mille cinq cents francs
        2,500.00 € | deux mille cinq cents euros
        €12.50 | douze euros cinquante
        3 Mds€ | trois milliards d'euros
        10 M d'euros | dix millions d'euros
        1,2 Mds d'euros | un virgule deux milliard d'euros
        50K€ | cinquante mille euros
    """,
    "capitals without accents": """
        Ca va | Ça va
        Etes-vous là | Êtes-vous là
        A demain | À demain
        Bonjour. A bientôt ! | bonjour à bientôt
        A 10h30 | à dix heures trente
        A l'heure | À l'heure
        A Paris | À Paris
        A DEMAIN | À DEMAIN
        l'Etat | l'État
        Ile-de-France | Île-de-France
        Ecoutez | Écoutez
        Etienne | Étienne
        Electricité | Électricité
        Egalement | Également
        Age | Âge
        VOTRE NUMERO DE TELEPHONE | votre numéro de téléphone
    """,
    "compounds and the spelling of 1990": """
        wifi | Wi-Fi
        le wi fi | le WIFI
        weekend | week-end
        les week-ends | les weekends
        des e-mails | des emails
        anti-virus | antivirus
        plate-forme | plateforme
        micro ondes | micro-ondes
        start-up | startup
        porte-monnaie | portemonnaie
        aout | août
        s'il vous plait | s'il vous plaît
        événement | évènement
        je préfèrerais | je préférerais
    """,
    "telephones, codes and addresses": """
        (01) 23 45 67 89 | 01 23 45 67 89
        (+33) 6 12 34 56 78 | +33 6 12 34 56 78
        (0)1 23 45 67 89 | 01 23 45 67 89
        01 23.45 67.89 | 01 23 45 67 89
        0,6, 45, 12, 89, 30 | 06 45 12 89 30
        le 3949 | le trente-neuf quarante-neuf
        le 118 218 | le cent dix-huit deux cent dix-huit
        75001 | soixante-quinze zéro zéro un
        *31# | étoile trente et un dièse
        ##002# | dièse dièse zéro zéro deux dièse
        **21* | étoile étoile vingt et un étoile
        www.rts.ch | www point rts point ch
        https://www.ameli.fr/ | www point ameli point fr
        (04)78123456 | 04 78 12 34 56
        www . rts . ch | www.rts.ch
        w w w point ameli point fr | www.ameli.fr
        a @ b . com | a arobase b point com
        www.service-public.fr/aide | www point service tiret public point fr slash aide
    """,
    "minus signs and fillers": """
        − 5 | moins cinq
        − 5 degrés | moins cinq degrés
        - 20 % | moins vingt pour cent
        une remise de - 30 % | une remise de moins trente pour cent
        entre -5 et -10 °C | entre moins cinq et moins dix degrés
        10 - 20 % | dix vingt pour cent
        12h30-13h | douze heures trente treize heures
        J-1 | J moins un
        mm oui | hum oui
        Mm. D'accord | hum d'accord
        5 mm | cinq millimètres
        Mm-hm | hum hum
    """,
    "references and the spelling of 1990": """
        art. 5 du code civil | article cinq du code civil
        voir p. 12 | voir page douze
        une réponse ambiguë | une réponse ambigüe
    """,
}
DIFFERENT = """
    Louis XIV | Louis XV
    Henri IV | Henri VI
    XIXe siècle | XXe siècle
    François Ier | François II
    la vie | la sixième
    un CD | un quatre cents
    le mix | le mille neuf
    a | à
    A été | À été
    il a demain | il à demain
    ou | où
    du vin sec | du vin seconde
    le 3 m'a dit | le trois mètres a dit
    5 centimes | 15 centimes
    0,05 € | 0,50 €
    10,50 € | 10,05 €
    12,90 €/mois | 12,90 €/an
    10 centimes | 10 euros
    2 Go | 2 Mo
    5 kW | 5 kWh
    100 m | 100 km
    5 mm | 5 cm
    10-15 | 1015
    8h00-12h00 | 8h00-12h30
    14h00 150 | 14h15 150
    12/03/2024 | 12/04/2024
    -20 % | 20 %
    − 5 | 5
    *31# | #31#
    E.D.F | G.D.F
    il y a | ya
    j't'ai dit | jt'ai dit
    quatre vingt | quatre fois vingt
    trois mille cent | 3 000 100
    deux cent | deux sans
    mur | mûr
    3949 | trente-neuf quarante-neuf
"""
# Repeated without end: a pattern that looks ahead or back for too long would take the square of the time.
# fmt: off
LONG = [
    "a.", "A. ", "A ", "b, ", "1 ", "0 ", "00 ", "1.", "1,", "123 ", "123'", "1:", "1/", "1h00-", "(", "[a", "<", "a@",
    "www.", "*1", "+33 ", "1,50 €/mois ", "XIV ", "M. ", "mille ", "zéro ", "un virgule cinq euros ", "et demi ",
    "heures moins ", "05 et ", "1 1/2 ", "week ", "- 10 à ", "A dix ",
]
# fmt: on


def pairs(table: str) -> list[tuple[str, str]]:
    return [tuple(part.strip() for part in line.split("|")) for line in table.strip().splitlines()]


@pytest.mark.parametrize("kind", SAME)
def test_the_same(kind):
    read = {pair: tuple(map(normalise, pair)) for pair in pairs(SAME[kind])}
    assert {pair: both for pair, both in read.items() if both[0] != both[1]} == {}


def test_different():
    assert [pair for pair in pairs(DIFFERENT) if normalise(pair[0]) == normalise(pair[1])] == []


@pytest.mark.parametrize("fillers", [True, False])
def test_a_second_time_changes_nothing(fillers):
    texts = [text for table in (*SAME.values(), DIFFERENT) for pair in pairs(table) for text in pair]
    once = [normalise(text, fillers) for text in texts]
    assert [normalise(text, fillers) for text in once] == once


def test_all_roman_numerals_to_a_hundred():
    tens = ["", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC"]
    ones = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"]
    for number in [*range(2, 50), *range(51, 100)]:  # « Le siècle » is no fiftieth
        numeral = tens[number // 10] + ones[number % 10]
        assert value(numeral) == number
        assert normalise(f"le {numeral}e siècle") == normalise(f"le {number}e siècle")
        if number < 40:
            assert normalise(f"Louis {numeral}") == f"louis {cardinal(number)}"


@pytest.mark.parametrize("piece", LONG)
def test_long_texts_take_time_in_proportion(piece):
    """Eight times the text takes eight times as long, and sixty-four times where a pattern is quadratic."""

    def seconds(characters: int) -> float:
        text, taken = piece * (characters // len(piece)), []
        for at in range(2):
            start = time.process_time()
            normalise(text + " " * at)  # the same text would come from the cache
            taken.append(time.process_time() - start)
        return min(taken)

    assert seconds(12_000) < 24 * seconds(1_500) + 0.05


def test_numbers_by_value():
    for text, found in {
        "12,90 €": [12.9],
        "douze euros quatre-vingt-dix": [12.9],
        "cinquante centimes": [0.5],
        "1 000,50 € pour 3 personnes": [1000.5, 3],
        "deux virgule cinq millions d'euros": [2_500_000],
        "zéro virgule zéro cinq": [0.05],
        "14h30": [14, 30],
        "06 12 34": [0, 6, 12, 34],
        "le XIXe siècle et le deuxième": [19, 2],
        "un chat, une heure, mille": [1, 1000],
        "vingt et un": [21],
        "rien": [],
    }.items():
        assert values(text) == [Decimal(str(number)) for number in found], text


@pytest.mark.parametrize(("kind", "one", "other"), PAIRS)
def test_pairs(kind, one, other):
    assert (normalise(one) == normalise(other)) == (kind == "S"), (normalise(one), normalise(other))
    assert normalise(normalise(one)) == normalise(one)
