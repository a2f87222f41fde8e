"""The formats to take away: all of them with the same times, and each read back by a reader that is not ours."""

import csv
import io
import json
import random
import zipfile
from dataclasses import replace

import pysubs2
import pytest

from common.messages import UserError
from speech.exports import WRITERS, bundle, write
from transcripts.transcript import AudioFacts, Flagged, Transcript, Turn, Word

TRANSCRIPT = Transcript(
    audio=AudioFacts("appel « n° 1 ».wav", 3725.5, 8000, 2, "pcm_mulaw"),
    language="fr",
    model="whisper-base",
    adapter=None,
    engine="ctranslate2",
    turns=[
        Turn(
            0.0,
            1.2345,
            "Allô, j'écoute ?",
            0.91,
            0,
            "A",
            (Word(0.1, 0.5, "Allô,", 0.9), Word(0.6, 1.2, "j'écoute", 0.8)),
        ),
        Turn(59.9996, 61.0, "Oui & non, <c'est> ça.", 0.5, 1, "B"),
        Turn(3600.0, 3725.4, "Au revoir.", 0.99, 0, "A"),
    ],
    flagged=[Flagged(100.0, 102.0, "Sous-titrage ST' 501", "phantom", 1)],
    seconds_taken=372.55,
)
TIMES = [(0, 1234), (60000, 61000), (3600000, 3725400)]  # milliseconds


def test_txt_is_what_one_reads():
    assert write(TRANSCRIPT, "txt") == "A : Allô, j'écoute ?\nB : Oui & non, <c'est> ça.\nA : Au revoir.\n"


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_subtitles_pass_a_real_parser(format):
    cues = pysubs2.SSAFile.from_string(write(TRANSCRIPT, format), format_=format)
    assert [(cue.start, cue.end) for cue in cues] == TIMES
    assert [cue.plaintext.split(" : ")[-1] for cue in cues][::2] == ["Allô, j'écoute ?", "Au revoir."]


def test_vtt_escapes_what_it_would_read_as_markup():
    assert "<v B>Oui &amp; non, &lt;c'est&gt; ça." in write(TRANSCRIPT, "vtt")


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
    rows = list(csv.DictReader(io.StringIO(write(TRANSCRIPT, "csv"))))
    assert [(round(float(r["start"]) * 1000), round(float(r["end"]) * 1000)) for r in rows] == TIMES
    assert rows[1]["text"] == "Oui & non, <c'est> ça." and rows[1]["speaker"] == "B"
    assert {row["file"] for row in rows} == {"appel « n° 1 ».wav"} and rows[0]["language"] == "fr"


def milliseconds(format: str, text: str) -> list[tuple[int, int]]:
    """The times of the turns, as a reader that is not ours finds them."""
    if format == "json":
        return [(round(t["start"] * 1000), round(t["end"] * 1000)) for t in json.loads(text)["turns"]]
    if format == "csv":
        rows = csv.DictReader(io.StringIO(text))
        return [(round(float(row["start"]) * 1000), round(float(row["end"]) * 1000)) for row in rows]
    return [(cue.start, cue.end) for cue in pysubs2.SSAFile.from_string(text, format_=format)]


def test_all_formats_give_the_same_times():
    """Also where a time lies between two milliseconds: 0.0025 s."""
    draw = random.Random(3)
    times = [
        0.0,
        *sorted(round(draw.uniform(0, 7200) * 2000) / 2000 + draw.choice([0, 1e-9]) for _ in range(600)),
        7200.0,
    ]
    turns = [Turn(a, b, "Oui.", 0.5, 0, "A") for a, b in zip(times[::2], times[1::2], strict=True)]
    turns.append(Turn(7200.0025, 7200.0125, "Non.", 0.5))
    transcript = replace(TRANSCRIPT, turns=turns)
    expected = milliseconds("json", write(transcript, "json"))
    assert len(expected) == len(turns)
    for format in ("csv", "srt", "vtt"):
        assert milliseconds(format, write(transcript, format)) == expected


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_a_text_of_several_lines_is_one_subtitle(format):
    """What someone types into a turn: an empty line would end its subtitle."""
    turns = [Turn(0.0, 1.0, "Oui.\n\n2\n\nNon.", 0.5, 0, "Marie\n\nDupont")]
    (cue,) = pysubs2.SSAFile.from_string(write(replace(TRANSCRIPT, turns=turns), format), format_=format)
    assert (cue.start, cue.end) == (0, 1000) and cue.plaintext.endswith("Non.")


def test_the_zip_has_a_file_for_each_call_and_format():
    paths = [
        "/a/Été.wav",
        "/b/été.mp3",
        "Été-2.wav",
        'c/a<b>:"|?*\n\t"\'.wav',
        "con.wav",
        "..",
        "x" * 300 + ".wav",
        ".wav",
    ]
    transcripts = [replace(TRANSCRIPT, audio=replace(TRANSCRIPT.audio, path=path)) for path in paths]
    with zipfile.ZipFile(io.BytesIO(bundle(transcripts, ["srt", "csv", "srt"]))) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        cells = list(csv.DictReader(io.StringIO(archive.read("été-2.csv").decode("utf-8-sig"))))
        subtitles = archive.read("Été.srt").decode()
    stems = [
        "Été",
        "été-2",
        "Été-2-2",
        "a b '",
        "_con",
        "_",
        "x" * 80,
        ".wav".strip("."),
    ]
    assert names == [f"{stem}.{format}" for stem in stems for format in ("srt", "csv")]
    assert subtitles == write(TRANSCRIPT, "srt") and cells[0]["file"] == "été.mp3"


def test_the_zip_of_nothing_is_a_zip_and_an_unknown_format_is_refused():
    assert zipfile.ZipFile(io.BytesIO(bundle([], ["txt"]))).namelist() == []
    with pytest.raises(UserError, match="docx"):
        bundle([TRANSCRIPT], ["docx"])


@pytest.mark.parametrize("format", WRITERS)
def test_silence_has_a_transcript_too(format):
    silent = Transcript(TRANSCRIPT.audio, "fr", "whisper-base", None, "ctranslate2")
    text = write(silent, format)
    assert isinstance(text, str)
    if format == "vtt":
        assert text.startswith("WEBVTT")


def test_an_unknown_format_is_refused():
    with pytest.raises(UserError, match="txt, srt, vtt, json, csv"):
        write(TRANSCRIPT, "docx")
