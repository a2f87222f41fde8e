"""The file of an evaluation, which people open in a spreadsheet."""

import csv
from types import SimpleNamespace

import pytest

from trainer.evaluation.results_file import Row, join, rows

pytestmark = pytest.mark.fast


def test_no_text_is_a_formula_and_all_come_back(tmp_path):
    texts = ["=1+1", "- oui", "+33 6", "@jean", "\tnon", "un\rdeux", "'= x"]
    found = [Row(f"-{n}", "test", "@c", 1.0, text, text, "", None, 1, 0, 0, 0, 0.5) for n, text in enumerate(texts)]
    output = tmp_path / "scored.csv"
    join(output, found, SimpleNamespace(rows={"id": [row.id for row in found]}))
    with output.open(newline="") as lines:
        cells = [cell for line in list(csv.reader(lines))[1:] for cell in line]
    assert not any(cell.startswith(tuple("=+-@\t\r\n")) for cell in cells)
    assert [row.reference for row in rows(output)] == [text.replace("\r", "\n") for text in texts]
    assert [row.id for row in rows(output)] == [row.id for row in found]
