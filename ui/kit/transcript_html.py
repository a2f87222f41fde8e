"""A transcript as HTML: figures, segments that lead to their place in the recording, and what was set aside."""

from html import escape

from transcripts.transcript import Flagged, Transcript, Turn
from ui.kit.format import clock, number
from ui.kit.i18n import language_name, say, typeset

SURE, DOUBTFUL = 0.65, 0.5  # of 25 telephone prompts that whisper-base was less sure of than 0.65, 21 had a wrong word

# A click on a segment leads to its start, a selection of its text does not.
SEEK = """
element.addEventListener('click', event => {
  const turn = event.target.closest('[data-start]');
  if (turn && getSelection().isCollapsed) trigger('seek', {start: Number(turn.dataset.start)});
});
"""


def invitation(reader: str) -> str:
    lines = f"<p>{say(reader, 'invitation')}</p><small>{say(reader, 'invitation_small')}</small>"
    return f'<div class="invitation">{lines}</div>'


def running(transcript: Transcript | None, done: float, total: float, reader: str) -> str:
    """What is written so far, under a bar that counts the seconds of audio."""
    said = say(reader, "progress", done=clock(done), total=clock(total)) if total else say(reader, "listening")
    value = f'value="{done:.1f}" max="{total:.1f}"' if done else ""
    bar = f'<div class="running" role="status"><progress {value}></progress><span>{said}</span></div>'
    return bar + (_turns(transcript, reader) if transcript else "")


def refused(sentence: str) -> str:
    return f'<p class="refused" role="alert">{escape(typeset(sentence))}</p>'


def finished(transcript: Transcript, done: float, total: float, reader: str) -> str:
    """The whole transcript, or as much of it as there was when it was stopped."""
    whole = done >= total
    note = "" if whole else say(reader, "stopped", done=clock(done), total=clock(total))
    if whole and not transcript.turns:
        note = say(reader, "no_speech")
    note = f'<p class="note">{note}</p>' if note else ""
    return _facts(transcript, reader, whole) + note + _turns(transcript, reader) + flagged(transcript.flagged, reader)


def _facts(transcript: Transcript, reader: str, whole: bool) -> str:
    facts = [
        (language_name(transcript.language, reader), "language_fact"),
        (f"{number(transcript.audio.seconds, reader)} s", "audio_fact"),
        (f"{number(transcript.seconds_taken, reader)} s", "taken_fact"),
    ]
    if whole:
        facts.append((number(transcript.real_time_factor, reader, 2), "speed_fact"))
    items = "".join(f"<div><dd>{escape(value)}</dd><dt>{say(reader, key)}</dt></div>" for value, key in facts)
    return f'<dl class="facts">{items}</dl>'


def _turns(transcript: Transcript, reader: str) -> str:
    items = "".join(_turn(turn, reader) for turn in transcript.turns)
    unsure = any(turn.confidence < SURE for turn in transcript.turns)
    legend = f'<p class="legend">{say(reader, "unsure")}</p>' if unsure else ""
    return f'<ol class="turns">{items}</ol>{legend}' if items else ""


def _turn(turn: Turn, reader: str) -> str:
    sure = "sure" if turn.confidence >= SURE else "unsure" if turn.confidence >= DOUBTFUL else "doubtful"
    confidence = say(reader, "confidence", percent=f"{100 * turn.confidence:.0f}")
    speaker = say(reader, "speaker", name=escape(turn.speaker)) if turn.speaker else ""
    said = f'<b class="voice-{turn.channel}">{speaker}</b><span class="{sure}">{escape(turn.text)}</span>'
    return (
        f'<li data-start="{turn.start:.2f}"><button>{clock(turn.start)}–{clock(turn.end)}</button>'
        f'<p title="{confidence}">{said}</p></li>'
    )


def flagged(flagged: list[Flagged], reader: str) -> str:
    if not flagged:
        return ""
    items = "".join(
        f"<li>{clock(f.start)}–{clock(f.end)} « {escape(f.text)} » ({say(reader, f'flagged_{f.reason}')})</li>"
        for f in flagged
    )
    return f'<aside class="flagged"><p>{say(reader, "flagged")}</p><ul>{items}</ul></aside>'
