"""Whole calls scored: equal to meeteval to the last edit, found in files and folders, told about and shown."""

import json
import os
import random
from dataclasses import replace
from pathlib import Path

import pytest
from meeteval.io import SegLST
from meeteval.wer.wer.cp import cp_word_error_rate
from meeteval.wer.wer.orc import orc_word_error_rate
from meeteval.wer.wer.time_constrained import tcp_word_error_rate

from scoring.__main__ import main
from scoring.calls.diarization import diarization
from scoring.calls.measures import measured
from scoring.calls.score import CallsScore, by_minute
from scoring.details import capitalised, details
from scoring.french import normalise
from transcripts import formats
from transcripts.tracks import track
from transcripts.transcript import Transcript, Turn

pytestmark = pytest.mark.fast

RANDOM = int(os.environ.get("ALLO_RANDOM_CALLS", "20"))  # of each kind: 334 make a thousand
WORDS = ["oui", "non", "euh", "le", "la", "Martin", "22", "vingt-deux", "14h30", "."]


def call(seed: int, speakers: str = "AB", many: int = 8) -> Transcript:
    """Turns of chance with words that come often, so that they are aligned in several ways."""
    drawn, at, turns = random.Random(seed), 0.0, []
    for _ in range(many):
        text = " ".join(drawn.choices(WORDS, k=drawn.randint(1, 6)))
        start = max(0.0, at + drawn.uniform(-0.5, 1))
        at = start + drawn.uniform(0.2, 3)
        turns.append(Turn(start, at, text, speaker=drawn.choice(speakers)))
    return Transcript.of_turns(sorted(turns, key=lambda turn: turn.start))


def seglst(transcript: Transcript) -> SegLST:
    return SegLST(
        [
            {
                "session_id": "call",
                "speaker": track(turn),
                "start_time": turn.start,
                "end_time": turn.end,
                "words": normalise(turn.text),
            }
            for turn in transcript.turns
        ]
    )


# ---- measures


@pytest.mark.parametrize("speakers", ["AB", "A", "ABC"])
def test_equal_to_meeteval_to_the_last_edit(speakers):
    for seed in range(RANDOM):
        said, written = call(seed, "AB"), call(seed + 1000, speakers)
        found = measured("call", said, written, collar=1.0)
        one, other = seglst(said), seglst(written)
        for own, theirs in (
            (found.cp, cp_word_error_rate(one, other)),
            (found.tcp, tcp_word_error_rate(one, other, collar=1.0)),
            (found.orc, orc_word_error_rate(one, other)),
        ):
            assert own == (theirs.substitutions, theirs.deletions, theirs.insertions, theirs.length)
        assert sum(turn.edits for turn in found.turns) == found.cp.errors
        assert sum(turn.words for turn in found.turns) == found.cp.words
        assert sum(edits.errors for _, edits in by_minute(found)) == found.cp.errors


def test_speakers_are_matched_and_words_of_the_wrong_one_are_errors():
    said = [Turn(0, 1, "oui bonjour", speaker="A"), Turn(1, 2, "merci", speaker="B")]
    swapped = [replace(turn, speaker={"A": "x", "B": "y"}[turn.speaker]) for turn in said]
    alike = measured("call", Transcript.of_turns(said), Transcript.of_turns(swapped))
    assert (alike.cp.errors, alike.diarization.rate, alike.speakers) == (0, 0, (2, 2))
    alone = [replace(turn, speaker="x") for turn in said]
    one = measured("call", Transcript.of_turns(said), Transcript.of_turns(alone))
    assert (one.cp.errors, one.orc.errors) == (2, 0)  # « merci » is missing and too much; whoever said it, it is there


def test_a_word_at_another_time_is_an_error_in_time():
    said = Transcript.of_turns([Turn(0, 1, "oui", speaker="A"), Turn(60, 61, "non", speaker="A")])
    late = Transcript.of_turns([Turn(30, 31, "oui", speaker="A"), Turn(60, 61, "non", speaker="A")])
    found = measured("call", said, late, collar=5)
    assert (found.cp.errors, found.tcp.errors) == (0, 2)


