"""Which word was transcribed as which: the alignment of two texts, as data and as jiwer's picture of three lines."""

from collections.abc import Iterable
from typing import NamedTuple

from jiwer import process_words

MARKS = {"equal": "", "substitute": "S", "delete": "D", "insert": "I"}


class Step(NamedTuple):
    """One word of the way from the reference to the hypothesis; the side that has no word there is empty."""

    kind: str  # equal, substitute, delete or insert
    reference: str
    hypothesis: str


def align(reference: str, hypothesis: str) -> list[Step]:
    """The steps with the fewest edits between the words of two texts, as they are given: normalise them before."""
    found = process_words(reference, hypothesis)
    reference, hypothesis = found.references[0], found.hypotheses[0]
    steps = []
    for chunk in found.alignments[0]:
        from_reference = reference[chunk.ref_start_idx : chunk.ref_end_idx]
        from_hypothesis = hypothesis[chunk.hyp_start_idx : chunk.hyp_end_idx]
        for at in range(max(len(from_reference), len(from_hypothesis))):
            steps.append(Step(chunk.type, "".join(from_reference[at : at + 1]), "".join(from_hypothesis[at : at + 1])))
    return steps


def printed(steps: Iterable[Step], width: int | None = None) -> str:
    """The picture: REF and HYP above one another, asterisks where a word is missing, S, D or I below each edit.

    Lines of more than `width` characters go on below, after an empty line.
    """
    pictures, lines = [], ["REF:", "HYP:", "    "]
    for step in steps:
        size = max(len(step.reference), len(step.hypothesis))
        cells = step.reference or "*" * size, step.hypothesis or "*" * size, MARKS[step.kind]
        if width and len(lines[0]) > 4 and len(lines[0]) + 1 + size > width:
            pictures.append(lines)
            lines = ["REF:", "HYP:", "    "]
        lines = [f"{line} {cell:>{size}}" for line, cell in zip(lines, cells, strict=True)]
    return "\n\n".join("\n".join(line.rstrip() for line in picture) for picture in [*pictures, lines])
