"""The journal of edits, and the work file that holds it."""

import json
import random
from dataclasses import replace

import pytest

from common.messages import UserError
from transcripts import work_file
from transcripts.edits import UNDO, Journal
from transcripts.formats import write
from transcripts.transcript import Alternative, Transcript, Turn, Word
from transcripts.work_file import Work

pytestmark = pytest.mark.fast


def turn(start: float, text: str, speaker: str) -> Turn:
    words = tuple(Word(start + at, start + at + 1, word, 0.5 + at / 10) for at, word in enumerate(text.split()))
    return Turn(start, words[-1].end, text, 0.6, "AB".index(speaker), speaker, words)


MACHINE = (turn(0, "allô bonjour madame", "A"), turn(3, "oui bonjour", "B"), turn(6, "je vous écoute", "B"))


def texts(*entries: dict) -> list[str]:
    return [each.text for each in Journal(MACHINE, entries).turns]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            {"kind": "text", "turn": 1, "text": " oui\nbonsoir "},
            ["allô bonjour madame", "oui bonsoir", "je vous écoute"],
        ),
        ({"kind": "split", "turn": 0, "at": 5}, ["allô", "bonjour madame", "oui bonjour", "je vous écoute"]),
        ({"kind": "split", "turn": 0, "at": 7}, ["allô bo", "njour madame", "oui bonjour", "je vous écoute"]),
        ({"kind": "merge", "turn": 2}, ["allô bonjour madame", "oui bonjour je vous écoute"]),
        ({"kind": "insert", "turn": 1, "speaker": "B"}, ["allô bonjour madame", "", "oui bonjour", "je vous écoute"]),
        ({"kind": "delete", "turn": 0}, ["oui bonjour", "je vous écoute"]),
        ({"kind": "texts", "texts": [[0, "non"], [2, "si"]]}, ["non", "oui bonjour", "si"]),
    ],
)
def test_each_edit_is_undone_and_done_again(entry, expected):
    before = [each.text for each in MACHINE]
    assert texts(entry) == expected
    assert texts(entry, {"kind": "undo"}) == before
    assert texts(entry, {"kind": "undo"}, {"kind": "redo"}) == expected
    assert texts(entry, {"kind": "machine"}) == before
    assert texts(entry, {"kind": "machine"}, {"kind": "undo"}) == expected


def test_alternatives_stay_with_the_words_that_nobody_changed():
    words = tuple(replace(word, alternatives=(Alternative("bon jour", 0.3),)) for word in MACHINE[0].words)
    machine = [replace(MACHINE[0], words=words), *MACHINE[1:]]
    split, text = {"kind": "split", "turn": 0, "at": 7}, {"kind": "text", "turn": 0, "text": "allô bonsoir madame"}
    for entries, kept in (
        ([split], "allô madame"),
        ([text], "allô madame"),
        ([split, {"kind": "merge", "turn": 1}], "allô madame"),
    ):
        found = [word.text for turn in Journal(machine, entries).turns for word in turn.words if word.alternatives]
        assert found == kept.split()
    held = work_file.read(work_file.write(Work("a.wav", "0", Transcript.of_turns(machine), Journal(machine))))
    assert held.machine.turns == machine and "alternatives" not in write(Transcript.of_turns(MACHINE), "json").decode()


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "text", "turn": 9, "text": "x"},
        {"kind": "text", "turn": 0, "text": "  "},
        {"kind": "split", "turn": 0, "at": 0},
        {"kind": "split", "turn": 0, "at": 99},
        {"kind": "merge", "turn": 0},
        {"kind": "delete", "turn": -1},
        {"kind": "undo"},
        {"kind": "redo"},
        {"kind": "machine"},
    ],
)
def test_what_finds_nothing_to_do_changes_nothing(entry):
    assert Journal(MACHINE, [entry]).state == Journal(MACHINE).state
    split = {"kind": "split", "turn": 0, "at": 5}
    assert texts(split, entry, {"kind": "undo"}) == texts() or entry["kind"] in ("undo", "machine", "delete", "text")


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        {"kind": "dance"},
        {"kind": "text", "turn": "1", "text": "x"},
        {"kind": "text", "turn": True, "text": "x"},
        {"kind": "text", "turn": 1},
        {"kind": "undo", "turn": 1},
        {"kind": "texts", "texts": [[1]]},
    ],
)
def test_what_is_no_entry_is_refused_and_changes_nothing(entry):
    journal = Journal(MACHINE)
    with pytest.raises(ValueError):
        journal.add(entry)
    assert not journal.entries and journal.turns == list(MACHINE)


def test_a_journal_is_no_means_to_keep_a_server_busy():
    journal = Journal(MACHINE)
    with pytest.raises(ValueError, match="characters"):
        for _ in range(1000):
            journal.add({"kind": "texts", "texts": [[9, "x" * 5000]]})
    assert len(journal.entries) == 400


