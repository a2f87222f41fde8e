"""allo-fr-1: French as it is heard, so that two spellings of the same words become the same text.

The canonical form is lower case, accents kept, numbers in words, one space between words. In words and not in digits,
because the article un, the adjective neuf and second then need no guess, and because a number counts for as many words
as were said. So numbers are compared as they sound: 22, vingt-deux and « 20, 2 » are one. A number read digit by digit
differs from the number, except after a zero, where telephone numbers are: 06 12 34, 061234 and zéro six un deux trois
quatre are one.
Abbreviations, units and signs are read out where they can mean one thing only (14h30, 5,50 €, 10 km, n°, Mme); 2e is
deuxième and 2nd is second, which stay different, as do un and une. What stands in brackets, [rire], (rires) or <bruit>,
was not said and is left out. Euh, hum, ben, bah and hein are fillers; ah, oh and eh are words.

Both sides of a comparison get the same function. It is idempotent.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile

from text_to_num import Token, find_numbers

NAME = "allo-fr-1"
WITHOUT_FILLERS = f"{NAME} without fillers"

# fmt: off
SMALL = [
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize",
    "quatorze", "quinze", "seize",
]
# fmt: on
TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante"}
SCALES = ((10**9, "milliard"), (10**6, "million"))
SWISS_TENS = {"septante", "huitante", "octante", "nonante"}
NUMBER_WORDS = {*SMALL, *TENS.values(), *SWISS_TENS, "une", "cent", "cents", "mil", "mille", "vingts"} | {
    name + plural for _, name in SCALES for plural in ("", "s")
}
COMPOUNDING = NUMBER_WORDS - {"un", "une"}  # without any of these there is nothing to spell anew

# A unit after a number: its abbreviation or its name, singular or plural, becomes the name, plural unless one is one.
UNITS = {
    "h": "heure",
    "min": "minute",
    "mn": "minute",
    "sec": "seconde",
    "km": "kilomètre",
    "cm": "centimètre",
    "mm": "millimètre",
    "kg": "kilo",
    "kilogramme": "kilo",
    "mg": "milligramme",
    "cl": "centilitre",
    "ml": "millilitre",
    "go": "giga",
    "gigaoctet": "giga",
    "mo": "méga",
    "mégaoctet": "méga",
    "eur": "euro",
}
UNITS |= {name: name for name in UNITS.values()}
UNITS |= {name: name for name in ("mètre", "gramme", "litre", "degré", "dollar", "centime")}
WORDS = {  # one word, several spellings
    "mr": "monsieur",
    "mme": "madame",
    "mmes": "mesdames",
    "mlle": "mademoiselle",
    "mlles": "mesdemoiselles",
    "dr": "docteur",
    "st": "saint",
    "ste": "sainte",
    "etc": "et cetera",
    "etcetera": "et cetera",
    "caetera": "cetera",
    "svp": "s il vous plaît",
    "stp": "s il te plaît",
    "rdv": "rendez vous",
    "pourcent": "pour cent",
    "pourcents": "pour cent",
    "plait": "plaît",
    "zero": "zéro",
    "zeros": "zéros",
    "okay": "ok",
    "allo": "allô",
    "email": "e mail",
    "emails": "e mails",
    "arobas": "arobase",
}
FILLERS = re.compile(  # each under the spelling that stands for all of its kind
    r"(?P<euh>e+u+h+|h+e+u+)|(?P<hum>h+u*m+|m+h+m*|m{3,})|(?P<ben>be+n+|bein)|(?P<bah>ba+h+)|(?P<hein>he+i+n+)"
)

CHARACTERS = str.maketrans("’‘‛ʼ′`´＇º", "''''''''°") | {ord("№"): "n°", ord("œ"): "oe", ord("æ"): "ae"}
UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff\u0300-\u036f]")  # and accents that no letter of Unicode carries
BRACKETS = re.compile(r"\[[^][]*\]|\([^()]*\)|<[^<>]*>")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b(?:[a-z0-9-]+\.)+(?:fr|com|org|net|eu)\b")
ADDRESS_MARKS = str.maketrans({".": " point ", "@": " arobase ", "-": " tiret ", "_": " underscore "})
PER_HOUR = re.compile(r"\b(km|kilomètres?) (?:à l|par) heure\b")
WORD = re.compile(r"aujourd'hui|[^\W_]+")
FEMININE = "h|min|mn|sec|heure|minute|seconde|fois|personne|semaine|année|journée|nuit|page|ligne|livre|tonne"

# What is written with digits or signs, as it is read aloud: (pattern, replacement), in this order.
WRITTEN = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\baujourd[ '-]*hui\b", "aujourd'hui"),
        (r"\b[^\W\d_]\.(?:[^\W\d_]\.)+", lambda found: found[0].replace(".", "") + " "),  # s.n.c.f.
        (r"(?<!\d)(?<!\d )(?<!\w\. )(?<!['-])\bm ?\. ?(?=[^\W\d_]{2})", "monsieur "),
        (r"\bmm ?\. ?(?=[^\W\d_]{2})", "messieurs "),
        (r"\bn ?°", " numéro "),
        # Thousands in threes, and decimals.
        (r"(?<![\d,.])(?<!\d[ .])[1-9]\d{0,2}(?:[ .']\d{3})+(?![ .]?\d)", lambda found: re.sub(r"\D", "", found[0])),
        (r"(?<!\d)(?<!\d )([€$£]) ?(\d+(?:[.,]\d+)?)", r"\2 \1"),
        (r"(?<![\d.,])(\d+)[.,](\d\d) ?(€|euros?\b|eur\b|\$|dollars?\b|£)", r"\1 \3 \2"),
        (r"(?<![\d.,])(0|[1-9]\d*)[.,](\d+)(?![.,]?\d)", r"\1 virgule \2"),
        # Telephone numbers: one string of digits, read in pairs.
        (
            r"\+ ?33[ .-]?([1-9])[ .-]?(\d\d)[ .-]?(\d\d)[ .-]?(\d\d)[ .-]?(\d\d)(?!\d)",
            r" plus 33 \1 \2 \3 \4 \5 ",
        ),
        (r"(?<![\d.,:/-])0\d*(?:[ .-]\d{1,3})+(?!\d)", lambda found: _joined(found[0])),
        # The clock, ordinals, fractions.
        (r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])", r"\1 h \2"),
        (r"(?<!\d)1er(s?)\b", r"premier\1"),
        (r"(?<!\d)1(?:è|e)?re(s?)\b", r"première\1"),
        (r"(?<!\d)2(?:nd|d)(e?s?)\b", r"second\1"),
        (r"(?<!\d)(\d{1,12})(?:i?[èe]me|è|e)(s?)\b", lambda found: f" {ordinal(int(found[1]))}{found[2]} "),
        (r"(?<![\d/])1/2(?![\d/])", " un demi "),
        (r"(?<![\d/])1/3(?![\d/])", " un tiers "),
        (r"(?<![\d/])2/3(?![\d/])", " deux tiers "),
        (r"(?<![\d/])1/4(?![\d/])", " un quart "),
        (r"(?<![\d/])3/4(?![\d/])", " trois quarts "),
        (r"(?<![\d/])([1-9]\d*) ?j(?:ours?)? ?/ ?([1-9]\d*)(?![\d/])", r"\1 jours sur \2"),
        (r"(?<![\d/])([1-9]\d*)( ?h(?:eures?)?)? ?/ ?([1-9]\d*)(?![\d/])", r"\1\2 sur \3"),
        (r"(?<=\d) ?k€", " mille euros "),
        (r"(?<=\d) ?m€", " millions d euros "),
        # Units of one letter, which a clitic (s'est, m'a, l'a) or a network (4G) must not pass for.
        (r"(?<=\d) ?m(?:²|2)(?!\w)", " mètres carrés "),
        (r"(?<=\d) ?m(?:³|3)(?!\w)", " mètres cubes "),
        (r"(?<=\d) ?m(?![\w'])", " mètre "),
        (r"(?<=\d) s(?![\w'])", " seconde "),
        (r"(?<=\d) l(?![\w'])", " litre "),
        (r"(?<=\d\d) ?g(?![\w'])", " gramme "),
        (r"\bkm ?/ ?h\b", "km heure"),
        (rf"(?<![\d.,])1(?= ?(?:{FEMININE})s?(?![^\W\d_]))", "une "),
        # Signs.
        (r"(?<=\d) ?° ?c\b|°", " degré "),
        (r"%", " pour cent "),
        (r"€", " euro "),
        (r"\$", " dollar "),
        (r"£", " livres "),
        (r"&", " et "),
        (r"#", " dièse "),
        (r"(?<!\S)\*(?![^\s.,])", " étoile "),
        (r"\+(?= ?\d)", " plus "),
        (r"(?<![\w.,)])[-−](?=\d)", " moins "),
        (r"\d+", lambda found: f" {_read(found[0])} "),
    )
]
SIGNS = re.compile(r"[\d%€$£&#*°]|\b[^\W\d_]{1,2} ?\.|aujourd")


def normalise(text: str, fillers: bool = True) -> str:
    """The canonical form of `text`: words with single spaces between, possibly none.

    Fillers (euh, hum, ben, bah, hein) keep one spelling each, or are left out with `fillers=False`.
    """
    whole = _heard(text)
    if fillers or not any(map(FILLERS.fullmatch, whole.split())):
        return whole
    return _heard.__wrapped__(text, fillers=False)  # anew, since « vingt euh deux » is a number without its euh


@lru_cache(maxsize=2**16)  # many turns are one word, and references come back with every hypothesis
def _heard(text: str, fillers: bool = True) -> str:
    text = _plain(text)
    text = ADDRESS.sub(lambda found: found[0].translate(ADDRESS_MARKS), text)
    if SIGNS.search(text):
        for pattern, replacement in WRITTEN:
            text = pattern.sub(replacement, text)
    text = " ".join(WORDS.get(word, word) for word in WORD.findall(text))
    words = PER_HOUR.sub(r"\1 heure", text).split()
    words = _hesitations(words, fillers)
    while (heard := _units(_numbers(words))) != words:  # a number that was rewritten may join its neighbour
        words = heard
    return " ".join(words)


def _plain(text: str) -> str:
    """Lower case, composed, straight apostrophes, no ligatures, nothing in brackets."""
    text = unicodedata.normalize("NFKC", text.lower().translate(CHARACTERS)).lower().translate(CHARACTERS)
    text = UNSEEN.sub("", text).replace("\N{FRACTION SLASH}", "/")
    found = 1
    while found:
        text, found = BRACKETS.subn(" ", text)
    return " ".join(text.split())


def _hesitations(words: list[str], kept: bool) -> list[str]:
    spelled = [found.lastgroup if (found := FILLERS.fullmatch(word)) else word for word in words]
    return spelled if kept else [word for word in spelled if not FILLERS.fullmatch(word)]


def cardinal(number: int) -> str:
    """The number in words, without hyphens and without the s of cents and vingts, which nobody hears."""
    if number < 17:
        return SMALL[number]
    if number < 20:
        return f"dix {SMALL[number - 10]}"
    if number < 100:
        base = number // 20 * 20 if number >= 60 else number // 10 * 10
        rest = number - base
        ten = "quatre vingt" if base == 80 else TENS[base // 10]
        return ten + (rest > 0) * f"{' et' if rest in (1, 11) and base < 80 else ''} {cardinal(rest)}"
    for scale, name in SCALES:
        if number >= scale:
            many, rest = divmod(number, scale)
            return f"{cardinal(many)} {name}{'s' if many > 1 else ''}" + (rest > 0) * f" {cardinal(rest)}"
    scale, name = (1000, "mille") if number >= 1000 else (100, "cent")
    many, rest = divmod(number, scale)
    return (many > 1) * f"{cardinal(many)} " + name + (rest > 0) * f" {cardinal(rest)}"


def ordinal(number: int) -> str:
    """The number's rank in words; the first is premier."""
    if number == 1:
        return "premier"
    *before, last = cardinal(number).split()
    last = {"cinq": "cinqu", "neuf": "neuv", "millions": "million", "milliards": "milliard"}.get(last, last)
    return " ".join([*before, last.removesuffix("e") + "ième"])


