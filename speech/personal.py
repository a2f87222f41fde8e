"""Personal data in what was said in French: numbers of cards, accounts, social security and telephones; e-mail; names.

A number is found by the digits that are said in a row, however they are written: « 06 12 34 56 78 », « zéro six, douze,
34 », « F R 76 ». The row goes on over hesitations, and over the end of a turn as long as the same voice goes on. What
counts something (prices, ages, dates, hours, distances) stays, and so does what is too short to be anyone's number.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

from text_to_num import Token, find_numbers

from transcripts.transcript import Turn


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


CARD, IBAN, SOCIAL, PHONE, NUMBER = "carte", "IBAN", "sécurité sociale", "téléphone", "numéro"
EMAIL, NAME = "e-mail", "nom"

PAUSE = 30.0  # seconds after which another turn begins another number
LONG = 9  # digits that are a number of someone, whatever is said around them
LONG_AFTER_ZERO = 6  # a telephone number of which two pairs were not heard: Whisper loses digits
LONG_AFTER_ITS_NAME = 6  # after « mon portable », « la carte », « mon dossier »...
LEAST_REPEATED = 4  # digits of it that the other party says again
LONGEST = 34  # pieces of a known number: an IBAN, spelled
REACH = 12  # words before a number that may name it

NAMED = {
    word: kind
    for kind, words in {
        PHONE: "telephone tel telephones portable mobile fixe joindre rappeler rappelez joignable ligne whatsapp sms",
        CARD: "carte cb visa mastercard bancaire cryptogramme cvv cvc",
        IBAN: "iban rib virement",
        SOCIAL: "secu securite sociale vitale nir",
        NUMBER: "numero numeros dossier contrat client cliente reference compte siret siren identifiant matricule",
    }.items()
    for word in words.split()
}
CRYPTOGRAM = {"cryptogramme", "cvv", "cvc"}

# Said between two pieces of one number: hesitations, what the other says where both are on one channel, signs, and the
# words that Whisper hears in the place of digits.
BETWEEN = _set(
    "euh heu hum hmm mm ben bah hein alors et puis ensuite apres donc oui ouais non ok okay d accord voila pardon "
    "attendez attends c est ca je note vous ecoute tres bien allez y parfait exactement exact espace tiret point barre "
    "slash fois si cet cette set dis vin vain"
)
TURNS_BETWEEN = 2  # short turns without a number (« Attendez, je prends un stylo. »)
WORDS_BETWEEN = 8

MONTHS = "janvier|f[eé]vrier|mars|avril|mai|juin|juillet|ao[uû]t|septembre|octobre|novembre|d[eé]cembre"
UNIT = re.compile(
    rf"""\s*(?:[€$£%°²]|k€|(?:{MONTHS}|euros?|eur|centimes?|francs?|dollars?|livres?|balles|d['’]\s?euros?
    |pour\s?cents?|pourcents?|degr[eé]s?|ans?|ann[eé]es?|mois|semaines?|jours?|nuits?|heures?|(?-i:[hm])(?![.'’])
    |minutes?|min|mn|secondes?|km|kilom[eè]tres?|m[eè]tres?|cm|centim[eè]tres?|mm|kg|kilos?|kilogrammes?|grammes?|litres?|tonnes?
    |m[eé]gas?|gigas?|go|mo|octets|watts?|kw|kwh|kilowatts?(?:[ -]?heures?)?|volts?|personnes?|habitants?|clients?
    |points?\sde|pages?|pi[eè]ces?|colis)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
SCALE = re.compile(r"\s*(?:mille|millions?|milliards?)\b", re.IGNORECASE)  # after digits: « 12 millions »
RANK = re.compile(r"(?:er|re|e|è|nd|i?[èe]mes?|[GK])\b")
AFTER_MONTH = re.compile(rf"\b(?:{MONTHS})\s+$", re.IGNORECASE)
THOUSANDS = re.compile(r"(?<!\d)(?<!\d[\s.])[1-9]\d{0,2}(?:[\s.]\d{3})+(?![\s.]?\d)")
COUNTED = [
    re.compile(pattern)
    for pattern in (
        r"(?<![\d/.-])[0-3]?\d([/.-])[01]?\d\1(?:\d\d)?\d\d(?![\s/.-]?\d)",  # 12/03/1980
        r"(?<![\d/.-])(?:19|20)\d\d([/.-])[01]\d\1[0-3]\d(?![\s/.-]?\d)",
        r"(?<![\d,.])(?<!\d\s)(?:0|[1-9]\d*)[,.]\d{1,3}(?![\s,.]?\d)",  # 12,50
        r"(?<![\d:])[0-2]?\d\s?[h:]\s?[0-5]\d(?![:\d])",  # 14h30
    )
]
DATE = re.compile(r"(?:0?[1-9]|[12]\d|3[01]) ?(?:0?[1-9]|1[0-2]) ?(?:19|20)\d\d")
SHORT_DATE = re.compile(r"(?:0[1-9]|[12]\d|3[01]) (?:0[1-9]|1[0-2]) \d\d")
YEAR = re.compile(r"(?:19|20)\d\d")

COUNTRIES = _set("AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MC MT NL NO PL PT RO SE")
SHAPES = (
    (IBAN, re.compile(r"(?P<country>[A-Z]{2})\d\d[A-Z\d]{10,30}|\d{22,25}")),
    (SOCIAL, re.compile(r"[1278]\d\d(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d\d|2[AB])\d{6}(?:\d\d)?")),
    (CARD, re.compile(r"[2-6]\d{15}|3[47]\d{13}")),
    (PHONE, re.compile(r"0[1-9]\d{8}|(?:00)?330?[1-9]\d{8}")),
)
OTHER_CARDS = re.compile(r"3[068]\d{12}|4\d{12}|6\d{16,18}")  # where the check digit is right

AT = re.compile(r"@|(?:a?rr?|r)oba[szc]es?|arr?obas?")
SIGNS = {"point", "dot", "tiret", "bas", "underscore", "moins"}
DOTS = {"point", "dot"}
GLUED = {"", ".", "-", "_", "+"}
HOSTS = _set("gmail orange wanadoo free sfr hotmail outlook yahoo icloud laposte live bbox numericable")
ENDINGS = _set("fr com net org eu be ch ca lu info io pro gouv")
BEFORE_ADDRESS = _set(  # where an address begins, if its own words are only a name
    "est c etait adresse mail email mel courriel electronique a sur ecrire ecrivez envoyer envoyez envoie donc alors "
    "oui non voila le la les un une mon ma mes votre vos notre ce cette ca de du des par pour puis et ou touche signe "
    "symbole caractere que qui vous je il elle on euh ensuite voici avec chez"
)
FREE_WORDS = 4  # « jean dupont tout attaché arobase... »
PARTICLES = _set("de du des la le les van von der den el al ben d l")


class Hidden(NamedTuple):
    """A stretch of a turn's text that is personal: `turn` counts from 0, start and end are places of characters."""

    turn: int
    start: int
    end: int
    kind: str


class _Word(Token):
    """A word, a row of digits, an @ or a + of a turn, as text2num asks for it."""

    def __init__(self, place: int, turn: int, found: re.Match, before: str):
        self.place = place  # among all words of the call
        self.turn, self.start, self.end = turn, found.start(), found.end()
        self.message = found[0]
        self.plain = plain(found[0])
        self.before = before  # what stands between it and the word before; a line break where it begins a turn
        self.alone = self.plain == "virgule"

    def text(self) -> str:
        return "zéro" if self.plain in {"zero", "zeros"} else self.message.lower()

    def nt_separated(self, previous: "_Word") -> bool:
        return _is_apart(self.before)

    def not_a_number_part(self) -> bool:
        return self.alone


@dataclass(frozen=True)
class _Piece:
    """A group of digits, or a letter that is spelled: what a long number is said in."""

    words: tuple[_Word, ...]
    text: str

    @property
    def digits(self) -> int:
        return sum(map(str.isdecimal, self.text))


def plain(text: str) -> str:
    """Lower case, without accents."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe").replace("æ", "ae"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def find(turns: Sequence[Turn], names: Iterable[str] = ()) -> list[Hidden]:
    """What is personal in the texts of turns, in order; none overlaps another.

    `turns` come in the order of time; those of one channel and speaker are read as one text. `names` are also found
    without their accents, in any case, and spelled; a part of one (« Dupont » of « Jean Dupont ») where it has its
    capital.
    """
    words: list[_Word] = []
    for number, turn in enumerate(turns):
        words += _words(turn.text, number, len(words))
    found, runs = list(_names(words, names)), []
    voices = defaultdict(list)
    for word in words:
        voices[turns[word.turn].channel, turns[word.turn].speaker].append(word)
    for voice in voices.values():
        addresses = list(_addresses(voice, turns))
        found += [hidden for address in addresses for hidden in _in_turns(address, EMAIL)]
        pieces = _pieces(voice, turns, {word.place for address in addresses for word in address})
        runs += _runs(pieces, voice, turns)
    found += [hidden for said, kind in _numbers(runs, words, turns) for hidden in _in_turns(said, kind)]
    return _apart(found)


def _words(text: str, turn: int, first: int) -> Iterator[_Word]:
    end = 0
    for place, found in enumerate(re.finditer(r"\d+|[^\W\d_]+|[@+]", text), first):
        yield _Word(place, turn, found, text[end : found.start()] if end else "\n")
        end = found.end()


def _is_apart(between: str) -> bool:
    return bool(re.search(r"[,.;:!?…\n]", between))


def _in_turns(words: Iterable[_Word], kind: str) -> Iterator[Hidden]:
    for turn, said in groupby(words, key=lambda word: word.turn):
        said = list(said)
        yield Hidden(turn, said[0].start, said[-1].end, kind)


def _apart(found: Iterable[Hidden]) -> list[Hidden]:
    """In order; what overlaps becomes one, of the kind that begins first."""
    apart: list[Hidden] = []
    for hidden in sorted(set(found), key=lambda hidden: (hidden.turn, hidden.start, -hidden.end)):
        if apart and apart[-1].turn == hidden.turn and hidden.start < apart[-1].end:
            apart[-1] = apart[-1]._replace(end=max(apart[-1].end, hidden.end))
        else:
            apart.append(hidden)
    return apart


# Numbers


def _numbers(runs: list[list[_Piece]], words: list[_Word], turns: Sequence[Turn]) -> Iterator[tuple[list[_Word], str]]:
    """The words of each personal number, and its kind; then those of the parts that someone repeats."""
    found = []
    for run in runs:
        first = run[0].words[0]
        before = words[max(0, first.place - REACH) : first.place]
        sign = [word for word in before[-1:] if word.plain in {"plus", "+"} and word.turn == first.turn]
        for pieces, kind in _kinds(run, [word.plain for word in before], bool(sign)):
            found.append((pieces, kind))
            yield [*(sign if pieces[0] is run[0] else ()), *_said(pieces)], kind
    known = {id(piece) for pieces, _ in found for piece in pieces}
    for run in runs:
        part = _trimmed([piece for piece in run if id(piece) not in known])
        kind = _repeated(part, found, turns) if len(part) > 1 else None
        if kind:
            yield _said(part), kind


def _said(pieces: Iterable[_Piece]) -> list[_Word]:
    return [word for piece in pieces for word in piece.words]


def _repeated(part: list[_Piece], found: list[tuple[list[_Piece], str]], turns: Sequence[Turn]) -> str | None:
    """The kind of a number that was said just before or after, and of which this is a part."""
    text, turn = _digits(part), turns[part[0].words[0].turn]
    for pieces, kind in found:
        first, last = turns[pieces[0].words[0].turn], turns[pieces[-1].words[-1].turn]
        soon = first.start - PAUSE <= turn.end and turn.start <= last.end + PAUSE
        if soon and len(text) >= LEAST_REPEATED and text in _digits(pieces):
            return kind
    return None


def _digits(pieces: Iterable[_Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _pieces(voice: list[_Word], turns: Sequence[Turn], taken: set[int]) -> list[_Piece]:
    """Digits, numbers in words and spelled letters, in order, but for those that count something."""
    counted = {turn: _counted(turns[turn].text) for turn in {word.turn for word in voice}}
    pieces = []
    for before, word, after in zip([None, *voice], voice, [*voice[1:], None], strict=False):
        word.alone |= word.plain == "et" and not _is_et_un(before, after)
        if word.message.isdecimal():
            pieces.append(_Piece((word,), word.message))
        elif _is_spelled(word, after, turns[word.turn].text):
            pieces.append(_Piece((word,), word.message.upper()))
    for number in find_numbers(voice, "fr", threshold=0):
        if number.text.isdecimal() and not _is_large(number.text):
            pieces.append(_Piece(tuple(voice[number.start : number.end]), number.text))
    pieces.sort(key=lambda piece: piece.words[0].place)
    return [
        piece
        for piece in pieces
        if not any(word.place in taken or _within(word, counted[word.turn]) for word in piece.words)
        and not _counts(piece.words, turns[piece.words[-1].turn].text)
    ]


def _is_et_un(before: _Word | None, after: _Word | None) -> bool:
    return bool(
        before and after and before.plain.endswith(("ingt", "ante", "ente")) and re.match("une?$|onze$", after.plain)
    )


def _is_spelled(word: _Word, after: _Word | None, text: str) -> bool:
    """A letter by itself that is no word, or the letters that begin an IBAN."""
    if word.message in COUNTRIES or (word.plain == "fr" and after and after.before == "" and after.message.isdecimal()):
        return True
    return bool(re.fullmatch("[A-Zb-xz]", word.message)) and text[word.end : word.end + 1] not in {"'", "’"}


def _is_large(number: str) -> bool:
    """In words, and too large or too round for a group of digits: it counts something."""
    return number[0] != "0" and (len(number) > 6 or (len(number) > 4 and number.endswith("000")))


def _counted(text: str) -> list[tuple[int, int]]:
    """Where dates, decimals, hours and counted thousands stand."""
    found = [match.span() for pattern in COUNTED for match in pattern.finditer(text)]
    for match in THOUSANDS.finditer(text):
        if match[0].endswith("000") or UNIT.match(text, match.end()):
            found.append(match.span())
    return found


def _within(word: _Word, spans: list[tuple[int, int]]) -> bool:
    return any(start <= word.start and word.end <= end for start, end in spans)


def _counts(words: Sequence[_Word], text: str) -> bool:
    """It is followed by a unit, or is the year after a month, or its letters make it a rank (2e) or a network (4G)."""
    start, end = words[0].start, words[-1].end
    if words[0].message.isdecimal() and (RANK.match(text, end) or SCALE.match(text, end)):
        return True
    return bool(UNIT.match(text, end) or AFTER_MONTH.search(text, max(0, start - 12), start))


def _runs(pieces: list[_Piece], voice: list[_Word], turns: Sequence[Turn]) -> Iterator[list[_Piece]]:
    """The pieces that are said in a row."""
    places = [word.place for word in voice]
    run: list[_Piece] = []
    for piece in pieces:
        if run and not _goes_on(run[-1], piece, places, voice, turns):
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def _goes_on(before: _Piece, after: _Piece, places: list[int], voice: list[_Word], turns: Sequence[Turn]) -> bool:
    last, first = before.words[-1], after.words[0]
    if turns[first.turn].start - turns[last.turn].end > PAUSE:
        return False
    between = voice[bisect_left(places, last.place) + 1 : bisect_left(places, first.place)]
    ends = {last.turn, first.turn}
    near = [word.plain for word in between if word.turn in ends]
    others = [len(list(said)) for turn, said in groupby(between, key=lambda word: word.turn) if turn not in ends]
    if len(others) > TURNS_BETWEEN or max(others, default=0) > WORDS_BETWEEN:
        return False
    return len(near) <= 4 and all(word in BETWEEN or (word == "le" and "fois" in near) for word in near)


def _kinds(run: list[_Piece], before: list[str], international: bool) -> Iterator[tuple[list[_Piece], str]]:
    """The personal numbers in a row of pieces: those that have a known shape and what is left of the row, else the
    whole row if it is long enough for what was said before it."""
    whole = _trimmed(run)
    named = [word for word in before if word in NAMED]
    if not whole or _is_counting(whole) or (_may_count(whole) and not named):
        return
    shaped = list(_shaped(run))
    if shaped:
        yield from ((run[start:end], kind) for start, end, kind in shaped)
        yield from ((left, NUMBER) for left in _left(run, shaped))
        return
    digits = sum(piece.digits for piece in whole)
    kind = next((NAMED[word] for word in reversed(named) if NAMED[word] != NUMBER), NUMBER if named else None)
    if international:
        kind = kind or PHONE
    if whole[0].text[0] == "0" and digits >= LONG_AFTER_ZERO:
        yield whole, kind if kind not in {None, NUMBER} else PHONE
    elif digits >= LONG or (kind and digits >= LONG_AFTER_ITS_NAME):
        yield whole, kind or NUMBER
    elif digits in {3, 4} and CRYPTOGRAM & set(before):
        yield whole, CARD


def _trimmed(run: list[_Piece]) -> list[_Piece]:
    """Without the letters at its ends."""
    with_digits = [place for place, piece in enumerate(run) if piece.digits]
    return run[with_digits[0] : with_digits[-1] + 1] if with_digits else []


def _is_counting(run: list[_Piece]) -> bool:
    """A date, years or round figures, though they have many digits."""
    texts = [piece.text for piece in run]
    if DATE.fullmatch(" ".join(texts)):
        return True
    return len(texts) > 1 and all(YEAR.fullmatch(text) or re.fullmatch(r"[1-9]\d*00", text) for text in texts)


def _may_count(run: list[_Piece]) -> bool:
    """As far as its figures go: « 05 03 24 », « 75, 77, 78, 91, 92 », « un, deux, trois, quatre, cinq... »"""
    texts = [piece.text for piece in run]
    if SHORT_DATE.fullmatch(" ".join(texts)):
        return True
    if len(texts) < 5 or not all(text.isdecimal() and len(text) < LONG for text in texts):
        return False
    steps = [int(second) - int(first) for first, second in pairwise(texts)]
    in_order = all(step > 0 for step in steps) or all(step < 0 for step in steps)
    return in_order and (texts[0][0] != "0" or set(steps) == {1})


def _shaped(run: list[_Piece]) -> Iterator[tuple[int, int, str]]:
    """Stretches of pieces that have the shape of a known number, the longest first from each place on."""
    start = 0
    while start < len(run):
        ends = range(min(len(run), start + LONGEST), start, -1)
        found = next(((end, kind) for end in ends if (kind := _shape(_digits(run[start:end])))), None)
        if found:
            yield start, *found
        start = found[0] if found else start + 1


def _shape(text: str) -> str | None:
    for kind, pattern in SHAPES:
        found = pattern.fullmatch(text)
        if found and (kind != IBAN or not found["country"] or found["country"] in COUNTRIES):
            return kind
    return CARD if OTHER_CARDS.fullmatch(text) and _checks(text) else None


def _checks(number: str) -> bool:
    """Luhn's check digit, ISO/IEC 7812-1 annex B."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in number[-2::-2])
    return (sum(map(int, number[-1::-2])) + sum(doubled)) % 10 == 0


def _left(run: list[_Piece], shaped: list[tuple[int, int, str]]) -> Iterator[list[_Piece]]:
    """What stands beside known numbers and may belong to them: all but a small figure that a comma keeps apart."""
    edges = [0, *(edge for start, end, _ in shaped for edge in (start, end)), len(run)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        left = _trimmed(run[start:end])
        if not left:
            continue
        apart = _is_apart(run[end].words[0].before if end < len(run) else run[start].words[0].before)
        if not apart or sum(piece.digits for piece in left) > 2:
            yield left


# E-mail addresses


def _addresses(voice: list[_Word], turns: Sequence[Turn]) -> Iterator[list[_Word]]:
    """The words of each address that one voice says or that is written out."""
    for at, word in enumerate(voice):
        if AT.fullmatch(word.plain) or word.plain == "at":
            end, dotted = _domain(voice, at, turns)
            start = _local(voice, at, turns)
            signed = any(before.plain in SIGNS or before.before in {".", "_", "-"} for before in voice[start + 1 : at])
            if start < at < end and (dotted or (signed and word.plain != "at")):
                yield voice[start : end + 1]


def _domain(voice: list[_Word], at: int, turns: Sequence[Turn]) -> tuple[int, bool]:
    """The place of the last word of the domain after the @, and whether it is one: it has a dot or is well known."""
    end, dotted = at, False
    for place in range(at + 1, min(at + 14, len(voice))):
        word, before = voice[place], voice[place - 1]
        if not _near(before, word, turns):
            break
        dot = word.before.strip() == "." and (word.before == "." or word.plain in ENDINGS)
        spelled = len(word.message) == len(before.message) == 1
        tied = dot or spelled or word.before in GLUED or bool({word.plain, before.plain} & SIGNS)
        free = not dotted and place <= at + 3 and not _is_apart(word.before)
        if place > at + 1 and not (tied or free):
            break
        dotted |= dot or before.plain in DOTS
        end = end if word.plain in SIGNS else place
        if word.plain in HOSTS and not _dot_follows(voice, place):
            return end, True
    return end, dotted


def _dot_follows(voice: list[_Word], place: int) -> bool:
    after = voice[place + 1] if place + 1 < len(voice) else None
    return bool(after and (after.plain in SIGNS or after.before.strip() == "."))


def _local(voice: list[_Word], at: int, turns: Sequence[Turn]) -> int:
    """The place of the first word of what stands before the @."""
    start, free = at, 0
    for place in range(at - 1, max(at - 40, -1), -1):
        word, after = voice[place], voice[place + 1]
        if not _near(word, after, turns):
            break
        spelled = len(word.message) == len(after.message) == 1
        tied = spelled or word.plain in SIGNS or after.plain in SIGNS or after.before in GLUED
        if not tied:
            if place < at - 1 and (_is_apart(after.before) or word.turn != after.turn):
                break
            if word.plain in BEFORE_ADDRESS:
                break
            free += len(word.message) > 1 and not word.message.isdecimal()
            if free > FREE_WORDS:
                break
        start = place
    return start


def _near(before: _Word, after: _Word, turns: Sequence[Turn]) -> bool:
    """Of one turn; or of the next one that soon follows, where a sign or the @ is said at the break."""
    if before.turn == after.turn:
        return True
    signs = {before.plain, after.plain}
    soon = turns[after.turn].start - turns[before.turn].end <= PAUSE
    return soon and bool(signs & SIGNS or any(map(AT.fullmatch, signs)))


# Names


def _names(words: list[_Word], names: Iterable[str]) -> Iterator[Hidden]:
    """Each name as it was given, its parts where they have a capital, and either of them spelled."""
    wholes = {tuple(plain(part) for part in re.findall(r"[^\W_]+", name)) for name in names} - {()}
    parts = {part for whole in wholes if len(whole) > 1 for part in whole if len(part) > 1} - PARTICLES
    longest = max(map(len, wholes), default=0)
    for place, word in enumerate(words):
        for length in range(longest, 0, -1):
            said = words[place : place + length]
            if said[-1].turn == word.turn and tuple(each.plain for each in said) in wholes:
                yield Hidden(word.turn, word.start, said[-1].end, NAME)
        if word.plain in parts and word.message[0].isupper():
            yield Hidden(word.turn, word.start, word.end, NAME)
    yield from _spelled(words, parts | {"".join(whole) for whole in wholes})


def _spelled(words: list[_Word], names: set[str]) -> Iterator[Hidden]:
    for (turn, single), letters in groupby(words, key=lambda word: (word.turn, len(word.plain) == 1)):
        letters = list(letters)
        spelled = "".join(letter.plain for letter in letters)
        for name in names if single else ():
            for found in re.finditer(re.escape(name), spelled) if len(name) > 1 else ():
                yield Hidden(turn, letters[found.start()].start, letters[found.end() - 1].end, NAME)
