"""Many recordings: folders are walked, what is done is skipped by its content, and processes divide it."""

import os
import time
from pathlib import Path

import pytest

from common.messages import UserError
from corpus.prompts import prompt
from speech import archive
from transcripts.transcript import Transcript, Turn

pytestmark = pytest.mark.fast

SOUND = prompt("conf-full")
ALONE = archive.Share(0, 1)
CALLS = {"a.wav": b"1", "a.mp3": b"22", "lundi/a.wav": b"333", "lundi/note.txt": b"", "b.ulaw": b"1"}


class Clerk:
    """Transcribes by the file's size, and counts."""

    def __init__(self):
        self.prepared, self.asked = 0, []

    def prepare(self) -> None:
        self.prepared = 1

    def transcript(self, file: Path) -> Transcript:
        self.asked.append(file.name)
        if not file.read_bytes():
            raise UserError(f"{file} is empty", f"{file} est vide")
        return Transcript.of_turns([Turn(0.0, 1.0, f"{file.stat().st_size} octets")], str(file), "fr")

    def rendered(self, transcript: Transcript) -> bytes:
        return f"{Path(transcript.audio.path).name}: {transcript.text}".encode()


def run(out: Path, calls: Path, clerk: Clerk, share=ALONE, log=lambda _: None, watch=False, **request):
    there = archive.Archive(out, request, {}, share)
    return archive.run(there, [str(calls)], ".txt", clerk, log, watch)


def texts(out: Path) -> dict[str, str]:
    found = {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*.txt")}
    return {name: text for name, text in found.items() if not name.startswith(".allo")}


@pytest.fixture
def calls(tmp_path) -> Path:
    folder = tmp_path / "calls"
    (folder / "lundi").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    for name, content in {
        "a.wav": b"1",
        "a.mp3": b"22",
        "lundi/a.wav": b"333",
        "lundi/note.txt": b"",
        "b.ulaw": b"1",
    }.items():
        (folder / name).write_bytes(content)
    (folder / ".hidden" / "c.wav").write_bytes(b"4444")
    return folder


def test_transcripts_lie_as_the_recordings_do(calls, tmp_path):
    clerk = Clerk()
    assert run(tmp_path / "out", calls, clerk) == (4, 0, 0)
    assert texts(tmp_path / "out") == {
        "a.wav.txt": "a.wav: 1 octets",
        "a.mp3.txt": "a.mp3: 2 octets",
        "b.txt": "b.ulaw: 1 octets",
        "lundi/a.txt": "a.wav: 3 octets",
    }
    assert len(clerk.asked) == 3  # one content has two names


def test_what_is_done_is_skipped_and_what_changed_is_not(calls, tmp_path):
    out, clerk = tmp_path / "out", Clerk()
    run(out, calls, Clerk())
    assert run(out, calls, clerk) == (0, 4, 0) and not clerk.prepared
    (calls / "lundi" / "a.wav").write_bytes(b"55555")
    (out / "b.txt").unlink()
    (calls / "a.mp3").rename(calls / "moved.mp3")  # the other a needs no extension any more
    assert run(out, calls, clerk) == (4, 0, 0) and clerk.asked == ["a.wav"]
    assert texts(out)["lundi/a.txt"] == "a.wav: 5 octets" and texts(out)["moved.txt"] == "moved.mp3: 2 octets"
    clerk = Clerk()
    assert run(out, calls, clerk, words=True) == (4, 0, 0) and len(clerk.asked) == 3  # another request


def test_a_recording_that_is_refused_stops_no_other(calls, tmp_path):
    (calls / "a0.wav").touch()
    (calls / "gone.wav").symlink_to(calls / "nowhere.wav")
    said = []
    assert run(tmp_path / "out", calls, Clerk(), log=said.append) == (4, 0, 2)
    assert "a0.wav is empty" in said[0].en and "gone.wav" in said[1].fr
    with pytest.raises(UserError, match="There is no recording"):
        run(tmp_path / "out", tmp_path / "out", Clerk())


def test_new_recordings_are_waited_for_until_they_are_finished(calls, tmp_path, monkeypatch):
    clerk, looks = Clerk(), []

    def sleep(_: float) -> None:
        looks.append(len(clerk.asked))
        if len(looks) == 1:
            (calls / "new.wav").write_bytes(b"666666")  # is being written
        elif len(looks) == 2:
            os.utime(calls / "new.wav", (0, 0))
        else:
            raise KeyboardInterrupt

    for path in calls.rglob("*.*"):
        os.utime(path, (0, 0))
    monkeypatch.setattr(archive.time, "sleep", sleep)
    assert run(tmp_path / "out", calls, clerk, watch=True) == (5, 4, 0)
    assert looks == [3, 3, 4] and texts(tmp_path / "out")["new.txt"] == "new.wav: 6 octets"


def test_a_death_costs_one_recording(calls, tmp_path):
    class Dies(Clerk):
        def rendered(self, transcript: Transcript) -> bytes:
            if len(self.asked) == 2:
                raise KeyboardInterrupt
            return super().rendered(transcript)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", calls, Dies())
    (lines,) = (tmp_path / "out" / ".allo").glob("done-*.jsonl")
    lines.write_text(lines.read_text() + '\n{"cut sho')
    clerk = Clerk()
    assert run(tmp_path / "out", calls, clerk) == (3, 1, 0) and len(clerk.asked) == 1


def test_processes_divide_ten_thousand_recordings_and_skip_them_soon(tmp_path):
    (tmp_path / "one.wav").write_bytes(SOUND.read_bytes())
    for number in range(10_000):
        folder = tmp_path / "calls" / f"{number // 500}"
        folder.mkdir(parents=True, exist_ok=True)
        os.link(tmp_path / "one.wav", folder / f"{number}.wav")
    shares = [archive.Share(each, 2) for each in range(2)]
    clerk, out = Clerk(), tmp_path / "out"
    done = [run(out, tmp_path / "calls", clerk, share=share) for share in shares]
    assert sum(each.done for each in done) == 10_000 and all(each.done > 4000 for each in done)
    assert len(clerk.asked) == 1  # one content
    started = time.monotonic()
    assert run(out, tmp_path / "calls", clerk) == (0, 10_000, 0)
    assert time.monotonic() - started < 10


def test_a_launch_gives_each_process_its_share_and_its_gpu(monkeypatch):
    for name, value in {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "CUDA_VISIBLE_DEVICES": "5,7"}.items():
        monkeypatch.setenv(name, value)
    assert archive.Share.of_launch() == (3, 4) and os.environ["CUDA_VISIBLE_DEVICES"] == "7"
