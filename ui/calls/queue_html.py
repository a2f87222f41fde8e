"""A visitor's line of recordings, a row each: where it stands, why it failed, and what can be done with it."""

from collections import Counter
from collections.abc import Sequence
from html import escape

from ui.calls.session import CANCELLED, DONE, FAILED, KEPT, RUNNING, WAITING, Call
from ui.kit.format import clock, number
from ui.kit.i18n import say, typeset

MARKS = {"cancel": "✕", "again": "↻", "remove": "✕"}

CLICKS = """
element.addEventListener('click', event => {
  const act = event.target.closest('[data-act]')?.dataset.act ?? 'choose', row = event.target.closest('[data-call]');
  if (row || act === 'clear') trigger('act', {act, call: row ? Number(row.dataset.call) : null});
});
"""


def rows(calls: Sequence[Call], chosen: Call | None, reader: str, refusals: str = "") -> str:
    """The line; `refusals` is HTML that says what did not come into it."""
    deleted = say(reader, "calls_deleted", hours=_hours())
    if not calls:
        return f'{refusals}<p class="privacy">{deleted}</p>'
    names = Counter()
    items = []
    for call in calls:
        names[call.name] += 1
        items.append(_row(call, call is chosen, names[call.name], reader))
    clear = f'<button data-act="clear">{say(reader, "clear_calls")}</button>'
    return f'<ul class="queue">{"".join(items)}</ul>{refusals}<p class="privacy">{deleted} {clear}</p>'


def _hours() -> str:
    return f"{KEPT / 3600:g}"


def _row(call: Call, chosen: bool, twin: int, reader: str) -> str:
    current = ' aria-current="true"' if chosen else ""
    name = escape("".join(c if c.isprintable() else " " for c in call.name)) + (
        f" <small>({twin})</small>" if twin > 1 else ""
    )
    bar = f'<progress value="{call.share:.3f}" max="1"></progress>' if call.status == RUNNING else ""
    acts = ["again", "remove"] if call.over else ["cancel"]
    buttons = "".join(
        f'<button data-act="{act}" title="{say(reader, f"call_{act}")}" aria-label="{say(reader, f"call_{act}")}">'
        f"{MARKS[act]}</button>"
        for act in acts
    )
    return (
        f'<li data-call="{call.number}" class="{call.status}"{current}><button class="name">{name}</button>'
        f'<span class="acts">{buttons}</span><p class="told">{_told(call, reader)}</p>{bar}</li>'
    )


def _told(call: Call, reader: str) -> str:
    percent = number(100 * call.share, reader, 0)
    if call.status == FAILED:
        return escape(typeset(call.why.to(reader)))
    if call.status == DONE:
        length, turns = clock(call.transcript.audio.seconds), len(call.turns)
        return say(reader, "call_done", length=length, turns=str(turns)) if turns else say(reader, "call_silent")
    if call.status == RUNNING and not call.share:
        return say(reader, "call_begins")
    told = {WAITING: "call_waiting", RUNNING: "call_running", CANCELLED: "call_cancelled"}[call.status]
    return say(reader, told, percent=percent)
