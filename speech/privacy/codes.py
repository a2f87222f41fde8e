"""Codes and passwords: short, so that only what is said around them gives them away."""

import re
from collections.abc import Iterator, Sequence

from speech.privacy.kinds import CARD, CODE, NUMBER, PASSWORD, Hidden
from speech.privacy.numbers.digits import Piece
from speech.privacy.numbers.find import Number, trimmed, with_letters
from speech.privacy.numbers.rows import Row
from speech.privacy.words import TextWord

REACH = 14  # words before a code that may name it
REACH_AFTER = 7
LENGTHS = {CARD: range(3, 5), CODE: range(3, 9), NUMBER: range(2, 7)}  # digits

ON_CARD = r"crypt\w*|pictogram\w*|cv[vc]|c v [vc]|cv[vc] 2|code (?:de )?securite|code (?:visuel|visual)"
FOUR = r"(?:trois|quatre|[34])(?: (?:petits?|derniers?))* (?:chiffres?|numeros?)"
AT_THE_BACK = (
    r"(?:au|sur le|a l|derriere|de l autre|sur l) ?(?:dos|verso|arriere|envers|autre cote)?(?: de)?"
    r"(?: (?:la|votre|ma|sa|cette) carte)?"
)
ENDS = r"(?:finit|finissant|finissent|(?:se )?termine|terminant|terminee) par(?: le)?"
OF_NUMBER = re.compile(rf"\b(?:mon|ton|son|votre) (?:numero|portable|telephone|fixe)(?: \w+){{0,2}}? {ENDS}")
OF_CARD = re.compile(
    rf"\b(?:{ON_CARD}|{FOUR} (?:de |du )?(?:securite|controle|cryptogramme)"
    r"|code a (?:trois|3) chiffres"
    rf"|(?:chiffres?|numeros?|code|carte|{FOUR})(?: \w+){{0,5}}? (?:au (?:dos|verso)|a l arriere|derriere|a l envers)"
    r"|(?:dos|verso|arriere|derriere)(?: de)? (?:la|votre|ma|sa|cette) carte"
    rf"|(?:carte|cb)(?: \w+){{0,3}}? {ENDS}"
    r"|derniers (?:chiffres|numeros) (?:de |du )?(?:\w+ ){0,2}?carte"
    r"|carte(?: \w+){0,4}? derniers (?:chiffres|numeros))\b"
)
OF_SOMETHING = re.compile(
    r"\b(?:code (?:(?:de la|de l|du|des|de|d) )?"
    r"(?:verification|validation|confirmation|activation|authentification|acces|secret|pin|puk"
    r"|confidentiel|personnel|temporaire|provisoire|a usage unique|sms|recu|parental|carte|ma carte"
    r"|unique|parrainage|wi ?fi|client|fidelite|retrait|banque|guichet|agence|etablissement"
    r"|deverrouillage|connexion|identification|(?:ma|la|votre) (?:carte|boite|messagerie)|porte|entree|immeuble|alarme"
    r"|portail|portillon|residence|batiment|garage|coffre|local|boite(?: aux lettres| a cles)?|serrure|cadenas)"
    r"|codes? (?:\w+ ){0,7}?(?:sms|texto|message|e? ?mail|courriel|recu|recevez|recevoir|envoyez?|envoyer|envoie)"
    r"|(?:recu|recevoir|recois|recevez|envoyez?|envoyer|envoie) (?:\w+ ){0,3}?codes?"
    r"|code a (?:quatre|cinq|six|huit|[4568])(?: chiffres?)?|code banque \d{5} guichet"
    r"|digicode|pin|puk|otp|mot de passe|mots de passe)\b"
)
PATTERNS = {CARD: OF_CARD, CODE: OF_SOMETHING, NUMBER: OF_NUMBER}
BETWEEN_CODE_AND_NAME = r"^(?:ca |c est |voila |est )+(?:le |la |les |mon |ma |votre |du )?"
AFTER = re.compile(rf"{BETWEEN_CODE_AND_NAME}(?:{ON_CARD}|{FOUR} {AT_THE_BACK})")

