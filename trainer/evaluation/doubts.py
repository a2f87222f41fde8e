"""Words of the references that are perhaps wrong: base, adapter and a second decode agree against them.

The test split may hold mistakes that an adapter learns; then what counts as an error is none. A run folder has all that
is needed: what base and adapter transcribed in their own windows, and what the adapter did in the full one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from common.messages import UserError
from corpus.corrections import Correction
from scoring.alignment import align
from scoring.french import normalise
from trainer.evaluation.results_file import RUN_FOLDER, Row, rows

DECODES = (("base-short", "adapter-short", "adapter-full"), ("base-short", "base-full", "adapter-full"))


class Doubt(NamedTuple):
    """A clip whose reference is perhaps wrong."""

    id: str
    reference: str
    words: tuple[tuple[str, str], ...]  # what the reference says, and what all decodes do; "" for nothing
    text: str  # the reference with these words in their place, as the adapter writes it where both agree throughout

    def to_dict(self) -> dict:
        words = [{"reference": said, "all": written} for said, written in self.words]
        return {"id": self.id, "reference": self.reference, "text": self.text, "words": words}


def of_run(folder: Path) -> list[Doubt]:
    """The doubts in a run that came to its end, the surest first. Raises UserError where its transcripts are gone."""
    for names in DECODES:
        files = [folder / RUN_FOLDER / f"{name}.csv" for name in names]
        if all(file.exists() for file in files):
            return doubts([rows(file) for file in files])
    raise UserError(
        en=f"{folder} has not what base and adapter transcribed: name the folder of a training that came to its end.",
        fr=f"{folder} n'a pas ce que la base et l'adaptateur ont transcrit : nommez le dossier d'un entraînement "
        "arrivé à son terme.",
    )


def doubts(decodes: Sequence[Sequence[Row]]) -> list[Doubt]:
    """The clips that all have transcribed and of which all differ from the reference in the same words."""
    by_id = [{row.id: row for row in rows} for rows in decodes]
    found = []
    for name, row in by_id[0].items():
        if all(name in others for others in by_id):
            hypotheses = [others[name].hypothesis for others in by_id]
            if doubt := _doubt(name, row.reference, hypotheses):
                found.append(doubt)
    return sorted(found, key=lambda doubt: -len(doubt.words))


def _doubt(name: str, reference: str, hypotheses: Sequence[str]) -> Doubt | None:
    said, written = normalise(reference), [normalise(each) for each in hypotheses]
    edits = [dict(_edits(said, each)) for each in written]
    common = {place: edit for place, edit in edits[0].items() if all(other.get(place) == edit for other in edits)}
    if not common:
        return None
    whole = all(each == written[0] for each in written)
    text = hypotheses[-1] if whole else _with(said, common)
    return Doubt(name, reference, tuple(common.values()), text)


def _edits(reference: str, hypothesis: str) -> list[tuple[tuple[int, int], tuple[str, str]]]:
    """Each edit by its place: the word of the reference, and the how manieth there, for what is inserted before it."""
    found, at, inserted = [], 0, 0
    for step in align(reference, hypothesis):
        inserted = inserted + 1 if step.kind == "insert" else 0
        if step.kind != "equal":
            found.append(((at, inserted), (step.reference, step.hypothesis)))
        at += step.kind != "insert"
    return found


def _with(reference: str, edits: dict[tuple[int, int], tuple[str, str]]) -> str:
    """The reference with these edits."""
    parts: list[str] = []
    for at, word in enumerate([*reference.split(), ""]):
        parts += [edits[place][1] for place in sorted(edits) if place[0] == at and place[1]]
        parts.append(edits.get((at, 0), (word, word))[1])
    return " ".join(filter(None, parts))


def corrections(found: Sequence[Doubt]) -> list[Correction]:
    return [Correction(doubt.id, doubt.text, doubt.reference) for doubt in found]
