"""python -m trainer evaluate|train|export|publish|submit : fine-tuning and its judge, from the command line.

Under `accelerate launch --multi_gpu --num_processes 2 -m trainer evaluate ...`, which on a machine without a GPU starts
processes on the CPU, the clips are divided among them; the result is the same.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import torch
from accelerate import PartialState
from accelerate.utils import gather_object
from tqdm import tqdm
from transformers.utils.logging import disable_progress_bar

import corpus
from common.messages import Message, UserError, locale_language
from speech.decoding.decode import Options
from speech.engines import Engine, load
from speech.models.choose import choose
from trainer.evaluation import evaluate

WINDOWS = {"short": Options.margin, "full": None}
OTHERS = {  # the commands of other files, each with seconds of imports
    "train": "train.training",
    "export": "export",
    "publish": "hub.publish",
    "submit": "hub.submit",
}


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done; 2 the request was wrong (one line on standard error says how to mend it)."""
    arguments = sys.argv[1:] if arguments is None else arguments
    asked = _parser(arguments[0] if arguments else None).parse_args(arguments)
    PartialState(cpu=not torch.cuda.is_available())  # unasked, it looks for no other processes where there is no GPU
    try:
        return asked.command(asked)
    except UserError as refusal:
        _log(refusal.message.to(locale_language()))
        return 2


