"""Home addresses: the street and the town that are said after « j'habite », « mon adresse »..."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from speech.privacy.kinds import ADDRESS, Hidden
from speech.privacy.numbers.counted import STREETS
from transcripts.transcript import Turn

ANNOUNCED = re.compile(
    r"\b(?:habit(?:e|es|ez|ons|ais|ait|ent|er)|r[ée]sid(?:e|es|ez|ons|ent)|log(?:e|es|ez|ons|ent)|demeur\w+|domicili\w+|domicile"
    r"|adresse|vis\s+au|vit\s+au|vivez\s+au|livr(?:er|ez|é|ée|és|aison)|(?:suis|sommes)\s+(?:au|situ\w+))\b",
    re.IGNORECASE,
)
FIGURES = (
    "un|une|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?|trente"
    "|quarante|cinquante|soixante|septante|huitante|nonante|cents?|mille|zéro|et"
)
IN_WORDS = rf"(?:{FIGURES})(?:[ -](?:{FIGURES})){{0,9}}"
WAYS = rf"(?i:{STREETS}|lotissement|r[ée]sidence|villa|lieu[ -]dit)\b"
OF = r"(?:de\s+la|de|du|des|la|le|les|aux?|à|en|sur|sous|lès|saint|sainte|et)"
ELIDED = r"(?:[dl]['’]\s?|de\s+l['’]\s?)"
PROPER = r"[A-ZÀ-Ý][\w'’-]*"
PROPER_NAME = rf"{PROPER}(?:[\s-]+(?:{OF}\s+|{ELIDED})*(?:{PROPER}|\d{{4}}\b))*"  # Saint-Denis, 8 Mai 1945
NEXT = rf"(?:et|à|a|au|dans|je|on|il|vous|donc|mais|pour|depuis|avec|c['’]\w+|{FIGURES})\b"  # begins something else
SMALL_NAME = rf"(?!{NEXT})[\w’'-]+(?:\s+(?!{NEXT})[\w’'-]+)?"  # « victor hugo », as it is transcribed
STREET = re.compile(
    rf"\b(?:\d{{1,4}}|{IN_WORDS})(?:\s*,)?(?:\s*(?:bis|ter|quater|[A-D]\b))?(?:\s*,)?\s+{WAYS}\s+(?:{OF}\s+|{ELIDED})*"
    rf"(?:(?:\d+(?:er|e)?\s+)?{PROPER_NAME}|{SMALL_NAME})"
)
POSTAL_CODE = rf"(?:\d{{5}}|\d\d\s\d{{3}}|(?!et\b)(?:{FIGURES})[ -]{IN_WORDS})\b"
TOWN = re.compile(
    rf"\s*,?\s*(?:(?:à|dans\s+le)\s+)?{POSTAL_CODE}(?:\s*,?\s*(?:à\s+)?{PROPER_NAME}|\s+(?!{NEXT})[a-zà-ÿ-]+)?"
    rf"|\s*,?\s*à\s+{PROPER_NAME}"
)
REACH = 60  # characters between what announces an address and the address
TURNS = 2  # before it, in which it may have been asked for


def addresses(turns: Sequence[Turn]) -> Iterator[Hidden]:
    """Where a turn gives an address that it announces, or that was asked for just before; its next turns may go on."""
    for number, turn in enumerate(turns):
        asked = "".join(f"{before.text}\n" for before in turns[max(0, number - TURNS) : number])
        said = [number, *_next_of_its_voice(number, turns)]
        text = asked + "\n".join(turns[each].text for each in said)
        announced = [found.end() for found in ANNOUNCED.finditer(text)]
        for street in STREET.finditer(text, len(asked)) if announced else ():
            last = bisect_right(announced, street.start()) - 1
            begins_here = street.start() - len(asked) < len(turn.text)
            if begins_here and last >= 0 and street.start() - announced[last] <= REACH:
                town = TOWN.match(text, street.end())
                end = town.end() if town else street.end()
                yield from _by_turn(street.start() - len(asked), end - len(asked), said, turns)


def _next_of_its_voice(number: int, turns: Sequence[Turn]) -> list[int]:
    """The next turns of a turn's voice, not far from it."""
    voice = turns[number].channel, turns[number].speaker
    after = range(number + 1, min(number + 1 + 2 * TURNS, len(turns)))
    return [each for each in after if (turns[each].channel, turns[each].speaker) == voice][:TURNS]


def _by_turn(start: int, end: int, said: Sequence[int], turns: Sequence[Turn]) -> Iterator[Hidden]:
    """A stretch of the texts of these turns, which a line break parts, turn by turn."""
    for number in said:
        length = len(turns[number].text)
        if start < length and end > 0:
            yield Hidden(number, max(0, start), min(end, length), ADDRESS)
        start, end = start - length - 1, end - length - 1
