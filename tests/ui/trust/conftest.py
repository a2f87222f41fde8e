"""A page with something in every tab: a corpus, a finished training, and a browser to look at it."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.kit.pages import chromium, serve, unheard

SCORE = {"normaliser": "allo-fr-2", "wer": 42.4, "cer": 25.1, "interval": [40.1, 44.6], "words": 651}
BETTER = SCORE | {"wer": 21.6, "interval": [20.0, 23.1]}
LOST = {"before": 20.0, "after": 24.4, "lost": 4.4}
CLIP = {"id": "c1", "reference": "allô oui", "base": "à l’eau", "adapter": "allô oui"}
REPORT = {
    **{"base": SCORE, "adapter": BETTER, "full_window": {"base": SCORE, "adapter": BETTER}},
    **{"p_value": 0.01, "fixed": 31, "broken": 4, "better": 9, "worse": 3},
    **{"examples": {"fixed": [CLIP], "broken": [CLIP]}, "forgetting": {"en": LOST, "silence": LOST}},
    **{"split": {"train": 30, "validation": 3, "test": 10}, "leaks": [], "warnings": []},
    "training": {"steps": 27, "epochs": 3.0, "clips_per_second": 3.7, "trainable": 884736, "peak_memory_mb": 900},
}
CONFIG = {
    **{"audio": None, "text": None, "unit": None, "preset": "quick", "settings": {}},
    **{"corpus": "petit", "model": "whisper-base", "chosen": {"corpus": "petit", "model": "whisper-base"}},
}


@pytest.fixture(scope="package")
def places(tmp_path_factory) -> dict[str, Path]:
    """The folders of the server, by the variables that name them."""
    names = ("ALLO_CORPORA", "ALLO_RUNS", "ALLO_CACHE", "GRADIO_TEMP_DIR")
    places = {name: tmp_path_factory.mktemp(name.lower()) for name in names}
    unheard(places["ALLO_CACHE"])
    corpus = places["ALLO_CORPORA"] / "petit"
    corpus.mkdir()
    lines = ["file_name,text,call,split"]
    for name in ("activated", "added", "vm-intro"):
        shutil.copy(f"/usr/share/asterisk/sounds/fr_CA_f_June/{name}.wav", corpus)
        lines.append(f"{name}.wav,une référence,{name},test")
    (corpus / "metadata.csv").write_text("\n".join(lines) + "\n")
    finished_run(places["ALLO_RUNS"] / "essai")
    return places


def finished_run(folder: Path) -> None:
    """A run folder as a training leaves it, whose adapter has no weights worth the name."""
    (folder / "adapter").mkdir(parents=True)
    for name in ("adapter_model.safetensors", "adapter_config.json", "allo.json"):
        (folder / "adapter" / name).write_text("{}")
    (folder / "adapter" / "README.md").write_text("# Allô: LoRA\n\n## Chiffres\n\nVoilà.\n")
    state = {"status": "completed", "pid": os.getpid(), "started": 0, "boot": "", "step": 27, "steps": 27, "eta": None}
    lines = [{"step": at, "loss": 2.0 / at, "seconds": at, "clips_per_second": 3.7, "wer": 40 - at} for at in (9, 27)]
    (folder / "state.json").write_text(json.dumps(state | {"heartbeat": time.time()}))
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "report.json").write_text(json.dumps(REPORT))
    (folder / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    (folder / "train.log").write_text("step 27 of 27\n")


@pytest.fixture(scope="package")
def server(places, tmp_path_factory):
    with serve(tmp_path_factory.mktemp("server"), **{name: str(path) for name, path in places.items()}) as server:
        yield server


@pytest.fixture(scope="package")
def browser():
    with chromium() as browser:
        yield browser
