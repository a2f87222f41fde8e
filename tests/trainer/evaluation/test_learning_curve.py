"""The learning curve: one recipe on three nested shares of the data, and one sentence on whether more would help."""

from dataclasses import replace

import psutil
import pytest

from common.files import write_json
from common.messages import UserError
from tests.kit.training import asked
from trainer.evaluation import learning_curve
from trainer.evaluation.learning_curve import Curve, Point
from trainer.runs import background, folder
from trainer.train.run import train
from ui.training import curves

LITTLE = {
    "steps": 1,
    "evaluations": 1,
    "validation_clips": 1,
    "report_clips": 1,
    "generation_length": 8,
    "window": "full",
}
HALF, ALL = Point(50, 120, 31.0, (27.0, 35.0)), Point(100, 240, 24.0, (21.0, 27.5))
BASE = Point(0, 0, 60.0, (55.0, 66.0))


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLO_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_three_trainings_make_a_curve(corpus, tiny):
    for share, done in zip(learning_curve.SHARES, range(3), strict=True):
        assert learning_curve.done("run-25") == done
        job = asked(corpus, tiny, **LITTLE, train_share=share / 100)
        train(job, background.folder_of(f"run-{share}"))
    found = learning_curve.curve("run-50")
    assert [(point.share, point.clips) for point in found.points] == [(0, 0), (25, 6), (50, 12), (100, 18)]
    assert all(point.wer >= 0 and point.interval is None for point in found.points)  # one call has no interval
    assert 0 <= found.p_value <= 1
    assert learning_curve.curve("run") is None and learning_curve.curve("run-75") is None

    config = background.folder_of("run-100") / "config.json"  # another training, that happens to be called so
    told = folder.config(config.parent)
    write_json(config, told | {"settings": told["settings"] | {"train_share": 0.3}})
    half = learning_curve.curve("run-25")
    assert [point.share for point in half.points] == [0, 25, 50] and half.p_value is None
    assert "2 sur 3" in curves.of_data(half, "fr")


def test_the_three_are_started_with_their_shares(corpus, tiny, monkeypatch):
    monkeypatch.setattr(background, "PATIENCE", 0.0)
    learning_curve.start("run", "--corpus", str(corpus), "--model", str(tiny), "--set", "train_share=1")
    assert set(background.names()) == {*learning_curve.names("run")}
    for name, share in zip(learning_curve.names("run"), ("0.25", "0.5", "1.0"), strict=True):
        words = psutil.Process(folder.state(background.folder_of(name))["pid"]).cmdline()
        assert words[words.index("--output") - 1] == f"train_share={share}"  # the last word counts
        background.stop(name)
    background.delete("run-25")
    with pytest.raises(UserError, match="There is a run run-50 already"):
        learning_curve.start("run", "--corpus", str(corpus))
    assert set(background.names()) == {"run-50", "run-100"}  # none was begun


@pytest.mark.parametrize(
    ("whole", "p", "said"),
    [
        (24.0, 0.001, "Plus de données aideraient"),
        (30.0, 0.4, "aideraient peut-être"),
        (31.0, 1.0, "n’aideraient guère"),
        (35.0, 0.01, "n’aideraient guère"),
    ],
)
def test_the_sentence_says_what_the_second_half_brought(whole, p, said):
    drawn = curves.of_data(Curve((BASE, HALF, replace(ALL, wer=whole)), p), "fr")
    assert said in drawn and drawn.count("<circle") == drawn.count('class="whisker"') == 3
    assert "100\N{NO-BREAK SPACE}% : 240 extraits" in drawn.replace("\N{NO-BREAK SPACE}:", " :")
