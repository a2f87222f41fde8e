"""A transcript as HTML: figures, segments that lead to their place in the recording, and what was set aside."""

from pathlib import Path

from markupsafe import Markup

from transcripts.transcript import Flagged, Transcript
from ui.kit.format import clock, number
from ui.kit.html import facts, note, render
from ui.kit.i18n import language_name, say

SURE, DOUBTFUL = 0.65, 0.5  # of 25 telephone prompts that whisper-base was less sure of than 0.65, 21 had a wrong word

# A click on a segment leads to its start, a selection of its text does not.
SEEK = """
element.addEventListener('click', event => {
  const turn = event.target.closest('[data-start]');
  if (turn && getSelection().isCollapsed) trigger('seek', {start: Number(turn.dataset.start)});
});
"""


def certainty(confidence: float) -> str:
    """The class of a text: sure, unsure or doubtful."""
    return "sure" if confidence >= SURE else "unsure" if confidence >= DOUBTFUL else "doubtful"


def invitation(reader: str) -> str:
    return render("kit/invitation.html", reader, what="invitation")


def running(transcript: Transcript | None, done: float, total: float, reader: str) -> str:
    """What is written so far, under a bar that counts the seconds of audio."""
    text = say(reader, "progress", done=clock(done), total=clock(total)) if total else say(reader, "transcribing")
    share = done / total if done and total else None
    bar = render("kit/running.html", reader, text=text, share=share)
    return bar + (_turns(transcript, reader) if transcript else Markup())


def waiting(text: str, reader: str) -> str:
    """What is waited for, under a bar without an end."""
    return render("kit/running.html", reader, text=text, share=None)


def held(transcript: Transcript, why: str, reader: str) -> str:
    """What is written so far, where nothing more comes before the visitor has decided."""
    return note(why) + _turns(transcript, reader)


def finished(transcript: Transcript, done: float, total: float, reader: str) -> str:
    """The whole transcript, or as much of it as there was when it was stopped."""
    whole = done >= total
    remark = Markup()
    if not whole:
        remark = note(say(reader, "stopped", done=clock(done), total=clock(total)))
    elif not transcript.turns:
        remark = note(say(reader, "no_speech"))
    return _facts(transcript, reader, whole) + remark + _turns(transcript, reader) + flagged(transcript.flagged, reader)


def _facts(transcript: Transcript, reader: str, whole: bool) -> Markup:
    shown = [
        (" + ".join(filter(None, (Path(transcript.model).name, transcript.adapter))), "model_fact"),
        (language_name(transcript.language, reader), "language_fact"),
        (f"{number(transcript.audio.seconds, reader)} s", "audio_fact"),
        (f"{number(transcript.seconds_taken, reader)} s", "taken_fact"),
    ]
    if whole:
        shown.append((number(transcript.real_time_factor, reader, 2), "speed_fact"))
    return facts(shown, reader)


def _turns(transcript: Transcript, reader: str) -> Markup:
    if not transcript.turns:
        return Markup()
    unsure = any(turn.confidence < SURE for turn in transcript.turns)
    return render("kit/turns.html", reader, turns=transcript.turns, certainty=certainty, unsure=unsure)


def flagged(found: list[Flagged], reader: str) -> Markup:
    """What the model wrote and nobody said, with the reason."""
    return render("kit/flagged.html", reader, flagged=found) if found else Markup()
