"""What a rate does not show: numbers right by value, names right, and which words are taken for which."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import LCSseq

from common.messages import UserError
from scoring.alignment import Step, align
from scoring.french import normalise
from scoring.french.quantities import values
from scoring.measures import Clip

SHOWN = 20  # confusions, and names that were missed
SENTENCE = re.compile(r"[.?!…:;\n«»\"“”]+|(?<!\S)[-–—](?!\S)")
WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
TITLES = {"m", "mr", "mme", "mlle", "dr", "me", "pr", "mm"}
ELIDED = re.compile(r"^(?:[cdjlmnst]|qu)['’]", re.IGNORECASE)


@dataclass(frozen=True)
class Right:
    """How many of what was said were transcribed as they were said."""

    said: int
    right: int
    missed: tuple[tuple[str, int], ...] = ()  # what, and how often; the commonest first

    @property
    def rate(self) -> float | None:
        """In percent; None where nothing of the kind was said."""
        return 100 * self.right / self.said if self.said else None

    def to_dict(self) -> dict:
        rate = self.rate
        return {
            "said": self.said,
            "right": self.right,
            "rate": None if rate is None else round(rate, 4),
            "missed": [{"said": said, "count": count} for said, count in self.missed[:SHOWN]],
        }


@dataclass(frozen=True)
class Details:
    numbers: Right
    names: Right
    confusions: tuple[tuple[str, str, int], ...]  # said, written, how often; "" where one side has no word

    def to_dict(self) -> dict:
        return {
            "numbers": self.numbers.to_dict(),
            "names": self.names.to_dict(),
            "confusions": [
                {"said": said, "written": written, "count": count} for said, written, count in self.confusions[:SHOWN]
            ],
        }


def details(
    references: Sequence[str],
    hypotheses: Sequence[str],
    names: Sequence[str] = (),
    apply: Callable[[str], str] = normalise,
) -> Details:
    """Of clips, or of turns: the texts as they are written, normalised by `apply` to find what is taken for what.

    `names` are looked for in the references; without any, words with a capital inside a sentence are.
    """
    steps = (align(apply(said), apply(written)) for said, written in zip(references, hypotheses, strict=True))
    return Details(numbers_right(references, hypotheses), names_right(references, hypotheses, names), confusions(steps))


def by_parts(columns: dict[str, list[str]], clips: Sequence[Clip]) -> dict[str, list[dict]]:
    """The rates by speaker, channel and minute, as far as a table of clips has columns for them.

    A start that is no number of seconds belongs to no minute.
    """
    parts = {f"by_{name}": columns[name] for name in ("speaker", "channel") if name in columns}
    if "start" in columns:
        parts["by_minute"] = [_minute(start) for start in columns["start"]]
    return {name: _by(name.removeprefix("by_"), cells, clips) for name, cells in parts.items()}


def _by(name: str, cells: Sequence, clips: Sequence[Clip]) -> list[dict]:
    counts: dict[object, Counter] = {}
    for cell, clip in zip(cells, clips, strict=True):
        kinds = ("substitutions", "deletions", "insertions", "words")
        counts.setdefault(cell, Counter()).update({kind: getattr(clip, kind) for kind in kinds})
    known = sorted(key for key in counts if key not in (None, ""))
    return [{name: key, **counts[key], "wer": _rate(counts[key])} for key in known]


def _rate(counts: Counter) -> float | None:
    edits = counts["substitutions"] + counts["deletions"] + counts["insertions"]
    return round(100 * edits / counts["words"], 4) if counts["words"] else None


def _minute(start: str) -> int | None:
    try:
        return int(float(start.replace(",", ".")) // 60)
    except (ValueError, OverflowError):
        return None


def numbers_right(references: Iterable[str], hypotheses: Iterable[str]) -> Right:
    """The numbers of the references that their hypotheses have too, by value and in the same order."""
    said, right, missed = 0, 0, Counter()
    for reference, hypothesis in zip(references, hypotheses, strict=True):
        numbers = values(reference)
        there = values(hypothesis) if numbers else []
        said += len(numbers)
        right += LCSseq.similarity(numbers, there)
        missed.update(f"{number:f}" for number in (Counter(numbers) - Counter(there)).elements())
    return Right(said, right, tuple(missed.most_common()))


def names_right(references: Iterable[str], hypotheses: Iterable[str], names: Sequence[str] = ()) -> Right:
    """The names of the references that their hypotheses have as often; compared as the French normaliser has them."""
    listed = {normalise(name): name for name in names}
    said, right, missed = 0, 0, Counter()
    for reference, hypothesis in zip(references, hypotheses, strict=True):
        spoken, written = f" {normalise(reference)} ", f" {normalise(hypothesis)} "
        if listed:
            there = Counter({name: _times(name, spoken) for name in listed if name})
        else:
            there = Counter(filter(None, map(normalise, capitalised(reference))))
        for name, times in there.items():
            found = min(times, _times(name, written))
            said += times
            right += found
            missed[listed.get(name, name)] += times - found
    return Right(said, right, tuple((name, times) for name, times in missed.most_common() if times))


def capitalised(text: str) -> list[str]:
    """The words with a capital that do not begin a sentence, those side by side as one: Jean Dupont, Aix-en-Provence.

    None of a text that has no small letter: there a capital says nothing.
    """
    if text.upper() == text:
        return []
    found: list[str] = []
    for sentence in SENTENCE.split(re.sub(r"\b(M|Mr|Dr|Pr)\.", r"\1", text)):
        last = None  # where the name before this word ended
        for at, match in enumerate(WORD.finditer(sentence)):
            word = ELIDED.sub("", match[0])
            if not at or not word[:1].isupper() or len(word) == 1 or word.lower() in TITLES:
                last = None
                continue
            if last is not None and sentence[last : match.end() - len(word)].isspace():
                found[-1] += f" {word}"
            else:
                found.append(word)
            last = match.end()
    return found


def names_of(asked: str) -> list[str]:
    """The names in a file, one a line, or between commas. Raises UserError for a file without a name."""
    path = Path(asked)
    if not path.is_file():
        return [name.strip() for name in asked.split(",") if name.strip()]
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        names = []
    if not names:
        raise UserError(
            en=f"{path} names nobody: write a name on each line, in UTF-8.",
            fr=f"{path} ne nomme personne : écrivez un nom par ligne, en UTF-8.",
        )
    return names


def confusions(alignments: Iterable[Iterable[Step]]) -> tuple[tuple[str, str, int], ...]:
    """What was said, what was written for it, and how often, the commonest first."""
    counted = Counter(
        (step.reference, step.hypothesis) for steps in alignments for step in steps if step.kind != "equal"
    )
    return tuple((said, written, count) for (said, written), count in counted.most_common())


def _times(name: str, text: str) -> int:
    """How often the words of a name stand in a text that begins and ends with a space."""
    return len(re.findall(rf"(?<= ){re.escape(name)}(?= )", text))
