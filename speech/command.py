"""python -m speech transcribe FILE|FOLDER... : recordings to text, from the command line."""

import argparse
import sys
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from common.messages import Message, UserError, locale_language
from speech import archive
from speech.audio.containers import RAW_CODECS, Raw
from speech.audio.decode import stream
from speech.audio.legs import join, pair_name
from speech.decoding.decode import Options, check_language
from speech.decoding.effort import EFFORT, EFFORTS, beam_of
from speech.diarization import embeddings
from speech.engines.base import Engine
from speech.models.checkpoint import Choice
from speech.privacy.mask import mask
from speech.privacy.names import names_of
from speech.transcribe import transcribe
from transcripts.bundle import names
from transcripts.convert import keep
from transcripts.formats import FORMATS, check_format, extension, write
from transcripts.formats.csv import DIALECTS, check_dialect
from transcripts.transcript import Transcript

# Options that change a transcript's place or form and not what it says.
NOT_OF_THE_CONTENT = (
    *("files", "pair", "watch", "output", "format", "times", "csv_dialect", "command", "run", "options"),
    *("model", "adapter"),  # their weights count, by whatever name
)


def add_command(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser("transcribe", help="transcribe recordings")
    command.set_defaults(run=run)
    add = command.add_argument
    add("files", nargs="+", metavar="FILE|FOLDER", help="recordings: anything FFmpeg decodes; or folders of them")
    add("--watch", action="store_true", help="then wait for new recordings in the folders, until Ctrl-C")
    add("--model", help="a Hub id, a folder, or whisper-base (default: see the README)")
    add("--adapter", help="a LoRA adapter: a folder or a Hub id")
    add("--engine", default="auto", help="auto, openvino, ctranslate2 or transformers")
    add("--assistant", help="a small model that drafts for transformers: a Hub id or a folder; the text stays the same")
    add("--precision", help="int8, float32... (default: the engine's best on this device)")
    add("--language", default="fr", help="Whisper's code, or auto (default: fr)")
    add("--task", default="transcribe", help="transcribe, or translate into English")
    add("--channels", default="auto", help="auto, mix or split")
    add("--pair", action="store_true", help="two files, one of each party, are one call of two channels")
    add("--raw-codec", help=f"of files without a header: {', '.join(RAW_CODECS)} (default: by the file's extension)")
    add("--raw-rate", type=int, metavar="HZ", help="of files without a header (default: 8000)")
    add("--raw-channels", type=int, metavar="N", help="of files without a header, interleaved (default: 1)")
    add(
        "--speakers",
        metavar="N",
        help="on one channel: how many, or auto (default: auto where it is possible)",
    )
    add("--words", action="store_true", help="times of the words")
    add("--no-timestamps", action="store_true", help="one turn a window")
    add("--prompt", default="", help="text that comes before, in the spelling that is wanted")
    add("--hot-words", default="", help="words to expect")
    add("--context", action="store_true", help="decode each window after the text before it (slower)")
    add("--beam-size", type=int, default=Options.beam_size, help="1 is greedy")
    add("--effort", default=EFFORT, help=f"{', '.join(EFFORTS)} (default: {EFFORT}): how wide it searches where unsure")
    add("--unsure-beam", type=int, help="the beam for what greedy is unsure of, in place of the effort's (1: none)")
    add("--no-voice-activity", action="store_true", help="decode the silences too")
    add("--mask", action="store_true", help="mask personal data: numbers, codes, e-mail addresses...")
    add("--names", default="", help="names to hide as well, between commas")
    add("--format", default="txt", help=", ".join(FORMATS))
    add("--times", action="store_true", help="txt: with the times of the turns")
    add("--csv-dialect", default="excel", help=", ".join(DIALECTS))
    add("--output", type=Path, metavar="DIR", help="a file per recording there; else standard output")
    add("--json", action="store_const", const="json", dest="format", help="as --format json")


def run(asked: argparse.Namespace) -> int:
    """Transcribes each recording; one that is refused is logged and does not stop the others."""
    from speech.models.choose import choose

    check(asked)
    folders = asked.watch or any(Path(file).is_dir() for file in asked.files)
    _check_output(asked, folders)
    share = archive.Share.of_launch() if folders else None  # before anything looks for a GPU
    work = _Work(asked, choose(asked.model, asked.adapter))
    status = _folders(asked, work, share) if folders else _files(asked, work)
    engine = work.engine
    if engine and engine.assistant:
        _log(f"{engine.assistant} drafted {engine.drafted} tokens, {engine.accepted} were accepted")
    return status


def check(asked: argparse.Namespace) -> None:
    """Raises UserError for options that need no model to be refused."""
    check_format(asked.format)
    check_dialect(asked.csv_dialect)
    _options(asked)
    raw = _raw(asked)
    if asked.pair and (len(asked.files) != 2 or any(not Path(file).is_file() for file in asked.files)):
        raise UserError(
            en="--pair makes one call of two files, one of each party: name the two.",
            fr="--pair fait un appel de deux fichiers, un par interlocuteur : nommez les deux.",
        )
    if asked.pair and (raw or asked.watch):
        raise UserError(
            en="--pair reads two files with a header, once: leave --watch and the --raw options out.",
            fr="--pair lit deux fichiers avec en-tête, une fois : retirez --watch et les options --raw.",
        )


def _check_output(asked: argparse.Namespace, folders: bool) -> None:
    if asked.output:
        return
    if folders:
        raise UserError(
            en="Name a folder for the transcripts of a folder after --output.",
            fr="Nommez après --output un dossier pour les transcriptions d'un dossier.",
        )
    if asked.format == "docx":
        raise UserError(
            en="A DOCX is no text that a terminal shows: name a folder for it after --output.",
            fr="Un DOCX n'est pas un texte qu'un terminal affiche : nommez-lui un dossier après --output.",
        )


class _Work:
    """The request, and the engine that serves it once it is needed."""

    def __init__(self, asked: argparse.Namespace, choice: Choice):
        self.asked, self.choice = asked, choice
        self.options, self.raw = _options(asked), _raw(asked)
        self.written = {"times": asked.times, "dialect": asked.csv_dialect}
        self.engine: Engine | None = None
        self.speakers: int | None = None

    def prepare(self) -> None:
        """Loads the engine, once. Raises UserError where the request asks for what cannot be."""
        from speech.engines import load

        if self.engine:
            return
        asked, choice = self.asked, self.choice
        self.speakers = _speakers(asked.speakers)
        engine = load(choice, asked.engine, asked.precision, assistant=asked.assistant)
        self.options = replace(self.options, margin=engine.margin)
        check_language(engine, self.options.language)
        _log(f"{engine.model} ({choice.reason.en})" + (f" with {engine.adapter}" if engine.adapter else ""))
        _log(f"{engine.name} {engine.precision} on {engine.device} ({engine.reason.en})")
        self.engine = engine

    def transcript(self, file: str | Path) -> Transcript:
        return _transcript(str(file), self.engine, self.options, self.asked, self.speakers, self.raw)

    def rendered(self, transcript: Transcript) -> bytes:
        return write(transcript, self.asked.format, **self.written)


def _files(asked: argparse.Namespace, work: _Work) -> int:
    """Each file's transcript on standard output, or in the output folder."""
    refused = False
    with _recordings(asked) as files:
        work.prepare()
        for file, name in zip(files, names(files), strict=True):
            try:
                content = work.rendered(work.transcript(file))
            except UserError as refusal:
                _log(refusal.message.to(locale_language()))
                refused = True
                continue
            if asked.output:
                keep(asked.output / (name + extension(asked.format)), content)
            else:
                _print(content)
    return 2 if refused else 0


@contextmanager
def _recordings(asked: argparse.Namespace) -> Iterator[list[str]]:
    """The files; with --pair the call that the two make, which is gone afterwards. Raises UserError."""
    if not asked.pair:
        yield asked.files
        return
    with TemporaryDirectory() as folder:
        call = Path(folder) / pair_name(asked.files[0])
        for note in join(*map(Path, asked.files), call):
            _log(note.to(locale_language()))
        yield [str(call)]


def _folders(asked: argparse.Namespace, work: _Work, share: archive.Share) -> int:
    """What is in the folders and was not transcribed before; their transcripts lie as they do."""
    request = {name: value for name, value in vars(asked).items() if name not in NOT_OF_THE_CONTENT}
    form = work.written | {"format": asked.format}
    there = archive.Archive(asked.output, request | {"weights": work.choice.weights}, form, share)

    def log(message: Message) -> None:
        _log(message.to(locale_language()))

    ended = archive.run(there, asked.files, extension(asked.format), work, log, asked.watch)
    _log(f"{ended.done} transcripts written, {ended.there} were there, {ended.refused} recordings refused")
    return 2 if ended.refused else 0


def _options(asked: argparse.Namespace) -> Options:
    if asked.assistant and asked.beam_size > 1:
        raise UserError(
            en="An assistant drafts for greedy decoding alone: leave --beam-size at 1, or leave --assistant out.",
            fr="Un assistant ne sert qu'au décodage glouton : laissez --beam-size à 1, ou retirez --assistant.",
        )
    return Options(
        language=None if asked.language == "auto" else asked.language,
        task=asked.task,
        timestamps=not asked.no_timestamps,
        words=asked.words,
        prompt=asked.prompt,
        hot_words=asked.hot_words,
        context=asked.context,
        voice_activity=not asked.no_voice_activity,
        beam_size=asked.beam_size,
        unsure_beam=beam_of(asked.effort) if asked.unsure_beam is None else asked.unsure_beam,
    )


def _speakers(asked: str | None) -> int | None:
    """The number of speakers; None where it is to be found, 1 where they cannot be told apart."""
    if asked is None:
        try:
            embeddings.choose()
        except UserError as refusal:
            _log(refusal.message.to(locale_language()))
            return 1
    if asked in (None, "auto"):
        return None
    if not asked.isdecimal():
        raise UserError(
            en=f"The number of speakers is {asked!r}: give a number, or auto.",
            fr=f"Le nombre de locuteurs est {asked!r} : donnez un nombre, ou auto.",
        )
    return int(asked)


def _raw(asked: argparse.Namespace) -> Raw | None:
    """What files without a header hold, where one of the options says so."""
    given = {"codec": asked.raw_codec, "rate": asked.raw_rate, "channels": asked.raw_channels}
    given = {name: value for name, value in given.items() if value is not None}
    return Raw(**given) if given else None


def _transcript(
    file: str, engine: Engine, options: Options, asked: argparse.Namespace, speakers: int | None, raw: Raw | None
) -> Transcript:
    shown = sys.stderr.isatty()
    for progress in transcribe(partial(stream, file, raw=raw), engine, options, asked.channels, speakers):
        if shown:
            print(f"\r{progress.seconds_done:.0f} of {progress.seconds_total:.0f} s", end="", file=sys.stderr)
    if shown:
        print("\r\033[K", end="", file=sys.stderr)
    transcript = progress.transcript
    if asked.pair:  # the call that the two files make is gone afterwards
        transcript = replace(transcript, audio=replace(transcript.audio, path=asked.files[0]))
    if asked.mask or asked.names:
        transcript = mask(transcript, names_of(asked.names))
    _log(f"{file}: {transcript.audio.seconds:.1f} s in {transcript.seconds_taken:.1f} s")
    for flagged in transcript.flagged:
        _log(f"{file}: {flagged.start:.1f} s: left out, a {flagged.reason}: {flagged.text}")
    return transcript


def _print(content: bytes) -> None:
    """Writes a transcript to standard output, without the mark that a file begins with for Excel."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content.removeprefix(BOM_UTF8))
    sys.stdout.buffer.flush()


def _log(line: str) -> None:
    print(f"speech: {line}", file=sys.stderr)