def _read(digits: str) -> str:
    """A group of digits aloud: a number, or pairs where it starts with a zero or no number is that long."""
    if (digits[0] == "0" and len(digits) > 1) or len(digits) > 15:
        return " ".join(_pairs(digits))
    return cardinal(int(digits))


def _pairs(digits: str) -> Iterator[str]:
    for start in range(0, len(digits), 2):
        pair = digits[start : start + 2]
        yield "zéro " * (len(pair) == 2 and pair[0] == "0") + cardinal(int(pair))


def _joined(digits: str) -> str:
    joined = re.sub(r"\D", "", digits)
    return joined if len(joined) >= 4 else digits


class _Word(Token):
    """What text2num asks of a word. `alone`: it is no part of a number."""

    def __init__(self, text: str, alone: bool):
        self._text, self._alone = text, alone

    def text(self) -> str:
        return self._text

    def nt_separated(self, previous: "_Word") -> bool:
        return self._text[:4] == previous._text[:4] == "cent"  # else huit cents cent vingt would be 801, 20

    def not_a_number_part(self) -> bool:
        return self._alone


def _numbers(words: list[str]) -> list[str]:
    """Each number as `cardinal` and `ordinal` write it, and what follows a zero in pairs."""
    if COMPOUNDING.isdisjoint(words):
        return words
    groups = list(_groups(words))
    heard: list[str] = []
    at = 0
    while at < len(groups):
        run = [groups[at]]
        if run[0][1] == "0":
            run += takewhile(lambda group: 0 < len(group[1]) <= 3, groups[at + 1 :])
        digits = "".join(group[1] for group in run)
        if run[0][1] == "0" and len(digits) >= 4:
            heard += " ".join(_pairs(digits)).split()
        elif len(digits) == len(run) == 2 and heard and heard[-1] in {"heures", "heure", "euros", "euro"}:
            heard += [SMALL[int(digits)]] * (digits != "00")  # 14h05 is read with its zero or without
        else:
            heard += [word for group in run for word in group[0]]
        at += len(run)
    return heard


