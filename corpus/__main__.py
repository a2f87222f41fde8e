"""python -m corpus describe SOURCE : what a corpus holds, from the command line."""

import argparse
import json
import sys

from corpus.describe import describe, report
from corpus.sources import UNITS, load
from speech.said import Refusal, locale_language


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done; 2 the request was wrong (one line on standard error says how to mend it)."""
    asked = _parser().parse_args(arguments)
    try:
        return _describe(asked)
    except Refusal as refusal:
        _log(refusal.said.to(locale_language()))
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m corpus", description="Labelled telephone speech.")
    command = parser.add_subparsers(dest="command", required=True).add_parser(
        "describe", help="rows, hours, splits, columns, durations, licence, leaks"
    )
    add = command.add_argument
    add("source", metavar="SOURCE", help="a folder, CSV, JSONL or parquet file, a dataset of the Hub, phone-prompts")
    add("--audio", metavar="COLUMN", help="the column of the audio, where its name is unusual")
    add("--text", metavar="COLUMN", help="the column of the text, likewise")
    add("--unit", default="segment", help=f"of TalkBank: {' or '.join(UNITS)} (default: segment)")
    add("--language", default="fr", help="of TalkBank (default: fr)")
    add("--limit", type=int, metavar="N", help="the first N rows only")
    add("--json", action="store_true", help="one JSON object")
    return parser


def _describe(asked: argparse.Namespace) -> int:
    corpus = load(
        asked.source,
        audio=asked.audio,
        text=asked.text,
        unit=asked.unit,
        limit=asked.limit,
        language=asked.language,
    )
    facts = describe(corpus)
    sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n" if asked.json else report(facts, locale_language()))
    return 0


def _log(line: str) -> None:
    print(f"corpus: {' '.join(line.split())}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
