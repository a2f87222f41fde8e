"""Tables and JSON lines: every row is used, or left out with a reason."""

import json

import pytest

from corpus.layouts.manifest import columns, rows

H = "path,sentence"
TABLES = {  # what the file holds; the texts of its rows, None for one that is left out
    "a quotation mark that nothing closes": (f'{H}\n1.wav,Un\n2.wav,"Deux\n3.wav,Trois\n4.wav,Quatre\n', 4),
    "closed in another row": (f'{H}\n1.wav,"Un\n2.wav,Deux\n3.wav,Trois"\n4.wav,Quatre\n', 4),
    "in the first and the last row": (f'{H}\n1.wav,"Un\n2.wav,Deux\n3.wav,Trois\n4.wav,Quatre"', 4),
    "three in a row": (f'{H}\n1.wav,"""Un\n2.wav,Deux\n3.wav,Trois"""\n4.wav,Quatre', 4),
    "inside of a cell": (f'{H}\n1.wav,Un 5" écran\n2.wav,"Deux" fois\n3.wav,dit "trois"\n4.wav,"', 4),
    "escaped by a backslash": (f'{H}\n1.wav,"dit \\"un\\", oui"\n2.wav,"deux, trois"\n', 2),
    "a cell over lines": (f'{H}\n1.wav,"Un\nligne, deux\nlignes"\n2.wav,Deux\n', 2),
    "a cell over lines at the end": (f'{H}\n1.wav,Un\n2.wav,"Deux\n\ntrois"\n', 2),
    "the name quoted": (f'{H}\n"1.wav","Un\n"2.wav","Deux"\n"3.wav","Trois"\n', 3),
    "spaces before quotes": (f'{H}\n1.wav, "Un, deux"\n2.wav, "Trois"\n', 2),
    "too many cells": (f"{H}\n1.wav,Un,deux\n2.wav,Trois\n", 2),
    "too many cells behind a quotation mark": (f'{H}\n1.wav,"Un, deux\n2.wav,Trois\n', 2),
    "empty cells of a spreadsheet": (f"{H}\n1.wav,Un,,\n2.wav,Deux,,\n", 2),
    "line ends of all kinds": (f"{H}\r\n1.wav,Un\r2.wav,Deux\n\n3.wav,Trois\r\n\r\n", 3),
    "rarer line ends are characters": (f"{H}\n1.wav,Un\x0bdeux\u2028trois\n2.wav,Qua\x85tre\n", 2),
    "a NUL": (f"{H}\n1.wav,Un\x00\n2.wav,Deux\n", 2),
    "sep= of a spreadsheet": ("sep=;\npath;sentence\n1.wav;Un, deux\n2.wav;Trois\n", 2),
    "bars": ("path|sentence\n1.wav|Un, deux\n", 1),
    "tabs and quotes": ('path\tsentence\n1.wav\t"Un\n2.wav\tDeux"\n3.wav\t"Trois" et "quatre"\n', 3),
    "a title above the names": (f"Corpus de mars\n\n{H}\n1.wav,Un\n2.wav,Deux\n", 2),
    "a title below sep=": ("sep=;\npath;sentence\n1.wav;Un\n", 1),
    "the names once more": (f"{H}\n1.wav,Un\n{H}\n2.wav,Deux\n", 3),
    "a long text": (f"{H}\n1.wav,{'x' * 200_000}\n2.wav,Deux\n", 2),
    "without extensions": (f'{H}\n1,"Un\n2,Deux"\n', 1),  # nothing tells that 2 is a file: a cell of two lines
}


@pytest.mark.parametrize("case", TABLES)
def test_rows_read_and_rows_left_out_are_all_rows(tmp_path, case):
    content, there = TABLES[case]
    (tmp_path / "list.csv").write_text(content, encoding="utf-8", newline="")
    found = list(rows(tmp_path / "list.csv"))
    assert len(found) == there
    assert all(bool(row.refused) != bool(row.cells.get("sentence")) for row in found)


def test_what_the_cells_hold(tmp_path):
    texts = {}
    for case, (content, _) in TABLES.items():
        (tmp_path / "list.csv").write_text(content, encoding="utf-8", newline="")
        texts[case] = [row.cells.get("sentence") for row in rows(tmp_path / "list.csv")]
    assert texts["closed in another row"] == ['"Un', "Deux", 'Trois"', "Quatre"]
    assert texts["inside of a cell"] == ['Un 5" écran', '"Deux" fois', 'dit "trois"', '"']
    assert texts["escaped by a backslash"] == ['dit "un", oui', "deux, trois"]
    assert texts["a cell over lines"] == ["Un\nligne, deux\nlignes", "Deux"]
    assert texts["spaces before quotes"] == ["Un, deux", "Trois"]
    assert texts["too many cells behind a quotation mark"] == [None, "Trois"]
    assert texts["sep= of a spreadsheet"] == ["Un, deux", "Trois"]


def test_an_open_quotation_mark_is_told(tmp_path):
    (tmp_path / "list.csv").write_text(f'{H}\n1.wav,"Un, deux\n', encoding="utf-8")
    (row,) = rows(tmp_path / "list.csv")
    assert row.refused.en == "it has 3 cells and the table 2 columns; perhaps a quotation mark is not closed"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_say_so(tmp_path, encoding):
    (tmp_path / "list.tsv").write_text("path\tsentence\n1.wav\tété\n", encoding=encoding)
    assert columns(tmp_path / "list.tsv") == ["path", "sentence"]
    assert [row.cells["sentence"] for row in rows(tmp_path / "list.tsv")] == ["été"]


def test_json_by_lines_or_in_one_list(tmp_path):
    clips = [{"audio_filepath": f"{n}.wav", "text": "oui"} for n in range(3)]
    (tmp_path / "lines.json").write_text("\n".join(map(json.dumps, clips)) + "\n{\n")
    (tmp_path / "list.json").write_text(json.dumps(clips, indent=1))
    (tmp_path / "object.json").write_text(json.dumps({"version": 1, "data": clips}, indent=1))
    (tmp_path / "config.json").write_text(json.dumps({"sample_rate": 8000}, indent=1))
    assert [bool(row.refused) for row in rows(tmp_path / "lines.json")] == [False, False, False, True]
    assert [row.cells for row in rows(tmp_path / "list.json")] == clips
    assert [row.cells for row in rows(tmp_path / "object.json")] == clips
    assert columns(tmp_path / "object.json") == ["audio_filepath", "text"]
    assert columns(tmp_path / "lines.json") == columns(tmp_path / "list.json") == ["audio_filepath", "text"]
    assert columns(tmp_path / "config.json") == []
