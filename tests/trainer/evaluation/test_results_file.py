"""The results file: what an earlier version wrote is read, and scored as now."""

import json
from pathlib import Path

import pytest

from scoring.measures import judge
from trainer.evaluation.results_file import Row, facts, join, rows, write_summary

pytestmark = pytest.mark.fast
SAID, WRITTEN = "il est 14h00 le 05 mai", "il est quatorze heures le cinq mai"


class Clips:
    """As much of a Corpus as joining reads."""

    rows = {"id": ["b", "a"]}  # noqa: RUF012


def stored(folder: Path, **beside) -> Path:
    """A file of the version before: two clips, each with two errors that are none for the present normaliser."""
    lines = [f"{name},test,,2.0,{SAID},{WRITTEN},,33.3,2,0,0,6,0.5" for name in ("a", "b")]
    (folder / "old.csv").write_text("\n".join([",".join(Row._fields), *lines, "half a li"]))
    (folder / "old.json").write_text(json.dumps({"asked": {"corpus": "x"}} | beside))
    return folder / "old.csv"


def test_what_another_normaliser_scored_is_scored_again(tmp_path):
    (score,) = judge([SAID], [WRITTEN])
    for beside in ({}, {"normaliser": "allo-fr-1", "wer": 33.3}):
        found = rows(stored(tmp_path, **beside))
        assert [(row.id, row.wer, row.words, row.seconds_taken) for row in found] == [
            (name, score.wer, score.words, 0.5) for name in ("a", "b")
        ]
    assert score.wer == 0.0


def test_what_this_one_scored_is_read_as_it_is(tmp_path):
    output = stored(tmp_path)
    joined = join(output, rows(output), Clips)
    assert [row.id for row in joined] == ["b", "a"] and facts(output)["normaliser"] != "allo-fr-1"
    output.write_text(output.read_text().replace(",0.0,0,", ",12.5,1,"))  # told by its own figures from now on
    assert [row.wer for row in rows(output)] == [12.5, 12.5]
    write_summary(output, {"wer": 12.5, "normaliser": "allo-fr-1"})
    assert facts(output)["asked"] == {"corpus": "x"} and [row.wer for row in rows(output)] == [0.0, 0.0]
