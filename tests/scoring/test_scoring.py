"""What scoring counts and how far it may be trusted: rates, intervals, tests, alignments, the metric, the command."""

import json
import random
import re
import subprocess
import sys
from itertools import product

import jiwer
import numpy as np
import pandas
import pytest

from corpus.prompts import prompts
from scoring.__main__ import main
from scoring.alignment import Step, align, printed
from scoring.bootstrap import bootstrap, paired
from scoring.measures import NORMALISERS, compare, rates, score, score_clips

pytestmark = pytest.mark.fast

REFERENCES = ["Bonjour, il est 14h30.", "Euh, oui, d'accord.", "[rire]", "vingt-deux euros"]
HYPOTHESES = ["bonsoir il est quatorze heures", "oui d’accord !", "Merci.", "22 €"]


def texts(seed: int, many: int = 200, shortest: int = 0) -> list[str]:
    """Random sentences of a small vocabulary, so that they share words by chance."""
    drawn = random.Random(seed)
    return [
        " ".join(drawn.choices(["oui", "non", "euh", "le", "la", "Le", ".", "22"], k=drawn.randint(shortest, 8)))
        for _ in range(many)
    ]


# ---- rates


def test_counts_by_hand():
    found = score(REFERENCES, HYPOTHESES)
    assert (found.substitutions, found.deletions, found.insertions, found.hits, found.words) == (1, 2, 1, 10, 13)
    assert found.wer == pytest.approx(100 * 4 / 13)
    assert [clip.wer for clip in found.clips] == pytest.approx([100 * 2 / 6, 25, None, 0])
    assert [clip.phantom for clip in found.clips] == [False, False, True, False] and found.phantoms == 1
    assert found.normaliser == "allo-fr-2"


def test_a_batch_is_judged_as_the_corpus_is():
    assert score_clips(REFERENCES, HYPOTHESES) == score(REFERENCES, HYPOTHESES).clips
    assert score_clips(REFERENCES[1:2], HYPOTHESES[1:2])[0].wer == 25 and score_clips([], []) == ()


def test_the_three_normalisers_side_by_side():
    found = score(REFERENCES, HYPOTHESES)
    assert 25 == found.no_fillers_wer < found.wer < found.basic_wer < found.raw_wer
    for name, rate in (("raw", found.raw_wer), ("basic", found.basic_wer), ("french-without-fillers", 25)):
        alone = score(REFERENCES, HYPOTHESES, normaliser=name)
        assert alone.wer == pytest.approx(rate) and alone.normaliser == NORMALISERS[name].name


def test_in_english_a_number_is_one_in_words_and_in_digits():
    said, decoded = ["Press one, or two, for fifty dollars.", "I'm here."], ["press 1 or 2 for $50", "I am here!"]
    assert score(said, decoded, normaliser="english").wer == 0 < score(said, decoded, normaliser="basic").wer


def test_a_corpus_is_a_sum_and_no_mean_of_clips():
    found = score(
        ["oui", "un deux trois quatre cinq six sept huit neuf"], ["non", "un deux trois quatre cinq six sept huit neuf"]
    )
    assert found.wer == pytest.approx(10.0)


def test_characters_as_jiwer_counts_them():
    found = score(["le chat"], ["le chas"])
    assert found.cer == pytest.approx(100 / 7) == found.clips[0].cer


@pytest.mark.parametrize("seed", range(3))
def test_raw_rates_are_those_of_jiwer(seed):
    references, hypotheses = texts(seed), texts(seed + 100)
    found = score(references, hypotheses, normaliser="raw", resamples=10)
    words, characters = jiwer.process_words(references, hypotheses), jiwer.process_characters(references, hypotheses)
    assert found.wer / 100 == pytest.approx(words.wer) and found.cer / 100 == pytest.approx(characters.cer)
    assert (found.substitutions, found.deletions) == (words.substitutions, words.deletions)
    assert (found.insertions, found.hits) == (words.insertions, words.hits)
    for reference, hypothesis, clip in zip(references, hypotheses, found.clips, strict=True):
        one = jiwer.process_words(reference, hypothesis)
        assert clip.edits == one.substitutions + one.deletions + one.insertions
        assert clip.wer == (None if not reference and hypothesis else pytest.approx(100 * one.wer))


