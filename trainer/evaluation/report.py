"""The last page of a training: the base against the adapter on the test split, each heard as users will hear it."""

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
from scoring.measures import Comparison, compare
from speech.decoding.decode import Options
from speech.engines import Engine, load
from speech.models import adapters
from speech.models.checkpoint import Choice
from speech.models.choose import choose
from trainer.data.examples import Parts
from trainer.evaluation import evaluate, forgetting
from trainer.evaluation.held_out_prompts import Spoken
from trainer.settings import Settings

EXAMPLES = 5  # clips fixed and broken, shown
Ears = Callable[[str], Engine]  # the engine of "base" or of "adapter", loaded once for all that is compared


def report(
    folder: Path,
    clips: Corpus,
    parts: Parts,
    choice: Choice,
    settings: Settings,
    training: dict,
    check: Callable[[], None],
) -> dict:
    """What report.json holds. `check` is called between batches, and may raise.

    The clips heard are kept in `folder`/heard, so that a report that was cut off is gone on with.
    """
    told = {
        "base": None,
        "adapter": None,
        "full_window": None,
        "examples": {"fixed": [], "broken": []},
        "forgetting": {},
        "model": choice.model,
        "corpus": clips.source,
        "licence": clips.licence,
        "split": parts.counts,
        "leaks": [leak.to_dict() for leak in clips.leaks],
        "training": training,
        "warnings": [],
    }
    test = _drawn(parts.test, settings)
    adapters.check_base(folder / "adapter", choice)
    ears = cache(partial(_loaded, choice, folder / "adapter"))
    told |= _gained(folder, clips, test, ears, settings, check) if test else {"warnings": [NO_TEST._asdict()]}
    if settings.forgetting_clips:
        found = _forgotten(folder, clips, test, ears, settings, check)
        told["forgetting"] = found
        told["warnings"] += [said._asdict() for said in forgetting.warnings(found)]
    return told


def _loaded(choice: Choice, adapter: Path, who: str) -> Engine:
    """ "base" or "adapter"; each process has its own."""
    with PartialState().main_process_first():
        return load(choose(choice.model, str(adapter) if who == "adapter" else None))


def _gained(
    folder: Path, clips: Corpus, test: list[int], ears: Ears, settings: Settings, check: Callable[[], None]
) -> dict:
    """What the adapter changes on the test split, in its own window and in the full one."""
    short, base, adapter = _compared(folder, clips, test, ears, settings, check, full=False)
    full = short if settings.window == "full" else _compared(folder, clips, test, ears, settings, check, full=True)[0]
    warnings = [leak.message._asdict() for leak in clips.leaks if "test" in leak.between]
    if short.b.wer is not None and short.b.wer > short.a.wer:
        warnings.insert(0, WORSE._asdict())
    return {
        "base": _without_clips(short.a.to_dict()),
        "adapter": _without_clips(short.b.to_dict()),
        **{name: getattr(short, name) for name in ("p_value", "fixed", "broken", "better", "worse")},
        "full_window": {"base": _without_clips(full.a.to_dict()), "adapter": _without_clips(full.b.to_dict())},
        "examples": _examples(short, base, adapter),
        "warnings": warnings,
    }


def _forgotten(
    folder: Path, clips: Corpus, test: list[int], ears: Ears, settings: Settings, check: Callable[[], None]
) -> dict[str, dict]:
    """What the main process measures of it, for all; kept as it goes, as the clips heard are."""
    state, kept, found = PartialState(), folder / "heard" / "forgetting.json", [None]
    base, adapter = ears("base"), ears("adapter")
    if state.is_main_process:
        found = [json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}]
        how = {
            "before": replace(forgetting.COLD, language=settings.language),
            "after": replace(forgetting.COLD, language=settings.language, margin=settings.decoding_margin),
            "french": _spoken(clips, test) if test else None,
        }
        kept.parent.mkdir(exist_ok=True)
        for name, figures in forgetting.each(base, adapter, clips=settings.forgetting_clips, known=found[0], **how):
            found[0][name] = figures
            write_json(kept, found[0])
            check()
    if state.num_processes > 1:
        broadcast_object_list(found)
    return found[0]


def _spoken(clips: Corpus, indices: Sequence[int]) -> Iterator[Spoken]:
    """What was not trained on, to make long recordings of."""
    for i in indices:
        with suppress(UserError):  # a clip that cannot be heard is told of where the clips are scored
            yield Spoken(clips.clip(i), clips.rows["text"][i])


