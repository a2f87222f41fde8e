"""Words that have more than one spelling, and fillers."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

WORDS = {  # one word, several spellings
    "mr": "monsieur",
    "mme": "madame",
    "mmes": "mesdames",
    "mlle": "mademoiselle",
    "melle": "mademoiselle",
    "mlles": "mesdemoiselles",
    "melles": "mesdemoiselles",
    "mgr": "monseigneur",
    "dr": "docteur",
    "drs": "docteurs",
    "st": "saint",
    "ste": "sainte",
    "sté": "société",
    "cie": "compagnie",
    "ets": "établissements",
    "av": "avenue",
    "bd": "boulevard",
    "bld": "boulevard",
    "blvd": "boulevard",
    "rte": "route",
    "fbg": "faubourg",
    "bât": "bâtiment",
    "appt": "appartement",
    "apt": "appartement",
    "tél": "téléphone",
    "réf": "référence",
    "jc": "jésus christ",
    "etc": "et cetera",
    "etcetera": "et cetera",
    "caetera": "cetera",
    "càd": "c est à dire",
    "svp": "s il vous plait",
    "stp": "s il te plait",
    "rdv": "rendez vous",
    "tjs": "toujours",
    "bcp": "beaucoup",
    "qq": "quelques",
    "qqs": "quelques",
    "qqn": "quelqu un",
    "qqch": "quelque chose",
    "pb": "problème",
    "pbs": "problèmes",
    "pourcent": "pour cent",
    "pourcents": "pour cent",
    "okay": "ok",
    "okey": "ok",
    "arobas": "arobase",
    "arobaz": "arobase",
    "arrobase": "arobase",
    "dièze": "dièse",
    "teeshirt": "tshirt",
    "teeshirts": "tshirts",
    "payement": "paiement",
    "payements": "paiements",
    "ognon": "oignon",
    "ognons": "oignons",
    "clef": "clé",
    "clefs": "clés",
    "ambiguë": "ambigüe",
    "aiguë": "aigüe",
    "événement": "évènement",
    "événements": "évènements",
    "ca": "ça",
    "agé": "âgé",
    "agée": "âgée",
    "agés": "âgés",
    "agées": "âgées",
    "etre": "être",
    "etres": "êtres",
    "etes": "êtes",
    "ere": "ère",
}
# Written without their accents these are no words: capitals and careless typing leave the accents out.
ACCENTED = """
    âge âges allô âme âmes âne ânes année années après bientôt café cafés contrôle décembre déjà désolé désolée été
    fenêtre fête février français française françaises général hôpital hôtel hôtels intérêt journée journées même
    mêmes métro numéro numéros ôter plutôt prénom prénoms problème problèmes qualité répondeur répondre réponse réponses
    réseau réseaux rôle sécurité société sociétés téléphone téléphones téléphoner tête théâtre très voilà zéro zéros
"""
# Spelled in one word, in two, or with a hyphen.
COMPOUNDS = """
    auto-entrepreneur auto-radio auto-stop auto-école back-up basket-ball black-list blue-tooth call-back call-center
    check-list check-up contre-temps e-billet e-book e-boutique e-carte e-commerce e-learning e-mail e-mailing
    e-shop e-sim e-sport e-ticket faire-part feed-back foot-ball free-lance giga-bit giga-octet hand-ball hi-fi
    hot-line kilo-octet kilowatt-heure log-in micro-crédit micro-entrepreneur micro-entreprise micro-onde
    micro-ondes mini-bus méga-bit méga-octet news-letter off-line on-line passe-temps pique-nique plate-forme
    play-list pop-up porte-feuille porte-monnaie pré-paiement pré-payé pré-payée pull-over self-service smart-phone
    stand-by start-up t-shirt tee-shirt tire-bouchon télé-conseiller télé-conseillère télé-travail vidéo-conférence
    vidéo-surveillance visio-conférence volley-ball web-cam web-mail week-end wi-fi
"""
PREFIXES = {"anti", "co", "cyber", "entr", "multi", "néo", "semi"}  # which are no words of their own
ACUTE = re.compile(  # no French word begins with a mute e before a single consonant, but for these
    r"^e(?!mail|book|comm|learn|nivr|norg|namour)(?=(?:[bcdfgptv][lr]|[bcdfghjklmnpqrstvz]|ch|gn|ph|th)"
    r"[aeiouyàâéèêëîïôûù])"
)
GRAVE = re.compile(r"(?<=\w)e(?=res?$)|(?<=i)e(?=mes?$)")  # pere, premiere, deuxieme
FUTURE = re.compile(r"é(?=(?:[bcdglmnprtv]|gl|br|cr|tr|ch|gn)er(?:ai[st]?|as?|ons|ez|ont|ions|iez|aient)$)")
# The spelling of 1990 has no circumflex on i and u, except where it tells words apart.
CIRCUMFLEX = str.maketrans("îû", "iu")
# fmt: off
KEPT = {
    "croît", "crû", "dû", "eût", "fît", "fût", "jeûne", "jeûnes", "mît", "mûr", "mûre", "mûres", "mûrs", "prît", "pût",
    "sûr", "sûre", "sûres", "sûrs", "sût", "vît",
}
# fmt: on
FILLERS = re.compile(  # each under the spelling that stands for all of its kind
    r"(?P<euh>e+u+h+m*|h+e+u+[hm]*)|(?P<hum>h+u*m+|m+h+m*|m{2,})|(?P<ben>be+n+|bein)|(?P<bah>ba+h+)|(?P<hein>he+i+n+)"
)


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


WORDS |= {_without_accents(word): word for word in ACCENTED.split()}
JOINED = {tuple(word.split("-")) for word in COMPOUNDS.split()}


def spelled(words: Iterable[str]) -> list[str]:
    """The words, each in the one spelling that stands for all of its spellings."""
    return list(_compounds([part for word in words for part in _spelling(word).split()]))


def _spelling(word: str) -> str:
    if word not in KEPT:
        word = word.translate(CIRCUMFLEX)
    if word in WORDS:
        return WORDS[word]
    if word.startswith("réglement"):
        return "règ" + word[3:]
    return FUTURE.sub("è", GRAVE.sub("è", ACUTE.sub("é", word)))


def _compounds(words: list[str]) -> Iterator[str]:
    """Compounds in one word, as « week end » and « week-end » are « weekend »."""
    at = 0
    while at < len(words):
        word, after = words[at], words[at + 1] if at + 1 < len(words) else ""
        joined = (word, after) in JOINED or (word, after.removesuffix("s")) in JOINED
        joined = joined or (word in PREFIXES and len(after) > 2)
        yield WORDS.get(word + after, word + after) if joined else word
        at += 1 + joined


def hesitations(words: Iterable[str], kept: bool, after: frozenset[str]) -> list[str]:
    """Fillers in one spelling each, or left out. `after`: words that « mm » is a unit after."""
    found: list[str] = []
    for word in words:
        filler = FILLERS.fullmatch(word)
        if word == "mm" and found and found[-1] in after:
            filler = None
        if filler and kept:
            found.append(filler.lastgroup)
        elif not filler:
            found.append(word)
    return found
