"""Runs as the page lists and shows them, whatever their folders hold by then."""

import pytest

from common.files import write_json
from common.process import Process
from trainer.runs import background
from ui.training import running

ME = Process.this()._asdict()


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLO_RUNS", str(tmp_path))
    return tmp_path


@pytest.mark.fast
@pytest.mark.parametrize("reader", ["fr", "en"])
@pytest.mark.parametrize(
    ("state", "listed"),
    [
        (None, "failed"),  # it is started this moment, or its starter died before it wrote a state
        ({"status": "queued", **ME}, "starting"),
        ({"status": "running", "heartbeat": 0, **ME}, "running"),
        ({"status": "running", "heartbeat": 0, "steps": None, "step": 0, **ME}, "running"),
        ({"status": "running", "heartbeat": 0, "steps": 4, **ME}, "running"),
        ({"status": "running", "heartbeat": 0, "steps": 4, "step": 3, **ME}, "running"),
        ({"status": "cancelled", **ME}, "cancelled"),
        ({"status": "failed", **ME}, "failed"),
        ({"status": "completed", **ME}, "completed"),
    ],
)
def test_a_run_is_listed_and_shown_with_whatever_its_state_has(runs, state, listed, reader):
    (runs / "essai").mkdir()
    (runs / "essai" / "train.log").touch()
    if state:
        write_json(runs / "essai" / "state.json", state)
    assert background.names() == ["essai"]
    (each,) = running.every()
    assert each.status == listed
    html = running.listing([each], "essai", reader)
    assert f"status {listed}" in html
    assert ("75" in html) == bool(state and state.get("step") == 3)
    assert running.shown(each, reader, owned=True)
