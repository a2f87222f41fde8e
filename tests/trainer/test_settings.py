"""The settings of a training: what presets hold, what the command takes, and what earlier versions stored."""

import json

import pytest

from common.messages import UserError
from trainer.presets import PRESETS, preset
from trainer.settings import BEFORE, RENAMED, Adapter, Settings, from_dict

pytestmark = pytest.mark.fast
THOROUGH = """
{"language": "fr", "seed": 0, "rank": 32, "alpha": 64.0, "dropout": 0.05, "modules": ["q_proj", "k_proj", "v_proj",
"out_proj", "fc1", "fc2"], "encoder_share": 1.0, "decoder_part": "all", "rslora": false, "dora": false, "strength":
1.0, "weights_on_cpu": "auto", "weights_on_cuda": "auto", "compute_on_cuda": "auto", "gradient_checkpointing":
false, "input_require_grads": false, "learning_rate": 0.0002, "schedule": "cosine", "averaged": 0.0, "warmup_steps":
0.1, "weight_decay": 0.0, "max_gradient": 1.0, "batch_size": 16, "frames_at_once": 48000, "epochs": 10.0, "minutes":
null, "steps": null, "train_share": 1.0, "window": "short", "margin": 0.3, "margin_least": 0.3, "margin_most": 2.5,
"full_share": 0.1, "timestamps": 0.5, "stitched_share": 0.1, "silence_share": 0.02, "kept_share": 0.15,
"kept_weight": 4.0, "paced_share": 0.5, "late_share": 0.5, "line_share": 0.2, "spec_augment": 1.0, "leading_space":
true, "prompt_loss": false, "evaluations": 0, "patience": 3, "generation_length": null, "validation_clips": 512,
"report_clips": null, "forgetting_clips": 40, "logging_steps": 25, "checkpoint_steps": 100, "push_to": null,
"push_private": true}
"""


def test_the_seed_is_the_notebooks_recipe():
    seed = PRESETS["seed"]
    assert seed.adapter == Adapter(8, 32.0, 0.1, ("q_proj", "v_proj"), 1.0, "all", lora_scale=1.0)
    steps, data, evaluation = seed.optimisation, seed.data, seed.evaluation
    assert (steps.learning_rate, steps.warmup_steps, steps.batch_size, steps.epochs) == (1e-3, 50, 8, 3)
    assert (steps.weights_on_cuda, steps.compute_on_cuda, steps.input_require_grads) == ("8bit", "float16", True)
    assert (steps.schedule, steps.average_last, steps.minutes, steps.logging_steps) == ("linear", 0, None, 25)
    assert (data.window, evaluation.generation_length, evaluation.evaluations) == ("full", 128, 0)
    assert (data.spec_augment, data.silence_share, data.stitched_share, data.replay_share) == (0, 0, 0, 0)
    assert (data.speed_probability, data.delay_probability, data.telephone_probability) == (0, 0, 0)


def test_settings_are_set_and_read_back():
    changes = ["learning_rate=5e-4", "modules=q_proj, fc1", "dora=true", "minutes=none", "steps=7", "window=full"]
    settings = preset("quick", changes)
    adapter, steps = settings.adapter, settings.optimisation
    assert (steps.learning_rate, adapter.modules, adapter.dora) == (5e-4, ("q_proj", "fc1"), True)
    assert (steps.minutes, steps.steps, settings.decoding_margin) == (None, 7, None)
    for one in (*PRESETS.values(), settings):
        assert from_dict(json.loads(json.dumps(one.to_dict()))) == one


def test_a_run_goes_on_as_it_began_where_a_setting_is_younger():
    asked = PRESETS["quick"].to_dict()
    for name in BEFORE:
        del asked[name]
    assert from_dict(asked) == PRESETS["quick"].with_values(**BEFORE) != PRESETS["quick"]


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("best", "", "no preset 'best'"),
        ("quick", "lr=1", "no setting 'lr'"),
        ("quick", "learning_rate=fast", "give a number"),
        ("quick", "learning_rate=nan", "learning_rate is nan"),
        ("quick", "batch_size=0", "batch_size is 0"),
        ("quick", "batch_size=2.5", "a whole number"),
        ("quick", "dora=perhaps", "true or false"),
        ("quick", "modules=conv1", "modules has no 'conv1'"),
        ("quick", "modules=", "one module at least"),
        ("quick", "margin_least=9", "not above margin_most"),
        ("quick", "weights_on_cpu=float16", "weights_on_cpu has no 'float16'"),
        ("quick", "window=tall", "window has no 'tall'"),
        ("quick", "rank", "rank is ''"),
    ],
)
def test_wrong_settings_are_one_sentence(name, change, said):
    with pytest.raises(UserError) as refused:
        preset(name, [change] if change else [])
    assert said in refused.value.message.en and refused.value.message.fr != refused.value.message.en
    assert "\n" not in refused.value.message.en


def test_defaults_are_the_quick_preset():
    assert Settings() == PRESETS["quick"]


@pytest.mark.parametrize(("before", "now"), RENAMED.items())
def test_a_setting_is_also_known_by_its_name_of_before(before, now):
    assert preset("quick", [f"{before}=0.25"]) == PRESETS["quick"].with_values(**{now: 0.25}) != PRESETS["quick"]
    stored = PRESETS["thorough"].to_dict()
    stored[before] = stored.pop(now)
    assert from_dict(stored) == PRESETS["thorough"]
    with pytest.raises(UserError, match=f"The setting {before} is 'much'"):
        preset("quick", [f"{before}=much"])


def test_settings_that_the_version_before_stored_are_read():
    """`thorough` as f700f9d wrote it into config.json and allo.json."""
    assert from_dict(json.loads(THOROUGH)) == PRESETS["thorough"]
