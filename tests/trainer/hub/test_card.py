"""The adapter's card: what the run's files hold, in two languages, and nothing else."""

import json

import pytest
from huggingface_hub import ModelCard, ModelCardData

from trainer.evaluation import forgetting
from trainer.hub.card import card, escaped, hub_base, write

pytestmark = pytest.mark.fast

ALLO = {
    "base": "openai/whisper-small",
    "weights": "a1b2c3d4e5f6",
    "revision": "973afd24965f",
    "margin": 1.5,
    "language": "fr",
    "corpus": "diabolocom/talkbank_4_stt",
    "licence": "cc-by-nc-sa-3.0",
    "split_hash": "5eed5eed",
    "settings": {"learning_rate": 0.0003, "steps": None, "modules": ["q_proj", "v_proj"], "rank": 32},
    "allo": 1,
}
BASE = {"normaliser": "allo-fr-2", "wer": 42.4, "cer": 25.12, "interval": [40.1, 44.6], "words": 651}
ADAPTER = BASE | {"wer": 21.57, "cer": 12.5, "interval": [20.0, 23.1]}
FORGOTTEN = {
    "en": {"before": 20.0, "after": 20.4, "lost": 0.4},
    "silence": {"before": 4.2, "after": 8.3, "lost": 4.1},
}
REPORT = {
    "base": BASE,
    "adapter": ADAPTER,
    "p_value": 0.0123,
    "fixed": 31,
    "broken": 4,
    "full_window": {"base": BASE | {"wer": 41.3}, "adapter": ADAPTER | {"wer": 22.0}},
    "examples": {
        "fixed": [{"id": "c1", "reference": "allô oui", "base": "à l'eau", "adapter": "allô oui"}],
        "broken": [],
    },
    "forgetting": FORGOTTEN,
    "split": {"train": 362, "validation": 33, "test": 114},
    "leaks": [
        {"kind": "sentence", "en": "2 sentences stand in both train and test.", "fr": "2 phrases sont dans les deux."}
    ],
    "warnings": [
        {"en": "Stopped after 10 minutes.", "fr": "Arrêté après 10 minutes."},
        *(said._asdict() for said in forgetting.warnings(FORGOTTEN)),
    ],
    "training": {"steps": 273, "clips_per_second": 3.71, "trainable": 884736, "parameters": 242619648},
}
WRITTEN = card({"preset": "quick"}, REPORT, ALLO)
FRENCH, ENGLISH = WRITTEN.split("# In English")


def test_the_front_matter_is_as_the_hub_reads_it():
    facts = ModelCard(WRITTEN).data
    assert isinstance(facts, ModelCardData)
    assert (facts.library_name, facts.base_model, facts.language) == ("peft", "openai/whisper-small", "fr")
    assert (facts.license, facts.datasets) == ("cc-by-nc-sa-3.0", ["diabolocom/talkbank_4_stt"])
    wer, cer = facts.eval_results
    assert (wer.metric_type, wer.metric_value, wer.metric_name, wer.dataset_split) == (
        "wer",
        21.57,
        "WER (allo-fr-2)",
        "test",
    )
    assert (cer.metric_type, cer.metric_value) == ("cer", 12.5)


def test_figures_stand_with_their_intervals_in_both_languages():
    assert "| chacun dans sa fenêtre | 42,4 \\[40,1 – 44,6\\] | 21,6 \\[20,0 – 23,1\\] |" in FRENCH
    assert "| both in the window of 30 s | 41.3 \\[40.1 – 44.6\\] | 22.0 \\[20.0 – 23.1\\] |" in ENGLISH
    assert "p = 0,0123" in FRENCH and "p = 0.0123" in ENGLISH
    assert "651 mots" in FRENCH and "n'en ont plus : 31 ; l'inverse : 4" in FRENCH


@pytest.mark.parametrize(
    "line",
    [
        "- data: diabolocom/talkbank\\_4\\_stt; licence: cc-by-nc-sa-3.0",
        "- clips: training 362, validation 33, test 114",
        "- split: `5eed5eed`",
        "- base: openai/whisper-small, revision `973afd24965f`, weights `a1b2c3d4e5f6`",
        "- window: the clip and 1.5 s after it",
        "- preset: quick",
        "- settings: learning\\_rate 0.0003; modules q\\_proj, v\\_proj; rank 32",
        "- training: steps 273, clips a second 3.7, trainable weights 884736, weights in all 242619648",
        "no commercial use",
        "    python -m speech transcribe FILE --model openai/whisper-small --adapter NAME",
    ],
)
def test_how_it_was_made(line):
    assert line in ENGLISH


