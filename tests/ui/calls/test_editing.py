"""What the page's script asks of the server: corrections are saved once, in their order, and go on with a work file."""

import wave
from pathlib import Path
from types import SimpleNamespace

import pytest
from gradio import Request

from common.messages import UserError
from transcripts import work_file
from transcripts.edits import Journal
from transcripts.transcript import AudioFacts, Transcript, Turn, Word
from transcripts.work_file import Work
from ui.calls import doubt, session
from ui.calls.call import DONE, Call, CallOptions
from ui.calls.editing import make_file, save_edits, work_of
from ui.calls.session import CallSession
from ui.calls.tab import _drop

pytestmark = pytest.mark.fast

TOKEN = "cd" * 16
READER = SimpleNamespace(headers={"accept-language": "fr"})
RIGHT = {"kind": "text", "turn": 1, "text": "oui c'est juste"}
SPLIT = {"kind": "split", "turn": 0, "at": 4}


def transcript() -> Transcript:
    words = tuple(Word(at, at + 1, text, (at + 1) / 10) for at, text in enumerate(("allô", "🙂", "bonjour")))
    turns = [Turn(0, 3, "allô 🙂 bonjour", 0.4, 0, "A", words), Turn(3, 5, "oui", 0.9, 1, "B")]
    return Transcript(AudioFacts("a.wav", 5, 8000, 2, "pcm_mulaw"), "fr", "m", None, "e", turns)


@pytest.fixture
def visit(monkeypatch, tmp_path) -> CallSession:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    visit = session.resume(TOKEN, Request(session_hash="page"))
    visit.clear()
    dropped(visit, tmp_path, b"sound")
    return visit


def dropped(visit: CallSession, folder: Path, sound: bytes, name: str = "a.wav") -> Call:
    (folder / name).write_bytes(sound)
    call = visit.add(folder / name, CallOptions())
    call.update(transcript(), 1.0)
    call.status = DONE
    return call


def save(call: Call, first: int, *entries: dict, **other) -> dict:
    asked = {"token": TOKEN, "call": call.number, "era": call.era, "from": first, "total": 2, "entries": [*entries]}
    return save_edits(asked | other, READER)


def test_entries_are_saved_once_and_what_has_changed_comes_back(visit):
    (call,) = visit.calls
    answer = save(call, 0, RIGHT)
    assert (answer["saved"], answer["at"], answer["total"]) == (1, 1, 2)
    assert [(turn["text"], turn["checked"]) for turn in answer["turns"]] == [("oui c'est juste", True)]
    assert answer["names"] == {"A": "Voix A", "B": "Voix B"}
    assert save(call, 0, RIGHT, SPLIT, total=3)["saved"] == 2  # the answer before was lost
    assert [turn.text for turn in call.turns] == ["allô", "🙂 bonjour", "oui c'est juste"]
    assert len(save(call, 2, {"kind": "undo"}, total=99)["turns"]) == 2  # a page that has lost its way gets all
    assert call.transcribed == transcript().turns


def test_what_cannot_be_saved_is_told(visit):
    (call,) = visit.calls
    save(call, 0, RIGHT)
    assert save(call, 0, SPLIT)["trouble"] == save(call, 5, SPLIT)["trouble"] == "conflict"
    assert save(call, 1, {"kind": "dance"})["trouble"] == "conflict"
    assert save(call, 1, SPLIT, era="before")["trouble"] == save(call, 1, SPLIT, token="no")["trouble"] == "gone"
    assert save(call, 1, entries="?")["trouble"] == save(call, True, SPLIT)["trouble"] == "conflict"
    assert save_edits({}, READER)["trouble"] == save_edits(None, READER)["trouble"] == "gone"
    era = call.era
    call.again(CallOptions())
    assert save(call, 1, SPLIT, era=era)["trouble"] == "gone"
    assert work_of({"token": TOKEN, "call": 99, "era": era})["trouble"] == "gone"


