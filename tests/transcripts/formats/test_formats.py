"""The formats: all with the same times, each read back by us and by a reader that is not ours."""

import csv
import io
import json
import random
from dataclasses import replace
from itertools import pairwise

import pysubs2
import pytest

from common.messages import Message, UserError
from tests.transcripts.formats.calls import LONG, TIMES, TRANSCRIPT
from transcripts.formats import FORMATS, format_for, lost, read, reading, write
from transcripts.formats.csv import dialect_of, table
from transcripts.transcript import Transcript, Turn, Word

pytestmark = pytest.mark.fast

NAMES = ['Jean "Jo" Dupont', "<Marie> & Cie", "Zoé 😀", "O'Neil, M.", "Locuteur 1"]


def subtitles(transcript: Transcript, format: str) -> pysubs2.SSAFile:
    return pysubs2.SSAFile.from_string(write(transcript, format).decode(), format_=format)


def test_txt_is_what_one_reads():
    assert write(TRANSCRIPT, "txt").decode() == "A : Allô, j'écoute ?\nB : Oui & non, <c'est> ça.\nA : Au revoir.\n"


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_subtitles_pass_a_real_parser(format):
    cues = subtitles(TRANSCRIPT, format)
    assert [(cue.start, cue.end) for cue in cues] == TIMES
    assert [cue.plaintext.split(" : ")[-1] for cue in cues][::2] == ["Allô, j'écoute ?", "Au revoir."]


def test_vtt_escapes_what_it_would_read_as_markup():
    assert "<v B>Oui &amp; non, &lt;c'est&gt; ça." in write(TRANSCRIPT, "vtt").decode()


def test_json_is_the_object_of_the_design():
    found = json.loads(write(TRANSCRIPT, "json"))
    assert list(found["audio"]) == ["path", "seconds", "sample_rate", "channels", "codec"]
    assert {"language", "model", "adapter", "engine", "turns", "seconds_taken", "real_time_factor"} < set(found)
    assert found["real_time_factor"] == 0.1
    assert set(found["turns"][0]) == {"start", "end", "channel", "speaker", "text", "confidence", "words"}
    assert found["turns"][0]["words"][1] == {"start": 0.6, "end": 1.2, "text": "j'écoute", "confidence": 0.8}
    assert [(round(t["start"] * 1000), round(t["end"] * 1000)) for t in found["turns"]] == TIMES
    assert found["flagged"][0]["reason"] == "phantom" and len(found["turns"]) == 3


def test_csv_has_a_row_a_turn():
    rows = list(csv.DictReader(io.StringIO(write(TRANSCRIPT, "csv").decode("utf-8-sig"))))
    assert [(round(float(r["start"]) * 1000), round(float(r["end"]) * 1000)) for r in rows] == TIMES
    assert rows[1]["text"] == "Oui & non, <c'est> ça." and rows[1]["speaker"] == "B"
    assert {row["file"] for row in rows} == {"appel « n° 1 ».wav"} and rows[0]["language"] == "fr"


def test_all_formats_give_the_same_times():
    """Also where a time lies between two milliseconds: 0.0025 s."""
    draw = random.Random(3)
    times = sorted(round(draw.uniform(0, 7200) * 2000) / 2000 + draw.choice([0, 1e-9]) for _ in range(600))
    turns = [Turn(a, b, "Oui.", 0.5, 0, "A") for a, b in zip([0.0, *times], [*times, 7200.0], strict=True)]
    turns.append(Turn(7200.0025, 7200.0125, "Non.", 0.5))
    transcript = replace(TRANSCRIPT, turns=turns)
    expected = [
        (round(t["start"] * 1000), round(t["end"] * 1000)) for t in json.loads(write(transcript, "json"))["turns"]
    ]
    for format in ("srt", "vtt"):
        assert [(cue.start, cue.end) for cue in subtitles(transcript, format)] == expected
    for format in ("json", "csv", "srt", "vtt"):
        assert [
            (round(t.start * 1000), round(t.end * 1000)) for t in reading(write(transcript, format)).turns
        ] == expected


def underscored(turn: Turn) -> Turn:
    return replace(turn, speaker=turn.speaker.replace(" ", "_"))


