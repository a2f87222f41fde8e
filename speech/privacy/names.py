"""Names that were given: whole, in parts, misspelled by their sound, or spelled letter by letter."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby

from speech.privacy.kinds import NAME, Hidden
from speech.privacy.words import TextWord, plain, vocabulary

PARTICLES = vocabulary("de du des la le les van von der den el al ben d l")
TITLES = vocabulary(
    "monsieur madame mademoiselle messieurs mesdames m mr mme mlle mrs docteur dr maitre me professeur pr famille "
    "appelle appelles appelez prenom prenomme nom patronyme"
)
AFTER_TITLE = vocabulary("de famille c est et l d") | PARTICLES
LEAST_BY_SOUND = 4  # letters of a name that another word may sound like

# Spelling: what is said of letters, and how letters are called where they are written as they sound.
LETTERS = {
    "bé": "b", "cé": "c", "dé": "d", "effe": "f", "èf": "f", "ef": "f", "gé": "g", "ache": "h", "hache": "h",
    "ji": "j", "ka": "k", "elle": "l", "èl": "l", "emme": "m", "èm": "m", "enne": "n", "èn": "n", "pé": "p", "ku": "q",
    "erre": "r", "èr": "r", "esse": "s", "ès": "s", "té": "t", "vé": "v", "ixe": "x", "zède": "z", "zed": "z",
    "igrec": "y",
}  # fmt: skip
PAIRS = {("double", "v"): "w", ("double", "ve"): "w", ("i", "grec"): "y", ("y", "grec"): "y"}
TWICE = {"deux", "2", "double"}
OF_LETTERS = vocabulary(
    "accent aigu grave circonflexe trema cedille majuscule minuscule tiret trait union apostrophe espace en plus puis "
    "et euh ensuite apres deux points"
)
LIKE = {"comme", "pour", "de", "d"}


def names_of(text: str) -> list[str]:
    """The names in what was typed, between commas, semicolons or line breaks."""
    return [name for part in re.split(r"[,;\n]", text) if (name := part.strip())]


@dataclass(frozen=True)
class _Letter:
    text: str
    start: int  # place of its first word
    end: int  # after its last, « comme Denis » included


def names_in(
    words: Sequence[TextWord], readings: Iterable[Sequence[TextWord]], names: Iterable[str]
) -> Iterator[Hidden]:
    """Each name as it was given, its parts where they have a capital or follow a title, and either of them spelled.

    Somebody may spell over several turns, so this is looked for in each way of reading the call.
    """
    wholes = {tuple(plain(part) for part in re.findall(r"[^\W_]+", name)) for name in names} - {()}
    if not wholes:
        return
    parts = {part for whole in wholes if len(whole) > 1 for part in whole if len(part) > 1} - PARTICLES
    runs = (whole[start:end] for whole in wholes for start, end in combinations(range(len(whole) + 1), 2))
    together = {name for name in map("".join, runs) if len(name) > 1} - PARTICLES
    yield from _whole(words, wholes)
    yield from _written_together(words, together)
    led = {whole[at : at + 2] for whole in wholes for at in range(len(whole) - 1) if whole[at] in PARTICLES}
    yield from _parts(words, parts, {whole[0] for whole in wholes if len(whole) == 1}, led)
    for reading in readings:
        yield from _spelled(reading, together)


def _whole(words: Sequence[TextWord], wholes: set[tuple[str, ...]]) -> Iterator[Hidden]:
    for place, word in enumerate(words):
        for length in {len(whole) for whole in wholes}:
            said = words[place : place + length]
            if said[-1].turn == word.turn and tuple(each.plain for each in said) in wholes:
                yield Hidden(word.turn, word.start, said[-1].end, NAME)


def _written_together(words: Sequence[TextWord], names: set[str]) -> Iterator[Hidden]:
    """« Legoff » for Le Goff, and « Le Goff » for Legoff."""
    for word, after in zip(words, [*words[1:], None], strict=True):
        if word.said[0].isupper() and word.plain in names:
            yield Hidden(word.turn, word.start, word.end, NAME)
        follows = after and after.turn == word.turn and not after.is_apart
        pair = follows and len(word.said) > 1 and word.said[0].isupper() and after.said[0].isupper()
        if pair and word.plain + after.plain in names:
            yield Hidden(word.turn, word.start, after.end, NAME)


def _parts(words: Sequence[TextWord], parts: set[str], wholes: set[str], led: set[tuple[str, ...]]) -> Iterator[Hidden]:
    """`led`: particles with the part that they lead, as le and roy."""
    by_sound = {sound(name) for name in parts | wholes if len(name) >= LEAST_BY_SOUND}
    for place, word in enumerate(words):
        alike = len(word.plain) >= LEAST_BY_SOUND and sound(word.plain) in by_sound
        titled = _follows_a_title(words, place)
        if (word.plain in parts or alike) and (word.said[0].isupper() or titled):
            before = words[place - 1] if place else word
            leads = titled and before.turn == word.turn and (before.plain, word.plain) in led
            yield Hidden(word.turn, before.start if leads else word.start, word.end, NAME)


def _follows_a_title(words: Sequence[TextWord], place: int) -> bool:
    for before in reversed(words[max(0, place - 4) : place]):
        if before.turn != words[place].turn:
            return False
        if before.plain in TITLES:
            return True
        if before.plain not in AFTER_TITLE:
            return False
    return False


SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"ph", "f"),
        (r"bv", "v"),
        (r"e?aux?|ault|ot\b|os\b", "o"),
        (r"sc(?=[eiy])|ss|c(?=[eiy])", "s"),
        (r"qu|ck|ch(?=[lr])|c(?![h])|k", "k"),
        (r"g(?=[eiy])", "j"),
        (r"y", "i"),
        (r"w", "v"),
        (r"(?<![gq])ue(?=[a-z])", "u"),
        (r"(?<![cs])h", ""),
        (r"[ae]i(?!n)|oe", "e"),
        (r"(?:ai|ei|i|y)[nm](?![aeiounm])", "in"),
        (r"[ae][nm](?![aeiounm])", "an"),
        (r"z\b", "s"),
        (r"(.)\1+", r"\1"),
        (r"(?<=\w\w)[dtsxp]+$", ""),
    )
]


def sound(name: str) -> str:
    """How a name sounds, roughly, so that Dupond is Dupont and Lefebvre Lefèvre."""
    for pattern, letters in SOUNDS:
        name = pattern.sub(letters, name)
    return name


# Spelled


def _spelled(words: Sequence[TextWord], names: set[str]) -> Iterator[Hidden]:
    for letters in _spellings(words):
        spelled = "".join(letter.text for letter in letters)
        for name in names:
            for found in re.finditer(re.escape(name), spelled):
                said = words[letters[found.start()].start : letters[found.end() - 1].end]
                for turn, row in groupby(said, key=lambda word: word.turn):
                    row = list(row)
                    yield Hidden(turn, row[0].start, row[-1].end, NAME)


def _spellings(words: Sequence[TextWord]) -> Iterator[list[_Letter]]:
    """Rows of letters, however they are said, over the words that say something of them."""
    letters: list[_Letter] = []
    at = 0
    while at < len(words):
        text, end = _letter(words, at)
        if text:
            letters += [_Letter(each, at, end) for each in text]
            at = end
            continue
        if words[at].plain not in OF_LETTERS:
            if len(letters) > 1:
                yield letters
            letters = []
        elif letters and words[at].plain in {"accent", "aigu", "grave", "circonflexe", "trema", "cedille"}:
            last = letters[-1]
            letters[-1] = _Letter(last.text, last.start, at + 1)
        at += 1
    if len(letters) > 1:
        yield letters


def _letter(words: Sequence[TextWord], at: int) -> tuple[str, int]:
    """The letter that is said at a place, or twice the letter, and the place after it; no text if there is none."""
    said = [word.plain for word in words[at : at + 4]]
    text, end = "", at
    if tuple(said[:2]) in PAIRS:
        text, end = PAIRS[said[0], said[1]], at + 2
    elif said[0] in TWICE and len(said) > 1 and (letter := _name(words[at + 1])):
        text, end = 2 * letter, at + 2
    elif said[:2] == ["deux", "fois"] and len(said) > 2 and (letter := _name(words[at + 2])):
        text, end = 2 * letter, at + 3
    elif letter := _name(words[at]):
        again = said[1:3] == ["deux", "fois"] and not words[at + 1].is_apart
        text, end = (2 * letter, at + 3) if again else (letter, at + 1)
    rest = words[end : end + 3]
    if text and len(rest) > 1 and rest[0].plain in LIKE:
        like = rest[1:] if rest[1].plain not in {"dans", "en"} else rest[2:]
        if like and like[0].plain.startswith(text[0]) and len(like[0].plain) > 1:
            end += len(rest) - len(like) + 1
    return text, end


def _name(word: TextWord) -> str:
    if len(word.plain) == 1 and word.plain.isalpha():
        return word.plain
    return LETTERS.get(word.said.lower(), "")
