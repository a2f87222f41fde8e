"""python -m speech live FILE|-|--microphone : text while the recording is played, or while somebody speaks."""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import BinaryIO

import numpy as np

from common.messages import UserError
from speech.audio.decode import SAMPLE_RATE, stream
from speech.decoding.decode import Options, check_language
from speech.live import pace
from speech.live.session import Event, LiveSession
from speech.live.sound import CODECS, RawSound

RECORDERS = (  # programs that give the microphone as s16 at 16 kHz on standard output
    ("arecord", "-q", "-t", "raw", "-f", "S16_LE", "-r", str(SAMPLE_RATE), "-c", "1"),
    ("rec", "-q", "-t", "raw", "-e", "signed", "-b", "16", "-r", str(SAMPLE_RATE), "-c", "1", "-"),
)
PIECE = 1600  # bytes of raw sound that are taken at a time: a tenth of a second at 8 kHz
GREY, PLAIN, CLEAR = "\033[90m", "\033[0m", "\r\033[K"


def add_command(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("live", help="transcribe while a recording is played, or while somebody speaks")
    command.set_defaults(run=run)
    add = command.add_argument
    add("source", nargs="?", metavar="FILE", help="a recording, or - for raw sound on standard input")
    add("--microphone", action="store_true", help="this machine's microphone")
    add("--rate", type=int, default=8000, help="samples a second of standard input (default: 8000)")
    add("--codec", default="s16", choices=CODECS, help="of standard input (default: s16, little endian)")
    add("--speed", type=int, default=1, choices=(0, 1), help="1: at the pace of speech; 0: as fast as it is decoded")
    add("--channels", default="mix", choices=("mix", "split"), help="split: each by itself (default: mix)")
    add("--model", help="a Hub id, a folder, or whisper-base (default: see the README)")
    add("--adapter", help="a LoRA adapter: a folder or a Hub id")
    add("--language", default="fr", help="Whisper's code, or auto (default: fr)")
    add("--task", default="transcribe", help="transcribe, or translate into English")
    add("--hot-words", default="", help="words to expect")
    add("--json", action="store_true", help="one event a line: kind, start, end, text, lag, turn, channel")


def run(asked: argparse.Namespace) -> int:
    """Writes events, or text that is rewritten in place, to standard output. Raises UserError."""
    from speech.engines import load
    from speech.models.choose import choose

    if (asked.source is None) == (not asked.microphone):
        raise UserError(
            en="Name one thing to transcribe: a file, - for standard input, or --microphone.",
            fr="Nommez une seule chose à transcrire : un fichier, - pour l’entrée standard, ou --microphone.",
        )
    language = None if asked.language == "auto" else asked.language
    options = Options(language=language, task=asked.task, hot_words=asked.hot_words)
    with _source(asked) as (count, sound):
        engine = load(choose(asked.model, asked.adapter))
        check_language(engine, language)
        clock = pace.Clock(skipping=asked.speed == 0)
        sessions = [LiveSession(engine, options, clock, channel) for channel in range(count)]
        is_file = not asked.microphone and asked.source != "-"
        events = pace.played(sessions, sound, clock) if is_file else pace.received(sessions, sound)
        _show(events, asked.json, count > 1)
    return 0


def _show(events: Iterable[Event], as_json: bool, named: bool) -> None:
    """In a terminal the words that are not final are rewritten in place; elsewhere only final turns are written."""
    terminal = sys.stdout.isatty()
    certain = ""
    try:
        for event in events:
            if as_json:
                print(json.dumps(event.to_dict(), ensure_ascii=False), flush=True)
                continue
            who = f"{chr(ord('A') + event.channel)} : " if named else ""
            if event.kind == "final":
                certain = ""
                print(f"{CLEAR if terminal else ''}{who}{event.text}" if event.text else CLEAR * terminal, flush=True)
            elif terminal:
                certain += f" {event.text}" if event.kind == "committed" else ""
                grey = f" {GREY}{event.text}{PLAIN}" if event.kind == "tentative" else ""
                width = shutil.get_terminal_size().columns + len(GREY + PLAIN) - 1
                print(CLEAR + f"{who}{certain.strip()}{grey}"[-width:], end="", flush=True)
    except KeyboardInterrupt:
        print(flush=True)


@contextmanager
def _source(asked: argparse.Namespace) -> Iterator[tuple[int, Iterator[np.ndarray]]]:
    """How many channels are transcribed, and the sound: (channels, samples) at 16 kHz."""
    if asked.microphone:
        yield 1, _raw(_microphone(), RawSound(SAMPLE_RATE))
    elif asked.source == "-":
        split = asked.channels == "split"
        raw = RawSound(asked.rate, asked.codec, 2 if split else 1, split)
        yield raw.lanes, _raw(sys.stdin.buffer, raw)
    else:
        with stream(asked.source) as recording:
            yield _channels(recording, asked.channels == "split")


def _channels(blocks: Iterable[np.ndarray], split: bool) -> tuple[int, Iterator[np.ndarray]]:
    blocks = iter(blocks)
    first = next(blocks, np.zeros((1, 0), np.float32))
    count = len(first) if split else 1
    lanes = (block if split else block.mean(axis=0, keepdims=True) for block in chain([first], blocks))
    return count, pace.chunks(lanes)


def _raw(source: BinaryIO, raw: RawSound) -> Iterator[np.ndarray]:
    """Headerless sound as it comes, which may be less at a time than it could be."""
    while data := source.read1(PIECE):
        yield raw.add(data)


def _microphone() -> BinaryIO:
    for command in RECORDERS:
        if shutil.which(command[0]):
            return subprocess.Popen(command, stdout=subprocess.PIPE).stdout
    raise UserError(
        en="No program records the microphone here: install alsa-utils (arecord) or sox (rec), or pipe sound into -.",
        fr="Aucun programme n’enregistre le microphone ici : installez alsa-utils (arecord) ou sox (rec), "
        "ou envoyez le son vers -.",
    )
