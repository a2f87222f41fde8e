"""What a training is asked, as the version before stored it: config.json, and what an adapter says of itself."""

import json

import pytest

from common.files import write_json
from common.messages import UserError
from speech.models.checkpoint import facts
from trainer.presets import PRESETS
from trainer.runs import adapters
from trainer.settings import BEFORE, RENAMED
from trainer.train.plan import TrainingPlan
from trainer.train.request import TrainingRequest, resumed

QUICK = PRESETS["quick"].to_dict()
SETTINGS = {{now: before for before, now in RENAMED.items()}.get(name, name): value for name, value in QUICK.items()}
SETTINGS |= {"steps": 6, "batch_size": 4, "evaluations": 3}
REASON = {"en": "no GPU, and its fastest on this CPU", "fr": "pas de GPU, et le plus rapide sur ce processeur"}
CONFIG = {  # of f700f9d, with what it added once it began
    "allo": 1,
    "corpus": "phone-prompts",
    "audio": None,
    "text": None,
    "unit": None,
    "model": "whisper-base",
    "preset": "quick",
    "settings": SETTINGS,
    "chosen": {
        "corpus": "phone-prompts",
        "fingerprint": "c8cc103757562f4e",
        "model": "whisper-base",
        "revision": "5caf328358c5c78d",
        "numbers": {"device": "cpu", "weights": "float32", "compute": "float32", "reason": REASON},
    },
    "plan": {"steps": 208, "evaluate_after": [156, 208], "validation": [3, 8, 13], "frames_at_once": 1600}
    | {"seconds_a_step": 1.25, "seconds_a_clip": 0.4},
    "split": {"train": 18, "validation": 6, "test": 6, "foreign": 0},
    "left_out": [],
    "processes": 1,
}
ALLO = {
    "allo": 1,
    "base": "whisper-base",
    "weights": "f05c248f81ef",
    "revision": "5caf328358c5c78d",
    "margin": 0.3,
    "language": "fr",
    "corpus": "phone-prompts",
    "licence": None,
    "split_hash": "eceed8045e9056c2",
    "settings": SETTINGS,
    "held_by": ["en", "es", "it"],
}
GIVEN = dict.fromkeys(("corpus", "audio", "text", "unit", "model"))


def test_a_stored_request_is_read(tmp_path):
    assert SETTINGS.keys() >= RENAMED.keys()
    write_json(tmp_path / "config.json", CONFIG)
    request = resumed(tmp_path, GIVEN, None, [])
    expected = PRESETS["quick"].with_values(steps=6, batch_size=4, evaluations=3)
    assert request == TrainingRequest("phone-prompts", None, None, None, "whisper-base", "quick", expected)
    assert TrainingRequest.from_dict(json.loads(json.dumps(request.to_dict()))) == request
    changes = ["steps=6", "batch_size=4", "evaluations=3", "averaged=0.5"]
    assert resumed(tmp_path, GIVEN | {"corpus": "phone-prompts"}, "quick", changes) == request
    for contradiction in (
        (GIVEN | {"model": "openai/whisper-small"}, None, []),
        (GIVEN, "seed", []),
        (GIVEN, None, ["rank=8"]),
    ):
        with pytest.raises(UserError, match="another request"):
            resumed(tmp_path, *contradiction)


def test_a_request_from_before_some_settings_does_as_it_did(tmp_path):
    old = {name: value for name, value in SETTINGS.items() if RENAMED.get(name, name) not in BEFORE}
    request = TrainingRequest.from_dict(CONFIG | {"settings": old})
    assert request.settings == PRESETS["quick"].with_values(steps=6, batch_size=4, evaluations=3, **BEFORE)


@pytest.mark.parametrize(
    ("steps", "after", "every"),
    [(208, [156, 208], 52), (6, [4, 5, 6], 1), (6, [6], 6), (120, [48, 96, 120], 48), (50, [], 0)],
)
def test_a_stored_plan_is_read(steps, after, every):
    stored = CONFIG["plan"] | {"steps": steps, "evaluate_after": after}
    plan = TrainingPlan.from_dict(stored)
    assert plan.evaluate_every == every and plan.evaluate_after == after and plan.seconds_a_step == 1.25
    assert TrainingPlan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan


def test_an_adapter_says_what_it_said(tmp_path):
    write_json(tmp_path / "allo.json", ALLO)
    found = adapters.read(tmp_path)
    assert (found.base, found.corpus, found.margin) == ("whisper-base", "phone-prompts", 0.3)
    assert facts(tmp_path) == ALLO
