"""A whole training in slices, through the platform's own package, with a quota that ends in its middle."""

import json

from tests.kit.training import LITTLE, prompt_calls, tiny_whisper
from tests.kit.zero_gpu import platform, run
from trainer.runs import folder as runs

SLICE = 60  # seconds, of which four steps take all
DRIVEN = f"""
import signal
from pathlib import Path
from common.messages import UserError
from trainer.__main__ import request_of
from trainer.runs import background
from trainer.train import slices
from trainer.train.loop import LoraTrainer
from ui.training.slices import ANOTHER, one

step, killed = LoraTrainer.training_step, Path(sys.argv[1], "killed")

def hurried(trainer, *more):
    at = trainer.state.global_step
    if at - trainer.__dict__.setdefault("began", at) == 3:
        trainer.stop.request()
    if at == 9 and not killed.exists():
        killed.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return step(trainer, *more)

LoraTrainer.training_step = hurried
background.resume = lambda name: report.append(name)
report, seen, refused = [], [], ""
if not background.names():
    slices.begin(request_of(json.loads(sys.argv[2])), background.folder_of("run"))
try:
    while one("run", {SLICE}) == ANOTHER:
        seen.append(background.run.state(background.folder_of("run"))["step"])
except UserError as refusal:
    refused = refusal.message.fr
print(json.dumps({{"seen": seen, "refused": refused, "report": report}}))
"""


def test_a_training_goes_on_the_next_day_and_after_a_death(tmp_path):
    sets = LITTLE | {"steps": 12, "evaluations": 2, "checkpoint_steps": 5, "generation_length": 4}
    words = [word for key, value in sets.items() for word in ("--set", f"{key}={value}")]
    (tmp_path / "corpus").mkdir()
    corpus, model = prompt_calls(tmp_path / "corpus"), tiny_whisper(tmp_path / "tiny")
    asked = json.dumps(["--corpus", str(corpus), "--model", str(model), *words])
    folder = tmp_path / "runs" / "run"
    with platform(quota=SLICE + 5) as lender:  # enough for one slice
        first = run(lender, DRIVEN, str(tmp_path), asked, ALLO_RUNS=str(tmp_path / "runs"))
    assert first["seen"] == [4] and not first["report"], first
    assert "5 s restantes" in first["refused"] and "3:00:00" in first["refused"] and "Reprendre" in first["refused"]
    assert runs.state(folder)["status"] == "paused"
    with platform(quota=300) as lender:
        second = run(lender, DRIVEN, str(tmp_path), asked, ALLO_RUNS=str(tmp_path / "runs"))
    assert (second["seen"][0], len(second["seen"])) == (8, 2) and (tmp_path / "killed").exists(), second
    assert second["report"] == ["run"] and not second["refused"]
    steps = [line["step"] for line in runs.metrics(folder) if "loss" in line]
    assert steps == list(range(1, 13))
    assert json.loads((folder / runs.TRAINED).read_text())["steps"] == 12
