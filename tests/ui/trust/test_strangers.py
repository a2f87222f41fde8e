"""Whoever is not the owner starts, stops, deletes, keeps and pushes nothing, by any endpoint, private ones included."""

import json
from itertools import count
from pathlib import Path

import httpx
import pytest

from tests.ui.trust.conftest import finished_run

STRANGER = {"X-Forwarded-For": "203.0.113.9"}  # somebody behind a proxy
TYPED = {"password": "guess", "run_name": "nouveau", "consent": True}
ACTS = ("start_training", "start_curve", "stop", "resume", "really_delete", "prepare", "publish", "keep_turns")
LOGGED = "step 27 of 27"  # in the log of the run
REFUSED = "Only the browser of the machine"

_sessions = count()


class Visitor:
    """A page's session without a page: it calls what the page would call, with whatever values."""

    def __init__(self, address: str, headers: dict[str, str]):
        self.http = httpx.Client(base_url=f"{address}/gradio_api", headers=headers, trust_env=False, timeout=60)
        self.config = httpx.get(f"{address}/config", trust_env=False).json()
        self.session = f"session{next(_sessions)}"
        self.parts = {part["id"]: part for part in self.config["components"]}

    def call(self, endpoints: list[dict], **event) -> dict[int, str]:
        """Calls them all at once; what each gave, as JSON, by its number."""
        asked = {self._join(endpoint, event): endpoint["id"] for endpoint in endpoints}
        given, waiting = {number: "" for number in asked.values()}, set(asked)
        with self.http.stream("GET", "/queue/data", params={"session_hash": self.session}) as lines:
            for line in lines.iter_lines():
                message = json.loads(line[5:]) if line.startswith("data:") else {}
                if message.get("event_id") in asked:
                    given[asked[message["event_id"]]] += line
                if message.get("msg") == "process_completed":
                    waiting.discard(message["event_id"])
                if not waiting:
                    break
        return given

    def _join(self, endpoint: dict, event: dict) -> str:
        asked = {
            "data": [self._value(part) for part in endpoint["inputs"]],
            "fn_index": endpoint["id"],
            "session_hash": self.session,
            "event_data": event or None,
            "trigger_id": endpoint["targets"][0][0] if endpoint["targets"] else None,
        }
        return self.http.post("/queue/join", json=asked).raise_for_status().json()["event_id"]

    def _value(self, part: int):
        """What was typed into a field, else what stands there."""
        label = str(self.parts[part]["props"].get("label"))
        typed = [value for key, value in TYPED.items() if f'"{key}"' in label]
        return typed[0] if typed else self.parts[part]["props"].get("value")

    def button(self, key: str) -> list[dict]:
        """The endpoints of the buttons with this label that call the server first."""
        ids = [part for part, each in self.parts.items() if f'"{key}"' in str(each["props"].get("value"))]
        return [each for each in self.endpoints() if any(target[0] in ids for target in each["targets"])]

    def endpoints(self) -> list[dict]:
        return [each for each in self.config["dependencies"] if each["backend_fn"]]


def files(*folders: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for folder in folders for path in sorted(folder.rglob("*"))}


@pytest.fixture
def kept(places):
    return places["ALLO_RUNS"], places["ALLO_CORPORA"]


def choosing(visitor: Visitor) -> list[dict]:
    """The endpoints by which a training is chosen."""
    return [each for each in visitor.endpoints() if any(target[1] == "choose" for target in each["targets"])]


def looking(visitor: Visitor) -> list[dict]:
    """The endpoints by which a training is seen."""
    run = next(part for part, each in visitor.parts.items() if each["props"].get("elem_id") == "run")
    return [each for each in visitor.endpoints() if run in each["outputs"] and each["targets"]]


def test_a_stranger_changes_nothing_by_any_endpoint(server, kept):
    before = files(*kept)
    stranger = Visitor(server.address, STRANGER)
    assert len(stranger.endpoints()) > 60
    stranger.call(choosing(stranger), name="essai")
    given = stranger.call(stranger.endpoints(), name="essai", row=0, clip="c1", act="clear", call=1)
    for key in ACTS:
        found = [given[each["id"]] for each in stranger.button(key)]
        assert found and any(REFUSED in answer for answer in found), (key, found)
    assert files(*kept) == before
    assert any("polyline" in given[each["id"]] for each in looking(stranger))  # everybody sees how a training goes
    assert not any(LOGGED in answer for answer in given.values())


def test_the_owner_may(server, places):
    """The same call with the same values, from here: the one above would have been seen."""
    finished_run(places["ALLO_RUNS"] / "jetable")
    owner = Visitor(server.address, {})
    owner.call(choosing(owner), name="jetable")
    assert any(LOGGED in answer for answer in owner.call(looking(owner)).values())
    owner.call(owner.button("really_delete"))
    assert not (places["ALLO_RUNS"] / "jetable").exists() and (places["ALLO_RUNS"] / "essai").exists()
