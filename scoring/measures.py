"""Word and character error rates of a whole corpus, under three normalisers side by side, with what they rest on.

Rates are percentages of sums (edits over words of all clips), never means of clips; jiwer counts. Insertions where the
reference has no words count as edits, as they do in jiwer; such clips (phantoms) and loops are counted apart as well.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import NamedTuple

from jiwer import CharacterOutput, WordOutput, process_characters, process_words

from scoring import french
from scoring.bootstrap import NO_INTERVAL, bootstrap, paired

DIGITS = 4  # of the rates in JSON


class Normaliser(NamedTuple):
    name: str  # with its version: rates under different names are not comparable
    apply: Callable[[str], str]


def _raw(text: str) -> str:
    return " ".join(text.split())


def _basic(text: str) -> str:
    return _of_whisper().BasicTextNormalizer()(text).strip()


def _english(text: str) -> str:
    return _of_whisper().EnglishTextNormalizer({})(text)  # {}: its table of British spellings is a model's file


def _of_whisper():
    from transformers.models.whisper import english_normalizer  # two seconds of import

    return english_normalizer


NORMALISERS = {
    "french": Normaliser(french.NAME, french.normalise),
    "french-without-fillers": Normaliser(french.WITHOUT_FILLERS, partial(french.normalise, fillers=False)),
    "basic": Normaliser("BasicTextNormalizer", _basic),
    "english": Normaliser("EnglishTextNormalizer", _english),
    "raw": Normaliser("raw", _raw),
}

LOOP = re.compile(  # a word eight times on end, a phrase four times, a syllable ten times; « oui oui oui oui » is said
    r"(?<!\S)(\S+)(?: \1){7}(?!\S)|(?<!\S)(\S+(?: \S+){1,11}?)(?: \2){3}(?!\S)|([^\W\d]{1,4}?)\3{9}"
)


def normaliser_of(name: str) -> Normaliser:
    """By its key, or by the name that scores carry. Raises ValueError where there is none of that name."""
    named = {normaliser.name: normaliser for normaliser in NORMALISERS.values()} | NORMALISERS
    if name in named:
        return named[name]
    if name.startswith("allo-fr-"):
        raise ValueError(f"{name} is of another version: score the texts again with french, which is {french.NAME}.")
    raise ValueError(f"There is no normaliser {name!r}: take one of {', '.join(NORMALISERS)}.")


@dataclass(frozen=True)
class Clip:
    """One clip. A rate is in percent, or None where the reference has no words and the hypothesis has."""

    wer: float | None
    cer: float | None
    substitutions: int
    deletions: int
    insertions: int
    words: int  # of the reference
    loop: bool  # the hypothesis says the same over and over, the reference does not
    phantom: bool  # the hypothesis has words, the reference has none

    @property
    def edits(self) -> int:
        return self.substitutions + self.deletions + self.insertions


@dataclass(frozen=True)
class Score:
    """A whole corpus. Rates are in percent, or None where no reference has a word."""

    normaliser: str  # under which all but the last three rates are counted
    wer: float | None
    cer: float | None
    substitutions: int
    deletions: int
    insertions: int
    hits: int
    words: int  # of the references: hits + substitutions + deletions
    interval: tuple[float, float] | None  # 95 % of the WER, by bootstrap over groups; None where there is one alone
    raw_wer: float | None
    basic_wer: float | None  # transformers' BasicTextNormalizer
    no_fillers_wer: float | None
    loops: int
    phantoms: int
    clips: tuple[Clip, ...]  # in the order given

    def to_dict(self) -> dict:
        """For JSON: numbers rounded, no NaN; where there is no interval, why."""
        note = {"interval_note": NO_INTERVAL} if self.interval is None and self.words else {}
        return _rounded(asdict(self)) | note


@dataclass(frozen=True)
class Comparison:
    """Two hypotheses of the same clips."""

    a: Score
    b: Score
    p_value: float  # of « both are equally good »
    fixed: int  # clips with errors in a and none in b
    broken: int  # clips with errors in b and none in a
    better: int  # clips with fewer errors in b
    worse: int

    def to_dict(self) -> dict:
        """The keys of a, and b's under "b"."""
        own = {name: getattr(self, name) for name in ("p_value", "fixed", "broken", "better", "worse")}
        return self.a.to_dict() | {"b": self.b.to_dict()} | _rounded(own)


def score(
    references: Sequence[str],
    hypotheses: Sequence[str],
    groups: Iterable | None = None,
    *,
    normaliser: str = "french",
    resamples: int = 10_000,
) -> Score:
    """Scores clip i's hypothesis against its reference.

    `groups[i]` names the call of clip i, for the interval; None, NaN and "" stand alone. Raises ValueError where the
    lengths differ or the normaliser is unknown.
    """
    chosen = normaliser_of(normaliser)
    clips, total, letters = _scored(chosen, references, hypotheses)
    return Score(
        normaliser=chosen.name,
        wer=total.rate,
        cer=letters.rate,
        **total._asdict(),
        words=total.words,
        interval=bootstrap([c.edits for c in clips], [c.words for c in clips], groups, resamples),
        raw_wer=_rate(references, hypotheses, "raw"),
        basic_wer=_rate(references, hypotheses, "basic"),
        no_fillers_wer=_rate(references, hypotheses, "french-without-fillers"),
        loops=sum(clip.loop for clip in clips),
        phantoms=sum(clip.phantom for clip in clips),
        clips=clips,
    )


