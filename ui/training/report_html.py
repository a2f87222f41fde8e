"""What a training gained and what it cost, from report.json: rates and intervals, clips to hear, what was lost."""

import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from common.messages import Message
from ui.kit import corpus_field
from ui.kit.corpus_field import Source, for_visitors
from ui.kit.format import number, percent
from ui.kit.i18n import say, typeset
from ui.scores.figures_html import listed

if TYPE_CHECKING:
    import numpy as np

HEAR = """
element.addEventListener('click', event => {
  const clip = event.target.closest('[data-clip]');
  if (clip) trigger('hear', {clip: clip.dataset.clip});
});
"""
GROUPS = ("fixed", "broken")


def report(name: str) -> dict | None:
    """What the run reported, where it has come to its end."""
    from trainer.runs import background

    path = background.folder_of(name) / "report.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def told(report: dict, reader: str) -> str:
    parts = (_line, _warnings, _rates, _cost, _forgotten)
    return "".join(part(report, reader) for part in parts)


def _warnings(report: dict, reader: str) -> str:
    """Those of the report: leaks are folded, and what was forgotten has a table of its own."""
    from trainer.evaluation.forgetting import losses

    leaks = [leak["en"] for leak in report["leaks"]]
    in_table = [said.en for said in losses(report["forgetting"])]
    found = [Message(**warning) for warning in report["warnings"] if warning["en"] not in in_table]
    notes = [escape(typeset(for_visitors(said).to(reader))) for said in found if said.en not in leaks]
    folded = [escape(typeset(said.to(reader))) for said in found if said.en in leaks]
    told = "".join(f'<p class="note">{note}</p>' for note in notes)
    if folded:
        items = "".join(f"<li>{note}</li>" for note in folded)
        told += f'<details class="warning"><summary>{say(reader, "leaks")}</summary><ul>{items}</ul></details>'
    return told


def _line(report: dict, reader: str) -> str:
    """The whole of it in a sentence."""
    base, adapter = report["base"], report["adapter"]
    if not base or base["wer"] is None:
        return ""
    chance = report["p_value"] >= 0.05
    key = "gain_chance" if chance else "gain_better" if adapter["wer"] < base["wer"] else "gain_worse"
    told = say(
        reader,
        key,
        before=percent(base["wer"], reader),
        after=percent(adapter["wer"], reader),
        p=number(report["p_value"], reader, 4),
    )
    counts = {key: number(report[key], reader, 0) for key in ("fixed", "broken", "better", "worse")}
    return f'<p class="verdict">{told}</p><p class="legend">{say(reader, "gain_clips", **counts)}</p>'


def _rates(report: dict, reader: str) -> str:
    """Base and adapter, each in its own window and both in the full one."""
    if not report["base"]:
        return ""
    full = report["full_window"]
    windows = [("own_window", report["base"], report["adapter"]), ("full_window", full["base"], full["adapter"])]
    widest = max([score["interval"][1] for _, *both in windows for score in both if score["interval"]] or [1])
    rows = "".join(
        f'<tr><th scope="row">{say(reader, window)}</th>{_rate(base, 0, widest, reader)}'
        f"{_rate(adapter, 1, widest, reader)}</tr>"
        for window, base, adapter in windows
    )
    heads = "".join(f'<th scope="col">{say(reader, who)}</th>' for who in ("the_base", "the_adapter"))
    return f'<table class="gain"><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _rate(score: dict, series: int, widest: float, reader: str) -> str:
    """A WER with its interval, and both as a bar."""
    if score["wer"] is None:
        return "<td>–</td>"
    low, high = score["interval"] or (score["wer"], score["wer"])
    interval = f"{number(low, reader)}–{number(high, reader)}"
    bar = (
        f'<span class="rate series-{series}"><i style="width:{100 * score["wer"] / widest:.1f}%"></i>'
        f'<u style="left:{100 * low / widest:.1f}%;width:{100 * (high - low) / widest:.1f}%"></u></span>'
    )
    return f"<td><b>{percent(score['wer'], reader)}</b> <small>{interval}</small>{bar}</td>"


def _cost(report: dict, reader: str) -> str:
    known = report["training"]
    facts = [
        (number(known["steps"], reader, 0), "estimate_steps"),
        (number(known["epochs"], reader), "epochs_fact"),
        (number(known["clips_per_second"], reader, 2), "pace_fact"),
        (f"{number(known['peak_memory_mb'], reader, 0)}\N{NO-BREAK SPACE}{say(reader, 'megabytes')}", "peak_fact"),
        (f"{number(known['trainable'] / 1e6, reader, 2)} M", "estimate_trainable"),
    ]
    return listed(facts, reader)


def _forgotten(report: dict, reader: str) -> str:
    """What was not trained on, before and after."""
    from trainer.evaluation.forgetting import NAMES, TOLERANCE

    found = report["forgetting"]
    if not found:
        return f'<p class="legend">{say(reader, "forgetting_unknown")}</p>'
    rows = "".join(
        f'<tr{" class=lost" if each["lost"] > TOLERANCE else ""}><th scope="row">'
        f"{NAMES[name].to(reader) if name in NAMES else escape(name)}</th>"
        f"<td>{percent(each['before'], reader)}</td><td>{percent(each['after'], reader)}</td>"
        f"<td>{'+' if each['lost'] > 0 else ''}{number(each['lost'], reader)}</td></tr>"
        for name, each in found.items()
    )
    heads = "".join(f'<th scope="col">{say(reader, key)}</th>' for key in ("before", "after", "lost"))
    title = f"<h4>{say(reader, 'forgetting')}</h4>"
    return f'{title}<table class="gain"><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def examples(report: dict, reader: str) -> str:
    """Clips that the adapter mended, and that it broke, each with a button to hear it."""
    blocks = [
        f"<h4>{say(reader, f'clips_{group}')}</h4><ul>{''.join(_example(clip, reader) for clip in clips)}</ul>"
        for group in GROUPS
        if (clips := report["examples"][group])
    ]
    return f'<div class="examples">{"".join(blocks)}</div>' if blocks else ""


def _example(clip: dict, reader: str) -> str:
    nothing = f"<i>{say(reader, 'nothing_heard')}</i>"
    lines = "".join(
        f"<p><small>{say(reader, key)}</small> {escape(clip[name]) or nothing}</p>"
        for name, key in (("reference", "reference"), ("base", "the_base"), ("adapter", "the_adapter"))
    )
    listen = say(reader, "hear_clip", name=escape(clip["id"]))
    return f'<li><button data-clip="{escape(clip["id"])}" aria-label="{listen}">▶</button><div>{lines}</div></li>'


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
