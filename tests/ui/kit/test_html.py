"""Whatever a visitor or a file may be called is text on the page, and never HTML."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from common.messages import Message, UserError
from corpus.layouts.raw import Call as corpus_call
from scoring.calls import page as sent
from scoring.calls.measures import measured
from scoring.calls.score import CallsScore
from transcripts.transcript import AudioFacts, Flagged, Sound, Transcript, Turn, Word
from ui.calls import conversation, queue_html, timeline
from ui.calls.call import DONE, FAILED, Call, CallOptions
from ui.compare import blind, columns, verdict
from ui.dataset import calls, charts, sample, samples
from ui.kit import adapter_shelf, errors, html, transcript_html
from ui.kit.adapter_shelf import Shelf
from ui.kit.engine_pool import Setting
from ui.scores import figures_html
from ui.training import curves, report_html, running

pytestmark = pytest.mark.fast

NASTY = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' x='",
    "{x} %s",
)
TAGS = re.compile(r"<(?:img|script)|onerror=alert\(1\)>|\" onmouseover=|' x='")


def transcript(text: str) -> Transcript:
    words = (Word(0.0, 0.5, text, 0.3),)
    turns = [Turn(0.0, 2.0, text, 0.3, words=words, speaker="A"), Turn(2.0, 3.0, text, 0.9, speaker="B", channel=1)]
    facts = AudioFacts(text, 3.0, 16_000, 1, "pcm")
    return Transcript(facts, "fr", text, text, "ctranslate2", turns, [Flagged(0.0, 1.0, text, "loop")])


def call(text: str) -> Call:
    call = Call(1, text, None, None, CallOptions(), status=DONE)
    call.update(transcript(text), 1.0)
    call.edit({"kind": "name", "speaker": "A", "name": text}, {"kind": "text", "turn": 1, "text": text})
    call.edit({"kind": "speaker", "turn": 0, "speaker": text})
    call.sound = f"/tmp/{text}/a.wav"
    return call


def opened(text: str):
    rows = {
        name: [text, text] for name in ("id", "text", "transcript", "split", "call", "speaker", "channel", "accent")
    }
    rows = pd.DataFrame(rows | {"transcript": ["other", "other"], "seconds": [1.0, 2.0], "language": ["fr", "fr"]})
    reason = Message(text, text)
    facts = {"rows": 2, "seconds": 3.0, "calls": 1, "speakers": 1, "licence": text, "splits": {text: {}}}
    facts["left_out"] = {"count": 1, "first": [{"row": text, "en": text, "fr": text}]}
    leak = SimpleNamespace(message=reason)
    corpus = SimpleNamespace(name=text, reason=reason, rows=rows, leaks=[leak])
    return SimpleNamespace(corpus=corpus, facts=facts, texts=rows["text"])


def cells(text: str) -> pd.DataFrame:
    return pd.DataFrame({"hypothesis": [text, None], "wer": [50.0, None], "edits": [1, None], "words": [2, None]})


def result(text: str) -> columns.ColumnResult:
    flagged = (Flagged(0.0, 1.0, text, "phantom"),)
    facts = {
        "text": f"{text} a",
        "flagged": flagged,
        "seconds": 1.0,
        "audio_seconds": 1.0,
        "tokens": 3,
        "confidence": 0.5,
    }
    engine = {"engine": text, "precision": text, "device": "cpu", "assistant": text, "drafted": 2, "accepted": 1}
    return columns.ColumnResult(text, Setting(), text, None, **facts, **engine)


def report(text: str) -> dict:
    clip = {"id": text, "reference": text, "base": text, "adapter": ""}
    warning = {"en": text, "fr": text}
    rates = {"wer": 20.0, "interval": [10.0, 30.0]}
    training = {"steps": 1, "epochs": 1, "clips_per_second": 1.0, "peak_memory_mb": 1.0, "trainable": 1}
    counts = dict.fromkeys(("fixed", "broken", "better", "worse"), 1) | {"p_value": 0.01}
    forgetting = {
        text: {"before": 1.0, "after": 1.1, "lost": 0.1},
        "silence": {"before": 1.0, "after": 9.0, "lost": 8.0},
    }
    facts = {"base": rates, "adapter": rates, "full_window": {"base": rates, "adapter": rates}, "leaks": [warning]}
    facts |= {"warnings": [warning, warning | {"en": f"{text}."}], "examples": {"fixed": [clip], "broken": [clip]}}
    return facts | {"training": training, "forgetting": forgetting} | counts


def shelf(text: str) -> Shelf:
    facts = {
        "name": text,
        "source": text,
        "base": text,
        "corpus": text,
        "date": None,
        "wer_before": 1.0,
        "wer_after": 2.0,
    }
    adapter = SimpleNamespace(**facts, normaliser=text, margin=1.0, bytes=1, missing=(text,))
    return Shelf((adapter,), ((text, f"{text} mine"),))


def own_calls(text: str, reader: str) -> list[str]:
    """A corpus's calls: the table, a conversation with and without its score, and the page to send."""
    said = Transcript.of_turns([Turn(0, 1, f"{text} oui", speaker=text)])
    scored = measured(text, said, Transcript.of_turns([Turn(0, 1, f"non {text}", speaker=f"{text} b")]))
    call = corpus_call(text, Path("x.wav"), tuple(said.turns))
    return [
        html.render("dataset/calls.html", reader, rows=[calls.Row(0, *[text] * 5)]),
        html.render("dataset/call.html", reader, place=0, call=call, turns=None),
        html.render("dataset/call.html", reader, place=0, call=call, turns=scored.turns),
        sent.page(CallsScore((scored,), 5.0), reader, text).partition("</style>")[2],
    ]