def test_examples_and_forgetting_are_tables():
    assert "| allô oui | à l'eau | allô oui |" in FRENCH and "Extraits qu'il a dégradés" not in FRENCH
    assert "| English prompts | 20.0 | 20.4 | 0.4 |" in ENGLISH
    assert (
        "not measured on: Spanish prompts, Italian prompts, Russian prompts, Long French recordings (apt-get" in ENGLISH
    )


def test_it_says_what_was_replayed():
    replayed = card({}, REPORT, ALLO | {"held_by": ["en", "es"]})
    assert "replayed in training: English prompts, Spanish prompts." in replayed and "replayed" not in WRITTEN


def test_text_without_speech_is_no_word_error_rate():
    for language, said in ((FRENCH, "Texte inventé : 8,3 % des sons sans parole"), (ENGLISH, "Made-up text: 8.3 %")):
        assert said in language.split("##")[0] and said in language.split("## What it forgot")[-1]
        assert not any("Sounds without" in line or "Sons sans" in line for line in language.splitlines() if "|" in line)


def test_warnings_stand_on_top():
    before_figures = ENGLISH.split("## What it brings")[0]
    assert "2 sentences stand in both train and test" in before_figures
    assert "Stopped after 10 minutes" in before_figures and "Arrêté après 10 minutes" in FRENCH
    assert "Made-up text: 8.3 % of sounds without speech got a text, 4.2 % before the training." in before_figures
    assert "English prompts:" not in before_figures  # 0.4 points are within what is tolerated


def test_what_was_said_is_no_markup():
    said = {
        "reference": "a | b\n# c",
        "base": "<img src=x onerror=alert(1)>",
        "adapter": "[x](https://a.b) *c* $d$ &lt;",
    }
    found = card({}, REPORT | {"examples": {"fixed": [said]}}, ALLO)
    row = next(line for line in found.splitlines() if "onerror" in line)
    assert row == r"| a \| b \# c | \<img src=x onerror=alert(1)\> | \[x\](https\://a.b) \*c\* \$d\$ \&lt; |"


def test_escaping_leaves_french_alone():
    said = "Aujourd'hui, ça marche « très » bien (à 10 h 30 : c'est-à-dire tôt)."
    assert escaped(said) == said


def test_a_stopped_run_claims_nothing():
    found = card({}, {}, ALLO)
    assert "Rien n'a été mesuré" in found and "Nothing was measured" in found
    facts = ModelCard(found).data
    assert facts.eval_results is None and "WER" not in found
    assert "What it forgot was not measured." in found


def test_a_folder_of_this_machine_is_not_named(tmp_path):
    here = ALLO | {"base": str(tmp_path / "my-base"), "corpus": str(tmp_path / "my-calls"), "licence": None}
    found = card({}, REPORT, here)
    facts = ModelCard(found).data
    assert str(tmp_path) not in found and "my-calls" in found
    assert (facts.base_model, facts.datasets, facts.license) == (None, None, "unknown")


def test_a_licence_that_the_hub_does_not_list():
    facts = ModelCard(card({}, REPORT, ALLO | {"licence": "Ours, ask us"})).data
    assert (facts.license, facts.license_name) == ("other", "Ours, ask us")


def test_the_embedded_base_has_a_name_on_the_hub():
    assert hub_base("whisper-base") == "openai/whisper-base"
    assert hub_base("openai/whisper-small") == "openai/whisper-small"
    assert hub_base("/somewhere/model") is None and hub_base(None) is None


def test_a_run_gets_its_card(tmp_path):
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter/allo.json").write_text(json.dumps(ALLO))
    (tmp_path / "adapter/README.md").write_text("peft's own")
    (tmp_path / "config.json").write_text(json.dumps({"preset": "quick"}))
    write(tmp_path)
    assert "Nothing was measured" in (tmp_path / "adapter/README.md").read_text()  # it was stopped
    (tmp_path / "report.json").write_text(json.dumps(REPORT))
    write(tmp_path)
    assert (tmp_path / "adapter/README.md").read_text() == WRITTEN
    assert sorted(path.name for path in (tmp_path / "adapter").iterdir()) == ["README.md", "allo.json"]
