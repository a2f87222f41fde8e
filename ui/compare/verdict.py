"""What columns heard, word by word: which words one has right and another wrong, and the whole of it in one line.

The first column is the one that the others are held against. Nobody need tell colours apart to read it: a word that is
right here alone is underlined, one that is wrong here alone is struck through, one that is wrong in both has a wavy
line.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from ui.kit.format import number, percent
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

    text: str  # normalised, as it was heard; of one that was not heard, as it was said
    kind: str  # one of KINDS; without a reference same or other
    right: bool = True  # here
    said: str = ""  # in its place, where that is another word
    heard: bool = True


@dataclass(frozen=True)
class Judged:
    """A column's words, and what they are worth beside the first column's."""

    words: tuple[Word, ...]
    fixed: int = 0  # wrong in the first column and right here; a word that is not made up any more counts too
    broken: int = 0


def judged(reference: str, texts: Sequence[str]) -> list[Judged]:
    """The columns against what was said; all is normalised as it is scored."""
    from scoring.alignment import align
    from scoring.french import normalise

    said = normalise(reference)
    first, *others = [_placed(align(said, normalise(text))) for text in texts]
    found = [Judged(_words(first, lambda place: _kind_in_first(place, first, others)))]
    for path in others:
        kinds = {place: _kind(_right(first, place), _right(path, place)) for place in first | path}
        counts = Counter(kinds.values())
        found.append(Judged(_words(path, kinds.get), counts["fixed"], counts["broken"]))
    return found


def differing(texts: Sequence[str]) -> list[Judged]:
    """The columns against the first one, where nobody knows what was said."""
    from scoring.alignment import align
    from scoring.french import normalise

    first, *others = map(normalise, texts)
    paths = [_placed(align(first, other)) for other in others]
    own = first.split()
    same = [all(_right(path, (at,)) for path in paths) for at in range(len(own))]
    found = [Judged(tuple(Word(word, "same" if alike else "other") for word, alike in zip(own, same, strict=True)))]
    for path in paths:
        heard = [step for step in path.values() if step.hypothesis]
        found.append(Judged(tuple(Word(s.hypothesis, "same" if s.kind == "equal" else "other") for s in heard)))
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
            heard=step.kind != "delete",
        )
        for place, step in path.items()
    )


def shown(found: Judged, reader: str) -> str:
    """The words as HTML."""
    return f'<p class="words" lang="fr">{" ".join(_shown(word, reader) for word in found.words)}</p>'


def legend(columns: Sequence[Judged], reader: str) -> str:
    """What the marks that occur mean."""
    kinds = {word.kind for column in columns for word in column.words}
    marks = {
        "both": "<span>abc</span>",
        "fixed": _marked("abc", "fixed", False) + " → " + _marked("abc", "fixed", True),
        "broken": _marked("abc", "broken", True) + " → " + _marked("abc", "broken", False),
        "wrong": _marked("abc", "wrong", False),
        "other": _marked("abc", "other", True),
    }
    items = [f"<li>{mark} {say(reader, f'legend_{kind}')}</li>" for kind, mark in marks.items() if kind in kinds]
    if kinds & {"fixed", "broken"}:
        items.append(f"<li>{say(reader, 'legend_lines')}</li>")
    return f'<ul class="marks">{"".join(items)}</ul>' if items else ""


def _shown(word: Word, reader: str) -> str:
    if word.kind in ("both", "same"):
        return f"<span>{escape(word.text)}</span>"
    text, said = escape(word.text), escape(word.said)
    title = say(reader, f"kind_{word.kind}")
    if not word.heard:
        title = f"{title} – {say(reader, 'deleted', said=text)}"
    elif not word.right:
        title += (
            f" : {say(reader, 'substituted', said=said, heard=text) if said else say(reader, 'inserted', heard=text)}"
        )
    return _marked(
        f"({text})" if not word.heard else text, word.kind, word.right, title, "" if word.heard else " unheard"
    )


def _marked(text: str, kind: str, right: bool, title: str = "", more: str = "") -> str:
    """<ins> and <del> as in `ui.sample`: underlined is right, struck through is wrong."""
    if kind == "both":
        return f"<span>{text}</span>"
    tag = "mark" if kind == "other" else "ins" if right else "del"
    told = f' title="{title}"' if title else ""
    return f'<{tag} class="{kind}{more}"{told}>{text}</{tag}>'


def line(names: Sequence[str], columns: Sequence[Judged], rates: Sequence[float | None], reader: str) -> str:
    """The verdict on columns that were judged by a reference; `rates` in percent, `names` as HTML."""
    if len({column.words for column in columns}) == 1:
        return say(reader, "verdict_same_wer", wer=percent(rates[0], reader))
    return " ".join(
        _sentence(names[0], name, column, percent(rates[0], reader), percent(rate, reader), reader)
        for name, column, rate in zip(names[1:], columns[1:], rates[1:], strict=True)
    )


def _sentence(first: str, name: str, column: Judged, before: str, after: str, reader: str) -> str:
    fixed, broken = (_counted(count, reader) for count in (column.fixed, column.broken))
    said = say(
        reader, SENTENCES[column.fixed > 0, column.broken > 0], name=name, first=first, fixed=fixed, broken=broken
    )
    return say(reader, "verdict_wer", said=said, before=before, after=after)


def line_without_reference(columns: Sequence[Judged], reader: str) -> str:
    own = [word.kind for column in columns for word in column.words]
    if "other" not in own:
        return say(reader, "verdict_same")
    most = max(sum(word.kind == "other" for word in column.words) for column in columns)
    total = max(len(column.words) for column in columns)
    return say(reader, "verdict_differ", words=_counted(most, reader), total=number(total, reader, 0))


def faster(names: Sequence[str], seconds: Sequence[float], reader: str) -> str:
    """Which of two columns was the quicker one; nothing where they are near."""
    if len(seconds) != 2 or not min(seconds) or max(seconds) / min(seconds) < FASTER:
        return ""
    at = seconds.index(min(seconds))
    return say(reader, "verdict_faster", name=names[at], times=number(max(seconds) / min(seconds), reader))


def _counted(count: int, reader: str) -> str:
    return say(reader, "one_word") if count == 1 else say(reader, "many_words", count=number(count, reader, 0))
