"""References that are perhaps wrong: found where all decodes agree against them, corrected beside the corpus."""

import csv
import json
import shutil
from pathlib import Path

import pytest

import corpus
from common.messages import UserError
from corpus import corrections
from corpus.corrections import Correction
from corpus.prompts import prompts
from trainer.__main__ import main
from trainer.evaluation.doubts import Doubt, doubts, of_run
from trainer.evaluation.results_file import Row

pytestmark = pytest.mark.fast


def row(name: str, reference: str, hypothesis: str) -> Row:
    return Row(name, "test", "", 1.0, reference, hypothesis, "", 0.0, 0, 0, 0, 0, 0.0)


@pytest.mark.parametrize(
    ("reference", "hypotheses", "expected"),
    [
        ("Veuillez raccrochez.", ["veuillez raccrocher"] * 3, ("veuillez raccrocher", [("raccrochez", "raccrocher")])),
        ("un deux", ["un deux", "un trois", "un trois"], None),  # one agrees with the reference
        ("un deux", ["un six", "un dix", "un trois"], None),  # all differ, and from one another
        (
            "le chat dort",
            ["le chien dort bien", "le chien dort", "un chien dort"],
            ("le chien dort", [("chat", "chien")]),
        ),
        ("oui", ["oui merci"] * 3, ("oui merci", [("", "merci")])),
        ("oui non merci bien", ["oui merci bien"] * 2 + ["oui merci"], ("oui merci bien", [("non", "")])),
        ("22 appels", ["vingt-deux appels", "22 appels", "22 appels"], None),
    ],
)
def test_words_in_which_all_agree_against_the_reference(reference, hypotheses, expected):
    found = doubts([[row("a", reference, hypothesis)] for hypothesis in hypotheses])
    assert [(each.text, list(each.words)) for each in found] == ([expected] if expected else [])


def test_a_clip_that_one_lacks_is_not_judged():
    assert doubts([[row("a", "oui", "non")], [row("a", "oui", "non")], []]) == []


@pytest.fixture
def run(tmp_path) -> Path:
    """A run folder and its corpus."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    chosen = [prompt for prompt in prompts(at_least=1.0) if prompt.seconds < 3][:3]
    for prompt in chosen:
        shutil.copy(prompt.path, folder / f"{prompt.name.replace('/', '-')}.wav")
    with (folder / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("file_name", "text"), *((f"{prompt.name.replace('/', '-')}.wav", "fermez apelle") for prompt in chosen)]
        )
    decoded = tmp_path / "run" / "heard"
    decoded.mkdir(parents=True)
    first = f"{chosen[0].name.replace('/', '-')}.wav"
    for name in ("base-short", "adapter-short", "adapter-full"):
        rows = [Row._fields, row(first, "fermez apelle", "fermez l'appel")]
        with (decoded / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    (tmp_path / "run" / "report.json").write_text(json.dumps({"corpus": str(folder)}))
    return tmp_path / "run"


def test_corrections_stand_beside_the_corpus_and_are_taken(run, capsys):
    before = corpus.load(run.parent / "corpus")
    (found,) = of_run(run)
    assert isinstance(found, Doubt) and found.text == "fermez l'appel"
    assert main(["doubts", str(run), "--keep", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["doubts"][0]["id"] == found.id and "1 corrections are added" in said.err
    assert main(["doubts", str(run), "--keep"]) == 0 and "0 corrections are added" in capsys.readouterr().err
    after = corpus.load(run.parent / "corpus")
    texts = dict(zip(after.rows["id"], after.rows["text"], strict=True))
    assert texts[found.id] == "fermez l'appel" and list(texts.values()).count("fermez apelle") == 2
    assert (
        after.fingerprint != before.fingerprint
        and after.notes[-1].en == "1 texts are corrected by corpus.corrections.csv"
    )
    assert "apelle" in (run.parent / "corpus" / "metadata.csv").read_text()


@pytest.mark.parametrize("content", [b"id,text\na,\n", b"\xff\xfe\x00", b"id,text\n,oui\n"])
def test_a_bad_file_of_corrections_is_one_sentence(run, content):
    (run.parent / "corpus.corrections.csv").write_bytes(content)
    with pytest.raises(UserError, match=r"corpus\.corrections\.csv"):
        corpus.load(run.parent / "corpus")


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(UserError, match="has not what base and adapter transcribed"):
        of_run(tmp_path)
    assert corrections.beside("owner/name") is None and Correction("a", "b", "c").id == "a"
