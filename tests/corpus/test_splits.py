"""Splits that do not leak, that stay when the corpus grows, and the check that finds what is on both sides."""

import shutil

import pandas as pd
import pytest

import corpus
from corpus.describe import describe
from corpus.prompts import prompts
from corpus.splits import assign, carve, leaks

pytestmark = pytest.mark.fast


def table(count: int = 400, **columns) -> pd.DataFrame:
    """Rows of sentences that are all different, with what `columns` gives of call, speaker and text."""
    given = {
        "call": [None] * count,
        "speaker": [None] * count,
        "text": [f"phrase numéro {n} dite" for n in range(count)],
    }
    rows = pd.DataFrame(given | columns, dtype=object)
    rows["id"] = [str(n) for n in range(count)]
    return rows


def shared(rows: pd.DataFrame, column: str) -> int:
    """How many values are in two splits or more."""
    return int((rows.groupby(column)["split"].nunique() > 1).sum())


def test_a_call_is_on_one_side():
    rows = table(call=[f"appel{n % 60}" for n in range(400)], speaker=["A", "B"] * 200)
    rows["split"] = assign(rows)
    assert shared(rows, "call") == 0 and set(rows["split"]) == {"train", "validation", "test"}


def test_without_calls_a_speaker_is():
    rows = table(speaker=[f"voix{n % 60}" for n in range(400)])
    rows["split"] = assign(rows)
    assert shared(rows, "speaker") == 0 and rows["split"].nunique() == 3


def test_with_one_speaker_a_sentence_is_whatever_its_case_and_marks():
    rows = table(
        speaker=["June"] * 400, text=[f"{'Oui' if n < 200 else 'OUI,'} phrase {n % 200} !" for n in range(400)]
    )
    rows["split"] = assign(rows)
    assert (rows["split"][:200].to_numpy() == rows["split"][200:].to_numpy()).all()
    assert rows["split"].nunique() == 3


def test_rows_without_a_call_among_others_are_divided_by_what_all_have():
    rows = table(call=["appel1"] * 399 + [None], speaker=[f"voix{n % 60}" for n in range(400)])
    rows["split"] = assign(rows)
    assert shared(rows, "speaker") == 0


def test_a_corpus_that_grows_keeps_its_split():
    before = table(200, call=[f"appel{n}" for n in range(200)])
    after = table(call=[f"appel{n}" for n in range(400)]).iloc[::-1]
    split = pd.Series(assign(after), after["call"])
    assert split[before["call"]].tolist() == assign(before)
    assert assign(before)[:5] == ["train", "train", "train", "validation", "train"]  # on every machine, every day


def test_the_shares_are_kept_on_average():
    share = pd.Series(assign(table(5000))).value_counts(normalize=True)
    assert share["train"] == pytest.approx(0.8, abs=0.02)
    assert share["test"] == pytest.approx(0.1, abs=0.02)


def test_validation_is_carved_from_a_published_train_split_by_call():
    rows = table(call=[f"appel{n % 60}" for n in range(400)])
    rows["split"] = carve(rows, 0.2)
    assert shared(rows, "call") == 0
    assert 0.1 < (rows["split"] == "validation").mean() < 0.3


def test_every_kind_of_leak_is_found_and_said():
    rows = table(
        6,
        call=["c1", "c1", "c2", "c3", "c4", "c5"],
        speaker=["a", "b", "c", "a", "d", "e"],
        text=["oui", "Je viens demain matin.", "non", "oui", "je viens demain matin", "peut-être bien que non"],
    )
    rows["split"] = ["train", "test", "train", "test", "test", "test"]
    found = {leak.kind: leak for leak in leaks(rows)}
    assert set(found) == {"call", "speaker"}  # « oui » is said in any call
    assert (found["call"].count, found["call"].clips, found["call"].example) == (1, 1, "c1")
    assert found["speaker"].between == ("train", "test")
    assert "train and test have speakers in common: 1, with 1 clip of test" in found["speaker"].message.en
    assert "« a »" in found["speaker"].message.fr
    rows.loc[0, "text"] = "je viens demain, matin"
    sentences = {leak.kind: leak for leak in leaks(rows)}["sentence"]
    assert (sentences.count, sentences.clips) == (1, 2)


def test_a_published_split_stays_and_its_leaks_are_shown(tmp_path, capsys):
    spoken = prompts(at_least=2.0)[:6]
    lines = []
    for number, one in enumerate(spoken):
        shutil.copyfile(one.path, tmp_path / f"{number}.wav")
        lines.append(f'{number}.wav,"{one.text}",call{number % 2},{"train" if number < 4 else "test"}')
    shutil.copyfile(spoken[0].path, tmp_path / "again.wav")
    lines.append("again.wav,tout autre chose,call9,test")
    (tmp_path / "metadata.csv").write_text("\n".join(["file_name,text,call,split", *lines]))
    found = corpus.load(tmp_path)
    assert found.rows["split"].tolist() == ["train"] * 4 + ["test"] * 3
    assert [leak.kind for leak in found.leaks] == ["call"]
    leaks = {leak["kind"]: leak for leak in describe(found)["leaks"]}
    assert leaks["call"]["count"] == 2 and leaks["audio"]["example"] == "again.wav"
    assert leaks["audio"]["between"] == ["train", "test"]


def test_a_row_without_a_split_among_published_ones_is_left_out(tmp_path):
    for number, one in enumerate(prompts()[:3]):
        shutil.copyfile(one.path, tmp_path / f"{number}.wav")
    (tmp_path / "m.csv").write_text("file,text,split\n0.wav,un,train\n1.wav,deux,test\n2.wav,trois,\n")
    found = corpus.load(tmp_path / "m.csv")
    assert [where for where, _ in found.left_out] == ["2.wav"]


def test_a_lone_train_split_is_divided_and_a_lone_test_split_is_not(tmp_path):
    for number, one in enumerate(prompts()[:60]):
        shutil.copyfile(one.path, tmp_path / f"{number}.wav")
    for split, expected in (("train", {"train", "validation", "test"}), ("test", {"test"})):
        rows = [f"{number}.wav,phrase {number},{split}" for number in range(60)]
        (tmp_path / "m.csv").write_text("\n".join(["file,text,split", *rows]))
        assert set(corpus.load(tmp_path / "m.csv").rows["split"]) == expected


def test_the_prompts_share_no_sentence():
    assert {leak.kind for leak in corpus.load("phone-prompts").leaks} == {"speaker"}  # they have one voice
