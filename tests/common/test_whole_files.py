"""Files and folders that are written whole or not at all."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.files import beside, clear_left_over, new_folder, write_bytes, write_json, write_text

pytestmark = pytest.mark.fast


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read_back(tmp_path):
    write_bytes(tmp_path / "a", b"\0\r\n")
    write_text(tmp_path / "b", "été\r\n")
    write_json(tmp_path / "c", {"é": [1]}, indent=None)
    assert (tmp_path / "a").read_bytes() == b"\0\r\n"
    assert (tmp_path / "b").read_bytes() == "été\r\n".encode()
    assert (tmp_path / "c").read_text(encoding="utf-8") == '{"é": [1]}\n'
    assert names(tmp_path) == ["a", "b", "c"]


def test_a_new_file_may_be_read_by_whom_the_umask_lets(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    (tmp_path / "usual folder").mkdir()
    write_bytes(tmp_path / "ours", b"")
    with new_folder(tmp_path / "our folder"):
        pass
    modes = {path.name: path.stat().st_mode for path in tmp_path.iterdir()}
    assert modes["ours"] == modes["usual"] and modes["our folder"] == modes["usual folder"]


def test_an_error_leaves_what_there_was(tmp_path):
    (tmp_path / "file").write_text("before")
    with pytest.raises(ZeroDivisionError), beside(tmp_path / "file") as new:
        new.write_text("half")
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "folder") as new:
        (new / "half").write_text("half")
        raise ZeroDivisionError
    with pytest.raises(OSError), beside(tmp_path / "nothing"):
        pass
    assert names(tmp_path) == ["file"] and (tmp_path / "file").read_text() == "before"


def test_a_folder_takes_an_empty_place_and_no_other(tmp_path):
    for name, there in (("empty", ()), ("full", ("theirs",))):
        (tmp_path / name).mkdir()
        for file in there:
            (tmp_path / name / file).touch()
    with new_folder(tmp_path / "empty") as new:
        (new / "ours").touch()
    with pytest.raises(OSError), new_folder(tmp_path / "full") as new:
        (new / "ours").touch()
    assert names(tmp_path) == ["empty", "full"]
    assert names(tmp_path / "empty") == ["ours"] and names(tmp_path / "full") == ["theirs"]


def test_what_a_death_left_is_removed_and_nothing_else(tmp_path):
    for name in ("[a]", ".[a].0dead0.part", ".[a].b.0dead0", ".a.0dead0", ".[a].notes"):
        (tmp_path / name).touch()
    (tmp_path / ".[a].0dead0").mkdir()
    clear_left_over(tmp_path / "[a]")
    assert names(tmp_path) == [".[a].b.0dead0", ".[a].notes", ".a.0dead0", "[a]"]


def test_a_reader_never_meets_half_a_file(tmp_path):
    path, done = tmp_path / "state.json", threading.Event()
    write_json(path, {"step": 0})

    def write(writer):
        for step in range(200):
            write_json(path, {"step": step, "writer": writer, "padding": "x" * 5000})

    def read():
        while not done.is_set():
            json.loads(path.read_text())
        return True

    with ThreadPoolExecutor(3) as threads:
        reader = threads.submit(read)
        list(threads.map(write, range(2)))  # two threads of one process, too
        done.set()
        assert reader.result()
    assert names(tmp_path) == ["state.json"]
