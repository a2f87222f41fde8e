"""Files as Praat, ELAN, CLAN, aligners, NIST's tools and transcribers write them."""

import io

import docx
import pytest

from common.messages import Message, UserError
from tests.transcripts.formats.calls import TRANSCRIPT
from transcripts.formats import read, read_all, reading, write
from transcripts.transcript import Turn

pytestmark = pytest.mark.fast

LONG = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 9.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "Zoé ""Z"""
        xmin = 0
        xmax = 9.5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 1e-05
            text = ""
        intervals [2]:
            xmin = 1e-05
            xmax = 1.5
            text = "Elle dit ""oui"",
intervals [2]: été"
        intervals [3]:
            xmin = 1.5
            xmax = 9.5
            text = " "
    item [2]:
        class = "TextTier"
        name = "clics"
        xmin = 0
        xmax = 9.5
        points: size = 1
        points [1]:
            number = 1
            mark = "clic"
    item [3]:
        class = "IntervalTier"
        name = "Zoé ""Z"" - words"
        xmin = 0
        xmax = 9.5
        intervals: size = 1
        intervals [1]:
            xmin = 0.5
            xmax = 0.75
            text = "oui"
'''
SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
9.5
<exists>
1
"IntervalTier"
"Zoé"
0
9.5
2
0
1.5
"été"
1.5
9.5
""
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_textgrids_of_praat(encoding):
    notes: list[Message] = []
    (turn,) = reading(LONG.encode(encoding), notes=notes).turns
    assert (turn.start, turn.end, turn.speaker) == (0.00001, 1.5, 'Zoé "Z"')
    assert turn.text == 'Elle dit "oui", intervals [2]: été' and [word.text for word in turn.words] == ["oui"]
    assert "clics" in notes[-1].en
    tight, old = SHORT.replace("\n\n0\n9.5", "\n0\n9.5", 1), SHORT.replace('"ooTextFile"', '"ooTextFile short"')
    for text in (SHORT, tight, old):
        assert reading(text.encode(encoding)).turns == [Turn(0.0, 1.5, "été", speaker="Zoé")]


def test_the_tiers_of_an_aligner_become_turns():
    grid = SHORT.replace('"Zoé"', '"Marie - words"').replace('1.5\n9.5\n""', '1.75\n9.5\n"oui"')
    assert [(t.start, t.end, t.text, t.speaker) for t in reading(grid).turns] == [(0.0, 9.5, "été oui", "Marie")]
    notes: list[Message] = []
    assert reading(SHORT.replace('"Zoé"', '"phones"'), notes=notes).turns == [] and "phones" in notes[0].en


EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-01-01T00:00:00+01:00" FORMAT="3.0" VERSION="3.0">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"><MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/appels/l%C3%A9a.wav"
MIME_TYPE="audio/x-wav"/></HEADER>
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="500"/><TIME_SLOT TIME_SLOT_ID="ts2"/>
<TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="1500"/></TIME_ORDER>
<TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="ref@LEA" PARTICIPANT="Léa"><ANNOTATION>
<ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
<ANNOTATION_VALUE>Oui &amp; non &lt;rire&gt;</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="Paul"><ANNOTATION>
<ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
<ANNOTATION_VALUE>Bien.</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER LINGUISTIC_TYPE_REF="tr" TIER_ID="en@LEA" PARENT_REF="ref@LEA"><ANNOTATION>
<REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a1"><ANNOTATION_VALUE>Yes.</ANNOTATION_VALUE></REF_ANNOTATION>
</ANNOTATION></TIER>
<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>
<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="tr" CONSTRAINTS="Symbolic_Association" TIME_ALIGNABLE="false"/>
</ANNOTATION_DOCUMENT>"""


def test_an_eaf_with_several_tiers():
    """A slot without time lies between its neighbours, and the translation is left out."""
    notes: list[Message] = []
    found = reading(EAF, notes=notes)
    assert found.turns == [
        Turn(0.5, 1.0, "Oui & non <rire>", speaker="Léa"),
        Turn(1.0, 1.5, "Bien.", speaker="Paul"),
    ]
    assert found.audio.path == "léa.wav" and len(notes) == 1 and "en@LEA" in notes[0].en


CHAT = """@UTF8
@Begin
@Languages:\tfra
@Participants:\tLEA Léa_Petit Participant, OPE Investigator
@ID:\tfra|x|LEA|||||Participant|||
@Media:\tappel7, audio
*LEA:\tallô [/] allô oui , chais [: je sais] pas
\tquoi . \x15500_2010\x15
%com:\tbruit
*OPE:\t⌈2 xxx ⌉2 .
*OPE:\tvous êtes chez AT&T ?
*LEA:\t&=rit non ! •3010_4000•
@End
"""


def test_chat_of_clan():
    notes: list[Message] = []
    found = reading(CHAT, notes=notes)
    assert found.turns == [
        Turn(0.5, 2.01, "Allô allô oui, je sais pas quoi.", speaker="Léa Petit"),
        Turn(2.51, 3.01, "Vous êtes chez AT&T ?", speaker="OPE"),
        Turn(3.01, 4.0, "Non !", speaker="Léa Petit"),
    ]
    assert (found.audio.path, found.language) == ("appel7", "fr") and "no time" in notes[0].en
    assert not reading(CHAT.replace("\x15500_2010\x15", "").replace("•3010_4000•", "")).timed
    reading(CHAT[:-30], notes=notes)
    assert any("@End" in note.en for note in notes)


STM = """;; a comment
;; CATEGORY "0" "" ""
rec-2 A lea 0.5 2.01 <o,f0,female> allô oui
rec-1 1 paul 1 2 non
rec-2 B paul 1.50 3.00 IGNORE_TIME_SEGMENT_IN_SCORING
rec-2 B paul 0.10 0.40 bien
"""
CTM = "rec-1 1 0.50 0.25 oui 0.9\nrec-1 1 0.80 0.2 bien\nrec-1 2 0.1 0.3 non NA\nrec-1 1 3.0 0.5 fin\n"
RTTM = "SPKR-INFO rec-1 1 <NA> <NA> <NA> unknown lea <NA>\nSPEAKER rec-1 1 0.50 1.25 <NA> <NA> lea <NA> <NA>\n"
SEGLST = (
    '[{"session_id": "rec-1", "speaker": "lea", "start_time": "0.5", "end_time": 2, "words": "oui"},'
    '{"session_id": "rec-2", "speaker": "1", "start_time": 0, "end_time": 1, "words": "non", "x": 1}]'
)


def test_the_lines_of_nist(tmp_path):
    second, first = read_all(_file(tmp_path / "two.stm", STM))
    assert second.audio.path == "rec-2" and first.turns == [Turn(1.0, 2.0, "non", speaker="paul")]
    assert second.turns == [Turn(0.1, 0.4, "bien", 1.0, 1, "paul"), Turn(0.5, 2.01, "allô oui", speaker="lea")]
    with pytest.raises(UserError, match="holds 2 recordings"):
        read(tmp_path / "two.stm")
    words = reading(CTM).turns
    assert [(t.start, t.end, t.text, t.channel) for t in words] == [
        (0.1, 0.4, "non", 1),
        (0.5, 1.0, "oui bien", 0),
        (3.0, 3.5, "fin", 0),
    ]
    assert words[1].confidence == 0.95
    assert reading(RTTM).turns == [Turn(0.5, 1.75, "", speaker="lea")]
    assert [(each.audio.path, each.turns[0].text) for each in read_all(_file(tmp_path / "s.json", SEGLST))] == [
        ("rec-1", "oui"),
        ("rec-2", "non"),
    ]


def test_documents_of_transcribers():
    """A table with a time a turn, one without headings, and plain paragraphs."""
    tables = [
        [("N°", "Temps", "Intervenant", "Propos"), ("1", "00:00:01", "Léa", "Allô ?"), ("2", "0:04", "Paul", "Oui.")],
        [("00:00:01", "Léa", "Allô ?"), ("00:00:04", "Paul", "Oui.")],
    ]
    for rows in tables:
        document = docx.Document()
        document.add_paragraph("Appel du 3 mai : dossier 12")
        table = document.add_table(0, len(rows[0]))
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
        turns = reading(_saved(document)).turns
        assert turns == [Turn(1.0, 4.0, "Allô ?", speaker="Léa"), Turn(4.0, 4.0, "Oui.", speaker="Paul")]
    document = docx.Document()
    for line in ("Léa : Allô ?", "", "Paul : Oui."):
        document.add_paragraph(line)
    turns = reading(_saved(document)).turns
    assert [(turn.speaker, turn.text) for turn in turns] == [("Léa", "Allô ?"), ("Paul", "Oui.")]


def test_a_document_is_what_transcribers_hand_over():
    document = docx.Document(io.BytesIO(write(TRANSCRIPT, "docx")))
    (table,) = document.tables
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert rows[0] == ["Début", "Fin", "Locuteur", "Texte"]
    assert all(cell.paragraphs[0].runs[0].bold for cell in table.rows[0].cells)
    assert rows[3] == ["1:00:00,0", "1:02:05,4", "A", "Au revoir."]
    assert document.paragraphs[0].text == "appel « n° 1 ».wav" and document.paragraphs[0].style.name == "Heading 1"
    assert reading(write(TRANSCRIPT, "docx", language="en")).turns[2].text == "Au revoir."


@pytest.mark.parametrize(
    ("content", "format", "said"),
    [
        (LONG[:500], None, "TextGrid breaks off"),
        (SHORT[:60].encode("utf-16"), None, "TextGrid breaks off"),
        ("Bonjour", "textgrid", "TextGrid breaks off"),
        (EAF[:600], None, "EAF breaks off"),
        (EAF.replace(' TIME_SLOT_REF2="ts3"', ""), None, "EAF breaks off"),
        ("<a/>", "eaf", "<a>"),
        ("Bonjour", "chat", "no utterance"),
        ("rec 1 lea 0.5\n", "stm", "Line 1 .* cut short"),
        ("\nrec 1 lea 0.5 x oui\n", "stm", "Line 2 .* write a number"),
        ("rec 1 0.5 0.1\n", "ctm", "cut short"),
        ("SPEAKER rec 1 0.5\n", "rttm", "cut short"),
        (SEGLST[:90], None, "breaks off"),
        ('[{"session_id": "a", "words": "oui"}]', None, "start_time"),
        (write(TRANSCRIPT, "docx")[:900], None, "DOCX"),
        ("Bonjour", "docx", "DOCX"),
    ],
)
def test_damage_is_told_of(content, format, said):
    with pytest.raises(UserError, match=said):
        reading(content, format)


def _file(path, text: str):
    path.write_text(text)
    return path


def _saved(document) -> bytes:
    packed = io.BytesIO()
    document.save(packed)
    return packed.getvalue()