def test_an_empty_hypothesis_loses_all_and_two_empty_texts_nothing():
    found = score(["oui non", ""], ["", "..."])
    assert [clip.wer for clip in found.clips] == [100.0, 0.0] and found.deletions == 2 and found.phantoms == 0


def test_nothing_to_count_over_is_no_number():
    for references, hypotheses in (([], []), (["..."], ["oui"])):
        found = score(references, hypotheses)
        assert (found.wer, found.interval, found.words) == (None, None, 0)
        assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["wer"] is None


@pytest.mark.parametrize(
    ("reference", "hypothesis", "loop"),
    [
        ("je ne sais pas", "je ne sais pas " * 6, True),
        ("zoulou", "zoulou " * 9, True),
        ("ha ha", "ha" * 40, True),
        ("oui", "oui oui oui oui", False),
        ("oui oui oui oui oui oui oui oui", "oui oui oui oui oui oui oui oui oui", False),  # that was said
        ("bonjour", "", False),
    ],
)
def test_loops_are_counted_apart(reference, hypothesis, loop):
    found = score([reference], [hypothesis])
    assert found.clips[0].loop is loop and found.loops == loop


def test_no_prompt_is_a_loop():
    said = [prompt.text for prompt in prompts()]
    found = score([""] * len(said), said)
    assert [text for text, clip in zip(said, found.clips, strict=True) if clip.loop] == []


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(ValueError, match="2 references and 1 hypotheses"):
        score(["a", "b"], ["a"])
    with pytest.raises(ValueError, match="2 clips and 1 groups"):
        score(["a", "b"], ["a", "b"], ["call"])
    with pytest.raises(ValueError, match="no normaliser 'german': take one of french"):
        score(["a"], ["a"], normaliser="german")


# ---- intervals and tests


def plain_bootstrap(edits, words, groups, resamples=4000):
    """The textbook's loop, to compare with."""
    drawn = np.random.default_rng(7)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    found = []
    for _ in range(resamples):
        chosen = np.concatenate([members[at] for at in drawn.integers(0, len(members), len(members))])
        found.append(100 * edits[chosen].sum() / words[chosen].sum())
    return np.percentile(found, (2.5, 97.5))


def test_the_interval_is_that_of_a_plain_bootstrap():
    drawn = np.random.default_rng(1)
    words, groups = drawn.integers(1, 20, 300), drawn.integers(0, 40, 300)
    edits = drawn.binomial(words, 0.2 + 0.2 * (groups % 2))
    for by in (groups, np.arange(300)):
        assert bootstrap(edits, words, by) == pytest.approx(plain_bootstrap(edits, words, by), abs=0.3)
    low, high = bootstrap(edits, words, groups)
    assert low < 100 * edits.sum() / words.sum() < high


def test_groups_that_are_all_alike_have_no_width():
    assert bootstrap([1, 2] * 50, [10, 20] * 50) == (10.0, 10.0)
    assert bootstrap([0, 3, 3, 0], [5, 5, 5, 5], ["a", "a", "b", "b"]) == (30.0, 30.0)


def test_more_than_65536_clips_are_all_drawn():
    low, high = bootstrap([0] * 35_000 + [1] * 35_000, [1] * 70_000, resamples=20)
    assert 49 < low < high < 51


def test_the_seed_decides():
    drawn = np.random.default_rng(2)
    edits, words = drawn.integers(0, 5, 500), drawn.integers(5, 9, 500)
    assert bootstrap(edits, words) == bootstrap(edits, words) != bootstrap(edits, words, seed=1)
    assert paired(edits, words - 3) == paired(edits, words - 3)


