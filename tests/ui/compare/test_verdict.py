"""Columns against what was said and against one another: which words are right where, and the verdict in a line."""

import pytest

from scoring.measures import score_clips
from ui.compare import verdict

pytestmark = pytest.mark.fast

SAID = "Votre appel est important pour nous."
BASE = "votre appelle est important pour tous"
ADAPTED = "Votre appel est important, pour eux."
WORSE = "euh, votre appelle important pour nous"


def kinds(column: verdict.MarkedText) -> dict[str, str]:
    return {word.text: word.kind for word in column.words}


def test_words_are_right_in_both_fixed_broken_or_wrong_in_both():
    base, adapted = verdict.mark(SAID, [BASE, ADAPTED])
    assert kinds(base) == dict.fromkeys(["votre", "est", "important", "pour"], "both") | {
        "appelle": "fixed",
        "tous": "wrong",
    }
    assert kinds(adapted)["appel"] == "fixed" and kinds(adapted)["eux"] == "wrong"
    assert (adapted.fixed, adapted.broken) == (1, 0)


def test_words_made_up_and_words_not_heard_count():
    base, worse = verdict.mark(SAID, [BASE, WORSE])
    assert (worse.fixed, worse.broken) == (1, 2)
    assert kinds(worse)["euh"] == "broken" and kinds(base)["est"] == "broken"
    (missing,) = [word for word in worse.words if word.missing]
    assert (missing.text, missing.kind, missing.right) == ("est", "broken", False)


def test_what_is_made_up_in_both_is_wrong_in_both_and_once_more_is_broken():
    base, other = verdict.mark("oui", ["ah oui", "ah ah oui"])
    assert [word.kind for word in base.words] == ["wrong", "both"]
    assert sorted(word.kind for word in other.words) == ["both", "broken", "wrong"]


@pytest.mark.parametrize("texts", [[BASE, ADAPTED], [BASE, WORSE], ["", ADAPTED], [SAID, SAID], [BASE, ADAPTED, WORSE]])
def test_words_add_up_to_the_score(texts):
    columns = verdict.mark(SAID, texts)
    clips = score_clips([SAID] * len(texts), texts)
    for column, clip in zip(columns, clips, strict=True):
        assert sum(not word.right for word in column.words) == clip.edits
        assert column.fixed - column.broken in (clips[0].edits - clip.edits, 0 if column is columns[0] else None)


def test_first_of_three_is_broken_where_any_breaks_it():
    base, *_ = verdict.mark("un bon mot", ["un bon mot", "un bon mot", "un mauvais mot"])
    assert [word.kind for word in base.words] == ["both", "broken", "both"]


def test_without_a_reference_only_the_difference_is_shown():
    base, adapted = verdict.mark_differences([BASE, ADAPTED])
    assert [word.text for word in base.words if word.kind == "other"] == ["appelle", "tous"]
    assert [word.text for word in adapted.words if word.kind == "other"] == ["appel", "eux"]
    assert verdict.line_without_reference([base, adapted], "fr") == typed("Les colonnes diffèrent : 2 mots sur 6.")
    assert (
        verdict.line_without_reference(verdict.mark_differences([SAID, SAID.upper()]), "en")
        == "All columns transcribed the same words."
    )


def test_verdict_is_one_line_in_both_languages():
    columns = verdict.mark(SAID, [BASE, ADAPTED])
    line = "essai corrige 1 mot sans en dégrader : WER 33,3 % → 16,7 %."
    assert verdict.line(["base", "essai"], columns, [33.33, 16.67], "fr") == typed(line)
    columns = verdict.mark(SAID, [BASE, WORSE])
    line = "B fixes 1 word and breaks 2 words: WER 33.3 % → 50.0 %."
    assert verdict.line(["A", "B"], columns, [33.33, 50.0], "en").replace("\N{NO-BREAK SPACE}", " ") == line
    same = verdict.mark(SAID, [BASE, BASE])
    assert "les mêmes mots" in verdict.line(["A", "B"], same, [33.3, 33.3], "fr")


def typed(text: str) -> str:
    return text.replace(" :", "\N{NO-BREAK SPACE}:").replace(" %", "\N{NO-BREAK SPACE}%")


def test_marks_are_more_than_colours_and_texts_are_only_texts():
    base, adapted = verdict.mark(SAID, [BASE, "votre <b>appel</b> est"])
    html = verdict.shown(base, "fr") + verdict.shown(adapted, "fr")
    assert '<del class="fixed"' in html and '<del class="broken missing"' in html and '<ins class="broken"' in html
    assert "<b>" not in html
    assert "barré" in verdict.legend([base, adapted], "fr") and "underlined" in verdict.legend([base, adapted], "en")


def test_the_faster_one_is_named_where_it_is_no_chance():
    assert verdict.faster(["A", "B"], [2.0, 1.0], "en") == "B was 2.0 times as fast."
    assert verdict.faster(["A", "B"], [1.1, 1.0], "en") == "" and verdict.faster(["A", "B"], [0.0, 1.0], "en") == ""
