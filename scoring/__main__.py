"""python -m scoring, from the command line.

FILE [--json]                            the error rates of a table of references and hypotheses
calls REFERENCE HYPOTHESIS [--json]      who said what in whole calls
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from common.messages import Message, UserError, locale_language
from scoring.alignment import align, printed
from scoring.bootstrap import NO_INTERVAL
from scoring.calls import command as calls
from scoring.calls.text import confusions_text, right
from scoring.details import Details, by_parts, details, names_of
from scoring.measures import NORMALISERS, Comparison, Score, compare, normaliser_of, score
from scoring.table import read

WORST = 5  # clips shown
WIDTH = 100  # characters of an alignment's line


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done; 2 the request was wrong (one line on standard error says how to mend it)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if arguments[:1] == ["calls"]:
            return calls.run(calls.parser().parse_args(arguments[1:]), _say)
        return _clips(_parser().parse_args(arguments))
    except UserError as refusal:
        _say(refusal.message)
    except ValueError as wrong:
        _tell(str(wrong))
    return 2


def _clips(asked: argparse.Namespace) -> int:
    """Prints the score of a table of clips. Raises ValueError for what cannot be scored."""
    normaliser_of(asked.normaliser)
    names = names_of(asked.names)
    columns = read(asked.file, _tell)
    found = _scored(columns, asked.normaliser)
    apply = normaliser_of(asked.normaliser).apply
    more = {name: details(columns["reference"], columns[name], names, apply) for name in _systems(found)}
    if asked.json:
        print(json.dumps(_facts(columns, found, more), ensure_ascii=False))
    else:
        print(_table(found, more))
        print(confusions_text(list(more.values())[-1]))
        print(_worst(columns, found, asked.normaliser), end="")
    return 0


def _say(message: Message) -> None:
    _tell(message.to(locale_language()))


def _tell(note: str) -> None:
    print(f"scoring: {note}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scoring", description="Word and character error rates of French.")
    add = parser.add_argument
    add(
        "file",
        type=Path,
        metavar="FILE",
        help="CSV or TSV with columns reference, hypothesis[, hypothesis_b, call, speaker, channel, start]",
    )
    add("--json", action="store_true", help="one JSON object, a clip's counts each")
    add("--names", default="", metavar="NAMES", help="a file with a name a line, or names between commas")
    add("--normaliser", default="french", help=f"{', '.join(NORMALISERS)} (default: french)")
    return parser


def _scored(columns: dict[str, list[str]], normaliser: str) -> Score | Comparison:
    references, a, b = columns["reference"], columns["hypothesis"], columns.get("hypothesis_b")
    groups = columns.get("call")
    if b is None:
        found = score(references, a, groups, normaliser=normaliser)
    else:
        found = compare(references, a, b, groups, normaliser=normaliser)
    if not _systems(found)["hypothesis"].words:
        raise ValueError(
            "No reference has a word, so there is nothing to count errors over: fill the column reference."
        )
    return found


def _systems(found: Score | Comparison) -> dict[str, Score]:
    if isinstance(found, Comparison):
        return {"hypothesis": found.a, "hypothesis_b": found.b}
    return {"hypothesis": found}


def _facts(columns: dict[str, list[str]], found: Score | Comparison, more: dict[str, Details]) -> dict:
    facts = found.to_dict() | more["hypothesis"].to_dict()
    facts |= by_parts(columns, _systems(found)["hypothesis"].clips)
    if "b" in facts:
        facts["b"] |= more["hypothesis_b"].to_dict()
    return facts


def _table(found: Score | Comparison, more: dict[str, Details]) -> str:
    """The summary: a line a measure, a column a system."""
    scores = _systems(found)
    first = scores["hypothesis"]
    lines: list[tuple[str, Callable[[Score], str]]] = [
        (f"WER, {first.normaliser}", lambda s: _percent(s.wer)),
        ("  95 % interval", lambda s: f"{s.interval[0]:.1f} to {_percent(s.interval[1])}" if s.interval else "-"),
        (f"WER, {NORMALISERS['french-without-fillers'].name}", lambda s: _percent(s.no_fillers_wer)),
        (f"WER, {NORMALISERS['basic'].name}", lambda s: _percent(s.basic_wer)),
        ("WER, raw", lambda s: _percent(s.raw_wer)),
        ("CER", lambda s: _percent(s.cer)),
        ("substitutions", lambda s: str(s.substitutions)),
        ("deletions", lambda s: str(s.deletions)),
        ("insertions", lambda s: str(s.insertions)),
        ("loops", lambda s: str(s.loops)),
        ("phantoms", lambda s: str(s.phantoms)),
    ]
    rows = [(f"{len(first.clips)} clips, {first.words} words", list(scores))]
    rows += [(name, [shown(each) for each in scores.values()]) for name, shown in lines]
    rows += [(f"{kind} right", [right(getattr(each, kind)) for each in more.values()]) for kind in ("numbers", "names")]
    text = "\n".join(f"{name:<32}" + "".join(f"{cell:>18}" for cell in cells) for name, cells in rows)
    if first.interval is None:
        text += f"\n\n{NO_INTERVAL}"
    if isinstance(found, Comparison):
        text += (
            f"\n\nhypothesis_b has no errors where hypothesis had some in {found.fixed} clips, and the reverse in "
            f"{found.broken}.\nIf both were equally good, a difference of this size would have p = {found.p_value:.4f}."
        )
    return text


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1f} %"


def _worst(columns: dict[str, list[str]], found: Score | Comparison, normaliser: str) -> str:
    """The alignments of the clips with the most edits, those of hypothesis_b where there is one."""
    name, shown = list(_systems(found).items())[-1]
    apply = normaliser_of(normaliser).apply
    worst = sorted(range(len(shown.clips)), key=lambda at: -shown.clips[at].edits)[:WORST]
    text = ""
    for at in worst:
        clip = shown.clips[at]
        if clip.edits:
            steps = align(apply(columns["reference"][at]), apply(columns[name][at]))
            text += f"\nclip {at + 1}, {name}: edits {clip.edits}, words {clip.words}\n{printed(steps, WIDTH)}\n"
    return text


if __name__ == "__main__":
    sys.exit(main())
