"""python -m trainer train|evaluate|doubts|export|publish|submit : fine-tuning and evaluation from the command line.

Under `accelerate launch --multi_gpu --num_processes 2 -m trainer evaluate ...`, which on a machine without a GPU starts
processes on the CPU, the clips are divided among them; the result is the same.
"""

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from common.messages import Message, UserError, locale_language
from speech.decoding.effort import EFFORT, beam_of
from trainer.presets import PRESETS, preset

if TYPE_CHECKING:
    from trainer.train.request import TrainingRequest

CORPUS = "a Hub id, a folder, a CSV, JSON lines or parquet file, or phone-prompts"


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done; 2 the request was wrong (one line on standard error says how to mend it)."""
    asked = _parser().parse_args(arguments)
    try:
        return asked.command(asked)
    except UserError as refusal:
        _say(refusal.message)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trainer", description="Fine-tune Whisper on a corpus with LoRA, and measure it."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_train(commands.add_parser("train", help="train a LoRA adapter on a corpus"))
    _add_evaluate(commands.add_parser("evaluate", help="transcribe the clips of a corpus and score the result"))
    _add_doubts(commands.add_parser("doubts", help="list the references of a run's test split that are perhaps wrong"))
    _add_export(commands.add_parser("export", help="merge an adapter into its base, for transformers or CTranslate2"))
    _add_publish(commands.add_parser("publish", help="push an adapter and its card to the Hub (token in HF_TOKEN)"))
    _add_submit(commands.add_parser("submit", help="train as a Hugging Face Job (token in HF_TOKEN; it costs)"))
    return parser


def _add_corpus(command: argparse.ArgumentParser, required: bool, what: str) -> None:
    add = command.add_argument
    add("--corpus", required=required, help=what)
    add("--audio", help="its column of audio, where the name is unusual")
    add("--text", help="its column of text, where the name is unusual")
    add("--unit", help="of TalkBank: segment or switch (default: segment)")
    add("--model", help="a Hub id, a folder, or whisper-base (default: see the README)")


def _add_recipe(command: argparse.ArgumentParser) -> None:
    command.add_argument("--preset", help=f"{', '.join(PRESETS)} (default: quick)")
    command.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="one setting (trainer/settings.py); repeatable"
    )


def _add_train(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_train)
    _add_corpus(command, required=False, what=f"{CORPUS} (default: see the README)")
    _add_recipe(command)
    add = command.add_argument
    add("--output", type=Path, metavar="RUN", help="the run's folder")
    add("--resume", action="store_true", help="resume the run in the folder, as its config.json says")
    add(
        "--slice",
        type=float,
        metavar="SECONDS",
        help="train so long at most; --resume --slice goes on, and --resume ends",
    )
    add("--estimate", action="store_true", help="time a few steps and print what a training would cost; keeps nothing")
    add("--json", action="store_true", help="print the report, or the estimate, as one JSON object")


def _add_evaluate(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_evaluate)
    _add_corpus(command, required=True, what=CORPUS)
    add = command.add_argument
    add("--split", help="the split, or all (default: test, or another one that the adapter was not trained on)")
    add("--limit", type=int, metavar="N", help="only the first N clips of the split")
    add("--sample", type=int, metavar="N", help="only N clips of the split, by chance and always the same")
    add("--adapter", help="a LoRA adapter: a folder or a Hub id")
    add("--engine", default="auto", help="auto, openvino, ctranslate2 or transformers")
    add("--precision", help="int8, float32... (default: the engine's best on this device)")
    add("--language", default="fr", help="Whisper's code (default: fr)")
    add("--calls", action="store_true", help="whole calls, as a user has them transcribed: who said what")
    add("--window", default="short", choices=("short", "full"), help="short: the clip and a margin; full: 30 s")
    add("--batch-size", type=int, default=8, help="clips a batch (default: 8)")
    add("--beam-size", type=int, default=1, help="1 is greedy (default: 1)")
    beam = beam_of(EFFORT)
    add("--unsure-beam", type=int, default=beam, help=f"the beam where greedy is unsure; 1: none (default: {beam})")
    what = "a line a clip, and FILE.json (of --calls: a folder of transcripts); the same command resumes it"
    add("--output", type=Path, metavar="FILE.csv", help=what)
    add("--json", action="store_true", help="print the summary as one JSON object")


def _add_doubts(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_doubts)
    add = command.add_argument
    add("run", type=Path, metavar="RUN", help="the folder of a training that came to its end")
    add("--keep", action="store_true", help="add them to the corrections beside the corpus, to be checked there")
    add("--json", action="store_true", help="print them as one JSON object")


def _add_export(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_export)
    add = command.add_argument
    add("adapter", metavar="ADAPTER", help="a LoRA adapter: a folder or a Hub id")
    add("output", type=Path, metavar="OUT", help="a folder that is new or empty")
    add("--format", required=True, help="merged (for transformers) or ctranslate2 (for faster-whisper)")
    add("--quantization", help="int8, float16 or float32 (default: float32 merged, float16 for CTranslate2)")
    add("--model", help="its base, where the adapter does not name it")


def _add_publish(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_publish)
    add = command.add_argument
    add("adapter", type=Path, metavar="ADAPTER", help="the folder `adapter` of a run")
    add("repository", metavar="REPO", help="OWNER/NAME, or NAME for one of your own")
    add("--private", action="store_true", help="make the repository private")


def _add_submit(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=_submit)
    _add_corpus(command, required=True, what="a dataset of the Hub, or phone-prompts")
    _add_recipe(command)
    add = command.add_argument
    add("--output", required=True, metavar="REPO", help="where the adapter is published: OWNER/NAME")
    add("--private", action="store_true", help="make the repository private")
    add("--flavor", default="a10g-small", help="the machine, by the Hub's name (default: a10g-small)")
    add("--timeout", default="2h", help="the Job's limit: 30m, 2h, 1d (default: 2h)")
    add("--source", metavar="SPACE", help="the Space that Allô is in (default: this one)")
    add("--dry-run", action="store_true", help="print what would be started and what it costs at most")
    add("--json", action="store_true", help="print it as one JSON object")


def _train(asked: argparse.Namespace) -> int:
    if not asked.output and not asked.estimate:
        raise UserError(
            en="There is no folder for the run: --output runs/NAME.",
            fr="Il manque le dossier de l'entraînement : --output runs/NOM.",
        )
    if not asked.resume:
        preset(asked.preset or "quick", asked.set)  # before the seconds of imports
    _start_processes()
    from accelerate import PartialState

    from trainer.evaluation.report import summary
    from trainer.train.run import train
    from trainer.train.stop import Cancelled

    request = _request(asked)
    if asked.estimate:
        from trainer.cost import estimate

        print(json.dumps(estimate(request), ensure_ascii=False, indent=None if asked.json else 2))
        return 0
    if asked.slice is not None:
        from trainer.train import slices

        if not asked.resume:
            slices.begin(request, asked.output)
        slices.train_slice(asked.output, asked.slice)
        return 0
    try:
        report = train(request, asked.output, asked.resume)
    except Cancelled:
        return 1
    if PartialState().is_main_process:
        print(json.dumps(report, ensure_ascii=False) if asked.json else summary(report))
    return 0


def request_of(arguments: list[str]) -> "TrainingRequest":
    """What `python -m trainer train ARGUMENT...` would train. Raises UserError."""
    return _request(_parser().parse_args(["train", *arguments]))


def _request(asked: argparse.Namespace) -> "TrainingRequest":
    from trainer.train.request import TrainingRequest, resumed

    given = {name: getattr(asked, name) for name in ("corpus", "audio", "text", "unit", "model")}
    if asked.resume:
        return resumed(asked.output, given, asked.preset, asked.set)
    name = asked.preset or "quick"
    return TrainingRequest(**given, preset=name, settings=preset(name, asked.set))


def _evaluate(asked: argparse.Namespace) -> int:
    _start_processes()
    from accelerate import PartialState

    import corpus
    from speech.decoding.decode import Options
    from speech.engines import load
    from speech.models.checkpoint import facts
    from speech.models.choose import choose
    from trainer.evaluation import calls, selection
    from trainer.evaluation.processes import evaluated, summary_text
    from trainer.evaluation.results_file import write_summary

    with PartialState().main_process_first():  # what is fetched or built once is there for the others
        clips = corpus.load(asked.corpus, audio=asked.audio, text=asked.text, unit=asked.unit or "segment")
        choice = choose(asked.model, asked.adapter)
        learned = selection.learned_splits(clips, facts(choice.adapter_folder)) if choice.adapter_folder else ()
        split = asked.split or selection.default_split(clips, learned)
        indices = selection.selected(clips, split, asked.limit, asked.sample)
        if asked.calls:
            whole = calls.selected(clips, split, asked.limit)
            indices = calls.rows_of(clips, whole)
        engine = load(choice, asked.engine, asked.precision)
    options = Options(
        language=asked.language,
        margin=Options.margin if asked.window == "short" else None,
        batch_size=asked.batch_size,
        beam_size=asked.beam_size,
        unsure_beam=asked.unsure_beam,
    )
    if asked.calls:
        options = replace(options, margin=options.margin and engine.margin)
        summary = calls.evaluated(clips, whole, engine, options, calls.speakers_asked(), asked.output, _say)
    else:
        summary = evaluated(clips, indices, engine, options, asked.output)
    if summary is None:
        return 0
    count = selection.learned_among(clips, indices, learned)
    warning = selection.learned_warning(count, len(indices))
    summary |= {"split": split, "learned_splits": list(learned), "learned_clips": count}
    summary["warnings"] = [warning.en] if warning else []
    if asked.output:
        (calls.write_summary if asked.calls else write_summary)(asked.output, summary)
    text = calls.summary_text if asked.calls else summary_text
    print(json.dumps(summary, ensure_ascii=False) if asked.json else text(summary))
    return 0


def _say(message: Message) -> None:
    print(f"trainer: {message.to(locale_language())}", file=sys.stderr)


def _doubts(asked: argparse.Namespace) -> int:
    from corpus import corrections
    from trainer.evaluation import doubts

    found = doubts.of_run(asked.run)
    if asked.keep:
        source = json.loads((asked.run / "report.json").read_text(encoding="utf-8"))["corpus"]
        file = corrections.beside(source)
        if file is None:
            raise UserError(
                en=f"{source} is not on this disk, so that nothing can stand beside it: copy the list from here.",
                fr=f"{source} n'est pas sur ce disque, rien ne peut donc être mis à côté : copiez la liste d'ici.",
            )
        added = corrections.keep(file, doubts.corrections(found))
        _say(
            Message(
                en=f"{added} corrections are added to {file}: hear the clips, and take out the lines that are wrong.",
                fr=f"{added} corrections sont ajoutées à {file} : écoutez les extraits, et retirez les lignes fausses.",
            )
        )
    if asked.json:
        print(json.dumps({"doubts": [doubt.to_dict() for doubt in found]}, ensure_ascii=False))
    else:
        for doubt in found:
            words = ", ".join(f"{said or '(nothing)'} -> {written or '(nothing)'}" for said, written in doubt.words)
            print(f"{doubt.id}: {doubt.reference}\n    perhaps: {words}")
    return 0


def _export(asked: argparse.Namespace) -> int:
    from trainer.export import export

    print(export(asked.adapter, asked.output, asked.format, asked.quantization, asked.model))
    return 0


def _publish(asked: argparse.Namespace) -> int:
    from huggingface_hub.utils import disable_progress_bars

    from common.hub_writes import token_from_environment
    from trainer.hub.publish import publish

    if not sys.stderr.isatty():
        disable_progress_bars()
    print(publish(asked.adapter, asked.repository, token_from_environment(), asked.private))
    return 0


def _submit(asked: argparse.Namespace) -> int:
    from huggingface_hub import HfApi

    from common.hub_writes import token_from_environment
    from common.jobs import plan_text, seconds_of, space_of_allo
    from trainer.hub.submit import planned, submit

    preset(asked.preset or "quick", asked.set)  # a wrong setting is refused before anything is paid
    token = os.environ.get("HF_TOKEN") if asked.dry_run else token_from_environment()
    api = HfApi(token=token or False)
    training = []
    for name in ("corpus", "audio", "text", "unit", "model", "preset"):
        value = getattr(asked, name)
        training += [f"--{name}", value] if value else []
    training += [part for change in asked.set for part in ("--set", change)]
    source, seconds = space_of_allo(asked.source), seconds_of(asked.timeout)
    plan = planned(api, training, asked.output, source, asked.flavor, seconds, asked.private)
    url = None if asked.dry_run else submit(api, plan, token).url
    as_json = plan.to_dict() | ({"url": url} if url else {})
    print(json.dumps(as_json, ensure_ascii=False) if asked.json else plan_text(plan, url))
    return 0


def _start_processes() -> None:
    """Joins the processes of `accelerate launch`, on the CPU where there is no GPU."""
    import torch
    from accelerate import PartialState
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # transformers draws one for a second of loading
    PartialState(cpu=not torch.cuda.is_available())  # unasked, it looks for no other processes without a GPU


if __name__ == "__main__":
    sys.exit(main())
