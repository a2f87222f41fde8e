"""E-mail addresses, written or said: « jean point dupont arobase orange point fr », « à gmail point com »."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import pairwise

from speech.privacy.numbers.fillers import NUMBER_WORDS
from speech.privacy.words import PAUSE, TextWord, vocabulary
from transcripts.transcript import Turn

AT_WORD = re.compile(r"@|(?:la|a)?(?:h?a)?rr?o+b+[ae]?[sczx]*e?s?")
AT_WORDS = (  # in two words, as Whisper writes it, or by another name
    re.compile(r"(?:a|la|l|ar|arr|h|une?) (?:r?rr?oba[szc]+es?|obas[es]*|robe?ase)"),
    re.compile(r"ar+[oe]w? ba[sz]es?|arob a[sz]es?|a ro base|a commercial|a rond|signe at"),
)
TAKEN_FOR_AT = {"a", "at", "chez"}

SIGNS = vocabulary("point dot tiret tirets underscore moins slash souligne")
DOTS = {"point", "dot"}
GLUED = {"", ".", "-", "_", "+", " . ", " - ", " _ "}
MAIL = vocabulary("gmail hotmail outlook yahoo icloud laposte wanadoo live protonmail proton aol gmx msn ymail mailo")
HOSTS = MAIL | vocabulary("orange free sfr bbox numericable bouyguestelecom bouygues club neuf cegetel aliceadsl")
HOSTS_IN_TWO_WORDS = {
    *("g mail", "hot mail", "out look", "i cloud", "la poste", "bouygues telecom", "proton mail", "club internet"),
}
ENDINGS = vocabulary("fr com net org eu be ch ca lu info io pro gouv me co uk de it es paris bzh re tv biz")
SITES = vocabulary("www http https boutique assistance espace mobile webmail mail messagerie site wwww login portail")

# How the parts of a local name are described: with what stands before and after it, they are one.
DESCRIBED = re.compile(
    r"(?:^| )(?:"
    r"tirets? (?:du|de la|de) (?:six|huit|6|8|milieu|bas|haut|touche 6|touche 8)|(?:tiret|trait|barre) (?:du )?bas"
    r"|trait d union|sous tiret|sous ligne|under score|barre oblique"
    r"|tout (?:est )?(?:attache|colle|ensemble|accole|minuscules?|majuscules?|en \w+)"
    r"|(?:le tout |tout )?en (?:un seul mot|un mot|1 mot|minuscules?|majuscules?|lettres?|chiffres?|toutes lettres)"
    r"|(?:tout )?(?:attache|colle|accole)s?|minuscules?|majuscules?|(?:le |les )?chiffres?"
    r"|sans (?:espaces?|accents?|points?|tirets?)"
    r"|[a-z] (?:comme|pour|de) (?:dans )?\w+"
    r"|(?:avec|sans) (?:une? |deux |trois |\d |l |le |la |les )?[a-z]s?(?: a la fin| au bout)?"
    r"|(?:deux|2) [a-z]|double [a-z]|accent (?:aigu|grave|circonflexe)|\w trema|\w cedille"
    r")$"
)
LONGEST_DESCRIPTION = 6  # words

ANNOUNCED = vocabulary("mail mails email mel courriel courriels e adresse")
REACH = 8  # words
BEGINS_AFTER = vocabulary(  # where an address begins, if its own words are only a name
    "est c etait adresse mail mails email mel courriel electronique a sur ecrire ecrivez envoyer envoyez envoie donc "
    "alors oui non voila le la les un une mon ma mes votre vos notre ce cette ca de du des par pour puis et ou touche "
    "signe symbole caractere que qui vous je il elle on euh ensuite voici avec chez bien personnel perso pro "
    "professionnel principal toujours aussi juste suivante suivant celle ici nouvelle ancienne autre sera serait dis "
    "allez utilisez notez hebergee heberge"
)
PAUSES = vocabulary("euh heu hum attendez attends pardon voila alors donc oui")
FREE_WORDS = 4  # « jean dupont tout attaché arobase... »
LONGEST_DOMAIN, LONGEST_LOCAL = 14, 40  # words


class At(Enum):
    """What stands between the local name and the domain."""

    SIGN = 0  # the sign, or one of its names
    WORD = 1  # « at », « à », « chez »: what Whisper writes for it
    LOST = 2  # nothing, before the name of a provider


def emails(voice: Sequence[TextWord], words: Sequence[TextWord], turns: Sequence[Turn]) -> Iterator[list[TextWord]]:
    """The words of each address that one voice says or that is written out; `words`: all of the call."""
    until = 0
    for place in range(len(voice)):
        at, length = _at(voice, place)
        if place < until or at is None:
            continue
        end, dotted = _domain(voice, place + length - 1, turns)
        start = _local(voice, place, turns)
        if start == place or end < place + length:
            continue
        first = voice[start].place
        before = [word.plain for word in words[max(0, first - REACH) : first]]
        if _is_address(voice[start:place], voice[place : end + 1], before, at, dotted):
            yield _without_pauses(voice[start : end + 1])
            until = end + 1


def _without_pauses(said: Sequence[TextWord]) -> list[TextWord]:
    return [word for word, after in pairwise([*said, None]) if word.plain not in PAUSES or _is_of_it(word, after)]


def _is_of_it(word: TextWord, after: TextWord | None) -> bool:
    """Whether what sounds like a pause is a part of the address: « voila point fr »."""
    return word.before in GLUED or bool(after and (after.before in GLUED or after.plain in DOTS))


def _at(voice: Sequence[TextWord], place: int) -> tuple[At | None, int]:
    """How the @ is said at a place, and in how many words."""
    word = voice[place]
    two = f"{word.plain} {voice[place + 1].plain}" if place + 1 < len(voice) else ""
    three = f"{two} {voice[place + 2].plain}" if place + 2 < len(voice) else ""
    for said, length in ((three, 3), (two, 2)):
        if any(pattern.fullmatch(said) for pattern in AT_WORDS):
            return At.SIGN, length
    if AT_WORD.fullmatch(word.plain):
        return At.SIGN, 1
    if word.plain in TAKEN_FOR_AT:
        return At.WORD, 1
    named = word.plain in HOSTS and (word.plain not in NUMBER_WORDS or three.split()[1:] == ["point", "fr"])
    return (At.LOST, 0) if named or _is_host(two) else (None, 0)


def _is_host(two: str) -> bool:
    return two in HOSTS_IN_TWO_WORDS


def _is_address(
    local: Sequence[TextWord], rest: Sequence[TextWord], before: Sequence[str], at: At, dotted: bool
) -> bool:
    """Whether what was found is an address: the less its @ is one, the more the rest has to be.

    `rest`: the @ and the domain; `before`: what was said before.
    """
    signed = any(_is_sign(word) or word.before in {".", "_", "-"} for word in local[1:])
    if at is At.SIGN:
        return dotted or signed
    if rest[0].plain == "at" and dotted:
        return True
    domain = rest[at is At.WORD :]
    spelled = sum(len(word.said) == 1 for word in local) > 2
    known = any(word.plain in HOSTS for word in domain) or _is_host(" ".join(word.plain for word in domain[:2]))
    known |= rest[0].plain == "chez" and signed  # « jean point dupont chez mairie point fr »
    if not (dotted and known and len(domain) > 1) or any(word.plain in SITES for word in local):
        return False
    if signed or spelled or any(word.said.isdecimal() for word in local):
        return True
    imperative = any(word.plain.endswith("ez") for word in local)  # « connectez-vous à gmail point com »
    announced = before[-1:] == ["est"] or not ANNOUNCED.isdisjoint(before)
    return announced and not imperative and (at is At.WORD or domain[0].plain in MAIL)


def _is_sign(word: TextWord) -> bool:
    return word.plain in SIGNS


def _domain(voice: Sequence[TextWord], at: int, turns: Sequence[Turn]) -> tuple[int, bool]:
    """The place of the last word of the domain after the @, and whether it is one: it has a dot or is well known."""
    end, dotted = at, False
    for place in range(at + 1, min(at + LONGEST_DOMAIN, len(voice))):
        word, before = voice[place], voice[place - 1]
        if place > 0 and not _near(before, word, turns):
            break
        dot = word.before.strip() == "." and (word.before == "." or word.plain in ENDINGS)
        spelled = len(word.said) == len(before.said) == 1
        tied = dot or spelled or word.before in GLUED or _is_sign(word) or _is_sign(before)
        free = not dotted and place <= at + 3 and not word.is_apart
        if place > at + 1 and not (tied or free):
            break
        dotted |= place > at + 1 and (dot or before.plain in DOTS)
        end = end if _is_sign(word) else place
        if word.plain in HOSTS and not _dot_follows(voice, place):
            return end, True
    return end, dotted


def _dot_follows(voice: Sequence[TextWord], place: int) -> bool:
    after = voice[place + 1] if place + 1 < len(voice) else None
    return bool(after and (_is_sign(after) or after.before.strip() == "." or after.plain in {"telecom", "internet"}))


def _local(voice: Sequence[TextWord], at: int, turns: Sequence[Turn]) -> int:
    """The place of the first word of what stands before the @."""
    start, free, place, after = at, 0, at - 1, voice[at]
    described = False  # what follows the word says how it is written
    while place >= max(at - LONGEST_LOCAL, 0):
        word, after = voice[place], after if place == at - 1 or voice[place + 1].plain in PAUSES else voice[place + 1]
        if not _near(word, after, turns):
            break
        if length := _described(voice, place):
            start, place, described = place - length + 1, place - length, True
            continue
        if word.plain in PAUSES and place and (_is_tied(voice, place - 1) or _answers(voice, place, at)):
            place -= 1
            continue
        if not _is_tied(voice, place):
            parted = place < at - 1 and not described and (after.is_apart or word.turn != after.turn)
            if parted or _begins(word, after):
                break
            free += len(word.said) > 1 and not word.said.isdecimal() and word.plain not in NUMBER_WORDS
            if free > FREE_WORDS:
                break
        start, place, described = place, place - 1, False
    return start


def _answers(voice: Sequence[TextWord], place: int, at: int) -> bool:
    """« dupont », « avec un t ? », « oui, arobase »: what stands before the @ answers the other party."""
    return place == at - 1 and voice[place - 1].turn != voice[place].turn


def _begins(word: TextWord, after: TextWord) -> bool:
    """Whether an address begins after the word; « c » is one of « c'est » or a letter of a name."""
    return word.plain in BEGINS_AFTER and (len(word.said) > 1 or word.plain == "a" or after.before in {"'", "’"})


