"""Datasets of the Hub, by the real client from a Hub on loopback: both layouts of TalkBank, others, and refusals."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus.prompts import prompts
from tests.kit.hub import serve

TALKBANK = "diabolocom/talkbank_4_stt"
SPOKEN = prompts(at_least=1.0)[:12]
LOAD = """
import json, os, sys
from pathlib import Path
import corpus
from common.messages import UserError

def facts(asked):
    try:
        found = corpus.load(asked.pop("source", None), **asked)
    except UserError as refusal:
        return {"refusal": refusal.message}
    facts = {name: getattr(found, name) for name in ("name", "licence", "reason", "fingerprint", "left_out")}
    facts["leaks"] = [leak.kind for leak in found.leaks]
    facts["bytes"] = [len(found.encoded(row)) for row in range(len(found))]
    facts["heard"] = len(found.clip(1))
    facts["fetched"] = sorted({path.name for path in Path(os.environ["HF_HOME"]).rglob("*.parquet")})
    return facts | {"rows": found.rows.to_dict("list")}

print(json.dumps({name: facts(asked) for name, asked in json.loads(sys.argv[1]).items()}, default=str))
"""


def talkbank(folder: Path, name: str, rows: range, today: bool, texts: list[str] | None = None) -> None:
    """A parquet file with the columns that the dataset has today, or had."""
    some = [SPOKEN[row % 12] for row in rows]
    columns = {
        "audio": [{"bytes": one.path.read_bytes(), "path": f"{row}.wav"} for row, one in zip(rows, some, strict=True)],
        "transcript": texts or [f"&-euh {one.text} ." for one in some],
        "language_code": ["fr"] * len(some),
        "subset": ["CallFriend"] * len(some),
        "full_language": ["french"] * len(some),
        "switch_id": [row // 2 for row in rows],
        "transcript_filename": [f"fra_{row // 3}" for row in rows],
        "orig_file_start": [row * 1000 for row in rows],
        "orig_file_end": [row * 1000 + 900 for row in rows],
        "channel": [row % 2 for row in rows],
    }
    if today:
        columns["segment_id"] = [row % 3 for row in rows]
        columns["audio_len_sec"] = [one.seconds for one in some]
        columns["speaker_id"] = ["AB"[row % 2] for row in rows]
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / name, row_group_size=4)


def card(folder: Path, licence: str, configs: dict[str, dict[str, str]]) -> None:
    lines = ["---", f"license: {licence}"] + ["configs:"] * bool(configs)
    for config, splits in configs.items():
        lines += [f"- config_name: {config}", "  data_files:"]
        lines += [line for split, path in splits.items() for line in (f"  - split: {split}", f"    path: {path}")]
    (folder / "README.md").write_text("\n".join([*lines, "---", "# Calls", ""]))


def written_today(folder: Path) -> Path:
    talkbank(folder, "fr/segment-00000-of-00002.parquet", range(6), True)
    last = [f"{one.text} ." for one in SPOKEN[6:10]] + ["xxx .", "&=rit"]
    talkbank(folder, "fr/segment-00001-of-00002.parquet", range(6, 12), True, last)
    talkbank(folder, "fr/switch-00000-of-00001.parquet", range(4), True)
    talkbank(folder, "en/segment-00000-of-00001.parquet", range(2), True)
    segments = {"segment": "fr/segment-*", "switch": "fr/switch-*"}
    card(folder, "cc-by-nc-sa-3.0", {"en": {"segment": "en/segment-*"}, "fr": segments})
    return folder


def written_then(folder: Path) -> Path:
    talkbank(folder, "fr/segment/train-00000-of-00001.parquet", range(8), False)
    talkbank(folder, "fr/segment/test-00000-of-00001.parquet", range(8, 12), False)
    talkbank(folder, "fr/switch/train-00000-of-00001.parquet", range(3), False)
    (folder / "README.md").write_text("# Calls\n")  # no card: the licence is known all the same
    return folder


def with_configs(folder: Path) -> Path:
    """Columns of unusual names, two configs of two splits."""
    for config in ("calls", "radio"):
        (folder / config).mkdir(parents=True)
        for split, part in (("train", SPOKEN[:4]), ("test", SPOKEN[4:6])):
            clips = [{"bytes": one.path.read_bytes(), "path": None} for one in part]
            table = pa.table({"son": clips, "dit": [one.text for one in part]})
            pq.write_table(table, folder / config / f"{split}-00000-of-00001.parquet")
    card(
        folder,
        "mit",
        {name: {split: f"{name}/{split}-*" for split in ("train", "test")} for name in ("calls", "radio")},
    )
    return folder


def with_files(folder: Path) -> Path:
    """An audio folder, one line of which leads out of it."""
    (folder / "train").mkdir(parents=True)
    for number, one in enumerate(SPOKEN[:3]):
        shutil.copyfile(one.path, folder / "train" / f"{number}.wav")
    lines = [f'{number}.wav,"{one.text}"' for number, one in enumerate(SPOKEN[:3])]
    lines.append("../../../../../etc/hostname,dehors")
    (folder / "train" / "metadata.csv").write_text("\n".join(["file_name,transcription", *lines]))
    return folder


def with_a_default(folder: Path) -> Path:
    """A config by its folder, which is the default of two."""
    written = with_configs(folder)
    lines = [
        "- config_name: calls",
        "  data_dir: calls",
        "  default: true",
        "- config_name: radio",
        "  data_dir: radio",
    ]
    (written / "README.md").write_text("\n".join(["---", "license: mit", "configs:", *lines, "---", ""]))
    return written


def with_an_odd_card(folder: Path) -> Path:
    written = with_configs(folder)
    odd = "- config_name: calls\n  data_files:\n  - split: à part\n    path: calls/*"
    (written / "README.md").write_text(f"---\nlicense: mit\nconfigs:\n{odd}\n---\n")
    return written


def without_data(folder: Path) -> Path:
    folder.mkdir()
    (folder / "notes.txt").write_text("later")
    return folder


def loaded(home: Path, endpoint: str, requests: dict[str, dict], **settings: str) -> dict[str, dict]:
    """What a fresh process loads, one after the other: huggingface_hub reads its settings when it is imported."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ALLO_", "HF_"))}
    environment |= {"HF_ENDPOINT": endpoint, "HF_HOME": str(home / "hf"), "ALLO_CACHE": str(home / "allo")} | settings
    command = [sys.executable, "-c", LOAD, json.dumps(requests)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def today(tmp_path_factory, home) -> dict[str, dict]:
    """A Hub of today, with TalkBank and others."""
    made = tmp_path_factory.mktemp("today")
    calls = written_today(made / "talkbank")
    repositories = {
        TALKBANK: calls,
        "openai/whisper-small": calls,  # what is asked for to know whether the Hub is in reach
        "some/speech": with_configs(made / "speech"),
        "some/folder": with_files(made / "folder"),
        "some/default": with_a_default(made / "default"),
        "some/odd": with_an_odd_card(made / "odd"),
        "some/notes": without_data(made / "notes"),
        "some/secret": calls,
    }
    requests = {
        "first": {"source": TALKBANK, "limit": 3},
        "segments": {"source": TALKBANK},
        "default": {},
        "switches": {"source": TALKBANK, "unit": "switch"},
        "english": {"source": f"{TALKBANK}:en"},
        "german": {"source": TALKBANK, "language": "de"},
        "no config": {"source": "some/speech", "text": "dit"},
        "wrong config": {"source": "some/speech:tv", "text": "dit"},
        "no text": {"source": "some/speech:calls"},
        "named": {"source": "some/speech:calls", "audio": "son", "text": "dit"},
        "by default": {"source": "some/default", "audio": "son", "text": "dit"},
        "odd": {"source": "some/odd", "text": "dit"},
        "folder": {"source": "some/folder"},
        "notes": {"source": "some/notes"},
        "gated": {"source": "some/secret"},
        "missing": {"source": "nobody/nothing"},
    }
    with serve(repositories, gated={"some/secret"}) as hub:
        return loaded(home, hub, requests)


@pytest.fixture(scope="module")
def then(tmp_path_factory) -> dict[str, dict]:
    """A Hub with TalkBank as it was."""
    made = tmp_path_factory.mktemp("then")
    requests = {
        "first": {"source": TALKBANK, "limit": 3},
        "segments": {"source": TALKBANK},
        "switches": {"source": TALKBANK, "unit": "switch"},
    }
    with serve({TALKBANK: written_then(made / "talkbank")}) as hub:
        return loaded(made, hub, requests)


def test_talkbank_as_it_is_today(today):
    found = today["segments"]
    rows = found["rows"]
    assert (found["name"], found["licence"]) == (TALKBANK, "cc-by-nc-sa-3.0")
    assert rows["transcript"][0] == f"&-euh {SPOKEN[0].text} ."
    assert rows["text"][0].startswith("Euh ") and not rows["text"][0].endswith(" .")
    assert found["bytes"] == [one.path.stat().st_size for one in SPOKEN[:10]]
    assert rows["seconds"] == [one.seconds for one in SPOKEN[:10]]
    assert rows["call"] == [f"fra_{row // 3}" for row in range(10)]
    assert rows["speaker"][:2] == ["fra_0/A", "fra_0/B"] and rows["channel"][:2] == [0, 1]
    assert set(rows["language"]) == {"fr"} and set(rows["subset"]) == {"CallFriend"}
    assert "segment" not in rows["split"] and "call" not in found["leaks"]
    assert len(set(rows["id"])) == 10
    reasons = [reason[0] for _, reason in found["left_out"]]
    assert len(reasons) == 2 and all("empty once cleaned" in reason for reason in reasons)


def test_talkbank_as_it_was_keeps_its_published_split(then):
    found = then["segments"]
    assert found["rows"]["split"] == ["train"] * 8 + ["test"] * 4
    assert found["rows"]["seconds"] == [pytest.approx(one.seconds) for one in SPOKEN]  # no column tells: the headers
    assert found["licence"] == "cc-by-nc-sa-3.0"
    assert "call" in found["leaks"]  # fra_2 is on both sides


def test_switches_instead_of_segments(today, then):
    assert len(today["switches"]["bytes"]) == 4 and len(then["switches"]["bytes"]) == 3


def test_of_the_first_rows_only_their_files_are_fetched(today, then):
    assert len(today["first"]["bytes"]) == 3
    assert today["first"]["fetched"] == ["segment-00000-of-00002.parquet"]
    assert then["first"]["fetched"] == ["train-00000-of-00001.parquet"]
    assert then["first"]["rows"]["split"] == ["train"] * 3  # though no test split is in sight


def test_another_language_and_one_that_is_not_there(today):
    assert len(today["english"]["bytes"]) == 2
    assert "no part de, segment: choose among en (segment), fr (segment, switch)" in today["german"]["refusal"][0]


def test_any_other_dataset_by_its_columns(today):
    found = today["named"]
    assert found["rows"]["split"] == ["train"] * 4 + ["test"] * 2
    assert found["rows"]["text"][0] == SPOKEN[0].text and found["licence"] == "mit"
    assert "several configs" in today["no config"]["refusal"][0]
    assert today["by default"]["rows"]["split"] == ["train"] * 4 + ["test"] * 2
    assert "does not describe its configs as the Hub wants it" in today["odd"]["refusal"][0]
    assert "no part tv" in today["wrong config"]["refusal"][0]
    assert "for text; name it (--text) out of: dit" in today["no text"]["refusal"][0]


def test_a_folder_of_audio_on_the_hub(today):
    found = today["folder"]
    assert found["rows"]["text"] == [one.text for one in SPOKEN[:3]]
    assert found["rows"]["id"] == [f"train/{number}.wav" for number in range(3)]
    assert [reason[0].endswith("copy the file into it") for _, reason in found["left_out"]] == [True]


def test_what_was_fetched_is_there_offline(today, home):
    requests = {"segments": {"source": TALKBANK}, "other": {"source": "nobody/nothing"}, "default": {}}
    offline = loaded(home, "http://127.0.0.1:9", requests, ALLO_OFFLINE="1")
    assert offline["segments"]["fingerprint"] == today["segments"]["fingerprint"]
    assert "what the cache holds" in offline["segments"]["reason"][0]
    assert "is not in the cache" in offline["other"]["refusal"][0]
    assert (offline["default"]["name"], offline["default"]["reason"][0]) == ("phone-prompts", "ALLO_OFFLINE is set")


def test_gated_missing_and_silent_are_told_apart(today, tmp_path):
    requests = {"named": {"source": TALKBANK}, "default": {}}
    with serve({}, silent=True) as hub:
        silent = loaded(tmp_path, hub, requests)
    off = loaded(tmp_path, "http://127.0.0.1:9", requests)
    assert "is gated" in today["gated"]["refusal"][0] and "HF_TOKEN" in today["gated"]["refusal"][1]
    assert "There is no dataset 'nobody/nothing'" in today["missing"]["refusal"][0]
    assert "neither parquet nor a folder" in today["notes"]["refusal"][0]
    for answers in (silent, off):
        assert "the Hub is out of reach" in answers["named"]["refusal"][0]
        assert answers["default"]["reason"] == ["the Hub does not answer", "le Hub ne répond pas"]


def test_the_default_is_talkbank_with_the_hub_in_reach(today):
    assert (today["default"]["name"], today["default"]["reason"][0]) == (TALKBANK, "the Hub is in reach")