def compare(
    references: Sequence[str],
    a: Sequence[str],
    b: Sequence[str],
    groups: Iterable | None = None,
    *,
    normaliser: str = "french",
    resamples: int = 10_000,
) -> Comparison:
    """Scores two hypotheses of the same clips, and whether their difference may be chance. Raises as `score` does."""
    groups = None if groups is None else list(groups)
    scores = [score(references, each, groups, normaliser=normaliser, resamples=resamples) for each in (a, b)]
    edits = [[clip.edits for clip in found.clips] for found in scores]
    pairs = list(zip(*edits, strict=True))
    return Comparison(
        *scores,
        p_value=paired(*edits, groups),
        fixed=sum(was > 0 == now for was, now in pairs),
        broken=sum(was == 0 < now for was, now in pairs),
        better=sum(now < was for was, now in pairs),
        worse=sum(now > was for was, now in pairs),
    )


def score_clips(references: Sequence[str], hypotheses: Sequence[str], normaliser: str = "french") -> tuple[Clip, ...]:
    """The clips alone, as in `Score`: for a batch of a corpus, which has no rates of its own."""
    return _scored(normaliser_of(normaliser), references, hypotheses)[0]


def rates(references: Sequence[str], hypotheses: Sequence[str], normaliser: str = "french") -> dict:
    """The corpus' rates alone: wer, cer, substitutions, deletions, insertions, words, normaliser; as in `Score`."""
    chosen = normaliser_of(normaliser)
    _, total, letters = _scored(chosen, references, hypotheses)
    found = {"wer": total.rate, "cer": letters.rate, **total._asdict(), "words": total.words}
    return found | {"normaliser": chosen.name}


class Counts(NamedTuple):
    """Edits between two sequences of words, or of characters."""

    substitutions: int
    deletions: int
    insertions: int
    hits: int

    @property
    def words(self) -> int:
        return self.hits + self.substitutions + self.deletions

    @property
    def rate(self) -> float | None:
        """In percent; None where there is nothing to count edits over."""
        edits = self.substitutions + self.deletions + self.insertions
        return 100 * edits / self.words if self.words else None


def _scored(
    chosen: Normaliser, references: Sequence[str], hypotheses: Sequence[str]
) -> tuple[tuple[Clip, ...], Counts, Counts]:
    """The clips, and the sums of their words and of their characters."""
    references, hypotheses = _applied(chosen, references, hypotheses)
    words, characters = (
        _counted(process_words, references, hypotheses),
        _counted(process_characters, references, hypotheses),
    )
    return tuple(map(_clip, references, hypotheses, words, characters)), _sum(words), _sum(characters)


def _counted(
    process: Callable[..., WordOutput | CharacterOutput], references: list[str], hypotheses: list[str]
) -> list[Counts]:
    """A clip's counts each; jiwer itself keeps the sums only."""
    if not references:
        return []
    counted = []
    for chunks in process(references, hypotheses).alignments:
        sizes = {"substitute": 0, "delete": 0, "insert": 0, "equal": 0}
        for chunk in chunks:
            reference, hypothesis = chunk.ref_end_idx - chunk.ref_start_idx, chunk.hyp_end_idx - chunk.hyp_start_idx
            sizes[chunk.type] += max(reference, hypothesis)
        counted.append(Counts(*sizes.values()))
    return counted


def _sum(counts: list[Counts]) -> Counts:
    return Counts(*map(sum, zip(*counts, strict=True))) if counts else Counts(0, 0, 0, 0)


def _clip(reference: str, hypothesis: str, words: Counts, characters: Counts) -> Clip:
    nothing = 0.0 if not reference and not hypothesis else None
    return Clip(
        wer=nothing if words.rate is None else words.rate,
        cer=nothing if characters.rate is None else characters.rate,
        substitutions=words.substitutions,
        deletions=words.deletions,
        insertions=words.insertions,
        words=words.words,
        loop=LOOP.search(hypothesis) is not None and LOOP.search(reference) is None,
        phantom=not reference and hypothesis != "",
    )


def _rate(references: Sequence[str], hypotheses: Sequence[str], normaliser: str) -> float | None:
    return _sum(_counted(process_words, *_applied(NORMALISERS[normaliser], references, hypotheses))).rate


def _applied(
    normaliser: Normaliser, references: Sequence[str], hypotheses: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Both sides normalised alike. ValueError where one has more texts than the other."""
    if len(references) != len(hypotheses):
        raise ValueError(
            f"There are {len(references)} references and {len(hypotheses)} hypotheses: give one of each a clip."
        )
    return [*map(normaliser.apply, references)], [*map(normaliser.apply, hypotheses)]


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    return round(value, DIGITS) if isinstance(value, float) else value
