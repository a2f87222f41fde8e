"""A model is built once, whole or not at all."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.cache import built_once, sha256
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


def test_the_embedded_model_is_joined_and_mended(cache):
    folder = bundled.ctranslate2_folder()
    weights = folder / "model.bin"
    assert weights.stat().st_size == 145_217_532
    with open(weights, "r+b") as file:
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
    assert (bundled.transformers_folder() / "model.safetensors").stat().st_size > 290_000_000


def test_weights_with_a_wrong_checksum_are_refused(cache, monkeypatch):
    monkeypatch.setattr(bundled, "SHA256", "0" * 64)
    with pytest.raises(UserError, match="checksum is wrong"):
        bundled.ctranslate2_folder()
    assert not (cache / "whisper-base-ctranslate2").exists()


def test_a_full_disk_is_told_in_one_sentence(tmp_path):
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
