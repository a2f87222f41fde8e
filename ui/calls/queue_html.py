"""A visitor's queue of recordings, a row each: where it stands, why it failed, and what can be done with it."""

from collections import Counter
from collections.abc import Sequence

from ui.calls.call import CANCELLED, DONE, FAILED, HELD, RUNNING, WAITING, Call
from ui.calls.conversation import script
from ui.kit.format import clock, percent
from ui.kit.html import render
from ui.kit.i18n import say, typeset

MARKS = {"cancel": "✕", "again": "↻", "remove": "✕"}

CLICKS = script("queue")


def rows(calls: Sequence[Call], chosen: Call | None, reader: str, refusals: str = "") -> str:
    """The queue; `refusals` is HTML that says what did not come into it."""
    seen, twins = Counter(), {}
    for call in calls:
        seen[call.name] += 1
        twins[call.number] = seen[call.name]
    return render(
        "calls/queue.html",
        reader,
        calls=calls,
        chosen=chosen,
        marks=MARKS,
        twins=twins,
        names={call.number: "".join(c if c.isprintable() else " " for c in call.name) for call in calls},
        states={call.number: _state(call, reader) for call in calls},
        refusals=refusals,
    )


def _state(call: Call, reader: str) -> str:
    if call.status in (FAILED, HELD):
        return typeset(call.error.to(reader))
    if call.status == DONE:
        length, turns = clock(call.transcript.audio.seconds), len(call.turns)
        told = say(reader, "call_done", length=length, turns=str(turns)) if turns else say(reader, "call_silent")
        return f"{told} · {say(reader, 'call_reopened')}" if call.reopened else told
    if call.status == RUNNING and not call.share:
        return say(reader, "call_begins")
    if call.status == RUNNING:
        return percent(100 * call.share, reader, 0)
    key = {WAITING: "call_waiting", CANCELLED: "call_cancelled"}[call.status]
    return say(reader, key, percent=f"{100 * call.share:.0f}")