LIMITS = {  # what a format does to a turn, beside what it does not hold
    "stm": underscored,
    "rttm": underscored,
    "chat": lambda turn: replace(turn, text=turn.text.replace("<non>", "non"), speaker=turn.speaker.replace(",", "")),
}


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_written_is_read_again(format, tmp_path):
    """Out and in again: the same turns, but for what the format says it does not hold."""
    turns = [
        Turn(round(3.1 * i, 3), round(3.1 * i + 2.9, 3), f"{i + 1} fois, « oui » & <non> = 'ça'.", 0.75, i % 2, name)
        for i, name in enumerate(NAMES)
    ]
    holds = FORMATS[format].HOLDS
    transcript = replace(TRANSCRIPT, turns=turns, flagged=[])
    expected = [
        replace(
            LIMITS.get(format, replace)(turn),
            start=turn.start if "times" in holds else 0.0,
            end=turn.end if "times" in holds else 0.0,
            channel=turn.channel if "channels" in holds else 0,
            confidence=turn.confidence if "confidence" in holds else 1.0,
            **({} if "text" in holds else {"text": ""}),
            **({} if "speakers" in holds else {"speaker": None}),
        )
        for turn in turns
    ]
    file = tmp_path / f"appel{FORMATS[format].EXTENSIONS[0]}"
    file.write_bytes(write(transcript, format))
    notes: list[Message] = []
    assert [replace(turn, words=()) for turn in read(file, notes=notes).turns] == expected and not notes
    assert format_for(file) == format and reading(file.read_bytes()).turns == read(file).turns
    assert read(file).language == ("fr" if "language" in holds else "")
    assert read(file, format).audio.path in ("appel", "appel « n° 1 ».wav", "appel_«_n°_1_»", "appel « n° 1 »")


@pytest.mark.parametrize("format", [name for name, module in FORMATS.items() if "speakers" in module.HOLDS])
def test_channels_without_names_stay_channels(format):
    turns = [Turn(0.0, 1.0, "Oui.", channel=0), Turn(1.0, 2.0, "Non.", channel=1)]
    again = reading(write(Transcript.of_turns(turns), format), format).turns
    assert [turn.speaker for turn in again] == [None, None]
    if FORMATS[format].HOLDS & {"channels", "words"} or format in ("chat", "eaf"):
        assert [turn.channel for turn in again] == [0, 1]


@pytest.mark.parametrize("format", ["textgrid", "eaf"])
def test_words_and_overlaps_keep_their_places(format):
    words = Word(0.5, 0.75, "oui", 1.0), Word(1.0, 1.5, "oui", 1.0)
    turns = [Turn(0.5, 1.5, "oui oui", speaker="A", words=words), Turn(1.0, 2.0, "non", speaker="A")]
    assert reading(write(Transcript.of_turns(turns), format)).turns == turns


def test_json_gives_everything_back():
    again = reading(write(TRANSCRIPT, "json"))
    assert again.to_dict() == TRANSCRIPT.to_dict() and lost(TRANSCRIPT, "json") == []