def test_channels_that_tell_the_speakers_need_no_orc():
    sides = [Turn(0, 1, "oui", speaker="A"), Turn(1, 2, "non", speaker="B", channel=1)]
    assert measured("call", Transcript.of_turns(sides), Transcript.of_turns(sides)).orc is None


@pytest.mark.parametrize(
    ("turns", "collar", "expected"),
    [
        ([Turn(0, 10, "", speaker="x")], 0.0, (10, 0, 0, 0)),
        ([Turn(0, 4, "", speaker="x"), Turn(4, 10, "", speaker="y")], 0.0, (10, 0, 0, 4)),
        ([Turn(0, 8, "", speaker="x")], 0.0, (10, 2, 0, 0)),
        ([Turn(0, 12, "", speaker="x")], 0.0, (10, 0, 2, 0)),
        ([Turn(0.2, 10.2, "", speaker="x")], 0.25, (9.5, 0, 0, 0)),
        ([], 0.0, (10, 10, 0, 0)),
    ],
)
def test_diarization_by_hand(turns, collar, expected):
    found = diarization([Turn(0, 10, "", speaker="A")], turns, collar)
    assert (found.spoken, found.missed, found.false_alarm, found.confusion) == pytest.approx(expected)


# ---- what a rate does not show


def test_numbers_by_value_names_and_confusions():
    found = details(["J'ai 22 ans, et Paul Durand 14h30."], ["j'ai vingt-deux ans et paul durant quatorze heures dix"])
    assert (found.numbers.said, found.numbers.right, found.numbers.missed) == (3, 2, (("30", 1),))
    assert (found.names.said, found.names.right, found.names.missed) == (1, 0, (("paul durand", 1),))
    assert set(found.confusions) == {("durand", "durant", 1), ("trente", "dix", 1)}
    listed = details(["paul durand et marie"], ["paul durand et mari"], ["Paul Durand", "Marie"]).names
    assert (listed.said, listed.right, listed.missed) == (2, 1, (("Marie", 1),))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Bonjour, je suis Jean Dupont de la SNCF. Madame Martin habite Aix.",
            ["Jean Dupont", "SNCF", "Martin", "Aix"],
        ),
        ("Oui. Non ! Merci", []),
        ("TOUT EST EN CAPITALES ICI", []),
        ("C'est M. Legrand, l'Oréal, d'Aix-en-Provence", ["Legrand", "Oréal", "Aix-en-Provence"]),
        ("- Allô ? - Oui, c'est moi", []),
    ],
)
def test_capitals_inside_a_sentence_are_names(text, names):
    assert capitalised(text) == names


# ---- files


@pytest.fixture
def folders(tmp_path) -> tuple[Path, Path]:
    """Three calls, as people wrote them and as a system did, each in another format."""
    reference, hypothesis = tmp_path / "reference", tmp_path / "hypothesis"
    for folder in (reference, hypothesis):
        folder.mkdir()
    for seed, format in enumerate(["stm", "chat", "textgrid"]):
        said = call(seed, many=60)
        wrong = [replace(turn, text=turn.text.replace("oui", "ouais")) for turn in said.turns]
        _write(reference / f"call {seed}", said, format)
        _write(hypothesis / f"call {seed}", Transcript.of_turns(wrong), "json")
    return reference, hypothesis


def _write(stem: Path, transcript: Transcript, format: str) -> Path:
    path = stem.with_name(stem.name + formats.extension(format))
    path.write_bytes(formats.write(transcript, format))
    return path


def scored(capsys, *arguments: Path | str) -> tuple[int, dict, str]:
    status = main(["calls", *map(str, arguments), "--json"])
    out, err = capsys.readouterr()
    return status, json.loads(out) if out else {}, err


