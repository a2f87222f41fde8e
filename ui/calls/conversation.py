"""A call as a dialogue: its player, its turns in two colours, and what its telephone line is like."""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from transcripts.transcript import Transcript, Turn
from ui.calls import doubt
from ui.calls.call import DONE, FAILED, RUNNING, Call, voice
from ui.kit import transcript_html
from ui.kit.errors import refused
from ui.kit.format import number
from ui.kit.html import note, render
from ui.kit.i18n import say, typeset
from ui.kit.transcript_html import certainty

SCRIPTS = Path(__file__).parents[2] / "assets/calls"
RELIABLE = 0.75  # of the speech is expected to be with the right speaker: below it, the page says what to do


def script(*names: str) -> str:
    """Files of the page's script, in this order, as the body of one function."""
    return "\n".join((SCRIPTS / f"{name}.js").read_text(encoding="utf-8") for name in names)


FOLLOW = script("state", "store", "sync", "player", "edit", "others", "keys", "drawing", "search", "reading")
# What is drawn of it, the script decides: see drawing.js.
TEMPLATE = "${(globalThis.alloDrawn ?? String)([value ?? ''].flat().join(''))}"


class Line(NamedTuple):
    """A turn as it is shown."""

    turn: Turn
    speaker: str  # without the name that the visitor gave
    voice: int  # its party's colour
    name: str  # the party's, where another one spoke before
    checked: bool
    certainty: str
    doubt: str  # where its doubtful words stand in the text, and what else they could be


def player(call: Call, masked: bool, reader: str) -> str:
    """The browser's own: it reads as much of the file as it plays, which for hours of audio matters.

    Where personal data are masked, only the masked sound is played.
    """
    if call.sound is None:
        return note(say(reader, "recording_wanted", name=call.name)) if call.reopened else ""
    sound = call.masked_sound if masked else call.sound
    if sound is None:
        return note(say(reader, "sound_not_masked"))
    source = f"gradio_api/file={quote(str(sound))}"
    return render("calls/player.html", reader, source=source)


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
    doubted = [doubt.SHARE] if editable and any(turn.words for turn in shown.turns) else []
    return render(
        "calls/dialogue.html",
        reader,
        call=call,
        lines=_lines(call, shown, reader),
        names={speaker: name_of(call, speaker, reader) for speaker in speakers(call)},
        editable=editable,
        saved=len(call.journal.entries) if call.journal else 0,
        legends=[say(reader, key) for key in legends]
        + [say(reader, "doubtful_words", percent=number(100 * share, reader, 0)) for share in doubted],
        flagged=transcript_html.flagged(shown.flagged, reader),
    )


def speakers(call: Call) -> list[str]:
    """Who speaks, and at least two, so that a turn can be given to the other."""
    found = {turn.speaker for turn in [*call.turns, *call.transcribed] if turn.speaker}
    return sorted(found | {"A", "B"})


def _lines(call: Call, shown: Transcript, reader: str) -> list[Line]:
    lines, before, checked, limit = [], object(), call.checked, doubt.limit(call.transcribed)
    for at, (turn, own) in enumerate(zip(shown.turns, call.turns, strict=True)):
        name = "" if own.speaker in (before, None) else name_of(call, own.speaker, reader)
        places = doubtful(own, limit) if turn.text == own.text else ""
        lines.append(
            Line(turn, own.speaker or "", voice(own.speaker), name, at in checked, certainty(turn.confidence), places)
        )
        before = own.speaker
    return lines


def doubtful(turn: Turn, limit: float) -> str:
    """Where the turn's doubtful words stand and what else they could be, as the page's script reads it."""
    return " ".join(
        ",".join([str(place.start), str(place.end), *(quote(other, safe="") for other in place.others)])
        for place in doubt.places(turn, limit)
    )


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
        told = "speakers_sure" if transcript.speakers_sure >= RELIABLE else "speakers_unsure"
        sentences.append(say(reader, told, percent=number(100 * transcript.speakers_sure, reader, 0)))
    return render("calls/line.html", reader, sentences=sentences)
