"""What the page's script asks of the server while a call is corrected: to save, and to give files.

Each function takes one object, with the token of the browser's tab, and gives one. `trouble` in the answer is the key
of a sentence that the page has: "gone" where the visit or the call is not here any more, "conflict" where another page
has corrected the same call.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr

from common.messages import UserError
from transcripts.edits import Edited, Journal
from ui.calls import conversation, doubt, downloads, overview
from ui.calls.call import Call
from ui.calls.replacing import Wanted, count, replaced
from ui.calls.session import CallSession, of_tab
from ui.kit.errors import for_visitors, refused
from ui.kit.html import render
from ui.kit.i18n import reader_of, say, typeset

Asked = dict[str, Any]  # anybody can send anything: a value of another kind counts as none
GONE, CONFLICT = {"trouble": "gone"}, {"trouble": "conflict"}


def save_edits(asked: Asked, request: gr.Request) -> dict:
    """Adds entries to a call's journal: how many it has then, and the turns that are not as they were.

    `from` says how many the page believes to be saved, and `total` how many turns it has. Entries that came before,
    because an answer was lost, are not added again.
    """
    session, call = _found(asked)
    if session is None or call is None:
        return GONE
    with session.lock:
        first, entries, journal = _number(asked, "from"), asked.get("entries"), call.journal
        have = len(journal.entries)
        if (
            not isinstance(entries, list)
            or not 0 <= first <= have
            or journal.entries[first:] != entries[: have - first]
        ):
            return CONFLICT
        before = journal.state.turns
        try:
            call.edit(*entries[have - first :])
        except ValueError:
            return CONFLICT
        return {"saved": len(journal.entries)} | _changed(
            call, journal, before, _number(asked, "total"), reader_of(request)
        )


def _changed(call: Call, journal: Journal, before: tuple[Edited, ...], total: int, reader: str) -> dict:
    """The turns between the first that has changed and the last; all where the page has not as many."""
    now, head, tail = journal.state.turns, 0, 0
    if total == len(now):
        room = min(len(before), len(now))
        while head < room and before[head] is now[head]:
            head += 1
        while tail < room - head and before[-1 - tail] is now[-1 - tail]:
            tail += 1
    limit = doubt.limit(call.transcribed)
    turns = [_light(each, limit) for each in now[head : len(now) - tail]]
    names = {speaker: conversation.name_of(call, speaker, reader) for speaker in conversation.speakers(call)}
    return {"at": head, "turns": turns, "total": len(now), "names": names}


def _light(edited: Edited, limit: float) -> dict:
    """A turn as the page's script has it."""
    turn = edited.turn
    return {
        "start": round(turn.start, 2),
        "end": round(turn.end, 2),
        "speaker": turn.speaker or "",
        "text": turn.text,
        "checked": edited.checked,
        "doubt": conversation.doubtful(turn, limit),
    }


def work_of(asked: Asked) -> dict:
    """What a work file holds of the call: what the machine wrote, and the journal."""
    from transcripts import work_file

    session, call = _found(asked)
    if session is None or call is None:
        return GONE
    with session.lock:
        return work_file.body(downloads.work(call))


def count_matches(asked: Asked) -> dict:
    """How often what is looked for stands in the chosen call, or in all, and in how many calls."""
    session = of_tab(_text(asked, "token"))
    if session is None:
        return GONE
    with session.lock:
        found = [count(call.journal.state.turns, _wanted(asked)) for call in _searched(session, asked)]
    return {"count": sum(found), "calls": sum(map(bool, found))}


def replace_all(asked: Asked) -> dict:
    """Replaces in the calls that are not shown, and gives the entry by which the page does it in the one that is."""
    session = of_tab(_text(asked, "token"))
    if session is None:
        return GONE
    wanted, put = _wanted(asked), _text(asked, "put")
    with session.lock:
        entry = None
        for call in _searched(session, asked):
            made = replaced(call.journal.state.turns, wanted, put)
            if call is session.chosen:
                entry = made
            elif made["texts"]:
                call.edit(made)
        return {"entry": entry}


def _wanted(asked: Asked) -> Wanted:
    how = {name: asked.get(name) is True for name in ("case", "accents", "words")}
    return Wanted(_text(asked, "find"), **how)


def _searched(session: CallSession, asked: Asked) -> list[Call]:
    calls = session.calls if asked.get("everywhere") is True else [session.chosen]
    return [call for call in calls if call and call.journal]


def see_all(asked: Asked, request: gr.Request) -> dict:
    """The table of all calls and the places where something is said, as HTML; what is watched for is remembered."""
    session, reader = of_tab(_text(asked, "token")), reader_of(request)
    if session is None:
        return GONE
    find, pattern = _text(asked, "find"), _text(asked, "pattern")
    try:
        overview.check_pattern(pattern)
    except UserError as refusal:
        return {"html": refused(refusal, reader)}
    with session.lock:
        session.watched = overview.watched(_text(asked, "watch"))
        session.pattern = pattern
        rows = overview.ordered(session.rows(), _text(asked, "sort"), find)
        shown = ((row.call, downloads.shown(row.call, session).turns) for row in rows) if find.strip() else ()
        found = overview.places(shown, find)
        return {"html": render("calls/all.html", reader, rows=rows, places=found, find=find, shares=overview.shares)}


def make_file(asked: Asked, request: gr.Request) -> dict:
    """Makes a file of the chosen call, or the ZIP of all: its name and address, or what is wrong."""
    session, reader = of_tab(_text(asked, "token")), reader_of(request)
    if session is None:
        return {"error": say(reader, "edits_gone")}
    try:
        with session.lock:
            made = _made(session, _text(asked, "format"), reader)
    except UserError as refusal:
        return {"error": typeset(for_visitors(refusal.message).to(reader))}
    if made is None:
        return {"error": say(reader, "nothing_to_download")}
    return {"name": made.name, "address": f"gradio_api/file={quote(str(made))}"}


def _made(session: CallSession, format: str, reader: str) -> Path | None:
    call = session.chosen
    if format == "zip":
        return downloads.bundle(session, reader)
    if call is None or not call.over or not call.turns:
        return None
    return downloads.work_file(call) if format == "work" else downloads.file(call, session, format, reader)


def _found(asked: Asked) -> tuple[CallSession | None, Call | None]:
    """The session of the tab that asks, and its call of this era."""
    session = of_tab(_text(asked, "token"))
    call = session.call(_number(asked, "call")) if session else None
    return session, call if call and call.journal and call.era == _text(asked, "era") else None


def _text(asked: Asked, name: str) -> str:
    found = asked.get(name) if isinstance(asked, dict) else None
    return found if isinstance(found, str) else ""


def _number(asked: Asked, name: str) -> int:
    found = asked.get(name)
    return found if type(found) is int else -1