def test_calls_that_differ_make_the_interval_wider():
    edits, words, calls = [0] * 50 + [5] * 50, [10] * 100, [f"call {at // 10}" for at in range(100)]
    by_call, by_clip = bootstrap(edits, words, calls), bootstrap(edits, words)
    assert by_call[1] - by_call[0] > 2 * (by_clip[1] - by_clip[0])


@pytest.mark.parametrize("unknown", [None, float("nan"), np.nan, pandas.NA, ""])
def test_clips_without_a_call_stand_alone(unknown):
    edits, words = [0, 1, 2, 3] * 10, [9] * 40
    assert bootstrap(edits, words, [unknown] * 40) == bootstrap(edits, words)


def test_clips_without_words_count_their_insertions():
    assert bootstrap([1, 1, 2], [0, 10, 10], ["a", "a", "b"]) == (20.0, 20.0)
    assert bootstrap([3, 1], [0, 0]) is None


@pytest.mark.parametrize("calls", [["a", "a", "a"], None])
def test_one_call_alone_has_no_interval(tmp_path, capsys, calls):
    many = 3 if calls else 1
    found = score(["un deux"] * many, ["un"] * many, calls)
    assert found.interval is None and "one call" in found.to_dict()["interval_note"]
    assert "interval_note" not in score(["un", "deux"], ["un", "un"]).to_dict()
    rows = "".join("un deux,un,a\n" for _ in range(many))
    assert run(tmp_path, "reference,hypothesis,call\n" + rows) == 0
    said = capsys.readouterr().out
    assert re.search("95 % interval +-\n", said) and "so there is no interval" in said


def test_the_p_value_is_that_of_all_swaps():
    drawn = np.random.default_rng(3)
    a, b = drawn.integers(0, 9, 10), drawn.integers(0, 7, 10)
    sums = [
        abs(sum(sign * each for sign, each in zip(signs, a - b, strict=True))) for signs in product((1, -1), repeat=10)
    ]
    exact = np.mean([each >= abs(sum(a - b)) for each in sums])
    assert paired(a, b) == pytest.approx(exact, abs=0.02) == paired(b, a)


def test_systems_that_are_alike_and_systems_that_are_not():
    assert paired([1, 2, 3], [1, 2, 3]) == 1.0 == paired([], [])
    assert paired([1] * 30, [0] * 30) == pytest.approx(1 / 10_001)
    assert paired([1] * 30, [0] * 30, ["one call"] * 30) == 1.0  # a single call proves nothing


def test_two_hypotheses():
    references = ["un deux", "oui", "non", "bonjour madame", "merci"]
    a = ["un trois", "oui", "nom", "bonsoir dame", "merci"]
    b = ["un deux", "ouïe", "non", "bonjour dame", "merci"]
    found = compare(references, a, b, ["x", "x", "y", "y", None])
    assert (found.fixed, found.broken, found.better, found.worse) == (2, 1, 3, 1)
    assert found.a == score(references, a, ["x", "x", "y", "y", None]) and found.b.wer == pytest.approx(100 * 2 / 7)
    given = found.to_dict()
    assert given["b"]["wer"] == 28.5714 and given["wer"] == 57.1429 and 0 < given["p_value"] <= 1


# ---- alignments


def test_an_alignment_is_data():
    assert align("le chat dort", "le chien dort bien") == [
        Step("equal", "le", "le"),
        Step("substitute", "chat", "chien"),
        Step("equal", "dort", "dort"),
        Step("insert", "", "bien"),
    ]
    assert align("", "") == [] and align("oui", "") == [Step("delete", "oui", "")]