def pages(text: str, reader: str) -> list[str]:
    """All that is drawn of names, texts and titles that somebody else chooses."""
    mine, corpus, marked = call(text), opened(text), verdict.mark(text, [f"{text} b", "c"])
    failed = replace(mine, status=FAILED, error=Message(text, text))
    seen = running.Seen(text, "running", {"step": 1, "steps": 2}, False, True)
    vote = blind.vote(blind.drawn([result(text), result("b")]), 0, text, text)
    return [
        queue_html.rows([mine, failed], mine, reader, html.alert(text)),
        conversation.dialogue(mine, mine.transcript, False, reader),
        conversation.dialogue(failed, None, False, reader),
        conversation.player(mine, False, reader),
        timeline.drawn(mine, [Sound(1, 2, "keys", text), Sound(3, 9, "music")], reader),
        *own_calls(text, reader),
        transcript_html.running(transcript(text), 1, 3, reader),
        transcript_html.finished(transcript(text), 3, 3, reader),
        errors.refused(UserError(text, text), reader),
        figures_html.corpus(corpus, reader),
        figures_html.scores({}, corpus, 2, reader),
        charts.draw("durations", corpus, {}, reader),
        charts.draw("wer accent", corpus, {text: cells(text)}, reader),
        sample.sample(corpus, 0, {text: cells(text)}, reader),
        samples.table(corpus, [0, 1], samples.View(), [cells(text)], reader),
        columns.shown([result(text), result("b")], text, reader),
        columns.veiled([result(text)], reader),
        columns.running(columns.Stage(0, None, ()), [columns.Column(text, Setting())], reader, False),
        verdict.shown(marked[0], reader) + verdict.line([text, text], marked, [1.0, 2.0], reader),
        blind.tally([vote], reader),
        adapter_shelf.table(shelf(text), reader),
        running.listing([seen], text, reader),
        curves.draw([{"step": 1, "loss": 1.0}], 2, reader),
        report_html.shown(report(text), reader),
        report_html.examples(report(text), reader),
    ]


@pytest.mark.parametrize("reader", ["fr", "en"])
@pytest.mark.parametrize("text", NASTY)
def test_what_others_name_is_text(text, reader):
    for page in pages(text, reader):
        assert not TAGS.search(page), page


def test_html_of_a_template_is_put_into_another_as_it_is():
    sentence = html.sentence("fr", "speaker", name="<b>")
    assert sentence == "Voix &lt;b&gt;"
    assert html.note(sentence) == '<p class="note" role="status">Voix &lt;b&gt;</p>'
    assert html.join([html.note("a"), "<i>"]).endswith("</p>&lt;i&gt;")


def test_no_html_is_put_together_by_hand():
    """f-strings of HTML hold labels alone, which the browser translates; all else goes through a template."""
    made = re.compile(r"""f["'][^"'\n]*<\w[^\n]*\{(?!label\()[^\n]*>""")
    found = [
        f"{path.name}: {line.strip()}"
        for path in html.FOLDER.parents[1].glob("ui/**/*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if made.search(line) and "LOGO" not in line
    ]
    assert found == []
    templates = [path.read_text(encoding="utf-8") for path in html.FOLDER.glob("**/*.html")]
    assert templates and not any("| safe" in text or "autoescape" in text for text in templates)
