"""The score of all calls together: sums, never means of calls; with intervals by call, and a test of two systems."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from common.messages import UserError
from scoring import french
from scoring.bootstrap import NO_INTERVAL, bootstrap, paired
from scoring.calls.alignment import AlignedTurn
from scoring.calls.diarization import COLLAR, Diarization
from scoring.calls.doubts import doubts, stranger
from scoring.calls.files import Pair, Tell
from scoring.calls.measures import Call, Edits, measured
from scoring.details import Details, confusions, names_right, numbers_right
from transcripts.transcript import Transcript

DIGITS = 4  # of the rates in JSON
MINUTE = 60.0


@dataclass(frozen=True)
class CallsScore:
    """All calls of one system. Rates are in percent, None where nothing can be counted."""

    calls: tuple[Call, ...]
    collar: float  # seconds, of the tcpWER
    names: tuple[str, ...] = ()  # that are looked for

    @cached_property
    def cp(self) -> Edits | None:
        return _sum(call.cp for call in self.calls)

    @cached_property
    def tcp(self) -> Edits | None:
        return _sum(call.tcp for call in self.calls)

    @cached_property
    def orc(self) -> Edits | None:
        return _sum(call.orc for call in self.calls)

    @cached_property
    def diarization(self) -> Diarization | None:
        return _together(call.diarization for call in self.calls)

    @cached_property
    def forgiving(self) -> Diarization | None:
        return _together(call.forgiving for call in self.calls)

    @property
    def turns(self) -> list[AlignedTurn]:
        return [turn for call in self.calls for turn in call.turns]

    @cached_property
    def details(self) -> Details:
        return details(self.turns, self.names)

    def interval(self, measure: str) -> tuple[float, float] | None:
        """95 % of "cp", "tcp", "orc" or "diarization", by bootstrap over calls; None for one call alone."""
        counts = [_counts(getattr(call, measure)) for call in self.calls]
        known = [count for count in counts if count]
        return bootstrap(*zip(*known, strict=True)) if known else None

    def rates_by(self, part: Callable[[Call, AlignedTurn], object]) -> dict[object, Edits]:
        """The edits of the cpWER by what `part` says of each turn."""
        found: dict[object, Edits] = {}
        for call in self.calls:
            for turn in call.turns:
                key = part(call, turn)
                found[key] = found.get(key, Edits(0, 0, 0, 0)).plus(_of_steps(turn.steps))
        return found

    def to_dict(self) -> dict:
        """For JSON: numbers rounded; where there is no interval, why."""
        cp, der = self.cp, self.diarization
        facts = {
            "normaliser": french.NAME,
            "cpwer": cp and cp.rate,
            "tcpwer": self.tcp and self.tcp.rate,
            "orcwer": self.orc and self.orc.rate,
            "collar": self.collar,
            "der": der and der.rate,
            "der_collar": COLLAR,
            "der_with_collar": self.forgiving and self.forgiving.rate,
            "missed": der and _share(der.missed, der),
            "false_alarm": der and _share(der.false_alarm, der),
            "confusion": der and _share(der.confusion, der),
            **(_named(cp) if cp else {}),
            "speakers_right": sum(call.speakers[0] == call.speakers[1] for call in self.calls),
            "interval": self.interval("cp"),
            "tcpwer_interval": self.interval("tcp"),
            "der_interval": self.interval("diarization"),
            **self.details.to_dict(),
            "by_channel": [
                {"channel": channel, **_named(edits)}
                for channel, edits in sorted(self.rates_by(lambda call, turn: turn.channel).items())
            ],
            "calls": [call_facts(call, self.names) for call in self.calls],
        }
        return rounded(facts) | ({"interval_note": NO_INTERVAL} if len(self.calls) == 1 else {})


def scores(calls: list[Pair], collar: float, names: tuple[str, ...], tell: Tell) -> list[CallsScore]:
    """A score for each system, of the calls that can be scored for all of them.

    `tell` is given a sentence for each call that is left out or looks wrong. Raises UserError where none can be scored.
    """
    found: list[list[Call]] = []
    last: UserError | None = None
    for pair in calls:
        try:
            found.append([_scored(pair.name, pair.reference, each, collar, tell) for each in pair.hypotheses])
        except UserError as refusal:
            tell(refusal.message)
            last = refusal
    if not found:
        raise last or UserError(en="There is no call to score.", fr="Il n'y a aucun appel à noter.")
    return [CallsScore(tuple(system), collar, names) for system in zip(*found, strict=True)]


def _scored(name: str, reference: Transcript, hypothesis: Transcript, collar: float, tell: Tell) -> Call:
    for doubt in doubts(name, reference, hypothesis):
        tell(doubt)
    call = measured(name, reference, hypothesis, collar)
    for doubt in stranger(call):
        tell(doubt)
    return call


def difference(a: CallsScore, b: CallsScore) -> dict:
    """The p-values of « both are equally good », of each measure that both have, by swapping whole calls."""
    found = {}
    for measure, key in (("cp", "p_value"), ("tcp", "tcpwer_p_value"), ("diarization", "der_p_value")):
        counts = [[_counts(getattr(call, measure)) for call in score.calls] for score in (a, b)]
        both = [(one[0], two[0]) for one, two in zip(*counts, strict=True) if one and two]
        found[key] = round(paired(*zip(*both, strict=True)), DIGITS) if both else None
    return found


def by_minute(call: Call) -> list[tuple[int, Edits]]:
    """The edits in each minute of a call, from 0 on: by when a word was said, or written where none was."""
    found: dict[int, list] = {}
    for turn in call.turns:
        for each in turn.steps:
            found.setdefault(int(each.at // MINUTE), []).append(each)
    return [(minute, _of_steps(steps)) for minute, steps in sorted(found.items())]


def worst_minute(call: Call) -> int | None:
    """The minute with the most edits; None where there is no edit."""
    minutes = [(edits.errors, -minute) for minute, edits in by_minute(call) if edits.errors]
    return -max(minutes)[1] if minutes else None


def details(turns: Sequence[AlignedTurn], names: Sequence[str] = ()) -> Details:
    """Numbers, names and confusions of turns."""
    said, written = [turn.said for turn in turns], [turn.written for turn in turns]
    steps = ([each.step for each in turn.steps] for turn in turns)
    return Details(numbers_right(said, written), names_right(said, written, names), confusions(steps))


def call_facts(call: Call, names: Sequence[str] = ()) -> dict:
    """One call's keys in the JSON."""
    one = CallsScore((call,), 0.0, tuple(names))
    speakers = one.rates_by(lambda _, turn: (turn.speaker, turn.written_by))
    found, der = one.details, call.diarization
    return {
        "name": call.name,
        "seconds": call.seconds,
        "cpwer": call.cp and call.cp.rate,
        "tcpwer": call.tcp and call.tcp.rate,
        "orcwer": call.orc and call.orc.rate,
        "orcwer_greedy": call.orc_greedy,
        "der": der and der.rate,
        "der_with_collar": call.forgiving and call.forgiving.rate,
        **(_named(call.cp) if call.cp else {}),
        "speakers": {"reference": call.speakers[0], "hypothesis": call.speakers[1]},
        "numbers": {"said": found.numbers.said, "right": found.numbers.right},
        "names": {"said": found.names.said, "right": found.names.right},
        "worst_minute": worst_minute(call),
        "by_minute": [{"minute": minute, **_named(edits)} for minute, edits in by_minute(call)],
        "by_speaker": [
            {"speaker": speaker, "written_by": other, **_named(edits)}
            for (speaker, other), edits in sorted(speakers.items(), key=str)
        ],
        "by_channel": [
            {"channel": channel, **_named(edits)}
            for channel, edits in sorted(one.rates_by(lambda _, turn: turn.channel).items())
        ],
    }


def rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(part) for part in value]
    return round(value, DIGITS) if isinstance(value, float) else value


def _named(edits: Edits) -> dict:
    return {**edits._asdict(), "errors": edits.errors, "wer": edits.rate}


def _of_steps(steps: Iterable) -> Edits:
    kinds = Counter(each.step.kind for each in steps)
    words = kinds["equal"] + kinds["substitute"] + kinds["delete"]
    return Edits(kinds["substitute"], kinds["delete"], kinds["insert"], words)


def _sum(edits: Iterable[Edits | None]) -> Edits | None:
    known = [each for each in edits if each is not None]
    return Edits(*map(sum, zip(*known, strict=True))) if known else None


def _together(found: Iterable[Diarization | None]) -> Diarization | None:
    known = [each for each in found if each is not None]
    return sum(known[1:], known[0]) if known else None


def _share(seconds: float, of: Diarization) -> float | None:
    return 100 * seconds / of.spoken if of.spoken else None


def _counts(found: Edits | Diarization | None) -> tuple[int, int] | None:
    """Whole numbers that sum up: edits and words, or milliseconds wrong and spoken."""
    if isinstance(found, Diarization):
        return round(1000 * found.wrong), round(1000 * found.spoken)
    return found and (found.errors, found.words)
