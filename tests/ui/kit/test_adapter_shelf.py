"""The adapters there are, by what their files say; and which of them a visitor may name, rename and take off a list."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from common.messages import UserError
from tests.kit.hub import serve
from trainer.runs import adapters
from ui.kit import adapter_shelf
from ui.kit.adapter_shelf import Shelf
from ui.kit.errors import for_visitors

FACTS = {"allo": 1, "base": "whisper-base", "revision": "d01c3014881c9c6f", "margin": 1.0, "corpus": "phone-prompts"}


def write(folder: Path, facts: dict | None = FACTS, weights: bool = True) -> Path:
    """An adapter's files; nobody loads them here."""
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "whisper-base"}))
    if weights:
        (folder / "adapter_model.safetensors").write_bytes(bytes(1234))
    if facts is not None:
        (folder / "allo.json").write_text(json.dumps(facts))
    return folder


@pytest.fixture
def runs(tmp_path, monkeypatch) -> Path:
    """Three runs, the first with a report, the second not whole, the third without an adapter; and an adapter alone."""
    write(tmp_path / "premier" / "adapter")
    (tmp_path / "premier" / "report.json").write_text(json.dumps({"base": {"wer": 26.6}, "adapter": {"wer": 14.1}}))
    write(tmp_path / "moitié" / "adapter", weights=False)
    (tmp_path / "vide" / "checkpoints").mkdir(parents=True)
    write(tmp_path / "étranger", facts=None)
    write(tmp_path / ".premier-xyz" / "adapter")  # being written
    monkeypatch.setenv("ALLO_RUNS", str(tmp_path))
    monkeypatch.delenv("ALLO_CORPORA", raising=False)
    return tmp_path


def test_adapters_of_runs_are_found_with_what_their_files_say(runs):
    found = {adapter.name: adapter for adapter in adapters.found(runs)}
    assert set(found) == {"premier", "moitié", "étranger"}
    first = found["premier"]
    assert (first.base, first.corpus, first.margin) == ("whisper-base", "phone-prompts", 1.0)
    assert (first.wer_before, first.wer_after, first.bytes) == (26.6, 14.1, 1234)
    assert first.date == date.today() and first.missing == ()
    assert first.source == str(runs / "premier" / "adapter")


def test_adapter_of_others_is_found_by_peft_files_alone(runs):
    stranger = adapters.read(runs / "étranger")
    assert (stranger.base, stranger.revision, stranger.corpus, stranger.wer_after) == ("whisper-base", None, None, None)


def test_half_an_adapter_says_what_it_lacks(runs):
    assert adapters.read(runs / "moitié" / "adapter").missing == ("adapter_model.safetensors",)
    (runs / "premier" / "adapter" / "allo.json").write_text('{"base": ')
    assert adapters.read(runs / "premier" / "adapter").missing == ("allo.json",)


def test_no_folder_no_adapters(tmp_path):
    assert adapters.found(tmp_path / "nowhere") == []


def test_visitor_names_an_adapter_by_its_run_and_never_by_a_path(runs):
    assert adapter_shelf.adapter("premier") == str(runs / "premier" / "adapter")
    for name in (str(runs / "premier" / "adapter"), "../premier", "tests", "/etc/passwd"):
        with pytest.raises(UserError, match="owner/name"):
            adapter_shelf.adapter(name)
    with pytest.raises(UserError, match="from the list"):
        adapter_shelf.adapter("")
    assert adapter_shelf.adapter("quelqu-un/whisper-lora") == "quelqu-un/whisper-lora"


def test_list_of_a_visitor_is_the_visitors_alone(runs):
    own = adapter_shelf.refreshed(Shelf())
    assert {adapter.name for adapter in own.adapters} == {"premier", "moitié", "étranger"}
    own = adapter_shelf.renamed(adapter_shelf.without(own, "étranger"), "premier", "  Le  mien ")
    assert own.called("premier") == "Le mien"
    write(runs / "nouveau" / "adapter")
    assert {adapter.name for adapter in adapter_shelf.refreshed(own).adapters} == {"premier", "moitié", "nouveau"}
    with pytest.raises(UserError, match="choose another name"):
        adapter_shelf.renamed(own, "moitié", "Le mien")
    assert adapter_shelf.renamed(own, "premier", "").called("premier") == "premier"
    assert {adapter.name for adapter in adapter_shelf.added(own, "étranger").adapters} == {
        "premier",
        "moitié",
        "étranger",
    }
    assert {adapter.name for adapter in adapter_shelf.refreshed(Shelf()).adapters} == {
        "premier",
        "moitié",
        "étranger",
        "nouveau",
    }


def test_table_shows_the_facts_and_no_path(runs):
    write(runs / "<b>gras" / "adapter", FACTS | {"base": str(runs / "premier"), "corpus": str(runs)})
    table = adapter_shelf.table(adapter_shelf.refreshed(Shelf()), "fr")
    assert "26,6\N{NO-BREAK SPACE}% → 14,1\N{NO-BREAK SPACE}%" in table
    assert "incomplet : adapter_model.safetensors".replace(" :", "\N{NO-BREAK SPACE}:") in table
    assert "<b>gras" not in table and str(runs) not in table


def test_refusals_for_visitors_have_no_way_to_a_file(runs):
    refusal = UserError(en=f"{runs}/premier/adapter was trained on /home/me/base model.", fr="…")
    assert for_visitors(refusal.message).en == "premier/adapter was trained on base model."


def test_adapter_of_the_hub_is_known_by_its_card(tmp_path):
    write(tmp_path / "adapter")
    (tmp_path / "adapter" / "README.md").write_text(CARD)
    write(tmp_path / "half", weights=False)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.json").write_text("{}")
    names = {f"me/{name}": tmp_path / name for name in ("adapter", "half", "base", "closed")}
    with serve(names, gated={"me/closed"}) as endpoint:
        environment = os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "hf"), "ALLO_OFFLINE": ""}
        done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True)
    facts = json.loads(done.stdout)
    assert facts["are"] == {"me/adapter": True, "me/half": True, "me/base": False, "me/nothing": False}
    assert facts["adapter"] == ["me/adapter", "me/adapter", "phone-prompts", None, None, 14.1, 1234]
    assert "adapter_model.safetensors" in facts["half"] and "gated" in facts["closed"]


ASK = """
import json
from common.messages import UserError
from trainer.runs import adapters
from ui.kit import adapter_shelf as shelf

def refused(name):
    try:
        shelf.added(shelf.Shelf(), name)
    except UserError as refusal:
        return refusal.message.en

names = "me/adapter", "me/half", "me/base", "me/nothing"
found = shelf.refreshed(shelf.added(shelf.Shelf(), "me/adapter")).adapters[-1]
facts = found.name, found.source, found.corpus, found.date, found.wer_before, found.wer_after, found.bytes
print(json.dumps({
    "are": {name: adapters.is_on_the_hub(name) for name in names},
    "adapter": facts,
    "half": refused("me/half"),
    "closed": refused("me/closed"),
}))
"""
CARD = """---
model-index:
- name: Essai
  results:
  - task:
      type: automatic-speech-recognition
    dataset:
      type: other
      name: phone-prompts
      split: test
    metrics:
    - type: wer
      value: 14.1
---
Essai
"""
