"""A call as a dialogue: its player, its turns in two colours, and what its telephone line is like."""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from markupsafe import Markup

from transcripts.transcript import Transcript, Turn
from ui.calls.session import DONE, FAILED, RUNNING, Call, voice
from ui.kit import transcript_html
from ui.kit.errors import refused
from ui.kit.format import number
from ui.kit.html import note, render
from ui.kit.i18n import say, typeset
from ui.kit.transcript_html import SURE, certainty

FOLLOW = (Path(__file__).parents[2] / "assets/conversation.js").read_text(encoding="utf-8")


class Line(NamedTuple):
    """A turn as it is shown."""

    turn: Turn
    voice: int  # its party's colour
    name: str  # the party's, where another one spoke before
    checked: bool
    certainty: str


def player(call: Call, masked: bool, reader: str) -> str:
    """The browser's own: it reads as much of the file as it plays, which for hours of audio matters.

    Where personal data are masked, only the masked sound is played.
    """
    if call.sound is None:
        return ""
    sound = call.masked_sound if masked else call.sound
    if sound is None:
        return note(say(reader, "sound_not_masked"))
    source = f"gradio_api/file={quote(str(sound))}"
    return Markup('<audio controls preload="metadata" src="{}"></audio>').format(source)


def invitation(reader: str) -> str:
    return render("kit/invitation.html", reader, what="calls_invitation")


def dialogue(call: Call, shown: Transcript | None, masked: bool, reader: str) -> str:
    """`shown`: the call's transcript as it is read; turns are corrected in place unless something may be hidden."""
    if call.status == FAILED:
        return refused(call.error, reader)
    if not shown or not shown.turns:
        return note(say(reader, {DONE: "no_speech", RUNNING: "transcribing"}.get(call.status, "call_not_begun")))
    editable = call.over and not masked
    legends = ["turns_masked" if masked else "turns_editable"] if call.over else []
    legends += ["unsure"] if any(turn.confidence < SURE for turn in shown.turns) else []
    return render(
        "calls/dialogue.html",
        reader,
        number_of_call=call.number,
        lines=_lines(call, shown, reader),
        editable=editable,
        legends=[say(reader, key) for key in legends],
        flagged=transcript_html.flagged(shown.flagged, reader),
    )


def _lines(call: Call, shown: Transcript, reader: str) -> list[Line]:
    lines, before = [], object()
    for at, (turn, own) in enumerate(zip(shown.turns, call.turns, strict=True)):
        name = "" if own.speaker in (before, None) else name_of(call, own.speaker, reader)
        lines.append(Line(turn, voice(own.speaker), name, at in call.checked, certainty(turn.confidence)))
        before = own.speaker
    return lines


def name_of(call: Call, speaker: str, reader: str) -> str:
    """The party's name, or « Voix A »."""
    name = call.name_of(speaker)
    return say(reader, "speaker", name=name) if len(name) == 1 else name


def line(call: Call, reader: str) -> str:
    """What the telephone line is like, and how sure it is who speaks."""
    from speech.audio.line_quality import describe

    transcript = call.transcript
    if transcript is None or transcript.line is None:
        return ""
    sentences = [typeset(each.to(reader)) for each in describe(transcript.line)]
    if transcript.adapter:
        sentences.insert(0, say(reader, "with_adapter", adapter=transcript.adapter))
    if transcript.speakers_sure is not None:
        sentences.append(say(reader, "speakers_sure", percent=number(100 * transcript.speakers_sure, reader, 0)))
    return render("calls/line.html", reader, sentences=sentences)
