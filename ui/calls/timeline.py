"""Who speaks when: a lane a party over the time of the call, and what it tells of their manners."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from transcripts.transcript import Turn
from ui.calls.session import Call
from ui.kit.format import clock, number
from ui.kit.i18n import say

LANE, BAR = 40, 22  # height of a lane and of what is drawn in it, in the picture's units
# Seconds that a word may last, and that a pause inside of a turn is none. By these a simulated call of 74 s had 16.8 s
# of silence and 4.5 s of overlap, by its turns' times 5.0 and 23.6; the truth is 17.7 and 4.2.
WORD, LETTER, PAUSE = 0.15, 0.07, 0.3
CUT_IN = 0.3  # seconds that the other still speaks, for it to be an interruption
TICKS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)  # seconds between two times that are written

Span = tuple[float, float]

# A name is told when it is left; a click on the picture leads there.
CLICKS = """
const call = () => Number(element.querySelector('.lanes').dataset.call);
element.addEventListener('change', event => {
  const {speaker} = event.target.dataset;
  if (speaker) trigger('rename', {call: call(), speaker, name: event.target.value});
});
element.addEventListener('keydown', event => { if (event.key === 'Enter') event.target.blur(); });
element.addEventListener('click', event => {
  if (event.target.closest('[data-swap]')) trigger('swap', {call: call()});
  const track = event.target.closest('.track'), audio = document.querySelector('#call-player audio');
  if (!track || !audio) return;
  const box = track.getBoundingClientRect();
  audio.currentTime = (event.clientX - box.left) / box.width * track.dataset.seconds;
});
"""


@dataclass(frozen=True)
class Manners:
    """What the turns' times tell. Seconds; parties in the order of their letters."""

    talk: dict[str | None, list[Span]]  # when each speaks
    overlaps: list[Span]  # when two speak at once
    silence: float
    longest: float  # silence
    cuts: list[tuple[float, str | None]]  # who cut in on another who was speaking, and went on, and when


def manners(turns: Sequence[Turn], seconds: float) -> Manners:
    parties = sorted({turn.speaker for turn in turns}, key=str)
    talk = {
        party: _joined(span for turn in turns if turn.speaker == party for span in _spoken(turn)) for party in parties
    }
    voiced = _joined(span for spans in talk.values() for span in spans)
    gaps = [after[0] - before[1] for before, after in pairwise([(0.0, 0.0), *voiced, (seconds, seconds)])]
    gaps = [max(0.0, gap) for gap in gaps]
    return Manners(talk, _overlaps(talk), sum(gaps), max(gaps), _cuts(talk))


def _spoken(turn: Turn) -> list[Span]:
    """When there is a voice in the turn: Whisper lets its first and last words reach far into the silence around."""
    spans: list[Span] = []
    for at, word in enumerate(turn.words):
        longest = WORD + LETTER * len(word.text)
        start = max(word.start, word.end - longest) if at == 0 else word.start
        end = min(word.end, start + longest)
        if spans and start - spans[-1][1] <= PAUSE:
            spans[-1] = spans[-1][0], end
        else:
            spans.append((start, end))
    return spans or [(turn.start, turn.end)]


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The same stretches of time, none touching another."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _overlaps(talk: dict[str | None, list[Span]]) -> list[Span]:
    spans = [span for each in talk.values() for span in each]
    edges = sorted([*((start, 1) for start, _ in spans), *((end, -1) for _, end in spans)])
    found, speaking, since = [], 0, 0.0
    for time, step in edges:
        if speaking == 2 and step < 0 and time > since:
            found.append((since, time))
        elif speaking == 1 and step > 0:
            since = time
        speaking += step
    return found


def _cuts(talk: dict[str | None, list[Span]]) -> list[tuple[float, str | None]]:
    last: dict[str | None, Span] = {}
    found = []
    for start, end, party in sorted((*span, party) for party, spans in talk.items() for span in spans):
        others = [span for other, span in last.items() if other != party]
        if any(until - start >= CUT_IN and end > until for _, until in others):
            found.append((start, party))
        last[party] = start, end
    return found