def test_files_are_made_when_they_are_asked_for(visit):
    (call,) = visit.calls
    visit.chosen = call
    assert not (call.folder / "texts").exists()
    save(call, 0, RIGHT, {"kind": "insert", "turn": 2, "speaker": "A"})
    made = make_file({"token": TOKEN, "format": "txt"}, READER)
    assert made["name"] == "a.txt" and (call.folder / "texts/a.txt").read_text().endswith("B : oui c'est juste\n")
    assert make_file({"token": TOKEN, "format": "zip"}, READER)["name"].endswith(".zip")
    assert "n'existe pas" in make_file({"token": TOKEN, "format": "x"}, READER)["error"].replace("’", "'")
    assert "error" in make_file({"token": "no", "format": "txt"}, READER)


def test_a_work_file_goes_on_with_and_without_its_recording(visit, tmp_path):
    (call,) = visit.calls
    save(call, 0, RIGHT, {"kind": "name", "speaker": "A", "name": 'Zoé "<b>" 🙂'})
    made = make_file({"token": TOKEN, "format": "work"}, READER)
    content = (call.folder / "texts" / made["name"]).read_bytes()
    state = call.journal.state
    assert visit.add_work(work_file.read(content)) is call and call.journal.state == state  # pressed twice
    save(call, 2, {"kind": "check", "turn": 1, "on": True})
    with pytest.raises(UserError, match="corrections here already"):
        visit.add_work(work_file.read(content))
    visit.clear()
    alone = visit.add_work(work_file.read(content))
    assert alone.path is None and alone.journal.state == state and alone.name_of("A") == 'Zoé "<b>" 🙂'
    assert not visit.namesakes()
    dropped(visit, tmp_path, b"another sound")
    assert visit.namesakes() == ["a.wav"]
    (tmp_path / "other name.wav").write_bytes(b"sound")
    assert visit.add(tmp_path / "other name.wav", CallOptions()) is alone and alone.path.is_file()
    assert alone.journal.state == state


def test_the_least_sure_words_are_doubtful_where_browsers_count_them():
    turns = transcript().turns
    assert doubt.limit(turns, 0.4) == pytest.approx(0.4 * 0.2)
    assert doubt.places(turns[0], 0.4 * 0.25) == [(0, 4, ()), (5, 7, ())]  # an emoji is two
    assert doubt.places(turns[1], 1.0) == [] and doubt.limit([]) == 0.0


def test_a_call_that_comes_again_waits_for_no_transcription(visit, tmp_path):
    machine = transcript()
    (tmp_path / "b.wav").write_bytes(b"known")
    call = visit.add(tmp_path / "b.wav", CallOptions())
    assert visit.next() is call
    work = Work("b.wav", call.sound_hash, machine, Journal(machine.turns, [RIGHT]))
    assert visit.add_work(work) is call and call.status == DONE and visit.next() is None


def test_a_transcript_goes_on_beside_its_recording(visit, tmp_path):
    visit.clear()
    with wave.open(str(tmp_path / "b.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(32000))
    (tmp_path / "d.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:02.000\nPerdu\n")
    (tmp_path / "d.wav").write_bytes(b"no sound")
    (tmp_path / "b.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nAllô oui\n")
    (tmp_path / "c.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nSeul\n")
    files = [str(tmp_path / name) for name in ("c.srt", "b.srt", "b.wav", "d.vtt", "d.wav")]
    how = {"channels": "auto", "speakers": 0, "language": "fr", "adapter": ""}
    _drop(files, SimpleNamespace(session_hash="page", headers=READER.headers), **how)
    beside, broken, alone, *_ = visit.calls
    assert "d.wav" in visit.refusals and broken.path is None and broken.turns[0].text == "Perdu"
    assert (beside.name, beside.status, beside.turns[0].text) == ("b.wav", DONE, "Allô oui") and beside.path
    assert (alone.name, alone.path, alone.turns[0].text) == ("c.srt", None, "Seul") and visit.next() is None