def test_folders_are_scored_call_by_call(folders, capsys):
    status, found, told = scored(capsys, *folders)
    assert (status, told) == (0, "") and [one["name"] for one in found["calls"]] == ["call 0", "call 1", "call 2"]
    said = sum(normalise(turn.text).split().count("oui") for seed in range(3) for turn in call(seed, many=60).turns)
    assert found["substitutions"] == said == found["errors"] and found["cpwer"] == pytest.approx(found["wer"])
    low, high = found["interval"]
    assert low < found["cpwer"] < high
    assert found["confusions"] == [{"said": "oui", "written": "ouais", "count": said}]
    assert found["numbers"]["rate"] == found["names"]["rate"] == 100


def test_calls_of_one_name_in_several_folders(tmp_path, capsys):
    for side in ("reference", "hypothesis"):
        for seed, day in enumerate(("monday", "tuesday")):
            (tmp_path / side / day).mkdir(parents=True)
            _write(tmp_path / side / day / "call", call(seed, many=20), "json")
    status, found, told = scored(capsys, tmp_path / "reference", tmp_path / "hypothesis")
    assert (status, found["errors"], told) == (0, 0, "")
    assert [one["name"] for one in found["calls"]] == ["monday/call", "tuesday/call"]


def test_two_systems_are_compared_by_call(folders, capsys):
    status, found, _ = scored(capsys, folders[0], folders[1], folders[0])
    assert status == 0 and found["b"]["cpwer"] == 0 < found["cpwer"]
    assert found["p_value"] == pytest.approx(0.25, abs=0.03)  # three calls: two of eight signs are as far apart


def test_one_file_of_several_calls_against_a_folder(folders, tmp_path, capsys):
    whole = tmp_path / "whole.stm"
    parts = [formats.read(file) for file in sorted(folders[0].iterdir())]
    named = [replace(each, audio=replace(each.audio, path=f"call {seed}")) for seed, each in enumerate(parts)]
    whole.write_bytes(b"".join(formats.write(each, "stm") for each in named))
    assert scored(capsys, whole, folders[1])[1]["cpwer"] == scored(capsys, *folders)[1]["cpwer"]


def test_the_table_for_people(folders, capsys):
    assert main(["calls", *map(str, folders)]) == 0
    out = capsys.readouterr().out
    for line in ("cpWER, allo-fr-2", "tcpWER, collar 5 s", "DER", "numbers right", "oui -> ouais"):
        assert line in out


def test_who_speaks_when_without_words(tmp_path, capsys):
    said = call(1)
    one, other = _write(tmp_path / "a", said, "rttm"), _write(tmp_path / "b", said, "rttm")
    status, found, _ = scored(capsys, one, other)
    assert (status, found["cpwer"], found["der"]) == (0, None, pytest.approx(0, abs=0.1))


def test_words_without_times(tmp_path, capsys):
    one, other = tmp_path / "a.txt", tmp_path / "b.txt"
    one.write_text("Oui, bonjour.\nMerci."), other.write_text("oui bonjour")
    status, found, _ = scored(capsys, one, other)
    assert (status, found["errors"], found["tcpwer"], found["der"]) == (0, 1, None, None)


# ---- what looks wrong


def long(text: str, many: int = 40, seconds: float = 3.0, speakers: str = "AB", path: str = "") -> Transcript:
    turns = [Turn(seconds * at, seconds * (at + 1), text, speaker=speakers[at % len(speakers)]) for at in range(many)]
    return Transcript.of_turns(turns, path)


def recorded(transcript: Transcript, seconds: float) -> Transcript:
    return replace(transcript, audio=replace(transcript.audio, seconds=seconds, sample_rate=8000))


