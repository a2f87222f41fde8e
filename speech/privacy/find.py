"""What is personal in a call: each kind is looked for by a module of its own, in every way the call can be read."""

from collections.abc import Iterable, Iterator, Sequence

from speech.privacy.addresses import addresses
from speech.privacy.births import births
from speech.privacy.codes import codes_in, passwords
from speech.privacy.emails import emails
from speech.privacy.kinds import EMAIL, NAME, Hidden, apart
from speech.privacy.names import names_in
from speech.privacy.numbers.digits import pieces_of
from speech.privacy.numbers.find import Number, complete_in, context, numbers_in, trimmed, where
from speech.privacy.numbers.repeats import repeats
from speech.privacy.numbers.rows import Row, rows_of
from speech.privacy.plates import plates
from speech.privacy.words import TextWord, readings, stretches, words_of
from transcripts.transcript import Turn

__all__ = ["Hidden", "find"]


def find(turns: Sequence[Turn], names: Iterable[str] = ()) -> list[Hidden]:
    """What is personal in the texts of turns, in order; none overlaps another.

    `turns` come in the order of time; those of one channel and speaker are read as one text, and those of one channel.
    `names` are also found without their accents, in any case, misspelled, and spelled; a part of one (« Dupont »
    of « Jean Dupont ») where it has its capital or follows « madame ».
    """
    words = words_of(turns)
    ways = readings(words, turns)
    found = [*names_in(words, ways, names), *addresses(turns)]
    for number, turn in enumerate(turns):
        found += [*passwords(turn.text, number, turns[number - 1].text if number else ""), *plates(turn.text, number)]
    for way in ways:
        found += births(words, way, turns)
        for address in emails(way, words, turns):
            found += stretches(address, way, EMAIL)
    found += _numbers(ways, words, turns, _taken(found, words))
    return [_with_bracket(hidden, turns[hidden.turn].text) for hidden in _joined(apart(found), turns)]


def _joined(found: Sequence[Hidden], turns: Sequence[Turn]) -> list[Hidden]:
    """What is of one kind, and has nothing but a space between, is one."""
    joined: list[Hidden] = []
    for hidden in found:
        last = joined[-1] if joined else None
        alike = last and (last.turn, last.kind) == (hidden.turn, hidden.kind) and hidden.kind != NAME
        if alike and turns[hidden.turn].text[last.end : hidden.start].isspace():
            joined[-1] = last._replace(end=hidden.end)
        else:
            joined.append(hidden)
    return joined


def _with_bracket(hidden: Hidden, text: str) -> Hidden:
    """With the bracket before it that is closed in it: « (06) 12... »."""
    opened = text[: hidden.start].endswith("(") and ")" in text[hidden.start : hidden.end].partition("(")[0]
    return hidden._replace(start=hidden.start - 1) if opened else hidden


def _taken(found: Iterable[Hidden], words: Sequence[TextWord]) -> set[int]:
    """Places of the words that are in what was found."""
    spans: dict[int, list[Hidden]] = {}
    for hidden in found:
        spans.setdefault(hidden.turn, []).append(hidden)
    return {
        word.place
        for word in words
        if any(hidden.start <= word.start and word.end <= hidden.end for hidden in spans.get(word.turn, ()))
    }


def _numbers(
    ways: Sequence[Sequence[TextWord]], words: Sequence[TextWord], turns: Sequence[Turn], taken: set[int]
) -> Iterator[Hidden]:
    found: list[Number] = []
    rows: list[tuple[Sequence[TextWord], Row]] = []
    for way in ways:
        previous = None
        for row in rows_of(pieces_of(way, turns, taken), way, turns):
            numbers = [*numbers_in(row, context(row, words))] or [*codes_in(row, previous, words)]
            for number in numbers:
                yield from where(number, way)
            found += numbers
            rows.append((way, row))
            previous = row if trimmed(row) else previous
    if len({turn.channel for turn in turns}) > 1:  # what is said on one may be ended on the other
        for row in rows_of(pieces_of(words, turns, taken), words, turns):
            for number in complete_in(row):
                yield from where(number, words)
                found.append(number)
    for way, number in repeats(rows, found, turns):
        yield from where(number, way)
