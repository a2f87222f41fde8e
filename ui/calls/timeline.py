"""Who speaks when, as a picture over the time of the call, with the figures of their turn-taking."""

from collections.abc import Sequence
from typing import NamedTuple

from speech.turn_taking import TurnTaking, analyse, said_by_people
from transcripts.transcript import Sound
from ui.calls.call import Call, voice
from ui.kit.format import clock, number, percent
from ui.kit.html import render
from ui.kit.i18n import say

LANE, BAR = 40, 22  # height of a party's lane and of what is drawn in it, in the picture's units
TICKS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # seconds between two times that are written

# A name is given when its field is left: the editor writes it into the journal. A click on the picture leads there.
CLICKS = """
const edit = detail => document.dispatchEvent(new CustomEvent('call-edit', {detail}));
element.addEventListener('change', event => {
  const {speaker} = event.target.dataset;
  if (speaker) edit({kind: 'name', speaker, name: event.target.value});
});
element.addEventListener('keydown', event => { if (event.key === 'Enter') event.target.blur(); });
element.addEventListener('click', event => {
  if (event.target.closest('[data-swap]')) edit({kind: 'swap'});
  const track = event.target.closest('.track'), audio = document.querySelector('#call-player audio');
  if (!track || !audio) return;
  const box = track.getBoundingClientRect();
  audio.currentTime = (event.clientX - box.left) / box.width * track.dataset.seconds;
});
"""


class Party(NamedTuple):
    """A lane of the picture."""

    speaker: str | None
    place: int  # its lane
    voice: int  # its colour
    name: str  # that the visitor gave
    usual: str
    share: float | None  # of what is spoken, percent; None while more is to come

    @property
    def top(self) -> int:
        return LANE * self.place + (LANE - BAR) // 2


def drawn(call: Call, sounds: Sequence[Sound], reader: str) -> str:
    """The lanes with the parties' names, which can be typed over, what is no speech, and the figures beneath.

    They show what was transcribed: a corrected text says nothing new of when somebody spoke.
    """
    turns = said_by_people(call.transcribed, sounds)
    if not turns and not sounds:
        return ""
    seconds = max([call.transcript.audio.seconds, *(each.end for each in (*turns, *sounds))])
    found = analyse(turns, seconds)
    parties = [_party(call, place, speaker, found, reader) for place, speaker in enumerate(found.talk)]
    step = next((step for step in TICKS if seconds / step <= 8), TICKS[-1])
    return render(
        "calls/timeline.html",
        reader,
        call=call,
        found=found,
        parties=parties,
        tops={party.speaker: party.top for party in parties},
        seconds=seconds,
        sounds=sounds,
        height=LANE
        * max(1, len(parties)),  # to the right its units are seconds, so that it stretches to the room there is
        bar=BAR,
        ticks=range(0, int(seconds * 0.97) + 1, step),
        figures=_figures(found, seconds, reader) if call.over else [],
    )


def _party(call: Call, place: int, speaker: str | None, found: TurnTaking, reader: str) -> Party:
    given = call.given_name(speaker) or ""
    own = given if len(given) > 1 else ""
    letter = speaker if own or not given else given
    usual = call.usual.get(letter) or say(reader, "speaker", name=letter)
    share = 100 * found.share(speaker) if call.over else None
    return Party(speaker, place, voice(speaker), own, usual, share)


def _figures(found: TurnTaking, seconds: float, reader: str) -> list[tuple[str, str, str]]:
    """(value, key of its name, mark in the picture)"""
    figures = [
        (clock(seconds), "duration_fact", ""),
        (percent(100 * found.silence / seconds, reader, 0), "silence_fact", ""),
        (f"{number(found.longest_silence, reader)} s", "longest_fact", ""),
    ]
    if len(found.talk) > 1:
        figures.append((f"{number(found.overlap, reader)} s", "overlap_fact", "overlap"))
        figures.append((str(len(found.interruptions)), "interruptions_fact", "interruption"))
    return figures
