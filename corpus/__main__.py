"""python -m corpus, from the command line.

describe SOURCE          what a corpus holds
simulate SOURCE OUT      calls made out of its clips, with what is said in them
"""

import argparse
import json
import sys
from dataclasses import fields
from pathlib import Path

from common.messages import UserError, locale_language
from corpus.describe import describe, report
from corpus.line_sounds import KINDS
from corpus.simulate import Manner, simulate
from corpus.sources import UNITS, load
from corpus.table import Corpus
from corpus.telephone_line import CODECS


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done; 2 the request was wrong (one line on standard error says how to mend it)."""
    asked = _parser().parse_args(arguments)
    try:
        return asked.work(asked)
    except UserError as refusal:
        _log(refusal.message.to(locale_language()))
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m corpus", description="Labelled telephone speech.")
    commands = parser.add_subparsers(dest="command", required=True)
    describing = commands.add_parser("describe", help="rows, hours, splits, columns, durations, licence, leaks")
    _add_source(describing)
    describing.add_argument("--json", action="store_true", help="one JSON object")
    describing.set_defaults(work=_describe)
    simulating = commands.add_parser("simulate", help="calls made out of clips, on telephone lines, with their turns")
    _add_source(simulating)
    _add_manner(simulating)
    simulating.set_defaults(work=_simulate)
    return parser


def _add_source(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("source", metavar="SOURCE", help="a folder, CSV, JSONL or parquet file, a dataset of the Hub, phone-prompts")
    add("--audio", metavar="COLUMN", help="the column of the audio, where its name is unusual")
    add("--text", metavar="COLUMN", help="the column of the text, likewise")
    add("--unit", default="segment", help=f"of TalkBank: {' or '.join(UNITS)} (default: segment)")
    add("--language", default="fr", help="of TalkBank (default: fr)")
    add("--limit", type=int, metavar="N", help="the first N rows only")


def _add_manner(parser: argparse.ArgumentParser) -> None:
    add, usual = parser.add_argument, Manner()
    add("out", metavar="OUT", type=Path, help="the folder for call-001.wav, call-001.json...")
    add("--calls", type=int, default=1, metavar="N", help="how many (default: 1)")
    add("--minutes", type=float, default=usual.seconds / 60, metavar="M", help="of each at most (default: %(default)g)")
    add("--codec", default=usual.codec, help=f"of both lines: {', '.join(CODECS)} (default: {usual.codec})")
    add("--leakage", type=float, metavar="DB", help="of a voice into the other channel, such as -25 (default: none)")
    add("--snr", type=float, metavar="DB", help="of a voice over its line's noise (default: no noise)")
    add("--loss", type=float, default=usual.loss, metavar="SHARE", help="of packets lost, such as 0.02 (default: 0)")
    add("--overlap", type=float, default=usual.overlap, metavar="SHARE", help="of answers begun early (default: 0.1)")
    add("--sounds", nargs="+", default=(), metavar="KIND", help=f"on the line as well: {', '.join(KINDS)}")
    add("--mono", action="store_true", help="both parties on one channel")
    add("--seed", type=int, default=0, metavar="S", help="the same seed gives the same calls (default: 0)")


def _loaded(asked: argparse.Namespace) -> Corpus:
    return load(
        asked.source,
        audio=asked.audio,
        text=asked.text,
        unit=asked.unit,
        limit=asked.limit,
        language=asked.language,
    )


def _describe(asked: argparse.Namespace) -> int:
    facts = describe(_loaded(asked))
    sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n" if asked.json else report(facts, locale_language()))
    return 0


def _simulate(asked: argparse.Namespace) -> int:
    asked.seconds, asked.sounds = 60 * asked.minutes, tuple(asked.sounds)
    manner = {field.name: getattr(asked, field.name) for field in fields(Manner)}
    Manner(**manner)  # what cannot be is said before a corpus is fetched
    for path in simulate(_loaded(asked), asked.out, calls=asked.calls, seed=asked.seed, **manner):
        print(path)
    return 0


def _log(line: str) -> None:
    print(f"corpus: {' '.join(line.split())}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
