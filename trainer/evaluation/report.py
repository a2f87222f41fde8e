"""The report of a training: the base against the adapter on the test split, each decoded as users will decode it."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather_object

from common.files import write_json
from common.messages import Message, UserError
from corpus import Corpus
from speech.decoding.decode import Options
from speech.engines import Engine, load
from speech.models import adapters
from speech.models.checkpoint import Choice
from speech.models.choose import choose
from trainer.data.held_out_prompts import Spoken
from trainer.data.splits import Splits
from trainer.evaluation import forgetting
from trainer.evaluation.comparison import Both, compared, figures
from trainer.evaluation.evaluate import evaluate
from trainer.evaluation.results_file import RUN_FOLDER, Row, join, rows
from trainer.settings import Settings

Engines = Callable[[str], Engine]  # the engine of "base" or of "adapter", loaded once for all that is compared


def report(
    folder: Path,
    clips: Corpus,
    splits: Splits,
    choice: Choice,
    settings: Settings,
    training: dict,
    check: Callable[[], None],
) -> dict:
    """What report.json holds. `check` is called between batches, and may raise.

    The hypotheses are stored in the run folder, so that a report that was interrupted resumes.
    """
    result = {
        "base": None,
        "adapter": None,
        "full_window": None,
        "examples": {"fixed": [], "broken": []},
        "forgetting": {},
        "model": choice.model,
        "corpus": clips.source,
        "licence": clips.licence,
        "split": splits.counts,
        "leaks": [leak.to_dict() for leak in clips.leaks],
        "training": training,
        "warnings": [],
    }
    test = _drawn(splits.test, settings)
    adapters.check_base(folder / "adapter", choice)
    engines = cache(partial(_loaded, choice, folder / "adapter"))
    result |= _gained(folder, clips, test, engines, settings, check) if test else {"warnings": [NO_TEST._asdict()]}
    if settings.evaluation.forgetting_clips:
        found = _forgotten(folder, clips, test, engines, settings, check)
        result["forgetting"] = found
        result["warnings"] += [message._asdict() for message in forgetting.warnings(found)]
    return result


def _loaded(choice: Choice, adapter: Path, name: str) -> Engine:
    """The engine of "base" or "adapter"; each process has its own."""
    with PartialState().main_process_first():
        return load(choose(choice.model, str(adapter) if name == "adapter" else None))


def _gained(
    folder: Path, clips: Corpus, test: list[int], engines: Engines, settings: Settings, check: Callable[[], None]
) -> dict:
    """What the adapter changes on the test split, in its own window and in the full one."""
    own = _both(folder, clips, test, engines, settings, check, full=False)
    wide = settings.data.window == "full"
    full = own if wide else _both(folder, clips, test, engines, settings, check, full=True)
    return figures(own, full, [leak.message._asdict() for leak in clips.leaks if "test" in leak.between])


def _forgotten(
    folder: Path, clips: Corpus, test: list[int], engines: Engines, settings: Settings, check: Callable[[], None]
) -> dict[str, dict]:
    """What the main process measures of it, for all; stored as it goes, like the hypotheses."""
    state, stored, found = PartialState(), folder / RUN_FOLDER / "forgetting.json", [None]
    base, adapter = engines("base"), engines("adapter")
    if state.is_main_process:
        found = [json.loads(stored.read_text(encoding="utf-8")) if stored.exists() else {}]
        greedy = replace(forgetting.GREEDY, language=settings.data.language)
        how = {
            "before": greedy,
            "after": replace(greedy, margin=settings.decoding_margin),
            "french": _spoken(clips, test) if test else None,
        }
        stored.parent.mkdir(exist_ok=True)
        size = settings.evaluation.forgetting_clips
        for name, figures in forgetting.each(base, adapter, clips=size, known=found[0], **how):
            found[0][name] = figures
            write_json(stored, found[0])
            check()
    if state.num_processes > 1:
        broadcast_object_list(found)
    return found[0]


def _spoken(clips: Corpus, indices: Sequence[int]) -> Iterator[Spoken]:
    """Clips that were not trained on, to make long recordings of."""
    for i in indices:
        with suppress(UserError):  # a clip that cannot be read is reported where the clips are scored
            yield Spoken(clips.clip(i), clips.rows["text"][i])


def _drawn(test: Sequence[int], settings: Settings) -> list[int]:
    order = np.random.default_rng(settings.optimisation.seed).permutation(len(test))
    return sorted(test[at] for at in order[: settings.evaluation.report_clips])


def _both(
    folder: Path,
    clips: Corpus,
    test: list[int],
    engines: Engines,
    settings: Settings,
    check: Callable[[], None],
    full: bool,
) -> Both:
    """Base and adapter in the full window, or each in its own: the base's default, the adapter's margin."""
    found = []
    for name in ("base", "adapter"):
        options = Options(language=settings.data.language)
        if full:
            options = replace(options, margin=None)
        elif name == "adapter":
            options = replace(options, margin=settings.decoding_margin)
        output = folder / RUN_FOLDER / f"{name}-{'full' if options.margin is None else 'short'}.csv"
        found.append(_transcribed(clips, test, engines(name), options, output, check))
    return compared(*found)


def _transcribed(
    clips: Corpus,
    test: list[int],
    engine: Engine,
    options: Options,
    output: Path,
    check: Callable[[], None],
) -> list[Row]:
    """The rows of all processes, each of which transcribes its share."""
    state = PartialState()
    mine = test[state.process_index :: state.num_processes]
    for _ in evaluate(clips, mine, engine, options, output, state.process_index):
        check()
    state.wait_for_everyone()
    found = gather_object(rows(output))
    if state.is_main_process:
        join(output, {row.id: row for row in found}.values(), clips)
    state.wait_for_everyone()
    return rows(output)


def summary(report: dict) -> str:
    """The report for people, in a few lines."""
    training = report["training"]
    lines = [
        f"{training['trainable']:,} trainable of {training['parameters']:,} parameters; {training['steps']} steps, "
        f"{training['epochs']:.1f} epochs, {training['seconds']:.0f} s, {training['clips_per_second']:.2f} clips/s, "
        f"peak memory {training['peak_memory_mb']} MB",
        f"best on the validation split: WER {training['best_wer']:.1f} % after step {training['best_step']}",
    ]
    if report["base"]:
        windows = [("own window", report["base"], report["adapter"])]
        windows += [("full window", report["full_window"]["base"], report["full_window"]["adapter"])]
        for window, base, adapter in windows:
            lines.append(f"test split, {window}: {_rate(base)} before, {_rate(adapter)} after")
        lines.append(
            f"p = {report['p_value']:.4f}; {report['fixed']} clips fixed, {report['broken']} broken, "
            f"{report['better']} better, {report['worse']} worse"
        )
    return "\n".join(lines + [f"WARNING: {warning['en']}" for warning in report["warnings"]])


def _rate(score: dict) -> str:
    if score["wer"] is None:
        return "no words"
    if not score["interval"]:
        return f"WER {score['wer']:.1f} %"
    low, high = score["interval"]
    return f"WER {score['wer']:.1f} % ({low:.1f} to {high:.1f})"


NO_TEST = Message(
    en="There is no test split (or report_clips is 0): the gain was not measured.",
    fr="Il n'y a pas de partition de test (ou report_clips vaut 0) : le gain n'a pas été mesuré.",
)
