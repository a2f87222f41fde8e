"""python -m scoring calls REFERENCE HYPOTHESIS [HYPOTHESIS_B] : who said what in whole calls, from the command line."""

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path

from common.files import write_bytes
from common.messages import Message, UserError, locale_language
from scoring.calls.files import pairs
from scoring.calls.measures import TIME_COLLAR
from scoring.calls.score import CallsScore, difference, scores
from scoring.calls.text import report
from scoring.details import names_of

Tell = Callable[[Message], None]


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(
        prog="python -m scoring calls", description="Who said what in whole calls: cpWER, tcpWER, ORC-WER, DER."
    )
    add = found.add_argument
    add("reference", type=Path, metavar="REFERENCE", help="what was said: a transcript of any format, or a folder")
    add("hypothesis", type=Path, metavar="HYPOTHESIS", help="what was written, under the same names")
    add("hypothesis_b", type=Path, nargs="?", metavar="HYPOTHESIS_B", help="a second system's, to compare with")
    add("--collar", type=float, default=TIME_COLLAR, metavar="S", help="seconds, of tcpWER (default: %(default)g)")
    add("--names", default="", metavar="NAMES", help="a file with a name a line, or names between commas")
    add("--html", type=Path, metavar="FILE", help="a page to send, with every turn and its errors")
    add("--json", action="store_true", help="one JSON object")
    return found


def run(asked: argparse.Namespace, tell: Tell) -> int:
    """Prints the score. Raises UserError for what cannot be scored."""
    if not (math.isfinite(asked.collar) and asked.collar >= 0):
        raise UserError(
            en=f"The collar is {asked.collar:g}: give seconds from 0 on.",
            fr=f"La tolérance est {asked.collar:g} : donnez des secondes à partir de 0.",
        )
    names = tuple(names_of(asked.names))
    systems = [path for path in (asked.hypothesis, asked.hypothesis_b) if path]
    a, *others = scores(pairs(asked.reference, systems, tell), asked.collar, names, tell)
    if asked.html:
        _write(asked.html, a, asked)
    if asked.json:
        found = a.to_dict()
        for b in others:
            found |= {"b": b.to_dict(), **difference(a, b)}
        print(json.dumps(found, ensure_ascii=False))
    else:
        print(report(a, *others))
    return 0


def _write(path: Path, score: CallsScore, asked: argparse.Namespace) -> None:
    from scoring.calls.page import page

    content = page(score, "fr" if locale_language().lower().startswith("fr") else "en", asked.hypothesis.name)
    try:
        write_bytes(path, content.encode())
    except OSError as error:
        raise UserError(
            en=f"{path} cannot be written ({error.strerror}): name another file.",
            fr=f"{path} ne peut être écrit ({error.strerror}) : nommez un autre fichier.",
        ) from error
