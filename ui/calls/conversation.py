"""A call as a dialogue: its player, its turns in two colours, and what was found of its line."""

from html import escape
from pathlib import Path
from urllib.parse import quote

from transcripts.transcript import Transcript, Turn
from ui.calls.session import DONE, FAILED, RUNNING, Call
from ui.kit import transcript_html
from ui.kit.format import clock, number
from ui.kit.i18n import say, typeset

FOLLOW = (Path(__file__).parents[2] / "assets/conversation.js").read_text()


def player(call: Call) -> str:
    """The browser's own: it reads as much of the file as it plays, which for hours of audio matters."""
    if call.sound is None:
        return ""
    source = f"gradio_api/file={quote(str(call.sound))}"
    return f'<audio controls preload="metadata" src="{source}"></audio>'


def invitation(reader: str) -> str:
    lines = f"<p>{say(reader, 'calls_invitation')}</p><small>{say(reader, 'invitation_small')}</small>"
    return f'<div class="invitation">{lines}</div>'


def dialogue(call: Call, shown: Transcript | None, masked: bool, reader: str) -> str:
    """`shown`: the call's transcript as it is read; turns are corrected in place unless something may be hidden."""
    if call.status == FAILED:
        return transcript_html.refused(call.why.to(reader))
    turns = shown.turns if shown else []
    if not turns:
        return f'<p class="note" role="status">{say(reader, _empty(call))}</p>'
    places = {speaker: at for at, speaker in enumerate(sorted({turn.speaker for turn in call.turns}, key=str))}
    editable = call.over and not masked
    items, before = [], object()
    for at, (turn, heard) in enumerate(zip(turns, call.turns, strict=True)):
        name = "" if heard.speaker in (before, None) else called(call, heard.speaker, reader)
        items.append(_turn(turn, at, places[heard.speaker], name, at in call.checked, editable, reader))
        before = heard.speaker
    found = f'<p class="found" role="status" data-told="{say(reader, "turns_found", count="0")}"></p>'
    unsure = any(turn.confidence < transcript_html.SURE for turn in turns)
    legends = [say(reader, "unsure")] if unsure else []
    if editable:
        legends.insert(0, say(reader, "turns_editable"))
    legend = f'<p class="legend">{" ".join(legends)}</p>' if legends else ""
    flagged = transcript_html.flagged(shown.flagged, reader)
    return f'{found}<ol class="dialogue" data-call="{call.number}">{"".join(items)}</ol>{legend}{flagged}'


def called(call: Call, speaker: str, reader: str) -> str:
    """As HTML: the party's name, or « Voix A »."""
    name = call.called(speaker)
    return say(reader, "speaker", name=escape(name)) if len(name) == 1 else escape(name)


def _empty(call: Call) -> str:
    return {DONE: "no_speech", RUNNING: "listening"}.get(call.status, "call_not_heard")


def _turn(turn: Turn, at: int, place: int, name: str, checked: bool, editable: bool, reader: str) -> str:
    sure = (
        "sure"
        if turn.confidence >= transcript_html.SURE
        else "unsure"
        if turn.confidence >= transcript_html.DOUBTFUL
        else "doubtful"
    )
    check, edit = "", ""
    if editable:
        edit = ' contenteditable="plaintext-only" spellcheck="false"'
        told = say(reader, "turn_is_right")
        check = (
            f'<button class="check" aria-pressed="{str(checked).lower()}" title="{told}" aria-label="{told}">✓</button>'
        )
    confidence = say(reader, "confidence", percent=f"{100 * turn.confidence:.0f}")
    return (
        f'<li data-turn="{at}" data-start="{turn.start:.2f}" data-end="{turn.end:.2f}" '
        f'class="voice-{place}{" checked" if checked else ""}"><div class="who"><b>{name}</b>'
        f'<button class="time" title="{say(reader, "play_from_here")}">{clock(turn.start)}</button>{check}</div>'
        f'<p class="{sure}" title="{confidence}"{edit}>{escape(turn.text)}</p></li>'
    )


def line(call: Call, reader: str) -> str:
    """What the line is like, and how sure it is who speaks."""
    from speech.audio.line_quality import describe

    transcript = call.transcript
    if transcript is None or transcript.line is None:
        return ""
    said = [typeset(sentence.to(reader)) for sentence in describe(transcript.line)]
    if transcript.adapter:
        said.insert(0, say(reader, "heard_with", adapter=transcript.adapter))
    if transcript.speakers_sure is not None:
        percent = number(100 * transcript.speakers_sure, reader, 0)
        said.append(say(reader, "speakers_sure", percent=percent))
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in said)
    return f"<h4>{say(reader, 'the_line')}</h4><ul>{items}</ul>"
