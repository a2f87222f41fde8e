"""A reference that base and adapter agree against is corrected beside the corpus, by whoever may act."""

import csv
import shutil
from types import SimpleNamespace

import gradio as gr
import pytest
from starlette.requests import Request

import corpus
from corpus.prompts import prompt
from trainer.evaluation.results_file import Row
from ui.dataset import correction
from ui.kit.corpus_field import Source, sources
from ui.scores import results

SAID = {"activated.wav": "activé", "added.wav": "agouté", "vm-intro.wav": "laissez"}
WRITTEN = {"base": ("Activé.", "Ajouté.", "Laisse"), "adapter": ("activé", "ajouté", "lassez")}


class Pressed:
    def __init__(self, row: int):
        self.row = row

    def number(self, name: str) -> float:
        return float(self.row)


def visitor(host: str) -> gr.Request:
    headers = [(b"host", b"127.0.0.1:7860"), (b"accept-language", b"fr")]
    return gr.Request(Request({"type": "http", "headers": headers, "client": (host, 1234)}))


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """A corpus for visitors, and the transcripts that base and adapter made of it."""
    folder = tmp_path / "calls"
    folder.mkdir()
    for name in SAID:
        shutil.copy(prompt(name.removesuffix(".wav")), folder)
    lines = ["file_name,text", *(f"{name},{text}" for name, text in SAID.items())]
    (folder / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")
    ids = corpus.load(str(folder)).rows["id"].tolist()
    for model, texts in WRITTEN.items():
        with (tmp_path / f"{model}.scores").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(Row._fields)
            for name, said, text in zip(ids, SAID.values(), texts, strict=True):
                rows.writerow([name, "test", "", 1.0, said, text, "", 0.0, 0, 0, 0, 1, 0.1])
    base, adapter = (SimpleNamespace(output=lambda _, at=model: tmp_path / f"{at}.scores") for model in WRITTEN)
    monkeypatch.setenv("ALLO_CORPORA", str(tmp_path))
    monkeypatch.setattr(results, "base", lambda: base)
    return folder, adapter


def test_what_both_wrote_goes_beside_the_corpus_and_never_into_it(calls):
    folder, adapter = calls
    before = (folder / "metadata.csv").read_bytes()
    offers = [correction._offer(Source("calls"), adapter, Pressed(row))[0] for row in range(3)]
    assert [offer and offer.text for offer in offers] == [None, "ajouté", None]
    assert correction._offer(Source("calls"), None, Pressed(1))[0] is None  # one model is no two
    said = correction._accept(offers[1], "", visitor("127.0.0.1"), None)[1]
    assert "calls.corrections.csv" in said and str(folder) not in said
    assert corpus.load(str(folder)).rows["text"].tolist() == ["activé", "ajouté", "laissez"]
    assert (folder / "metadata.csv").read_bytes() == before and "calls.corrections.csv" not in sources()
    assert "déjà" in correction._accept(offers[1], "", visitor("127.0.0.1"), None)[1]


def test_a_stranger_corrects_nothing(calls):
    folder, adapter = calls
    offer = correction._offer(Source("calls"), adapter, Pressed(1))[0]
    assert 'role="alert"' in correction._accept(offer, "", visitor("203.0.113.9"), None)[1]
    assert not folder.with_name("calls.corrections.csv").exists()


def test_prompts_have_nothing_beside_them(calls):
    assert correction._offer(Source("phone-prompts"), calls[1], Pressed(1))[0] is None
