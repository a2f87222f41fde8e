"""Files as people have them: other encodings, other programs' habits, and damage, which is told of in a sentence."""

import pytest

from common.messages import Message, UserError
from tests.transcripts.formats.calls import TRANSCRIPT
from transcripts.formats import read, reading, write
from transcripts.transcript import Alternative, Word

pytestmark = pytest.mark.fast

SRT = "1\n00:00:01,000 --> 00:00:02,500\nÉté à Nîmes\n\n2\n00:00:03,000 --> 00:00:04,000\nOui\n"


def found(content: bytes | str, format: str | None = None) -> tuple[list[tuple], list[str]]:
    notes: list[Message] = []
    transcript = reading(content, format, notes)
    return [(turn.start, turn.end, turn.text) for turn in transcript.turns], [note.en for note in notes]


@pytest.mark.parametrize(
    "content",
    [
        SRT.replace("\n", "\r\n").encode("utf-8-sig"),
        SRT.replace("\n", "\r").encode(),
        SRT.encode("utf-16"),
        SRT.encode("utf-16-be"),
        SRT.replace("1\n00", "00").replace("2\n00", "00").encode(),
        SRT.replace("\n\n", "\n").encode(),
        SRT.replace(",", ".").replace("00:00:0", "0:0:0").encode(),
        ("\n\n" + SRT.replace("2,500", "2,5") + "\n\n\n").encode(),
    ],
)
def test_subtitles_as_programs_write_them(content):
    assert found(content) == ([(1.0, 2.5, "Été à Nîmes"), (3.0, 4.0, "Oui")], [])


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_subtitles_in_latin_letters_are_told_of(encoding):
    turns, notes = found(SRT.encode(encoding))
    assert turns[0][2] == "Été à Nîmes" and "Windows-1252" in notes[0]


def test_overlapping_and_backward_subtitles_keep_everything():
    srt = (
        "1\n00:00:05,000 --> 00:00:09,000\nun\n\n2\n00:00:06,000 --> 00:00:07,000\ndeux\n\n"
        "3\n00:00:12,000 --> 00:00:11,000\ntrois\n\n4\n00:00:01,000 --> 00:00:02,000\nLe code\n32\n"
    )
    turns, notes = found(srt)
    assert turns == [(1.0, 2.0, "Le code 32"), (5.0, 9.0, "un"), (6.0, 7.0, "deux"), (11.0, 12.0, "trois")]
    assert "exchanged" in notes[0] and "sorted" in notes[1]


@pytest.mark.parametrize(
    ("content", "format", "said"),
    [
        (b"", None, "empty"),
        (b"\xef\xbb\xbf\r\n", "srt", "empty"),
        (SRT.replace("00:00:03,000", "-0:00:03,000"), "srt", "cannot be read"),
        (SRT.replace("00:00:03,000", "3 s"), "srt", "cannot be read"),
        ("Bonjour", "srt", "no subtitle"),
        ("WEBVTT\n\n00:01.000 --> 2.0\nOui", None, "WebVTT"),
        (write(TRANSCRIPT, "json")[:400], None, "breaks off"),
        ('{"a": 1}', None, "neither turns"),
        ('{"turns": [{"start": 1, "text": "oui"}]}', None, "end"),
        ('{"turns": [{"start": NaN, "end": 2, "text": "oui"}]}', None, "from 0 on"),
        ('{"turns": [{"start": -1, "end": 2, "text": "oui"}]}', None, "from 0 on"),
        ('{"turns": [{"start": 1, "end": 2, "text": "oui", "confidence": "x"}]}', None, "no transcript"),
        ('{"turns": [{"start": 1, "end": 2, "text": "a", "words": [{"text": "a"}]}]}', None, "no transcript"),
        (
            '{"turns": [{"start": 1, "end": 2, "text": "a", "words": [{"start": 1, "end": 2, "text": "a", '
            '"confidence": 1, "alternatives": [{"text": "b", "share": []}]}]}]}',
            None,
            "no transcript",
        ),
        ("start,text\n1,oui\nx,non\n", None, "Line 3"),
        ("start;end\n1;2\n", "csv", "text"),
        ('start,text\n1,"oui\n', None, "quotation"),
    ],
)
def test_damage_is_told_of(content, format, said):
    with pytest.raises(UserError, match=said):
        reading(content, format)


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0", None),
        (b"ID3\x03\0\0\0" + bytes(100), "srt"),
        (b"PK\x03\x04" + bytes(40), "txt"),
    ],
)
def test_a_recording_is_no_transcript(content, format):
    with pytest.raises(UserError, match="no transcript"):
        reading(content, format)