def _is_tied(voice: Sequence[TextWord], place: int) -> bool:
    """Whether a sign, or nothing, joins a word to the one beside it, or both are letters that are spelled."""
    word, after = voice[place], voice[place + 1]
    if _is_sign(word) or _is_sign(after) or word.said == "+" or after.before in GLUED:
        return True
    if len(word.said) == len(after.said) == 1:
        return True
    joined = place > 0 and word.before.strip() in {"", ","} and word.turn == voice[place - 1].turn
    return joined and (_is_sign(voice[place - 1]) or _described(voice, place - 1) > 1)


def _described(voice: Sequence[TextWord], place: int) -> int:
    """How many words up to `place` describe the name beside them."""
    first = max(0, place - LONGEST_DESCRIPTION + 1)
    said = [word.plain for word in voice[first : place + 1]]
    found = DESCRIBED.search(" ".join(said))
    return len(found[0].split()) if found else 0


def _near(before: TextWord, after: TextWord, turns: Sequence[Turn]) -> bool:
    """Of one turn; or of the next one that soon follows, where a sign, the @ or a provider is said at the break."""
    if before.turn == after.turn:
        return True
    soon = turns[after.turn].start - turns[before.turn].end <= PAUSE
    signs = any(_is_sign(word) or AT_WORD.fullmatch(word.plain) for word in (before, after))
    return soon and (signs or after.plain in HOSTS)