def _groups(words: list[str]) -> Iterator[tuple[list[str], str]]:
    """The words cut into numbers, as they are to be written and in digits, and other words, which have no digits.

    text2num is kept from what it gets wrong: zero before hundreds, decimals before millions, et anywhere in a number.
    """
    tokens = [_Word(word, _is_alone(words, at)) for at, word in enumerate(words)]
    at = 0
    for number in find_numbers(tokens, "fr", threshold=0):
        yield from _others(words[at : number.start])
        found, at = words[number.start : number.end], number.end
        if number.is_ordinal:
            rank, plural = re.fullmatch(r"(\d+)\D+?(s?)", number.text).groups()
            yield (found if len(found) == 1 else (ordinal(int(rank)) + plural).split()), ""
        elif len(found) == 1 and found[0] not in SWISS_TENS:
            yield from _others(["mille" if found[0] == "mil" else found[0]])
        else:
            yield cardinal(int(number.text)).split(), number.text
    yield from _others(words[at:])


def _others(words: list[str]) -> Iterator[tuple[list[str], str]]:
    for word in words:
        word = {"cents": "cent", "vingts": "vingt"}.get(word, word)
        yield [word], DIGITS.get(word, "")


def _is_alone(words: list[str], at: int) -> bool:
    """Zero and virgule are read on their own; et belongs to vingt et un and its like only."""
    if words[at] != "et":
        return words[at] in {"zéro", "virgule"}
    before, after = words[at - 1] if at else "", words[at + 1] if at + 1 < len(words) else ""
    return before not in {*TENS.values(), *SWISS_TENS} or not re.fullmatch(r"une?|onze|(un|onz)ièmes?", after)


DIGITS = {cardinal(n): str(n) for n in (*range(17), 20, 30, 40, 50, 60, 100)}


def _units(words: list[str]) -> list[str]:
    """Units after numbers, in full and in the plural; « deux millions euros » gets its d'."""
    heard: list[str] = []
    for word in words:
        before = heard[-1] if heard else ""
        unit = UNITS.get(word) or UNITS.get(word.removesuffix("s"))
        if unit and before in NUMBER_WORDS:
            one = before in {"un", "une"} and (len(heard) < 2 or heard[-2] not in {*NUMBER_WORDS, "et", "virgule"})
            if re.fullmatch("(million|milliard)s?", before) and unit in {"euro", "dollar"}:
                heard.append("d")
            word = unit if one else unit + "s"
        elif unit and before == "d" and len(heard) > 1 and heard[-2] in NUMBER_WORDS:
            word = unit + "s"
        heard.append(word)
    return heard
