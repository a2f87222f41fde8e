"""While calls are transcribed the browser is sent what has changed, not the whole, and last what is there."""

import asyncio
import json
from collections.abc import Iterable, Iterator

import pytest
from gradio.utils import diff

from common.messages import Message
from transcripts.transcript import Transcript, Turn
from ui.calls import conversation, queue_html, tab
from ui.calls.call import FAILED, RUNNING, Call, CallOptions
from ui.calls.session import CallSession
from ui.calls.tab import Screen
from ui.kit.events import Press
from ui.kit.html import items

pytestmark = pytest.mark.fast


def sent(shown: Iterable[list[str]]) -> tuple[int, int]:
    """Bytes of what is shown at first, and of all the changes after it, as gradio sends them."""
    first, *later = shown
    changes = [diff(before, after) for before, after in zip([first, *later], later, strict=False)]
    return len(json.dumps(first)), sum(len(json.dumps(change)) for change in changes)


def queue(count: int) -> Iterator[list[str]]:
    """The queue while each of its recordings is begun, and turns out to be none."""
    calls = [Call(n, f"call-{n}.wav", None, None, CallOptions()) for n in range(1, count + 1)]
    yield items(queue_html.rows(calls, calls[0], "fr"))
    for call in calls:
        for call.status in (RUNNING, FAILED):
            call.error = Message("no sound", "aucun son") if call.status == FAILED else None
            yield items(queue_html.rows(calls, calls[0], "fr"))


def growing(count: int) -> Iterator[list[str]]:
    """A call of which one turn after the other is transcribed."""
    call = Call(1, "call.wav", None, None, CallOptions(), status=RUNNING)
    turns = [
        Turn(2.0 * n, 2.0 * n + 1.5, f"Bonjour, ceci est la phrase {n}.", speaker="AB"[n % 2]) for n in range(count)
    ]
    for n in range(1, count):
        call.update(Transcript.of_turns([*turns[:n], turns[-1]]), n / count)
        yield items(conversation.dialogue(call, call.transcript, False, "fr"))


def test_a_queue_is_sent_once_and_then_its_changes():
    whole, changes = sent(queue(100))  # 200 changes, which were 200 times the whole
    assert whole > 25_000 and changes < 4 * whole


def test_a_conversation_is_sent_in_proportion_to_its_length():
    _, short = sent(growing(25))
    _, long = sent(growing(100))
    assert long < 6 * short


def test_what_is_cleared_while_a_call_is_drawn_stays_cleared(monkeypatch, tmp_path):
    """The answer to the press may reach the page before what was drawn until then."""
    visit = CallSession()
    for number in (1, 2):
        folder = tmp_path / str(number)
        visit.calls.append(Call(number, "call.wav", folder, None, CallOptions(), folder))

    async def transcribing(session: CallSession):
        yield session.calls[0]

    async def shown() -> list[Screen]:
        screens = []
        async for screen in tab._transcribe(None):
            screens.append(screen)
            if len(screens) == 2:
                tab._act(None, Press(None, {"act": "clear"}))
        return screens

    monkeypatch.setattr(tab, "session_of", lambda _: visit)
    monkeypatch.setattr(tab, "reader_of", lambda _: "fr")
    monkeypatch.setattr(tab.transcription, "transcribe_waiting", transcribing)
    _, drawn, last = asyncio.run(shown())
    assert "call.wav" in str(drawn.queue) and "call.wav" not in str(last.queue)
