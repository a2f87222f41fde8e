"""The columns word by word: which words one has right and another wrong, and the whole of it in one line.

The others are compared with the first column. Nobody need tell colours apart to read it: a word that is right here
alone is underlined, one that is wrong here alone is struck through, one that is wrong in both has a wavy line.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from ui.kit.format import number, percent
from ui.kit.html import render, sentence
from ui.kit.i18n import say

if TYPE_CHECKING:
    from scoring.alignment import Step

KINDS = ("both", "fixed", "broken", "wrong")  # right in both, mended, broken, wrong in both
SENTENCES = {  # by whether words are fixed, and whether words are broken
    (False, False): "verdict_equal",
    (True, False): "verdict_fixes",
    (False, True): "verdict_breaks",
    (True, True): "verdict_both",
}
FASTER = 1.25  # times: less is chance

Place = tuple  # (number of a reference's word,), or with the word that is inserted before it, and which of its kind


class Word(NamedTuple):
    """A word of a column."""

    text: str  # normalised, as it was transcribed; of one that is missing, as it was said
    kind: str  # one of KINDS; without a reference same or other
    right: bool = True  # here
    said: str = ""  # in its place, where that is another word
    missing: bool = False  # it was said, and is not in the column


@dataclass(frozen=True)
class MarkedText:
    """A column's words, and what they are worth beside the first column's."""

    words: tuple[Word, ...]
    fixed: int = 0  # wrong in the first column and right here; a word that is not made up any more counts too
    broken: int = 0


def mark(reference: str, texts: Sequence[str]) -> list[MarkedText]:
    """The columns against what was said; all is normalised as it is scored."""
    from scoring.alignment import align
    from scoring.french import normalise

    said = normalise(reference)
    first, *others = [_placed(align(said, normalise(text))) for text in texts]
    found = [MarkedText(_words(first, lambda place: _kind_in_first(place, first, others)))]
    for path in others:
        kinds = {place: _kind(_right(first, place), _right(path, place)) for place in first | path}
        counts = Counter(kinds.values())
        found.append(MarkedText(_words(path, kinds.get), counts["fixed"], counts["broken"]))
    return found


def mark_differences(texts: Sequence[str]) -> list[MarkedText]:
    """The columns against the first one, where nobody knows what was said."""
    from scoring.alignment import align
    from scoring.french import normalise

    first, *others = map(normalise, texts)
    paths = [_placed(align(first, other)) for other in others]
    words = first.split()
    same = [all(_right(path, (at,)) for path in paths) for at in range(len(words))]
    found = [
        MarkedText(tuple(Word(word, "same" if alike else "other") for word, alike in zip(words, same, strict=True)))
    ]
    for path in paths:
        own = [step for step in path.values() if step.hypothesis]
        found.append(MarkedText(tuple(Word(s.hypothesis, "same" if s.kind == "equal" else "other") for s in own)))
    return found


def _placed(steps: Iterable["Step"]) -> dict[Place, "Step"]:
    placed, at, seen = {}, 0, Counter()
    for step in steps:
        if step.kind == "insert":
            seen[at, step.hypothesis] += 1
            placed[at, step.hypothesis, seen[at, step.hypothesis]] = step
        else:
            placed[(at,)] = step
            at += 1
    return placed


def _right(path: dict[Place, "Step"], place: Place) -> bool:
    """Nothing is inserted at a place that the path does not have, and that is right."""
    return place not in path or path[place].kind == "equal"


def _kind(before: bool, now: bool) -> str:
    return KINDS[0 if before and now else 1 if now else 2 if before else 3]


def _kind_in_first(place: Place, first: dict[Place, "Step"], others: Sequence[dict[Place, "Step"]]) -> str:
    """Beside several others: broken where one of them breaks it, fixed where one of them mends it."""
    there = [_right(path, place) for path in others]
    if _right(first, place):
        return "both" if all(there) else "broken"
    return "fixed" if any(there) else "wrong"


def _words(path: dict[Place, "Step"], kind_of) -> tuple[Word, ...]:
    return tuple(
        Word(
            text=step.hypothesis or step.reference,
            kind=kind_of(place),
            right=step.kind == "equal",
            said=step.reference if step.kind == "substitute" else "",
            missing=step.kind == "delete",
        )
        for place, step in path.items()
    )


def shown(found: MarkedText, reader: str) -> Markup:
    """The words as HTML."""
    titles = [_title(word, reader) for word in found.words]
    return render("compare/words.html", reader, words=zip(found.words, titles, strict=True))


def legend(columns: Sequence[MarkedText], reader: str) -> Markup:
    """What the marks that occur mean."""
    kinds = {word.kind for column in columns for word in column.words} - {"same"}
    return render("compare/legend.html", reader, kinds=kinds) if kinds else Markup()


def _title(word: Word, reader: str) -> str:
    if word.kind in ("both", "same"):
        return ""
    title = say(reader, f"kind_{word.kind}")
    if word.missing:
        return f"{title} – {say(reader, 'deleted', said=word.text)}"
    if word.right:
        return title
    key = "substituted" if word.said else "inserted"
    return f"{title} – {say(reader, key, said=word.said, heard=word.text)}"


def line(names: Sequence[str], columns: Sequence[MarkedText], rates: Sequence[float | None], reader: str) -> Markup:
    """The verdict on columns that are marked by a reference; `rates` in percent."""
    if len({column.words for column in columns}) == 1:
        return sentence(reader, "verdict_same_wer", wer=percent(rates[0], reader))
    first, *others = zip(names, columns, (percent(rate, reader) for rate in rates), strict=True)
    return Markup(" ").join(_sentence(first, other, reader) for other in others)


def _sentence(first: tuple, other: tuple, reader: str) -> Markup:
    """`first` and `other`: (name, MarkedText, WER)."""
    name, column, after = other
    fixed, broken = (_counted(count, reader) for count in (column.fixed, column.broken))
    key = SENTENCES[column.fixed > 0, column.broken > 0]
    said = sentence(reader, key, name=name, first=first[0], fixed=fixed, broken=broken)
    return sentence(reader, "verdict_wer", said=said, before=first[2], after=after)


def line_without_reference(columns: Sequence[MarkedText], reader: str) -> str:
    """In how many words the columns differ."""
    own = [word.kind for column in columns for word in column.words]
    if "other" not in own:
        return say(reader, "verdict_same")
    most = max(sum(word.kind == "other" for word in column.words) for column in columns)
    total = max(len(column.words) for column in columns)
    return say(reader, "verdict_differ", words=_counted(most, reader), total=number(total, reader, 0))


def faster(names: Sequence[str], seconds: Sequence[float], reader: str) -> Markup:
    """Which of two columns was the quicker one; nothing where they are near."""
    if len(seconds) != 2 or not min(seconds) or max(seconds) / min(seconds) < FASTER:
        return Markup()
    at = seconds.index(min(seconds))
    return sentence(reader, "verdict_faster", name=names[at], times=number(max(seconds) / min(seconds), reader))


def _counted(count: int, reader: str) -> str:
    return say(reader, "one_word") if count == 1 else say(reader, "many_words", count=number(count, reader, 0))