def _parser(named: str | None) -> argparse.ArgumentParser:
    """With the command that was named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m trainer", description="Teach Whisper a corpus, and judge it.")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("evaluate", help="hear the clips of a corpus and score what was heard")
    command.set_defaults(command=_evaluate)
    add = command.add_argument
    add("--corpus", required=True, help="a Hub id, a folder, a CSV, JSON lines or parquet file, or phone-prompts")
    add("--audio", help="its column of audio, where the name is unusual")
    add("--text", help="its column of text, where the name is unusual")
    add("--unit", default="segment", help="of TalkBank: segment or switch")
    add("--split", default="test", help="the split, or all (default: test)")
    add("--limit", type=int, metavar="N", help="the first N clips of the split")
    add("--model", help="a Hub id, a folder, or whisper-base (default: see the README)")
    add("--adapter", help="a LoRA adapter: a folder or a Hub id")
    add("--engine", default="auto", help="auto, transformers or ctranslate2")
    add("--precision", help="int8, float32... (default: the engine's best on this device)")
    add("--language", default="fr", help="Whisper's code (default: fr)")
    add("--window", default="short", choices=WINDOWS, help="the clip and a margin, or Whisper's 30 s (default: short)")
    add("--batch-size", type=int, default=Options.batch_size)
    add("--beam-size", type=int, default=Options.beam_size, help="1 is greedy")
    add("--unsure-beam", type=int, default=Options.unsure_beam, help="the beam for what greedy is unsure of (1: none)")
    add("--output", type=Path, metavar="FILE.csv", help="a line a clip, and FILE.json; the same again goes on with it")
    add("--json", action="store_true", help="the summary as one JSON object on standard output")
    for name, module in OTHERS.items():
        if named == name or named not in ("evaluate", *OTHERS):
            import_module(f"trainer.{module}").add_command(commands)
    return parser


def _evaluate(asked: argparse.Namespace) -> int:
    disable_progress_bar()  # transformers draws one for a second of loading
    state = PartialState()
    with state.main_process_first():  # what is fetched or built once is there for the others
        clips = corpus.load(asked.corpus, audio=asked.audio, text=asked.text, unit=asked.unit)
        indices = _chosen(clips, asked.split, asked.limit)
        engine = load(choose(asked.model, asked.adapter), asked.engine, asked.precision)
    options = Options(
        language=asked.language,
        margin=WINDOWS[asked.window],
        batch_size=asked.batch_size,
        beam_size=asked.beam_size,
        unsure_beam=asked.unsure_beam,
    )
    with tempfile.TemporaryDirectory() as folder:
        output = asked.output or Path(folder) / "heard.csv"
        mine = indices[state.process_index :: state.num_processes]
        progress = _shown(
            evaluate.evaluate(clips, mine, engine, options, output, state.process_index), state.is_main_process
        )
        state.wait_for_everyone()
        rows = gather_object(evaluate.rows(output))
        left_out = gather_object([*progress.left_out])
        if state.is_main_process:
            _finish(asked, clips, indices, engine, options, evaluate.join(output, rows, clips), left_out)
    return 0


def _chosen(clips: corpus.Corpus, split: str, limit: int | None) -> list[int]:
    """The rows of a split, the first `limit` of them."""
    splits = clips.rows["split"]
    if split != "all" and split not in set(splits):
        there = ", ".join(sorted(set(splits)))
        raise UserError(
            en=f"{clips.name} has no split {split!r}: choose {there} or all.",
            fr=f"{clips.name} n'a pas de partition {split!r} : choisissez {there} ou all.",
        )
    if limit is not None and limit < 1:
        raise UserError(
            en=f"The first {limit} clips are none: ask for 1 at least.",
            fr=f"Les {limit} premiers extraits ne sont rien : demandez-en au moins 1.",
        )
    return [i for i in clips.rows.index if split in ("all", splits[i])][:limit]


def _shown(steps: Iterator[evaluate.Progress], shown: bool) -> evaluate.Progress:
    """The last step; a bar on a terminal, its time left by the work and not by the clips."""
    look = "{percentage:3.0f} % |{bar}| {postfix} [{elapsed}<{remaining}]"
    with tqdm(total=1.0, bar_format=look, disable=None if shown else True) as bar:
        for progress in steps:
            bar.set_postfix_str(f"{progress.done} of {progress.total} clips", refresh=False)
            bar.update(progress.share - bar.n)
    return progress


def _finish(
    asked: argparse.Namespace,
    clips: corpus.Corpus,
    indices: list[int],
    engine: Engine,
    options: Options,
    rows: list[evaluate.Row],
    left_out: list[tuple[str, Message]],
) -> None:
    """Writes and prints the summary of the clips that were asked for; the CSV may hold others, of another split."""
    wanted = set(clips.rows["id"][indices])
    told = evaluate.summary(clips, [row for row in rows if row.id in wanted], engine, options)
    told |= {"split": asked.split, "left_out": [{"id": name, "reason": said.en} for name, said in left_out]}
    if asked.output:
        evaluate.write_facts(asked.output, {"asked": evaluate.identity(clips, engine, options), **told})
    print(json.dumps(told, ensure_ascii=False) if asked.json else _report(told))


def _report(told: dict) -> str:
    interval = "95 %: {:.1f} to {:.1f}".format(*told["interval"]) if told["interval"] else told["interval_note"]
    lines = [
        f"{told['corpus']}, {told['split']}: {len(told['clips'])} clips, {told['audio_seconds']:.0f} s of audio",
        f"{told['model']}" + (f" with {told['adapter']}" if told["adapter"] else "") + f", {told['engine']} "
        f"{told['precision']}, window {told['window']}: {told['seconds_taken']:.0f} s",
        f"WER {told['wer']:.1f} % ({interval}), {told['normaliser']}; CER {told['cer']:.1f} %",
        f"{told['substitutions']} substitutions, {told['deletions']} deletions, {told['insertions']} insertions "
        f"in {told['words']} words; {told['loops']} loops, {told['phantoms']} phantoms",
        f"WER raw {told['raw_wer']:.1f} %, BasicTextNormalizer {told['basic_wer']:.1f} %",
        *(f"set aside as a {reason}: {count} clips" for reason, count in told["flagged"].items()),
        *(f"left out: {clip['id']}: {clip['reason']}" for clip in told["left_out"]),
        *(f"WARNING: {leak}" for leak in told["leaks"]),
    ]
    return "\n".join(lines)


def _log(line: str) -> None:
    print(f"trainer: {line}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