def test_times_that_are_not_there_are_not_made_up():
    """A plain text does not become subtitles."""
    text = reading("Allô ?\nOui.")
    assert not text.timed and [turn.text for turn in reading(write(text, "docx")).turns] == ["Allô ?", "Oui."]
    for format in ("srt", "vtt", "textgrid", "eaf", "stm", "ctm", "rttm", "seglst"):
        with pytest.raises(UserError, match="no times"):
            write(text, format)


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        (
            "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:0\n\nNOTE x\n\nid\n00:01.000 --> 00:02.000 line:0\n<v.loud A>Oui "
            "<b>&amp;</b>\n"
            "<v Bé &amp; Cé>non</v>\n",
            [("A", "Oui &"), ("Bé & Cé", "non")],
        ),
        ("1\n00:01,5 --> 00:02,000 X1:1\n<i>Oui</i> {\\an8}<c'est> ça\n32\n", [(None, "Oui <c'est> ça 32")]),
        (
            "1\r\r\n00:00:01,5 --> 00:00:02,000\r\r\nOui\r\r\n\r\r\n2\r\r\n00:00:02,5 --> 00:00:03,000\r\r\nNon",
            [(None, "Oui"), (None, "Non")],
        ),
        (
            '{"segments": [{"start": 0, "end": 1, "text": "Oui \\ud83d", "words": [{"word": "Oui", "score": NaN}]}]}',
            [(None, "Oui ?")],
        ),
    ],
)
def test_habits_of_programs(text, turns):
    found = reading(text)
    assert [(turn.speaker, turn.text) for turn in found.turns] == turns
    assert "NaN" not in write(found, "json").decode()


def test_values_of_another_kind_are_taken_as_theirs():
    words = (
        '[{"start": "1", "end": "2", "text": 5, "confidence": "0.5", "alternatives": [{"text": 6, "share": "0.2"}]}]'
    )
    json = f'{{"turns": [{{"start": "1", "end": 2, "text": null, "channel": "1", "speaker": 7, "words": {words}}}]}}'
    (turn,) = reading(json).turns
    assert (turn.text, turn.channel, turn.speaker) == ("", 1, "7")
    assert turn.words == (Word(1.0, 2.0, "5", 0.5, (Alternative("6", 0.2),)),)


def test_a_wrong_extension_does_not_matter(tmp_path):
    for name, content in {
        "a.txt": SRT.encode(),
        "b.json": write(TRANSCRIPT, "vtt"),
        "c.srt": write(TRANSCRIPT, "json"),
    }.items():
        (tmp_path / name).write_bytes(content)
        notes: list[Message] = []
        assert read(tmp_path / name, notes=notes).turns[0].text in ("Été à Nîmes", "Allô, j'écoute ?")
        assert "was read as that" in notes[0].en
    with pytest.raises(UserError, match=r"missing\.srt cannot be read"):
        read(tmp_path / "missing.srt")


WHISPER = {"text": " Allô ? Oui.", "language": "fr"}
SEGMENT = {"id": 0, "start": 0.0, "end": 1.5, "text": " Allô ?"}


@pytest.mark.parametrize(
    ("extra", "words", "confidence", "speaker"),
    [
        (
            {"avg_logprob": -0.2231, "words": [{"word": " Allô", "start": 0.1, "end": 0.6, "probability": 0.9}]},
            1,
            0.8,
            None,
        ),
        (
            {
                "speaker": "SPEAKER_01",
                "words": [{"word": "Allô", "start": 0.1, "end": 0.6, "score": 0.7}, {"word": "?"}],
            },
            2,
            1.0,
            "SPEAKER_01",
        ),
        ({}, 0, 1.0, None),
    ],
)
def test_json_of_whisper_and_its_kin(extra, words, confidence, speaker):
    import json

    (turn,) = reading(json.dumps(WHISPER | {"segments": [SEGMENT | extra]})).turns
    assert (turn.start, turn.end, turn.text, len(turn.words), turn.speaker) == (0.0, 1.5, "Allô ?", words, speaker)
    assert turn.confidence == pytest.approx(confidence, abs=1e-3)
    assert [word.text for word in turn.words] == ["Allô", "?"][:words]


def test_the_words_of_verbose_json_go_to_their_segments():
    import json

    segments = [SEGMENT, {"start": 1.5, "end": 2.0, "text": " Oui."}]
    words = [{"word": "Allô", "start": 0.1, "end": 0.6}, {"word": "Oui", "start": 1.5, "end": 1.9}]
    turns = reading(json.dumps(WHISPER | {"segments": segments, "words": words})).turns
    assert [[word.text for word in turn.words] for turn in turns] == [["Allô"], ["Oui"]]
