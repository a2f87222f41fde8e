"""Which clips are scored: by default none that an adapter was trained on, and a warning where they are."""

import json

import pandas as pd
import pytest

from common.messages import UserError
from corpus import Corpus, load
from trainer.__main__ import main
from trainer.data.splits import split_hash, splits_of
from trainer.evaluation.selection import (
    default_split,
    learned_among,
    learned_splits,
    learned_warning,
    sample,
    selected,
)
from trainer.settings import Settings

OLD = {"language": "fr", "strength": 0.85}  # settings as an earlier version stored them


class Rows:
    """As much of a Corpus as a selection reads."""

    def __init__(self, *splits: str, source: str = "ada/calls"):
        self.name = self.source = source
        self.rows = pd.DataFrame({"split": splits})


@pytest.fixture(scope="module")
def calls(corpus) -> Corpus:
    return load(corpus)


@pytest.mark.parametrize(
    ("there", "facts", "learned"),
    [
        (["train", "validation", "test"], {"corpus": "ada/calls"}, ("train", "validation")),
        (["test", "train"], {"corpus": "ada/calls"}, ("train",)),
        (["test"], {"corpus": "ada/calls"}, ()),
        (["train", "test"], {"corpus": "ada/other"}, ()),
        (["train", "test"], {"corpus": None}, ()),
        (["train", "test"], {}, ()),  # an adapter made elsewhere
    ],
)
def test_learned_splits_are_those_of_the_same_corpus(there, facts, learned):
    assert learned_splits(Rows(*there), facts) == learned


def test_a_corpus_is_the_same_under_another_name(calls, corpus, tmp_path):
    settings = Settings().to_dict()
    facts = {"split_hash": split_hash(calls, splits_of(calls, "fr")), "settings": settings}
    for stored in (settings, OLD):
        assert learned_splits(calls, facts | {"corpus": "elsewhere", "settings": stored}) == ("train", "validation")
    (tmp_path / "link").symlink_to(corpus)
    assert learned_splits(calls, {"corpus": str(tmp_path / "link")}) == ("train", "validation")
    assert learned_splits(calls, facts | {"corpus": "elsewhere", "split_hash": "0"}) == ()
    assert learned_splits(calls, facts | {"corpus": "elsewhere", "settings": {}}) == ()


@pytest.mark.parametrize(
    ("there", "learned", "chosen"),
    [
        (["train", "validation", "test"], ("train", "validation"), "test"),
        (["train", "validation", "test"], (), "test"),
        (["train", "dev", "night"], ("train",), "dev"),
        (["train"], (), "test"),  # which is refused, as before, with the splits that there are
    ],
)
def test_the_default_is_a_split_that_was_not_learned(there, learned, chosen):
    assert default_split(Rows(*there), learned) == chosen


def test_an_adapter_that_learned_the_whole_corpus_has_no_default():
    with pytest.raises(UserError, match="was trained on all of ada/calls") as refused:
        default_split(Rows("train", "validation"), ("train", "validation"))
    assert "--split train" in refused.value.message.en and "--split train" in refused.value.message.fr


def test_clips_that_were_learned_are_counted_and_told():
    rows = Rows(*["train"] * 17, "validation", *["test"] * 2)
    count = learned_among(rows, range(20), ("train", "validation"))
    assert count == 18 and learned_among(rows, [18, 19], ("train", "validation")) == 0
    said = learned_warning(count, 20)
    assert said.en.startswith("18 of these 20 clips") and said.fr.startswith("18 de ces 20 extraits")
    assert learned_warning(0, 20) is None


def test_a_selection_is_a_split_or_all_and_may_be_limited():
    rows = Rows("train", "test", "test")
    assert selected(rows, "test") == [1, 2] and selected(rows, "test", 1) == [1] and selected(rows, "all") == [0, 1, 2]
    for split, limit, said in (("dev", None, "no split 'dev': choose test, train"), ("all", 0, "1 at least")):
        with pytest.raises(UserError, match=said):
            selected(rows, split, limit)


def test_an_adapter_is_scored_on_what_it_did_not_learn(done, corpus, tiny, capsys):
    asked = ["evaluate", "--corpus", str(corpus), "--model", str(tiny), "--adapter", str(done / "adapter")]
    assert main([*asked, "--engine", "transformers", "--unsure-beam", "1", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["split"], len(summary["clips"]), summary["learned_clips"]) == ("test", 6, 0)
    assert summary["learned_splits"] == ["train", "validation"] and summary["warnings"] == []
    assert main([*asked, "--engine", "transformers", "--unsure-beam", "1", "--split", "all", "--limit", "5"]) == 0
    assert "WARNING: 4 of these 5 clips are from the splits that the adapter was trained on" in capsys.readouterr().out


def test_a_sample_is_by_chance_and_always_the_same():
    rows = range(100, 600)
    twenty, fifty = sample(rows, 20), sample(rows, 50)
    assert twenty == sample(list(rows), 20) == sorted(twenty) and set(twenty) < set(fifty)
    assert len(fifty) == 50 and max(twenty) - min(twenty) > 250  # of the whole file, not of its beginning
    split = Rows(*["test"] * 500)
    assert selected(split, "test", count=20) == [row - 100 for row in twenty]
    with pytest.raises(UserError, match="limit of 0"):
        selected(split, "test", count=0)
    assert sample(rows, 1000) == list(rows) and sample([], 5) == []
