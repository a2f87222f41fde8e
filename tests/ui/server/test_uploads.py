"""What visitors send is on the disk for an hour, and no longer than the server."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from ui.server import uploads
from ui.server.uploads import Uploads

pytestmark = pytest.mark.fast


@pytest.fixture(autouse=True)
def base(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


def sent(name: str, age: float = 0.0) -> Path:
    """A file in the folder of uploads, as if it had come `age` seconds ago."""
    path = Path(os.environ["GRADIO_TEMP_DIR"]) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"words")
    for each in (path, path.parent):
        os.utime(each, (time.time() - age,) * 2)
    return path


def test_a_server_takes_its_uploads_with_it(base):
    with Uploads() as own:
        assert sent("0a1b/call.wav").is_relative_to(own.folder) and own.folder.parent == base
    assert not list(base.iterdir())


def test_a_killed_server_s_uploads_go_when_the_next_one_starts(base):
    killed = base / "server-00"
    (killed / "0a1b").mkdir(parents=True)
    (killed / "0a1b/call.wav").write_bytes(b"words")
    (killed / uploads.LOCK).touch()
    with Uploads() as living, Uploads():
        assert not killed.exists() and living.folder.exists()


@pytest.mark.parametrize("name", ["0a1b/call.wav", "tmpx8f2", "deep/er/call.wav"])
def test_what_is_an_hour_old_is_deleted(base, name):
    old, new = sent(name, age=uploads.LIFETIME + 5), sent(f"new/{name}")
    uploads.sweep()
    assert new.exists() and not old.exists()
    for folder in old.parents:
        os.utime(base, (0, 0))
        if folder != base and folder.is_relative_to(base):
            os.utime(folder, (0, 0))
            uploads.sweep()
            assert not folder.exists()


def test_what_the_page_and_the_sessions_have_stays():
    page, session = sent("0a1b/logo.svg", 9999), sent("visits/0a1b/1/call.wav", 9999)
    with Uploads() as own:
        lock = own.folder / uploads.LOCK
        os.utime(lock, (0, 0))
        uploads.sweep()
        assert lock.exists()
    uploads.sweep({str(page)})
    assert page.exists() and session.exists()


def test_the_same_bytes_are_for_each_who_sent_them(base, tmp_path):
    upload = sent("0a1b/call.wav")
    first, second = base / "visits/1", base / "visits/2"
    for folder in (first, second):
        folder.mkdir(parents=True)
        assert uploads.second_name(upload, folder).read_bytes() == b"words"
    (first / "call.wav").unlink()
    assert upload.exists() and (second / "call.wav").exists()


@pytest.mark.parametrize("path", ["gone.wav", "visits", "", "../elsewhere.wav", "/etc/hostname"])
def test_what_is_no_file_of_a_visitor_is_not_taken(base, tmp_path, path):
    (base.parent / "elsewhere.wav").write_bytes(b"")
    sent("visits/0a1b/call.wav")
    with pytest.raises(FileNotFoundError):
        uploads.second_name(base / path, tmp_path)


def test_the_samples_that_a_page_shows_stay_however_old_they_are(base):
    import gradio as gr

    sample = base.parent / "sample.wav"
    sample.write_bytes(b"words")
    os.utime(sample, (0, 0))
    with Uploads() as own, gr.Blocks():
        gr.Examples([[str(sample)]], gr.Audio(type="filepath"))
        shown = uploads.of_the_page()
        late = sent("0a1b/call.wav", age=uploads.LIFETIME + 5)
        uploads.sweep(shown)
        assert not late.exists() and [path.name for path in own.folder.rglob("*.wav")] == ["sample.wav"]


def test_no_address_is_fetched(monkeypatch, base):
    import gradio as gr
    from gradio import processing_utils

    monkeypatch.setattr(processing_utils, "async_ssrf_protected_get", None)
    uploads.fetching_none()
    named = {"path": "https://example.org/call.wav", "meta": {"_type": "gradio.FileData"}}
    with pytest.raises(gr.Error, match="no address is fetched"):
        asyncio.run(processing_utils.async_move_files_to_cache(named, gr.Audio(type="filepath")))
