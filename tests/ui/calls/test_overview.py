"""The calls of a visit together."""

import pytest

from common.messages import UserError
from transcripts.transcript import AudioFacts, Transcript, Turn, Word
from ui.calls import overview
from ui.calls.call import DONE, Call, CallOptions

pytestmark = pytest.mark.fast


def call(number: int, name: str, *turns: tuple[float, float, str, str]) -> Call:
    made = Call(number, name, None, None, CallOptions(), status=DONE)
    found = [
        Turn(start, end, text, 0.9, "AB".index(speaker), speaker, (Word(start, end, text, 0.4),))
        for start, end, speaker, text in turns
    ]
    made.update(Transcript(AudioFacts(name, 20, 8000, 2, "pcm"), "fr", "m", None, "e", found), 1.0)
    return made


ONE = call(1, "2025-11-28_zoe_12.wav", (0, 4, "A", "bonjour"), (5, 6, "A", "allô"), (8, 9, "B", "le contrat, contrats"))
OTHER = call(2, "autre.wav", (0, 1, "B", "Contrat"))


def test_figures_of_a_call():
    ONE.edit({"kind": "name", "speaker": "A", "name": "Zoé"})
    row = overview.row(ONE, ["contrat", "résilier"], "{date}_{agent}_{number}")
    assert (row.seconds, row.monologue, row.wait) == (20, 6, 2)
    assert row.watched == {"contrat": 1, "résilier": 0} and set(row.talk) == {"Zoé", "B"}
    assert row.fields == {"date": "2025-11-28", "agent": "zoe", "number": "12"}
    assert overview.row(OTHER, (), "{date}_{agent}").fields == {"date": "", "agent": ""}
    assert overview.row(OTHER).wait is None and overview.row(OTHER).doubt == 1.0
    ONE.edit({"kind": "text", "turn": 2, "text": "rien"})
    after = overview.row(ONE, ["contrat"])
    assert (after.silence, after.monologue, after.watched) == (row.silence, row.monologue, {"contrat": 0})
    ONE.edit({"kind": "undo"})


def test_calls_are_sorted_and_found():
    rows = [overview.row(each, ["contrat"]) for each in (ONE, OTHER)]
    assert [row.call.number for row in overview.ordered(rows, "name")] == [1, 2]
    assert [row.call.number for row in overview.ordered(rows, "doubt")] == [1, 2]
    assert [row.call.number for row in overview.ordered(rows, "silence")] == [2, 1]
    assert [row.call.number for row in overview.ordered(rows, "order", "AUTRE")] == [2]
    found = overview.places(((each, each.turns) for each in (ONE, OTHER)), "contrat")
    assert [(place.call.number, place.turn, place.found) for place in found] == [
        (1, 2, "contrat"),
        (1, 2, "contrat"),
        (2, 0, "Contrat"),
    ]
    table = overview.as_csv(rows, "fr", "excel-fr").decode("utf-8-sig").splitlines()
    assert table[0].startswith("Appel;Durée;") and table[0].endswith(";contrat")
    assert table[2].startswith("autre.wav;20;")


@pytest.mark.parametrize("pattern", ["no field", "{a}{b}", "{a}_{a}"])
def test_a_pattern_that_says_nothing_is_refused(pattern):
    with pytest.raises(UserError):
        overview.check_pattern(pattern)


def test_which_side_is_the_agent_is_remembered_and_a_name_goes_first():
    made = call(3, "c.wav", (0, 1, "A", "oui"), (1, 2, "B", "non"))
    made.usual = {"B": "Agent", "A": "Client"}
    assert [made.name_of(speaker) for speaker in ("A", "B", None)] == ["Client", "Agent", None]
    made.edit({"kind": "swap"})
    assert [made.name_of(speaker) for speaker in "AB"] == ["Agent", "Client"]
    made.edit({"kind": "name", "speaker": "A", "name": "Zoé"})
    assert [made.name_of(speaker) for speaker in "AB"] == ["Zoé", "Client"]