PICTURES = {
    ("le chat dort bien", "le gros chat mange"): """
REF: le **** chat  dort bien
HYP: le gros chat mange ****
           I          S    D""",
    ("oui", "oui"): """
REF: oui
HYP: oui
""",
    ("", "merci à tous"): """
REF: ***** * ****
HYP: merci à tous
         I I    I""",
    ("au revoir", ""): """
REF: au revoir
HYP: ** ******
      D      D""",
    ("", ""): """
REF:
HYP:
""",
}


@pytest.mark.parametrize("pair", PICTURES)
def test_alignments_as_printed(pair):
    assert printed(align(*pair)) + "\n" == PICTURES[pair].lstrip("\n") + "\n"


def test_a_long_alignment_goes_on_below():
    assert (
        printed(align("un deux trois quatre", "un trois quatre cinq"), width=16)
        == """\
REF: un deux
HYP: un ****
           D

REF: trois
HYP: trois


REF: quatre ****
HYP: quatre cinq
               I"""
    )


def test_the_picture_is_that_of_jiwer():
    for reference, hypothesis in zip(texts(5, shortest=1), texts(6, shortest=1), strict=True):
        found = jiwer.process_words(reference, hypothesis)
        whole = jiwer.visualize_alignment(found, show_measures=False, skip_correct=False)
        expected = [line.rstrip() for line in whole.splitlines()[2:5]]
        assert printed(align(reference, hypothesis)).split("\n") == expected


# ---- the metric


@pytest.fixture(scope="module")
def metric_class():
    from scoring.metric import WordErrorRate

    return WordErrorRate


@pytest.mark.parametrize("seed", range(3))
def test_the_metric_is_jiwers_and_the_hubs(metric_class, seed, tmp_path):
    references, hypotheses = texts(seed), texts(seed + 50)
    found = metric_class("raw", cache_dir=str(tmp_path)).compute(predictions=hypotheses, references=references)
    wrong = total = 0  # the definition of the Hub's metric "wer"
    for reference, hypothesis in zip(references, hypotheses, strict=True):
        one = jiwer.process_words(reference, hypothesis)
        wrong += one.substitutions + one.deletions + one.insertions
        total += one.substitutions + one.deletions + one.hits
    assert found["wer"] / 100 == pytest.approx(wrong / total) == jiwer.wer(references, hypotheses)
    assert found["cer"] / 100 == pytest.approx(jiwer.cer(references, hypotheses))


def test_the_metric_takes_batches_and_our_normaliser(metric_class, tmp_path):
    metric = metric_class(cache_dir=str(tmp_path))
    for at in (0, 2):
        metric.add_batch(predictions=HYPOTHESES[at : at + 2], references=REFERENCES[at : at + 2])
    found = metric.compute()
    assert found == rates(REFERENCES, HYPOTHESES) and found["wer"] == score(REFERENCES, HYPOTHESES).wer
    assert found["normaliser"] == "allo-fr-2"
    with pytest.raises(ValueError, match="no normaliser 'german'"):
        metric_class("german")


