"""An evaluation by all processes of `accelerate launch` together, each with its share of the clips."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from accelerate import PartialState
from accelerate.utils import gather_object
from tqdm import tqdm

from corpus import Corpus
from scoring.details import details
from speech.decoding.decode import Options
from speech.engines import Engine
from trainer.evaluation import evaluate
from trainer.evaluation.results_file import join, rows


def evaluated(
    corpus: Corpus, indices: Sequence[int], engine: Engine, options: Options, output: Path | None
) -> dict | None:
    """The summary of the clips at `indices`, in the main process; None in the others.

    `output` is the results file, which may also hold clips of another split; without it nothing is kept. Raises
    UserError as `evaluate` does.
    """
    state = PartialState()
    with tempfile.TemporaryDirectory() as folder:
        output = output or Path(folder) / "results.csv"
        mine = indices[state.process_index :: state.num_processes]
        steps = evaluate.evaluate(corpus, mine, engine, options, output, state.process_index)
        last = with_bar(steps, state.is_main_process)
        state.wait_for_everyone()
        found, left_out = gather_object(rows(output)), gather_object([*last.left_out])
        if not state.is_main_process:
            return None
        wanted = set(corpus.rows["id"][indices])
        scored = [row for row in join(output, found, corpus) if row.id in wanted]
    summary = evaluate.summary(corpus, scored, engine, options)
    summary |= details([row.reference for row in scored], [row.hypothesis for row in scored]).to_dict()
    return summary | {"left_out": [{"id": name, "reason": reason.en} for name, reason in left_out]}


def with_bar(steps, shown: bool, what: str = "clips") -> evaluate.EvaluationProgress:
    """The last step; meanwhile a bar on a terminal, its time left by the work and not by the clips."""
    look = "{percentage:3.0f} % |{bar}| {postfix} [{elapsed}<{remaining}]"
    with tqdm(total=1.0, bar_format=look, disable=None if shown else True) as bar:
        for progress in steps:
            bar.set_postfix_str(f"{progress.done} of {progress.total} {what}", refresh=False)
            bar.update(progress.share - bar.n)
    return progress


def right(summary: dict) -> list[str]:
    """How many numbers and names are right, a line each, where some were said."""
    found = {what: summary[what] for what in ("numbers", "names") if summary[what]["said"]}
    return [f"{what} right: {each['right']} of {each['said']}" for what, each in found.items()]


def summary_text(summary: dict) -> str:
    """The summary for people, in a few lines."""
    interval = (
        "95 %: {:.1f} to {:.1f}".format(*summary["interval"]) if summary["interval"] else summary["interval_note"]
    )
    adapter = f" with {summary['adapter']}" if summary["adapter"] else ""
    lines = [
        f"{summary['corpus']}, {summary['split']}: {len(summary['clips'])} clips, "
        f"{summary['audio_seconds']:.0f} s of audio",
        f"{summary['model']}{adapter}, {summary['engine']} {summary['precision']}, window {summary['window']}: "
        f"{summary['seconds_taken']:.0f} s",
        f"WER {summary['wer']:.1f} % ({interval}), {summary['normaliser']}; CER {summary['cer']:.1f} %",
        f"{summary['substitutions']} substitutions, {summary['deletions']} deletions, {summary['insertions']} "
        f"insertions in {summary['words']} words; {summary['loops']} loops, {summary['phantoms']} phantoms",
        *right(summary),
        f"WER raw {summary['raw_wer']:.1f} %, BasicTextNormalizer {summary['basic_wer']:.1f} %",
        *(f"removed as a {reason}: text in {count} clips" for reason, count in summary["flagged"].items()),
        *(f"left out: {clip['id']}: {clip['reason']}" for clip in summary["left_out"]),
        *(f"WARNING: {warning}" for warning in [*summary["warnings"], *summary["leaks"]]),
    ]
    return "\n".join(lines)
