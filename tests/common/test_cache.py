"""A model is built once, whole or not at all."""

import multiprocessing
import os
import subprocess
import sys
from hashlib import file_digest as digest
from pathlib import Path

import pytest

from common.cache import SEAL, built_once, sha256
from common.messages import UserError
from speech.models import bundled
from tests.kit.disk import small_disk


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def is_whole(folder: Path) -> bool:
    return (folder / "done").is_file()


def build(folder: Path) -> None:
    with open(folder.parent / "builds", "a") as log:
        log.write("built\n")
    (folder / "done").write_text("whole")


def _build_in_a_process(_) -> str:
    return str(built_once("thing", build, 0, is_whole))


def test_two_processes_at_once_build_once(cache):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        folders = set(pool.map(_build_in_a_process, range(8)))
    assert folders == {str(cache / "thing")}
    assert (cache / "builds").read_text() == "built\n"


def test_a_build_that_fails_leaves_nothing(cache):
    def fail(folder):
        (folder / "half").write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        built_once("thing", fail, 0, is_whole)
    assert [path.name for path in cache.iterdir()] == ["thing.lock"]


def test_a_build_that_was_killed_is_swept_and_done_again(cache):
    (cache / ".thing.0dead0").mkdir(parents=True)
    (cache / ".thing.0dead0.merged").mkdir()
    built_once("thing", build, 0, is_whole)
    assert sorted(path.name for path in cache.iterdir()) == ["builds", "thing", "thing.lock"]


def flip(path: Path) -> None:
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])


def clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


DAMAGES = {
    "a bit": lambda folder: flip(folder / "done"),
    "cut": lambda folder: (folder / "done").write_text("who"),
    "gone": lambda folder: (folder / "done").unlink(),
    "empty": clear,
    "no seal": lambda folder: (folder / SEAL).unlink(),
    "half a seal": lambda folder: (folder / SEAL).write_text("{"),
    "a seal of another kind": lambda folder: (folder / SEAL).write_text("[1]"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_folder_that_was_damaged_is_built_again(cache, damage):
    folder = built_once("thing", build, 0)
    assert built_once("thing", build, 0) == folder and (cache / "builds").read_text() == "built\n"
    DAMAGES[damage](folder)
    built_once("thing", build, 0)
    assert (cache / "builds").read_text() == "built\nbuilt\n" and (folder / "done").read_text() == "whole"


def test_a_file_is_hashed_once_as_long_as_it_stays_the_same(cache, monkeypatch):
    folder, read = built_once("thing", build, 0), []
    os.utime(folder / "done", ns=(0, (folder / SEAL).stat().st_mtime_ns + 5))  # as a copy of the cache has it
    monkeypatch.setattr("common.cache.hashlib.file_digest", lambda *asked: read.append(asked) or digest(*asked))
    for _ in range(3):
        built_once("thing", build, 0)
    assert len(read) == 1


def test_a_cache_on_a_read_only_disk_is_read(tmp_path, monkeypatch):
    with small_disk(tmp_path, "1m") as disk:
        monkeypatch.setenv("ALLO_CACHE", str(disk))
        folder = built_once("thing", build, 0)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        assert built_once("thing", build, 0) == folder
        with pytest.raises(UserError, match=r"cannot be written \(Read-only file system\)"):
            built_once("other", build, 0)


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "gone", "/elsewhere/model"), OSError("of ours"), KeyError("bug")]
)
def test_an_error_of_the_build_is_not_one_of_the_cache(cache, error):
    def fail(folder):
        raise error

    with pytest.raises(type(error)) as raised:
        built_once("thing", fail, 0)
    assert raised.value is error


def test_the_embedded_model_is_joined_and_mended(cache):
    folder = bundled.ctranslate2_folder()
    assert (folder / "model.bin").stat().st_size == 145_217_532
    (folder / SEAL).unlink()  # as earlier versions left it
    before = folder.stat().st_ino
    assert bundled.ctranslate2_folder().stat().st_ino == before
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_text("{")
        assert sha256(bundled.ctranslate2_folder() / name) == bundled.BESIDE[name]
    with open(folder / "model.bin", "r+b") as file:
        file.seek(1_000_000)
        file.write(b"damage")
    assert sha256(bundled.ctranslate2_folder() / "model.bin") == bundled.SHA256


def test_the_read_back_checkpoint_is_whole_and_mended(cache):
    from transformers import WhisperForConditionalGeneration, WhisperTokenizer

    folder = bundled.transformers_folder()
    assert WhisperTokenizer.from_pretrained(folder).pad_token == "<|endoftext|>"
    _, found = WhisperForConditionalGeneration.from_pretrained(folder, output_loading_info=True)
    assert not found["missing_keys"] and not found["unexpected_keys"] and not found["mismatched_keys"]
    os.truncate(folder / "model.safetensors", 1000)
    (folder / "config.json").write_text("{}")
    assert (bundled.transformers_folder() / "model.safetensors").stat().st_size > 290_000_000
    assert (folder / "config.json").stat().st_size > 100


def test_weights_with_a_wrong_checksum_are_refused(cache, monkeypatch):
    monkeypatch.setattr(bundled, "SHA256", "0" * 64)
    with pytest.raises(UserError, match="checksum is wrong"):
        bundled.ctranslate2_folder()
    assert not (cache / "whisper-base-ctranslate2").exists()


def test_a_full_disk_is_one_sentence(tmp_path):
    """A real full disk: a small tmpfs, where this machine lets us mount one."""
    with small_disk(tmp_path, "20m") as small:
        done = subprocess.run(
            [sys.executable, "-m", "speech", "transcribe", __file__],
            env=os.environ | {"ALLO_CACHE": str(small), "LANG": "C"},
            capture_output=True,
            text=True,
        )
        left = [path.name for path in small.iterdir() if path.is_dir()]
    assert (done.returncode, left) == (2, [])
    assert done.stderr.splitlines()[-1].startswith("speech: The disk is full: free 150 MB")
    assert "Traceback" not in done.stderr