TEXT = "Oui, je voudrais parler de ma facture"
DOUBTS = {
    "another": (long(TEXT), long("demain nous irons tous au marché voir des poires"), "may be of another recording"),
    "another by name": (long(TEXT, path="a.wav"), long(TEXT, path="b.wav"), "the reference is of a.wav"),
    "half": (long(TEXT), long(TEXT, many=20), "the hypothesis ends at 60 s"),
    "half a reference": (long(TEXT, many=20), long(TEXT), "the reference ends at 60 s"),
    "speakers": (long(TEXT), long(TEXT, speakers="ABC"), "has 2 speakers (A, B) and the hypothesis 3"),
    "beyond": (long(TEXT), recorded(long(TEXT), 117), "1 turns of the reference end after the recording"),
}
REFUSALS = {
    "no turns": (Transcript.of_turns([]), long(TEXT), "its reference has no turn"),
    "of another": (long(TEXT), recorded(long(TEXT), 30), "of the 40 turns of the reference lie after the end"),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_what_looks_wrong_is_told_and_scored(case, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    said, written, sentence = DOUBTS[case]
    status, found, told = scored(
        capsys, _write(tmp_path / "said", said, "json"), _write(tmp_path / "written", written, "json")
    )
    assert status == 0 and sentence in told and found["words"]


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_scored_is_refused(case, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    said, written, sentence = REFUSALS[case]
    files = _write(tmp_path / "said", said, "json"), _write(tmp_path / "written", written, "json")
    status, found, told = scored(capsys, *files)
    assert (status, found) == (2, {}) and sentence in told


def test_a_bad_call_costs_itself_alone(folders, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    reference, hypothesis = folders
    (reference / "call 3.srt").write_bytes(b"")  # empty
    _write(reference / "call 0", call(0), "srt")  # a second one
    _write(hypothesis / "call 9", call(9), "json")  # of no reference
    status, found, told = scored(capsys, reference, hypothesis)
    assert status == 0 and [one["name"] for one in found["calls"]] == ["call 1", "call 2"]
    assert "call 3.srt: The file is empty" in told and "call 0 has two transcripts" in told
    assert "call 9 of" in told and "has no reference" in told


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing", "missing"], "is not there"),
        (["{here}", "{here}"], "has no transcript that can be read"),
        (["{file}", "{file}", "--collar", "-1"], "The collar is -1"),
        (["{file}", "{file}", "--names", "{empty}"], "names nobody"),
        (["{file}", "{file}", "--html", "{here}/none/page.html"], "cannot be written"),
    ],
)
def test_a_wrong_request_is_one_sentence(arguments, sentence, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    here = tmp_path / "here"
    here.mkdir()
    file, empty = _write(tmp_path / "a", call(1), "json"), tmp_path / "names"
    empty.write_text("\n")
    status, _, told = scored(capsys, *(part.format(here=here, file=file, empty=empty) for part in arguments))
    assert status == 2 and sentence in told and told.count("\n") == 1


# ---- the page to send


@pytest.mark.parametrize(("locale", "words"), [("fr_FR.UTF-8", "Les confusions"), ("C", "The commonest confusions")])
def test_a_page_to_send_stands_alone(locale, words, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", locale)
    said = Transcript.of_turns([Turn(0, 2, "Oui, <b>bonjour</b> monsieur Martin 22 fois", speaker="<script>")])
    written = Transcript.of_turns([Turn(0, 2, "oui bonsoir martin 22 fois euh", speaker="A")])
    files = _write(tmp_path / "said", said, "json"), _write(tmp_path / "written", written, "json")
    page = tmp_path / "page.html"
    assert main(["calls", *map(str, files), "--html", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert words in text and "<script" not in text and "src=" not in text and "http" not in text
    assert "<del>monsieur</del>" in text and "<ins>euh</ins>" in text and "bonjour&nbsp;→&nbsp;bonsoir" in text


def test_sums_and_no_means_of_calls():
    short = measured("a", Transcript.of_turns([Turn(0, 1, "oui")]), Transcript.of_turns([Turn(0, 1, "non")]))
    ten = Transcript.of_turns([Turn(0, 9, "un deux trois quatre cinq six sept huit neuf")])
    assert CallsScore((short, measured("b", ten, ten)), 5.0).cp.rate == pytest.approx(10)
