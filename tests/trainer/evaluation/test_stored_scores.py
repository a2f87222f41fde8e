"""Scores that an earlier normaliser counted: told apart, and counted again where their texts are kept."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from trainer.evaluation import comparison, learning_curve, results_file
from trainer.runs import adapters, background
from ui.kit import adapter_shelf
from ui.training import report_html

CLIPS = [("a", "le XIXe siècle"), ("b", "à 8h00-12h00"), ("c", "bonjour")]
BASE, ADAPTER = (
    ("le dix-neuvième", "à huit heures", "bonsoir"),
    ("le dix-neuvième siècle", "à huit heures midi", "bonjour"),
)


def table(path: Path, hypotheses: tuple[str, ...]) -> Path:
    """An evaluation as allo-fr-1 left it, whose counts are not those of today."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(results_file.Row._fields)
        for (name, reference), hypothesis in zip(CLIPS, hypotheses, strict=True):
            lines.writerow([name, "test", f"call {name}", 1.5, reference, hypothesis, "", 200.0, 9, 9, 9, 9, 0.1])
    return path


@pytest.fixture
def run(tmp_path, monkeypatch) -> Path:
    """A finished run of allo-fr-1, with its texts."""
    monkeypatch.setenv("ALLO_RUNS", str(tmp_path))
    folder = tmp_path / "curve-100"
    for window in ("short", "full"):
        table(folder / "heard" / f"base-{window}.csv", BASE)
        table(folder / "heard" / f"adapter-{window}.csv", ADAPTER)
    old = {"normaliser": "allo-fr-1", "wer": 200.0, "cer": 9.0, "interval": [100.0, 300.0], "words": 9}
    told = {"base": old, "adapter": old, "full_window": {"base": old, "adapter": old}}
    told |= {"p_value": 1.0, "fixed": 0, "broken": 9, "better": 0, "worse": 9, "examples": {"fixed": [], "broken": []}}
    told |= {"leaks": [], "forgetting": {}, "warnings": [comparison.WORSE._asdict(), {"en": "other", "fr": "autre"}]}
    told |= {"model": "base", "corpus": "calls", "split": {"train": 9}}
    (folder / "report.json").write_text(json.dumps(told))
    settings = {"window": "short", "train_share": 1.0}
    (folder / "config.json").write_text(json.dumps({"settings": settings}))
    return folder


def test_a_report_is_counted_again_from_its_texts(run):
    told = comparison.read(run)
    assert told["base"]["normaliser"] == told["full_window"]["adapter"]["normaliser"] == "allo-fr-2"
    assert (told["base"]["wer"], told["adapter"]["wer"]) == (40.0, 20.0)
    assert (told["fixed"], told["broken"], told["warnings"]) == (2, 0, [{"en": "other", "fr": "autre"}])
    assert [clip["id"] for clip in told["examples"]["fixed"]] == ["a", "c"]
    assert "allo-fr-2" in report_html._rates(told, "fr") and told["split"] == {"train": 9}
    assert json.loads((run / "report.json").read_text())["base"]["wer"] == 200.0  # as it was written


def test_a_report_without_its_texts_keeps_its_figures_under_their_name(run):
    (run / "heard" / "base-full.csv").unlink()
    told = comparison.read(run)
    assert (told["base"]["wer"], told["base"]["normaliser"]) == (200.0, "allo-fr-1")
    assert "allo-fr-1" in report_html._rates(told, "en")


def test_a_learning_curve_has_one_normaliser(run):
    assert background.folder_of("curve-100") == run
    assert [point.wer for point in learning_curve.curve("curve-100").points] == [40.0, 20.0]


def test_an_adapter_tells_the_normaliser_of_its_rates(run):
    (run / "adapter").mkdir()
    adapter = adapters.read(run / "adapter")
    assert (adapter.wer_before, adapter.normaliser) == (200.0, "allo-fr-1")
    assert adapter_shelf._rates(adapter, "en").endswith("(allo-fr-1)")
    assert "allo" not in adapter_shelf._rates(replace(adapter, normaliser="allo-fr-2"), "en")