def test_a_split_cuts_time_and_words_and_a_merge_mends_them():
    left, right, *_ = Journal(MACHINE, [{"kind": "split", "turn": 0, "at": 5}]).turns
    assert (left.start, left.end, right.start, right.end) == (0, 1, 1, 3)
    assert left.words + right.words == MACHINE[0].words
    whole = Journal(MACHINE, [{"kind": "split", "turn": 0, "at": 5}, {"kind": "merge", "turn": 1}]).turns[0]
    assert whole == MACHINE[0]
    left, right, *_ = Journal(MACHINE, [{"kind": "split", "turn": 0, "at": 7}]).turns
    assert [word.text for word in left.words + right.words] == ["allô", "bo", "njour", "madame"]
    assert right.words[-1] == MACHINE[0].words[-1] and left.words[-1].confidence == MACHINE[0].words[1].confidence


def test_corrected_words_are_timed_and_sure_and_the_turn_is_right():
    journal = Journal(MACHINE, [{"kind": "text", "turn": 1, "text": "oui bonsoir"}])
    edited = journal.state.turns[1]
    assert edited.checked and edited.turn.words == (MACHINE[1].words[0], Word(4, 5, "bonsoir", 1.0))
    journal.add({"kind": "check", "turn": 1, "on": False})
    assert not journal.state.turns[1].checked


def test_names_are_given_exchanged_and_undone():
    journal = Journal(MACHINE, [{"kind": "name", "speaker": "A", "name": ' Marie  "fils" '}, {"kind": "swap"}])
    assert journal.state.names == {"A": "B", "B": 'Marie "fils"'}
    journal.add({"kind": "undo"})
    assert journal.state.names == {"A": 'Marie "fils"'}


def some(state, chance: random.Random) -> dict:
    place = chance.randrange(-1, len(state.turns) + 1)
    return chance.choice(
        [
            {"kind": "text", "turn": place, "text": chance.choice(["", "é", "a b c d", "oui 🙂 non"])},
            {"kind": "check", "turn": place, "on": chance.random() < 0.5},
            {"kind": "split", "turn": place, "at": chance.randrange(12)},
            {"kind": "merge", "turn": place},
            {"kind": "speaker", "turn": place, "speaker": chance.choice("ABC")},
            {"kind": "insert", "turn": place, "speaker": chance.choice("AB")},
            {"kind": "delete", "turn": place},
            {"kind": "name", "speaker": "A", "name": chance.choice(["", "Zoé"])},
            *({"kind": kind} for kind in ("swap", "machine", "undo", "redo")),
        ]
    )


@pytest.mark.parametrize("seed", range(20))
def test_any_journal_is_the_same_out_of_its_file_and_can_be_undone_whole(seed):
    chance, journal = random.Random(seed), Journal(MACHINE)
    for _ in range(200):
        journal.add(some(journal.state, chance))
        for each in journal.turns:
            assert each.start <= each.end
            assert not each.words or "".join(word.text for word in each.words) == each.text.replace(" ", "")
    machine = Transcript.of_turns(MACHINE, "a.wav")
    again = work_file.read(work_file.write(Work("a.wav", "ab" * 32, machine, journal)))
    assert again.journal.state == journal.state and again.machine.turns == list(MACHINE)
    for _ in range(UNDO):
        journal.add({"kind": "undo"})
    assert journal.state == Journal(MACHINE).state


def test_500_entries_can_be_undone():
    journal = Journal(MACHINE)
    for at in range(UNDO + 7):
        journal.add({"kind": "text", "turn": 0, "text": f"numéro {at}"})
    for _ in range(UNDO + 7):
        journal.add({"kind": "undo"})
    assert journal.turns[0].text == "numéro 6"


WORK = work_file.write(
    Work("a.wav", "ab" * 32, Transcript.of_turns(MACHINE, "a.wav"), Journal(MACHINE, [{"kind": "swap"}]))
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (WORK[:-40], "cut short"),
        (WORK.replace(b'"version": 1', b'"version": 2'), "version 2"),
        (WORK.replace(b'"swap"', b'"dance"'), "earlier copy"),
        (WORK.replace(b'"machine"', b'"engine"'), "earlier copy"),
        (WORK.replace(b'"entries": [', b'"entries": [[], '), "earlier copy"),
        (WORK.replace(b'"text": "oui bonjour"', b'"text": 5, "start": "x"'), "earlier copy"),
        (json.dumps({"allo": "work", "version": 1}).encode(), "earlier copy"),
        (b"[" + WORK + b"]", "earlier copy"),
        (WORK[:-1] + b', "more": ' + b"[" * 100_000, "cut short"),
    ],
)
def test_a_work_file_that_cannot_be_opened_is_said(content, said):
    assert work_file.is_work(content)
    with pytest.raises(UserError, match=said):
        work_file.read(content)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_work_file_that_an_editor_saved_anew_is_opened(encoding):
    """With other spaces and line ends, its keys in another order."""
    held = json.dumps(json.loads(WORK), indent=2, sort_keys=True).replace("\n", "\r\n").encode(encoding)
    assert work_file.is_work(held) and work_file.read(held).journal.state == work_file.read(WORK).journal.state
    said = Transcript.of_turns([Turn(0, 1, 'elle dit "allo": "work"')])
    assert not work_file.is_work(write(said, "json"))