def _drawn(test: Sequence[int], settings: Settings) -> list[int]:
    order = np.random.default_rng(settings.seed).permutation(len(test))[: settings.report_clips]
    return sorted(test[at] for at in order)


def _compared(
    folder: Path,
    clips: Corpus,
    test: list[int],
    ears: Ears,
    settings: Settings,
    check: Callable[[], None],
    full: bool,
) -> tuple[Comparison, list[evaluate.Row], list[evaluate.Row]]:
    """Base and adapter in the full window, or each in its own: the base's default, the adapter's margin."""
    rows = []
    for name in ("base", "adapter"):
        options = Options(language=settings.language)
        if full:
            options = replace(options, margin=None)
        elif name == "adapter":
            options = replace(options, margin=settings.decoding_margin)
        output = folder / "heard" / f"{name}-{'full' if options.margin is None else 'short'}.csv"
        rows.append(_heard(clips, test, ears(name), options, output, check))
    base, found = ({row.id: row for row in some} for some in rows)
    both = [name for name in base if name in found]
    compared = compare(
        [base[name].reference for name in both],
        [base[name].hypothesis for name in both],
        [found[name].hypothesis for name in both],
        [base[name].call or None for name in both],
    )
    return compared, [base[name] for name in both], [found[name] for name in both]


def _heard(
    clips: Corpus,
    test: list[int],
    engine: Engine,
    options: Options,
    output: Path,
    check: Callable[[], None],
) -> list[evaluate.Row]:
    """The rows of all processes, each of which hears its share."""
    state = PartialState()
    mine = test[state.process_index :: state.num_processes]
    for _ in evaluate.evaluate(clips, mine, engine, options, output, state.process_index):
        check()
    state.wait_for_everyone()
    rows = gather_object(evaluate.rows(output))
    if state.is_main_process:
        evaluate.join(output, {row.id: row for row in rows}.values(), clips)
    state.wait_for_everyone()
    return evaluate.rows(output)


def _examples(compared: Comparison, base: list[evaluate.Row], adapter: list[evaluate.Row]) -> dict:
    """The longest clips that the adapter mended, and that it broke."""
    pairs = list(zip(base, adapter, compared.a.clips, compared.b.clips, strict=True))
    pairs.sort(key=lambda pair: -pair[2].words)
    fixed = [pair[:2] for pair in pairs if pair[2].edits > 0 == pair[3].edits]
    broken = [pair[:2] for pair in pairs if pair[2].edits == 0 < pair[3].edits]
    return {"fixed": [_shown(*pair) for pair in fixed[:EXAMPLES]], "broken": [_shown(*p) for p in broken[:EXAMPLES]]}


def _shown(base: evaluate.Row, adapter: evaluate.Row) -> dict:
    return {"id": base.id, "reference": base.reference, "base": base.hypothesis, "adapter": adapter.hypothesis}


def _without_clips(score: dict) -> dict:
    return {name: value for name, value in score.items() if name != "clips"}


def summary(told: dict) -> str:
    """The report for people, in a few lines."""
    training = told["training"]
    lines = [
        f"{training['trainable']:,} trainable of {training['parameters']:,} parameters; {training['steps']} steps, "
        f"{training['epochs']:.1f} epochs, {training['seconds']:.0f} s, {training['clips_per_second']:.2f} clips/s, "
        f"peak memory {training['peak_memory_mb']} MB",
        f"best on the validation split: WER {training['best_wer']:.1f} % after step {training['best_step']}",
    ]
    if told["base"]:
        windows = [("own window", told["base"], told["adapter"])]
        windows += [("full window", told["full_window"]["base"], told["full_window"]["adapter"])]
        for window, base, adapter in windows:
            lines.append(f"test split, {window}: {_rate(base)} before, {_rate(adapter)} after")
        lines.append(
            f"p = {told['p_value']:.4f}; {told['fixed']} clips fixed, {told['broken']} broken, "
            f"{told['better']} better, {told['worse']} worse"
        )
    return "\n".join(lines + [f"WARNING: {warning['en']}" for warning in told["warnings"]])


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
WORSE = Message(
    en="The adapter makes more errors on the test split than its base: do not use it.",
    fr="L'adaptateur fait plus d'erreurs que sa base sur la partition de test : ne l'utilisez pas.",
)