def test_the_metric_needs_no_network(metric_class, tmp_path, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the metric called somebody"))
    assert metric_class(cache_dir=str(tmp_path)).compute(predictions=["22"], references=["vingt-deux"])["wer"] == 0


# ---- the command

CSV = "reference,hypothesis,hypothesis_b,call\n" + "\n".join(
    (
        '"Bonjour, il est 14h30.",bonsoir il est quatorze heures,Bonjour il est 14:30,a',
        '"Oui,\nd\'accord",oui,"oui, d’accord",a',
        "vingt-deux euros,22 €,,b",
        "[rire],Merci.,,",
    )
)


def run(tmp_path, content: str | bytes, *arguments: str) -> int:
    path = tmp_path / "scored.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return main([str(path), *arguments])


def test_json_to_the_letter(tmp_path, capsys):
    assert run(tmp_path, CSV, "--json") == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert said.err == "" and len(said.out.splitlines()) == 1
    assert list(found) == [
        *("normaliser", "wer", "cer", "substitutions", "deletions", "insertions", "hits", "words", "interval"),
        *("raw_wer", "basic_wer", "no_fillers_wer", "loops", "phantoms", "clips"),
        *("b", "p_value", "fixed", "broken", "better", "worse"),
        *("numbers", "names", "confusions"),
    ]
    assert list(found["b"])[-3:] == ["numbers", "names", "confusions"]
    assert (found["wer"], found["words"], found["phantoms"]) == (41.6667, 12, 1)
    assert [clip["wer"] for clip in found["clips"]] == [33.3333, 66.6667, 0.0, None]
    assert [clip["wer"] for clip in found["b"]["clips"]] == [0.0, 0.0, 100.0, 0.0]
    assert found["interval"][0] <= found["wer"] <= found["interval"][1]
    assert (found["fixed"], found["broken"]) == (3, 1)


def test_rates_by_speaker_channel_and_minute(tmp_path, capsys):
    lines = [
        "reference,hypothesis,speaker,channel,start",
        "un deux,un,A,0,3",
        'trois,trois,B,1,"61,5"',
        "oui,non,A,0,?",
    ]
    assert run(tmp_path, "\n".join(lines), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [(each["speaker"], each["deletions"], each["words"]) for each in found["by_speaker"]] == [
        ("A", 1, 3),
        ("B", 0, 1),
    ]
    assert [(each["channel"], each["wer"]) for each in found["by_channel"]] == [("0", 66.6667), ("1", 0.0)]
    assert [(each["minute"], each["wer"]) for each in found["by_minute"]] == [(0, 50.0), (1, 0.0)]


@pytest.mark.parametrize(
    "content",
    [
        "reference,hypothesis\nun deux trois,un deux\n",
        "\N{ZERO WIDTH NO-BREAK SPACE}reference;hypothesis\r\nun deux trois;un deux\r\n",  # as French spreadsheets do
        'hypothesis,seconds,Reference\n"un deux",1.5,"un\ndeux, trois"\n\n',
    ],
)
def test_spreadsheets_of_all_kinds(tmp_path, capsys, content):
    assert run(tmp_path, content, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["wer"], found["deletions"], "b" in found) == (33.3333, 1, False)


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\r\nreference;hypothesis\r\nété;ete, oui\r\n",
        "sep=\t\nreference\thypothesis\nété\tete oui\n",
        '"sep=,"\n"reference","hypothesis"\n"été","ete, oui"\n',
        'reference\thypothesis\tseconds\n"été"\tete oui\t1,5\n',
        '\N{ZERO WIDTH NO-BREAK SPACE}"reference"\t"hypothesis"\r\nété\t"ete oui"\r\n',
        "hypothesis;reference;call\nete oui;été;\n",
        "Référence|Hypothèse\nété|ete oui\n",
        "id,Ref,Hyp,,\n1,été,ete oui,,,,\n",
        " HYPOTHÈSE A\t« Référence »\nete oui\tété\n",
        "reference,prediction\nété,ete oui\n".encode("utf-16-le"),
        "reference,hypothesis\nété,ete oui\n".encode("utf-32"),
        "reference;hypothesis\nété;ete oui\n".encode("cp1252"),
        "reference\thypothesis\nété\tete oui\n".encode("utf-16"),
    ],
)
def test_what_spreadsheets_save(tmp_path, capsys, content):
    assert run(tmp_path, content, "--json") == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert (found["words"], found["substitutions"], found["insertions"]) == (1, 0, 1)
    assert ("Windows-1252" in said.err) == (content == "reference;hypothesis\nété;ete oui\n".encode("cp1252"))


def test_a_quotation_mark_in_tsv_swallows_no_row(tmp_path, capsys):
    content = 'reference\thypothesis\n"oui\toui\nnon"\tnon\nil dit "oui"\til dit\n'
    assert run(tmp_path, content, "--json") == 0
    assert [clip["deletions"] for clip in json.loads(capsys.readouterr().out)["clips"]] == [0, 0, 1]