def test_times_in_plain_text_are_read_again():
    text = write(TRANSCRIPT, "txt", times=True)
    assert text.decode().startswith("[00:00:00.000 - 00:00:01.234] A : Allô")
    again = reading(text)
    assert [(round(t.start * 1000), round(t.end * 1000)) for t in again.turns] == TIMES
    assert [turn.speaker for turn in again.turns] == ["A", "B", "A"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Marie : allô", "Paul: oui", "Marie : bien"], [("Marie", "allô"), ("Paul", "oui"), ("Marie", "bien")]),
        (["Allô ?", "Voici l'adresse : 12 rue Haute"], [(None, "Allô ?"), (None, "Voici l'adresse : 12 rue Haute")]),
        (
            ["Marie : allô", "Je vous donne donc mon adresse : 12 rue Haute"],
            [("Marie", "allô"), (None, "Je vous donne donc mon adresse : 12 rue Haute")],
        ),
        (["Rendez-vous à 14:30 demain"], [(None, "Rendez-vous à 14:30 demain")]),
    ],
)
def test_names_in_plain_text(lines, expected):
    assert [(turn.speaker, turn.text) for turn in reading("\n".join(lines), "txt").turns] == expected


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_a_text_of_several_lines_is_one_subtitle(format):
    """What someone types into a turn: an empty line would end its subtitle."""
    turns = [Turn(0.0, 1.0, "Oui.\n\n2\n\nNon.", 0.5, 0, "Marie\n\nDupont")]
    (cue,) = subtitles(replace(TRANSCRIPT, turns=turns), format)
    assert (cue.start, cue.end) == (0, 1000) and cue.plaintext.endswith("Non.")


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_subtitles_have_two_lines_of_42_characters_cut_at_words(format):
    """With the times of the words, no punctuation at the start of a line, and nothing lost."""
    tokens = LONG.split()
    words = tuple(Word(10 + i, 10.8 + i, token, 0.9) for i, token in enumerate(tokens))
    turns = [
        Turn(10.0, 10.0 + len(tokens), LONG, 0.9, 0, "Marie-Antoinette Dupont-Durand", words),
        Turn(50.0, 60.0, LONG),
        Turn(60.0, 61.0, "x" * 100),
        Turn(61.0, 61.0, LONG),
        Turn(62.0, 63.0, "..."),
        Turn(63.0, 64.0, " "),
    ]
    cues = list(subtitles(replace(TRANSCRIPT, turns=turns), format))
    lines = [line for cue in cues for line in cue.plaintext.split("\n")]
    assert max(map(len, lines)) <= 42 and max(cue.plaintext.count("\n") for cue in cues) == 1
    assert not any(line[0] in "?!;:»" or line[-1] == "«" for line in lines)
    assert all(a.end <= b.start for a, b in pairwise(cues))
    inner = [cue for cue in cues if 10_000 < cue.start < 50_000]
    assert inner and all(cue.start % 1000 == 0 and cue.start // 1000 - 10 < len(tokens) for cue in inner)
    assert all(cue.plaintext.split()[0] == tokens[cue.start // 1000 - 10] for cue in inner)
    again = reading(write(replace(TRANSCRIPT, turns=turns), format)).turns
    for turn in turns[:2]:
        pieces = [each for each in again if turn.start <= each.start < turn.end]
        assert " ".join(piece.text for piece in pieces) == turn.text
        assert (pieces[0].start, pieces[-1].end) == (turn.start, turn.end)
    assert {piece.speaker for piece in again if piece.start < 50} == {"Marie-Antoinette Dupont-Durand"}


FORMULAS = [
    "=1+1",
    "+33 6",
    "-5 %",
    "@sum",
    "\t=1",
    "\r=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    " =1",
    "'=1",
    "''+2",
    "'allô'",
]


@pytest.mark.parametrize("dialect", ["excel", "excel-fr", "excel-tab"])
def test_no_cell_of_a_table_is_a_formula(dialect):
    turns = [Turn(float(i), i + 0.5, text, 0.5, 0, text.strip()) for i, text in enumerate(FORMULAS)]
    content = write(replace(TRANSCRIPT, turns=turns), "csv", dialect=dialect)
    delimiter = {"excel": ",", "excel-fr": ";", "excel-tab": "\t"}[dialect]
    for row in list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))[1:]:
        assert not any(cell.lstrip()[:1] in tuple("=+-@＝＋－＠") and cell.strip() for cell in row)
        assert not any(cell[:1] in tuple("\t\r\n") and cell for cell in row)
    again = reading(content)
    assert [turn.text for turn in again.turns] == [text.replace("\r", "\n") for text in FORMULAS]
    assert [turn.start for turn in again.turns] == [turn.start for turn in turns]


def test_a_french_table_has_semicolons_and_decimal_commas():
    text = write(TRANSCRIPT, "csv", dialect="excel-fr").decode("utf-8-sig")
    assert text.splitlines()[1].startswith("appel « n° 1 ».wav;fr;0,000;1,234;0;A;")
    with pytest.raises(UserError, match="excel-fr"):
        write(TRANSCRIPT, "csv", dialect="calc")


@pytest.mark.parametrize("format", FORMATS)
def test_silence_has_a_transcript_too(format):
    silent = Transcript(TRANSCRIPT.audio, "fr", "whisper-base", None, "ctranslate2")
    content = write(silent, format)
    assert isinstance(content, bytes)
    if format == "vtt":
        assert content.startswith(b"WEBVTT")


def test_an_unknown_format_is_refused():
    with pytest.raises(UserError, match="txt, srt, vtt, json, csv"):
        write(TRANSCRIPT, "odt")


def test_what_a_format_does_not_hold_is_said():
    assert [message.en for message in lost(TRANSCRIPT, "csv")] == ["the words' times", "the text that was left out"]
    assert "les temps" in [message.fr for message in lost(TRANSCRIPT, "txt")]


@pytest.mark.parametrize("dialect", ["excel", "excel-fr", "excel-tab"])
def test_scoring_reads_a_protected_table(dialect, tmp_path):
    from scoring.table import read as scored

    file = tmp_path / "scored.csv"
    file.write_bytes(table([("reference", "hypothesis", "wer"), ("- oui", "=oui ; non, si", 12.5)], dialect))
    assert scored(file) == {"reference": ["- oui"], "hypothesis": ["=oui ; non, si"]}
    assert (dialect_of("fr-CA"), dialect_of("en")) == ("excel-fr", "excel")