def drawn(call: Call, reader: str) -> str:
    """The lanes with the parties' names, which can be typed over, and the figures beneath."""
    seconds = max([call.transcript.audio.seconds, *(turn.end for turn in call.turns)])
    if not call.turns:
        return ""
    found = manners(call.turns, seconds)
    total = sum(end - start for spans in found.talk.values() for start, end in spans) or 1.0
    names = "".join(_party(call, at, party, found, total, reader) for at, party in enumerate(found.talk))
    swap = f'<button data-swap title="{say(reader, "swap_names")}">⇅</button>' if len(found.talk) == 2 else ""
    return (
        f'<div class="lanes" data-call="{call.number}"><div class="parties">{names}{swap}</div>'
        f'<div class="track" data-seconds="{seconds:.2f}">{_picture(found, seconds, reader)}<i class="head"></i></div>'
        f'<div class="ticks">{_ticks(seconds)}</div></div>{_figures(found, seconds, reader)}'
    )


def _party(call: Call, at: int, party: str | None, found: Manners, total: float, reader: str) -> str:
    share = sum(end - start for start, end in found.talk[party]) / total
    percent = f"{number(100 * share, reader, 0)}\N{NO-BREAK SPACE}%"
    if party is None:
        return f'<div class="party voice-0"><b>{say(reader, "one_voice")}</b><span>{percent}</span></div>'
    name = call.called(party)
    usual = say(reader, "speaker", name=escape(name if len(name) == 1 else party))
    value = "" if len(name) == 1 else escape(name)
    return (
        f'<div class="party voice-{at}"><input data-speaker="{party}" value="{value}" placeholder="{usual}" '
        f'maxlength="40" aria-label="{say(reader, "name_of", name=usual)}"><span>{percent}</span></div>'
    )


def _picture(found: Manners, seconds: float, reader: str) -> str:
    """Its units are seconds to the right, so that it stretches to the room there is."""
    height = LANE * len(found.talk)
    place = {party: at for at, party in enumerate(found.talk)}
    bars = "".join(
        f'<rect class="voice-{at}" x="{start:.2f}" width="{end - start:.2f}" y="{_top(at)}" height="{BAR}"/>'
        for at, spans in enumerate(found.talk.values())
        for start, end in spans
    )
    overlaps = "".join(
        f'<rect class="overlap" x="{start:.2f}" width="{end - start:.2f}" y="0" height="{height}"/>'
        for start, end in found.overlaps
    )
    cuts = "".join(f'<path class="cut" d="M{at:.2f} {_top(place[party]) - 7}v{BAR + 14}"/>' for at, party in found.cuts)
    return (
        f'<svg viewBox="0 0 {seconds:.2f} {height}" preserveAspectRatio="none" role="img" '
        f'aria-label="{say(reader, "lanes")}" style="height:{height}px">{overlaps}{bars}{cuts}</svg>'
    )


def _top(at: int) -> int:
    return LANE * at + (LANE - BAR) // 2


def _ticks(seconds: float) -> str:
    step = next((step for step in TICKS if seconds / step <= 8), TICKS[-1])
    times = range(0, int(seconds * 0.97) + 1, step)
    return "".join(f'<span style="left:{100 * time / seconds:.2f}%">{clock(time)}</span>' for time in times)


def _figures(found: Manners, seconds: float, reader: str) -> str:
    facts = [(clock(seconds), "duration_fact", "")]
    facts.append((f"{number(100 * found.silence / seconds, reader, 0)}\N{NO-BREAK SPACE}%", "silence_fact", ""))
    facts.append((f"{number(found.longest, reader)} s", "longest_fact", ""))
    if len(found.talk) > 1:
        overlap = sum(end - start for start, end in found.overlaps)
        facts.append((f"{number(overlap, reader)} s", "overlap_fact", '<i class="key overlap"></i>'))
        facts.append((str(len(found.cuts)), "cuts_fact", '<i class="key cut"></i>'))
    items = "".join(f"<div><dd>{value}</dd><dt>{key}{say(reader, name)}</dt></div>" for value, name, key in facts)
    return f'<dl class="facts">{items}</dl>'
