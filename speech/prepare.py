"""python -m speech prepare: makes once what an engine needs, before anybody waits for it."""

import argparse
import sys

from common.messages import Message, locale_language


def add_command(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("prepare", help="convert a model, and quantise its encoder for OpenVINO")
    command.set_defaults(run=run)
    add = command.add_argument
    add("--model", help="a Hub id, a folder, or whisper-base (default: see the README)")
    add("--adapter", help="a LoRA adapter: a folder or a Hub id")
    add("--engine", help="openvino, ctranslate2 or transformers (default: the fastest here)")


def run(asked: argparse.Namespace) -> int:
    from speech.engines import load
    from speech.models.choose import choose
    from speech.models.quantization import is_worth_it

    fastest = "openvino" if is_worth_it() else "auto"
    engine = load(choose(asked.model, asked.adapter), asked.engine or fastest)
    name = engine.model if not engine.adapter else f"{engine.model} + {engine.adapter}"
    ready = Message(en="{} is ready for {} ({}).", fr="{} est prêt pour {} ({}).").to(locale_language())
    print(ready.format(name, engine.name, engine.precision), file=sys.stderr)
    return 0
