"""When each party of a call speaks, what is silent, where two speak at once, and who interrupts whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from transcripts.transcript import Sound, Turn

# Seconds that a word may last, and a pause that is too short to be one. By these a simulated call of 74 s had 16.8 s of
# silence and 4.5 s of overlap, by its turns' times 5.0 and 23.6; the truth is 17.7 and 4.2.
WORD, LETTER, PAUSE = 0.15, 0.07, 0.3
CUT_IN = 0.3  # seconds that the other still speaks, for it to be an interruption

Span = tuple[float, float]  # start and end, in seconds
Party = str | None


@dataclass(frozen=True)
class TurnTaking:
    """What the turns' times show. Seconds; parties in the order of their letters."""

    talk: dict[Party, list[Span]]  # when each speaks
    overlaps: list[Span]  # when two speak at once
    silence: float
    longest_silence: float
    interruptions: list[tuple[float, Party]]  # when somebody cut in on another who was speaking and went on, and who

    def share(self, party: Party) -> float:
        """The party's part of all that is spoken, 0 to 1."""
        total = sum(map(_length, self.talk.values()))
        return _length(self.talk[party]) / total if total else 0.0

    @property
    def overlap(self) -> float:
        return _length(self.overlaps)


def analyse(turns: Sequence[Turn], seconds: float) -> TurnTaking:
    """The turn-taking of a call that lasts so many seconds."""
    parties = sorted({turn.speaker for turn in turns}, key=str)
    talk = {
        party: _joined(span for turn in turns if turn.speaker == party for span in spoken(turn)) for party in parties
    }
    voiced = _joined(span for spans in talk.values() for span in spans)
    gaps = [max(0.0, after[0] - before[1]) for before, after in pairwise([(0.0, 0.0), *voiced, (seconds, seconds)])]
    return TurnTaking(talk, _overlaps(talk), sum(gaps), max(gaps), _interruptions(talk))


def said_by_people(turns: Iterable[Turn], sounds: Iterable[Sound]) -> list[Turn]:
    """The turns without those that a machine's prompt is most of."""
    prompts = [sound for sound in sounds if sound.kind == "prompt"]
    return [
        turn
        for turn in turns
        if not is_covered((turn.start, turn.end), (each for each in prompts if each.channel == turn.channel))
    ]


def is_covered(span: Span, sounds: Iterable[Sound]) -> bool:
    """Whether the sounds, of which no two are at once, fill more than half of the span."""
    inside = sum(max(0.0, min(span[1], sound.end) - max(span[0], sound.start)) for sound in sounds)
    return inside > (span[1] - span[0]) / 2


def spoken(turn: Turn) -> list[Span]:
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


def _length(spans: Iterable[Span]) -> float:
    return sum(end - start for start, end in spans)


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The same stretches of time, none touching another."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _overlaps(talk: dict[Party, list[Span]]) -> list[Span]:
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


def _interruptions(talk: dict[Party, list[Span]]) -> list[tuple[float, Party]]:
    last: dict[Party, Span] = {}
    found = []
    for start, end, party in sorted((*span, party) for party, spans in talk.items() for span in spans):
        others = [span for other, span in last.items() if other != party]
        if any(until - start >= CUT_IN and end > until for _, until in others):
            found.append((start, party))
        last[party] = start, end
    return found
