"""The score of calls as a table in plain text: a line a measure, a column a system."""

from collections.abc import Callable

from scoring import french
from scoring.bootstrap import NO_INTERVAL
from scoring.calls.diarization import COLLAR
from scoring.calls.measures import Call
from scoring.calls.score import CallsScore, difference, worst_minute
from scoring.details import Details, Right

COMMONEST = 10


def report(a: CallsScore, b: CallsScore | None = None) -> str:
    scores = [a] if b is None else [a, b]
    rows = [(f"{len(a.calls)} calls, {a.cp.words if a.cp else 0} words", ["hypothesis", "hypothesis_b"][: len(scores)])]
    rows += [(name, [shown(score) for score in scores]) for name, shown in _lines(a.collar)]
    text = "\n".join(f"{name:<32}" + "".join(f"{cell:>18}" for cell in cells) for name, cells in rows)
    if len(a.calls) == 1:
        text += f"\n\n{NO_INTERVAL}"
    if b is not None:
        p = difference(a, b)["p_value"]
        if p is not None:
            text += f"\n\nIf both were equally good, a difference of this size would have p = {p:.4f}."
    last = scores[-1]
    return f"{text}\n\n{calls_table(last)}\n{confusions_text(last.details)}"


def _lines(collar: float) -> list[tuple[str, Callable[[CallsScore], str]]]:
    return [
        (f"cpWER, {french.NAME}", lambda s: percent(s.cp and s.cp.rate)),
        ("  95 % interval", lambda s: _interval(s.interval("cp"))),
        (f"tcpWER, collar {collar:g} s", lambda s: percent(s.tcp and s.tcp.rate)),
        ("ORC-WER", lambda s: percent(s.orc and s.orc.rate)),
        ("substitutions", lambda s: str(s.cp.substitutions) if s.cp else "-"),
        ("deletions", lambda s: str(s.cp.deletions) if s.cp else "-"),
        ("insertions", lambda s: str(s.cp.insertions) if s.cp else "-"),
        ("DER", lambda s: percent(s.diarization and s.diarization.rate)),
        ("  95 % interval", lambda s: _interval(s.interval("diarization"))),
        (f"DER, collar {COLLAR:g} s", lambda s: percent(s.forgiving and s.forgiving.rate)),
        ("numbers right", lambda s: right(s.details.numbers)),
        ("names right", lambda s: right(s.details.names)),
    ]


def calls_table(score: CallsScore) -> str:
    """A line a call."""
    width = max(4, *(len(call.name) for call in score.calls)) + 2
    lines = [f"{'call':<{width}}{'cpWER':>10}{'tcpWER':>10}{'DER':>10}{'speakers':>10}{'worst minute':>14}"]
    return "\n".join(lines + [_call(call, width) for call in score.calls])


def _call(call: Call, width: int) -> str:
    worst = worst_minute(call)
    cells = [percent(call.cp and call.cp.rate), percent(call.tcp and call.tcp.rate)]
    cells += [percent(call.diarization and call.diarization.rate), f"{call.speakers[1]} of {call.speakers[0]}"]
    shown = "-" if worst is None else f"{worst}:00"
    return f"{call.name:<{width}}" + "".join(f"{cell:>10}" for cell in cells) + f"{shown:>14}"


def confusions_text(details: Details) -> str:
    """The commonest confusions, a line each."""
    lines = [
        f"  {count:>4}  {said or '(nothing)'} -> {written or '(nothing)'}"
        for said, written, count in details.confusions[:COMMONEST]
    ]
    return "\n".join(["", "said -> written, how often", *lines]) if lines else ""


def right(found: Right) -> str:
    return "-" if found.rate is None else f"{found.right} of {found.said}"


def percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1f} %"


def _interval(found: tuple[float, float] | None) -> str:
    return "-" if found is None else f"{found[0]:.1f} to {found[1]:.1f} %"
