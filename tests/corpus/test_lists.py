"""Lists without column names, and tables with names of any spelling: each row is used, or left out with a reason."""

import shutil
from pathlib import Path

import pytest

import corpus
from common.columns import AUDIO, CHANNEL, SECONDS, SPEAKER, START, TEXT, guessed, plain
from corpus.layouts.folder import open_path
from corpus.prompts import prompts

SPOKEN = prompts(at_least=1.0)[:3]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path_factory.mktemp("cache")))


def laid_out(folder: Path, files: dict[str, str | bytes | int]) -> Path:
    """Writes files: a text, bytes, or the sound of a prompt by its number."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, int):
            shutil.copyfile(SPOKEN[content].path, path)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


LAYOUTS = {  # the files; the texts of the rows that are used; how many rows there are
    "LibriSpeech": (
        {
            "train-clean-100/103/1240/103-1240.trans.txt": "103-1240-0000 UN DEUX\n103-1240-0001 TROIS\n",
            "train-clean-100/103/1240/103-1240-0000.flac": 0,
            "train-clean-100/103/1240/103-1240-0001.flac": 1,
            "test-clean/7/9/7-9.trans.txt": "7-9-0000 QUATRE\n7-9-0001 PERDU\n",
            "test-clean/7/9/7-9-0000.flac": 2,
            "SPEAKERS.TXT": "103   | F | train-clean-100 | 25.03 | Kristin\n",
            "README.TXT": "1. Structure\n",
        },
        ["UN DEUX", "TROIS", "QUATRE"],
        4,
    ),
    "MLS": (
        {
            "train/transcripts.txt": "10_20_000001\tun deux\n10_20_000002\ttrois\n10_20_000003\tperdu\n",
            "train/segments.txt": "10_20_000001\thttp://a.b/c.mp3\t401.76\t417.57\n",
            "train/audio/10/20/10_20_000001.flac": 0,
            "train/audio/10/20/10_20_000002.opus": 1,
            "dev/transcripts.txt": "11_21_000001\tquatre\n",
            "dev/audio/11/21/11_21_000001.flac": 2,
        },
        ["un deux", "trois", "quatre"],
        4,
    ),
    "LJSpeech": (
        {
            "metadata.csv": 'LJ001-0001|Un, deux, "trois|Un, deux, trois\nLJ001-0002|Le 5, oui|Le cinq, oui\n'
            "LJ001-0003|x|\nLJ001-0004\n",
            "wavs/LJ001-0001.wav": 0,
            "wavs/LJ001-0002.wav": 1,
        },
        ['Un, deux, "trois', "Le 5, oui"],
        4,
    ),
    "the first file of a list is missing": (
        {"metadata.csv": "a1|Un\na2|Deux\na3|Trois\n", "wavs/a2.wav": 0, "wavs/a3.wav": 1},
        ["Deux", "Trois"],
        3,
    ),
    "filelist with speakers": (
        {"filelist.txt": "wavs/1.wav|4|Un, deux\nwavs/2.wav|5|Trois\n", "wavs/1.wav": 0, "wavs/2.wav": 1},
        ["Un, deux", "Trois"],
        2,
    ),
    "names of speakers before the texts": (
        {"train.txt": "1.wav|Marie|Oui madame\n2.wav|Marie|Deux fois\n3.wav|Marie|Non merci\n", "1.wav": 0, "2.wav": 1},
        ["Oui madame", "Deux fois"],
        3,
    ),
    "CSS10": (
        {"transcript.txt": "lesmis/l_1.wav|Le N° 1, oui|Le numéro un, oui|3.2\n", "lesmis/l_1.wav": 0},
        ["Le N° 1, oui"],
        1,
    ),
    "a TSV without names of columns": (
        {"line_index.tsv": "f_001\tOui, madame\nf_002\tNon; merci\n", "f_001.wav": 0, "f_002.wav": 1},
        ["Oui, madame", "Non; merci"],
        2,
    ),
    "a CSV without names of columns, the text first": (
        {"liste.csv": "Bonjour;a1.wav\nMerci, madame;a2.wav\n", "a1.wav": 0, "a2.wav": 1},
        ["Bonjour", "Merci, madame"],
        2,
    ),
    "bars below names of columns": (
        {"corpus.csv": "fichier|texte, corrigé\na.wav|Un, deux, trois\nb.wav|\n", "a.wav": 0, "b.wav": 1},
        ["Un, deux, trois"],
        2,
    ),
    "French names of columns": (
        {
            "données.csv": "Nom du fichier;Transcription;Transcription corrigée;Durée (s);Locuteur;Jeu\n"
            "a.wav;un;Un.;1,5;Zoé;Entraînement\nb.wav;deux;Deux.;2,5;Ève;Test\n",
            "a.wav": 0,
            "b.wav": 1,
        },
        ["Un.", "Deux."],
        2,
    ),
    "Excel's Windows-1252": (
        {"corpus.csv": "Fichier;Texte\r\na.wav;été à Noël\r\n".encode("cp1252"), "a.wav": 0},
        ["été à Noël"],
        1,
    ),
    "Excel's Unicode text": (
        {"metadata.csv": "Fichier\tTexte\r\na.wav\tété\r\n".encode("utf-16"), "a.wav": 0},
        ["été"],
        1,
    ),
    "UTF-16 without its mark": (
        {"metadata.csv": "file_name,text\na.wav,Bonjour\n".encode("utf-16-le"), "a.wav": 0},
        ["Bonjour"],
        1,
    ),
    "LibriSpeech, of which most files are missing": (
        {"1/2/1-2.trans.txt": "1-2-0000 UN\n1-2-0001 DEUX\n\n1-2-0002 TROIS\n", "1/2/1-2-0002.flac": 0},
        ["TROIS"],
        3,
    ),
    "LJSpeech with a header": (
        {"metadata.csv": "id|texte|texte normalisé\na1|Le 1er|le premier\na2|Oui|oui\n", "wavs/a1.wav": 0},
        ["Le 1er"],
        2,
    ),
    "texts in another folder": (
        {"wav/a1.wav": 0, "wav/a2.wav": 1, "txt/a1.txt": "Bonjour madame.", "txt/a3.txt": "Perdu."},
        ["Bonjour madame."],
        3,
    ),
    "a mark before a list": (
        {"metadata.csv": "\ufeffa1|été\n", "wavs/a1.wav": 0},
        ["été"],
        1,
    ),
    "JSON lines with a mark": (
        {"metadata.jsonl": '\ufeff{"Fichier": "a.wav", "Texte": "oui"}\n', "a.wav": 0},
        ["oui"],
        1,
    ),
    "camel's humps": (
        {"m.tsv": "audioFilePath\ttranscriptText\na.wav\toui\n", "a.wav": 0},
        ["oui"],
        1,
    ),
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_rows_used_and_left_out_are_all_rows(tmp_path, case):
    files, expected, there = LAYOUTS[case]
    found = corpus.load(laid_out(tmp_path, files))
    assert found.rows["text"].tolist() == expected
    assert len(found) + len(found.left_out) == there


def test_what_the_names_of_readings_tell(tmp_path):
    files, _, _ = LAYOUTS["LibriSpeech"]
    rows = corpus.load(laid_out(tmp_path, files)).rows
    assert rows["split"].tolist() == ["train", "train", "test"]
    assert rows["speaker"].tolist() == ["reader 103"] * 2 + ["reader 7"]
    assert rows["call"].tolist() == ["103-1240"] * 2 + ["7-9"]


def test_what_french_names_of_columns_tell(tmp_path):
    files, _, _ = LAYOUTS["French names of columns"]
    found = corpus.load(laid_out(tmp_path, files))
    assert found.rows["split"].tolist() == ["train", "test"]
    assert found.rows["speaker"].tolist() == ["Zoé", "Ève"]
    assert "'Durée (s)'" in found.notes[-1].en  # it is checked against the sound


def test_a_guessed_encoding_is_told(tmp_path):
    files, _, _ = LAYOUTS["Excel's Windows-1252"]
    (note,) = corpus.load(laid_out(tmp_path, files)).notes
    assert note.en == "corpus.csv: The file is not in UTF-8: it was read as Windows-1252 (Latin-1)"


@pytest.mark.parametrize("text", ["...", "…", " - ", "?!", "♪", "« »", "***"])
def test_a_text_without_a_word_is_none(tmp_path, text):
    laid_out(tmp_path, {"m.csv": f"file,text\n0.wav,oui\n1.wav,{text}\n", "0.wav": 0, "1.wav": 1})
    found = corpus.load(tmp_path)
    assert found.rows["text"].tolist() == ["oui"]
    assert found.left_out[0].reason.en == f"its text has no word: {text.strip()!r}"


@pytest.mark.parametrize("text", ["Bonjour, c'est 1 note.\n", "1. un\n2. deux\n", "2024 a1\n", "", "a1.wav\n"])
def test_a_text_that_is_no_list(tmp_path, text):
    laid_out(tmp_path, {"notes.txt": text, "a1.wav": 0})
    with pytest.raises(ValueError, match=r"notes\.txt is no corpus"):
        open_path(tmp_path / "notes.txt")


NAMES = {
    "Fichier": AUDIO,
    "NOM DU FICHIER": AUDIO,
    "Chemin de l'enregistrement": None,
    "audioFilePath": AUDIO,
    " Texte ": TEXT,
    "Transcription (corrigée)": TEXT,
    "énoncé": TEXT,
    "e\u0301nonce\u0301": TEXT,
    "Texte corrigé": TEXT,
    "Durée [ms]": SECONDS,
    "durée en secondes": SECONDS,
    "duration(s)": SECONDS,
    "Début": START,
    "Heure de début": START,
    "Côté": CHANNEL,
    "Locutrice": SPEAKER,
    "Id. locuteur": SPEAKER,
    "DURÉE": SECONDS,
    "DÉBUT_S": START,
    "Texte automatique": None,
    "File-Name": AUDIO,
    "œuvre": None,
}


@pytest.mark.parametrize("name", NAMES)
def test_names_of_columns(name):
    lists = (AUDIO, TEXT, SECONDS, START, CHANNEL, SPEAKER)
    assert [usual for usual in lists if guessed([name], usual)] == [NAMES[name]] * (NAMES[name] is not None)


def test_every_usual_name_is_plain():
    import common.columns as names

    usual = {name: value for name, value in vars(names).items() if name.isupper() and isinstance(value, tuple)}
    assert all(plain(name) == name for value in usual.values() for name in value)
    assert all(len(set(value)) == len(value) for value in usual.values())