SECRET = r"\b(?:mots? de passe|mdp|(?:code|cl[ée]) (?:du |de la )?(?:wi-?fi|box))\b"
SAID = re.compile(
    SECRET + r"[^.?!\n]{0,40}?(?:\bc['’]est|\best|:|,)(?:[\s,:]*(?:c['’]est|est|euh|alors|donc|bien|le)\b)*[\s,:]*"
    r"(?P<word>(?:[^\W_][ ,-]{1,2}){3,}[^\W_]\b|\S+)",
    re.IGNORECASE,
)
SAID_AT_ONCE = re.compile(SECRET + r"\s+(?P<word>(?=\S*\d)(?=\S*[^\W\d])\S+)", re.IGNORECASE)
ASKED = re.compile(r"\b(?:mots? de passe|identifiant|login)\b[^.?!\n]{0,30}\?\s*$", re.IGNORECASE)
ANSWER = re.compile(
    r"\W*(?:(?:oui|alors|euh|c['’]est|le|mon)[\s,:]+){0,4}(?P<word>(?=\S*\d)(?=\S*[^\W\d])\S+)", re.IGNORECASE
)
PAPER = re.compile(
    r"\b(?:passeport|identité|permis|titre de séjour|carte grise)\b[^.?!\n]{0,25}?\s"
    r"(?P<word>(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z\d]{6,})\b"
    r"|\b(?:ticket|dossier|référence|contrat|client|commande|matricule|sinistre|demande)\b[^.?!\n]{0,25}?\s"
    r"(?P<reference>[A-Z]{1,5}-?\d{5,})\b",
)
USER = re.compile(
    r"\b(?:identifiants?|logins?|pseudo(?:nyme)?s?|noms? d['’]utilisateur)\b[^.?!\n]{0,25}?\s"
    r"(?P<word>(?=\S*\d)(?=\S*[^\W\d]{2})[\w.-]+)",
    re.IGNORECASE,
)
NO_PASSWORD = re.compile(
    r"(?:quoi|bon|bonne|faux|ca|ça|cela|correct|incorrect|oublié|perdu|expiré|bloqué|invalide|erroné|obligatoire"
    r"|nécessaire|lequel|celui|le|la|les|un|une|mon|ma|mes|votre|ton|pas|plus|trop|toujours|même|mêmes|que|qui|tout|très|bien|à|de|du"
    r"|en|il|elle|je|j['’].*|vous|on|ce|c['’].*|l['’].*|d['’].*|oui|non|euh|alors|donc|et|ou|où|pour|avec|comme|aussi)",
    re.IGNORECASE,
)


def codes_in(row: Row, previous: Row | None, words: Sequence[TextWord]) -> Iterator[Number]:
    """The code that a row of digits is, if one was announced since the previous row, or is named right after it."""
    whole = trimmed(row)
    if not whole or row.counts or any(piece.reading for piece in whole):
        return
    digits = sum(piece.digits for piece in whole)
    kind = _kind(whole, previous[-1].words[-1].place + 1 if previous else 0, words)
    if kind and digits in LENGTHS[kind]:
        yield Number(with_letters(row, whole), kind)


def _kind(row: Sequence[Piece], since: int, words: Sequence[TextWord]) -> str | None:
    first, last = row[0].words[0].place, row[-1].words[-1].place
    before = " ".join(word.plain for word in words[max(0, first - REACH) : first])
    after = " ".join(word.plain for word in words[last + 1 : last + 1 + REACH_AFTER])
    ends = {kind: _last_end(pattern, before) for kind, pattern in PATTERNS.items()}
    kind = max(ends, key=ends.get)
    if ends[kind] and first - len(before[ends[kind] :].split()) > since:
        return kind
    return CARD if AFTER.match(after) else None


def _last_end(pattern: re.Pattern, text: str) -> int:
    return max((found.end() for found in pattern.finditer(text)), default=0)


def passwords(text: str, turn: int, before: str = "") -> Iterator[Hidden]:
    """What a turn's text gives as a password in one word, or as a user's name: « mon mot de passe c'est azerty75 ».

    `before`: the turn before it, which may have asked for one.
    """
    answer = ANSWER.match(text) if ASKED.search(before) else None
    if answer:
        word = answer["word"].rstrip(".,;:!?…»\"'")
        yield Hidden(turn, answer.start("word"), answer.start("word") + len(word), PASSWORD)
    for found in USER.finditer(text):
        word = found["word"].rstrip(".-")
        yield Hidden(turn, found.start("word"), found.start("word") + len(word), NUMBER)
    for found in PAPER.finditer(text):
        yield Hidden(turn, *found.span(found.lastgroup), NUMBER)
    for found in (*SAID.finditer(text), *SAID_AT_ONCE.finditer(text)):
        word = found["word"].rstrip(".,;:!?…»\"'")
        ends = not text[found.end() :].strip() or found["word"] != word
        telling = bool(re.search(r"\d|[^\w'’-]|_", word)) and bool(re.search(r"[^\W\d]", word))
        before_it = found[0][: -len(found["word"])].rstrip().lower()
        plain_word = ends and "," not in before_it and not before_it.endswith(" est")
        if word and not NO_PASSWORD.fullmatch(word) and (telling or plain_word):
            yield Hidden(turn, found.start("word"), found.start("word") + len(word), PASSWORD)
