"""What a training gained and what it cost, from report.json: rates and intervals, clips to play, what was lost."""

from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from common.messages import Message
from ui.kit import corpus_field
from ui.kit.corpus_field import Source
from ui.kit.errors import for_visitors
from ui.kit.format import number, percent
from ui.kit.html import facts, join, legend, note, render
from ui.kit.i18n import say, typeset
from ui.scores.figures_html import folded

if TYPE_CHECKING:
    import numpy as np

PLAY = """
element.addEventListener('click', event => {
  const clip = event.target.closest('[data-clip]');
  if (clip) trigger('listen', {clip: clip.dataset.clip});
});
"""
GROUPS = ("fixed", "broken")
SILENCE = "silence"  # of trainer.evaluation.forgetting: sounds in which nobody speaks


def report(name: str) -> dict | None:
    """The run's report, where it has come to its end."""
    from trainer.evaluation import comparison
    from trainer.runs import background

    return comparison.read(background.folder_of(name))


def shown(report: dict, reader: str) -> str:
    """What was gained and what it cost, as HTML."""
    parts = (_verdict, _warnings, _rates, _cost, _forgotten)
    return join([part(report, reader) for part in parts])


def _warnings(report: dict, reader: str) -> Markup:
    """Those of the report: leaks are folded, and what was forgotten has a table of its own."""
    from trainer.evaluation.forgetting import losses

    leaks = [leak["en"] for leak in report["leaks"]]
    in_table = [loss.en for loss in losses(report["forgetting"])]
    found = [Message(**warning) for warning in report["warnings"] if warning["en"] not in in_table]
    notes = [note(typeset(for_visitors(each).to(reader))) for each in found if each.en not in leaks]
    hidden = [typeset(each.to(reader)) for each in found if each.en in leaks]
    return join([*notes, folded("leaks", hidden, reader)])


def _verdict(report: dict, reader: str) -> Markup:
    """The whole of it in a sentence, and what the adapter makes up where nobody speaks, which weighs more."""
    base, adapter = report["base"], report["adapter"]
    if not base or base["wer"] is None:
        return Markup()
    chance = report["p_value"] >= 0.05
    key = "gain_chance" if chance else "gain_better" if adapter["wer"] < base["wer"] else "gain_worse"
    rates = {"before": percent(base["wer"], reader), "after": percent(adapter["wer"], reader)}
    return render(
        "training/verdict.html",
        reader,
        verdict=say(reader, key, p=number(report["p_value"], reader, 4), **rates),
        made_up=_made_up(report["forgetting"] or {}),
        counts={key: number(report[key], reader, 0) for key in ("fixed", "broken", "better", "worse")},
    )


def _made_up(forgetting: dict) -> dict | None:
    """The shares of sounds without speech in which text was made up, before and after, where it is more now."""
    from trainer.evaluation.forgetting import TOLERANCE

    found = forgetting.get(SILENCE)
    return found if found and found["lost"] > TOLERANCE else None


def _rates(report: dict, reader: str) -> Markup:
    """Base and adapter, each in its own window and both in the full one."""
    if not report["base"]:
        return Markup()
    full = report["full_window"]
    windows = [("own_window", report["base"], report["adapter"]), ("full_window", full["base"], full["adapter"])]
    widest = max([score["interval"][1] for _, *both in windows for score in both if score["interval"]] or [1])
    normaliser = report["adapter"].get("normaliser")
    return render("training/rates.html", reader, windows=windows, widest=widest, normaliser=normaliser)


def _cost(report: dict, reader: str) -> Markup:
    known = report["training"]
    figures = [
        (number(known["steps"], reader, 0), "estimate_steps"),
        (number(known["epochs"], reader), "epochs_fact"),
        (number(known["clips_per_second"], reader, 2), "pace_fact"),
        (f"{number(known['peak_memory_mb'], reader, 0)}\N{NO-BREAK SPACE}{say(reader, 'megabytes')}", "peak_fact"),
        (f"{number(known['trainable'] / 1e6, reader, 2)} M", "estimate_trainable"),
    ]
    return facts(figures, reader)


def _forgotten(report: dict, reader: str) -> Markup:
    """What was not trained on, before and after; sounds without speech have no WER and stand apart."""
    from trainer.evaluation.forgetting import NAMES, TOLERANCE

    found = report["forgetting"]
    if not found:
        return legend(say(reader, "forgetting_unknown"))
    groups = {"forgetting": [], "made_up": []}
    for name, each in found.items():
        line = (NAMES[name].to(reader) if name in NAMES else name, each)
        groups["made_up" if name == SILENCE else "forgetting"].append(line)
    return render("training/forgotten.html", reader, groups=groups, tolerance=TOLERANCE)


def examples(report: dict, reader: str) -> str:
    """Clips that the adapter mended, and that it broke, each with a button to play it."""
    groups = {group: report["examples"][group] for group in GROUPS if report["examples"][group]}
    return render("training/examples.html", reader, groups=groups) if groups else ""


def sound(name: str, clip: str) -> "np.ndarray":
    """A clip of the run's corpus, mono, 16 kHz. Raises UserError where visitors may not open that corpus."""
    from trainer.runs import background, folder

    asked = folder.config(background.folder_of(name))
    source = asked["chosen"]["corpus"]
    local = Path(source).name
    known = local if Path(source).exists() and local in corpus_field.sources() else source
    columns = (asked["audio"] or "", asked["text"] or "", asked["unit"] or "segment")
    clips = corpus_field.opened(Source(known, *columns)).corpus
    return clips.clip(clips.rows.index[clips.rows["id"] == clip][0])


def card(name: str) -> str:
    """The adapter's card without the block that the Hub reads."""
    from trainer.runs import background

    path = background.folder_of(name) / "adapter" / "README.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return text.split("---\n", 2)[-1] if text.startswith("---\n") else text