def test_the_table_says_what_the_json_says(tmp_path, capsys):
    assert run(tmp_path, "reference,hypothesis\nle chat dort,le chien dort\nquatre heures,16 heures\n") == 0
    assert (
        capsys.readouterr().out
        == """\
2 clips, 5 words                        hypothesis
WER, allo-fr-2                              40.0 %
  95 % interval                     33.3 to 50.0 %
WER, allo-fr-2 without fillers              40.0 %
WER, BasicTextNormalizer                    40.0 %
WER, raw                                    40.0 %
CER                                         32.0 %
substitutions                                    2
deletions                                        0
insertions                                       0
loops                                            0
phantoms                                         0
numbers right                               0 of 1
names right                                      -

said -> written, how often
     1  chat -> chien
     1  quatre -> seize

clip 1, hypothesis: edits 1, words 3
REF: le  chat dort
HYP: le chien dort
            S

clip 2, hypothesis: edits 1, words 2
REF: quatre heures
HYP:  seize heures
          S
"""
    )


def test_a_normaliser_by_the_name_that_scores_carry(tmp_path, capsys):
    assert run(tmp_path, CSV, "--json", "--normaliser", "allo-fr-2") == 0
    assert json.loads(capsys.readouterr().out)["normaliser"] == "allo-fr-2"
    assert run(tmp_path, CSV, "--normaliser", "allo-fr-1") == 2
    assert "allo-fr-1 is of another version: score the texts again with french" in capsys.readouterr().err


def test_two_hypotheses_side_by_side(tmp_path, capsys):
    assert run(tmp_path, CSV) == 0
    said = capsys.readouterr().out
    assert "hypothesis      hypothesis_b\n" in said and "41.7 %            25.0 %\n" in said
    assert "in 3 clips, and the reverse in 1" in said and "HYP: ***** **** *****" in said


def test_another_normaliser(tmp_path, capsys):
    assert run(tmp_path, "reference,hypothesis\nvingt-deux,22\n", "--json", "--normaliser", "basic") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["normaliser"], found["wer"]) == ("BasicTextNormalizer", found["basic_wer"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("reference,hypothesis\n", "has no rows"),
        ("text,hypothesis\noui,oui\n", "has no column reference; its first line names: text, hypothesis."),
        ("reference\noui\n", "has no column hypothesis"),
        ("reference,hypothesis,Hypothesis\noui,oui,non\n", "names the column hypothesis twice"),
        ('{"wer": 12}', "has no column reference and no column hypothesis"),
        ("reference,hypothesis\noui\n", "line 2: 1 cells where the first line names 2"),
        ("reference,hypothesis\noui,oui, bien sûr\n", "line 2: 3 cells"),
        ('reference,hypothesis\n"oui,oui\n', "is not CSV (unexpected end of data)"),
        ("reference,hypothesis\n[rire],oui\n", "No reference has a word"),
        ("reference\thypothesis\noui\toui\tnon\n", "line 2: 3 cells where the first line names 2: take the tab"),
        (b"\x89PNG\r\n\x1a\n", "is not text in UTF-8"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, capsys, content, said):
    assert run(tmp_path, content, "--json") == 2
    shown = capsys.readouterr()
    assert shown.out == "" and len(shown.err.splitlines()) == 1 and said in shown.err


def test_what_is_no_file(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2 and "Is a directory" in capsys.readouterr().err
    assert main([str(tmp_path / "none.csv")]) == 2 and "No such file" in capsys.readouterr().err
    assert run(tmp_path, CSV, "--normaliser", "german") == 2 and "take one of french" in capsys.readouterr().err


def test_scoring_rests_on_nothing_of_ours_and_starts_without_transformers(tmp_path):
    asked = (
        "import sys, scoring.__main__ as command; heavy = {'speech', 'corpus', 'trainer', 'ui', 'torch', "
        "'transformers'};"
        "print(heavy & {name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
