"""A training as HTML, from its run folder alone: where it stands, how it goes, and what the process said."""

import os
import time
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from common.messages import Message, UserError
from ui.kit import access
from ui.kit.corpus_field import for_visitors
from ui.kit.format import clock, number
from ui.kit.i18n import message, say
from ui.kit.transcript_html import refused
from ui.scores.figures_html import listed
from ui.training import curves

SILENT = 10.0  # seconds without a heartbeat that are told of
LINES = 12  # of the log
ENDED = ("cancelled", "failed", "completed")

# A click chooses a run; whoever has selected text has not clicked.
CLICKS = """
element.addEventListener('click', event => {
  const run = event.target.closest('[data-run]');
  if (run && getSelection().isCollapsed) trigger('choose', {name: run.dataset.run});
});
"""


class Seen(NamedTuple):
    """What a run folder says now."""

    name: str
    status: str  # of trainer.runs.folder.STATUSES, or starting; failed where the process has died
    state: dict
    adapter: bool  # there is one to take away
    asked: bool  # it began, so that there is something to go on with

    @property
    def alive(self) -> bool:
        return self.status not in ENDED

    @property
    def resumes(self) -> bool:
        return self.asked and self.status in ("cancelled", "failed")


def seen(name: str) -> Seen:
    from trainer.runs import background
    from trainer.runs import folder as run

    folder = background.folder_of(name)
    state = run.state(folder) or {}
    status = state.get("status", "failed")
    if status in run.LIVE and "heartbeat" not in state:  # its process has not spoken yet
        status = "starting"
    adapter = (folder / "adapter" / "adapter_model.safetensors").is_file()
    return Seen(name, status, state, adapter, (folder / "config.json").is_file())


def every() -> list[Seen]:
    """The runs there are, the youngest first."""
    from trainer.runs import background

    return [seen(name) for name in background.names()]


def listing(runs: Sequence[Seen], chosen: str | None, reader: str) -> str:
    """The runs to choose from."""
    if not runs:
        return f'<p class="note">{say(reader, "no_runs")}</p>'
    items = "".join(
        f'<li><button data-run="{escape(each.name)}"{" aria-current=true" if each.name == chosen else ""}>'
        f'<b>{escape(each.name)}</b><span class="status {each.status}">{say(reader, f"run_{each.status}")}'
        f"{_share(each, reader)}</span></button></li>"
        for each in runs
    )
    return f'<ul class="runs">{items}</ul>'


def _share(each: Seen, reader: str) -> str:
    steps = each.state.get("steps")
    return f" {100 * each.state['step'] / steps:.0f}\N{NO-BREAK SPACE}%" if steps and each.status == "running" else ""


def told(each: Seen, reader: str) -> str:
    """How it goes."""
    from trainer.runs import background, folder

    metrics = folder.metrics(background.folder_of(each.name))
    head = _alive(each, reader) if each.alive else _ended(each, reader)
    drawn = curves.draw(metrics, each.state.get("steps"), reader)
    return head + _figures(each, metrics, reader) + drawn + _log(each)


def _alive(each: Seen, reader: str) -> str:
    state = each.state
    steps, step = state.get("steps"), state.get("step") or 0
    if each.status == "queued":
        said = _in_line(each, reader)
    elif each.status == "starting":
        said = say(reader, "run_prepares")
    elif each.status == "cancelling":
        said = say(reader, "run_stops")
    elif steps and step >= steps:
        said = say(reader, "run_judges")
    elif state.get("eta") is None:  # it loads what it needs, at its start or to go on
        said = say(reader, "run_prepares")
    else:
        said = say(reader, "run_steps", step=number(step, reader, 0), steps=number(steps, reader, 0))
        said += say(reader, "job_eta", eta=clock(state["eta"]))
    known = steps and step < steps
    value = f' value="{step / steps:.3f}" max="1"' if known else ""
    return f'<div class="running" role="status"><progress{value}></progress><span>{said}</span></div>' + _silence(
        state, reader
    )


def _in_line(each: Seen, reader: str) -> str:
    """How many are before it, and how long the one that trains will still need."""
    from trainer.runs import background

    before = background.place_in_line(each.name, device()) or 1  # the first one waits for the last to be gone
    said = say(reader, "run_waits", count=str(before))
    etas = [other.state.get("eta") for other in every() if other.status == "running"]
    if etas and etas[0] is not None:
        said += say(reader, "run_waits_for", eta=clock(etas[0]))
    return said


def _silence(state: dict, reader: str) -> str:
    silent = time.time() - state.get("heartbeat", time.time())
    if silent < SILENT:
        return ""
    return f'<p class="note">{say(reader, "run_silent", seconds=number(silent, reader, 0))}</p>'


def _ended(each: Seen, reader: str) -> str:
    if each.status == "failed":
        message = each.state.get("message")
        why = on_the_page(Message(**message)).to(reader) if message else say(reader, "run_never_began")
        return refused(why)
    step, steps = (number(each.state.get(key) or 0, reader, 0) for key in ("step", "steps"))
    return f'<p class="note" role="status">{say(reader, f"run_told_{each.status}", step=step, steps=steps)}</p>'


def on_the_page(said: Message) -> Message:
    """A sentence of the command's, for who presses buttons."""
    said = for_visitors(said)
    return Message(said.en.replace("--resume", "“Resume”"), said.fr.replace("--resume", "« Reprendre »"))


def _figures(each: Seen, metrics: Sequence[dict], reader: str) -> str:
    facts = []
    steps = [line for line in metrics if "loss" in line]
    if steps:
        facts += [
            (clock(steps[-1]["seconds"]), "trained_fact"),
            (number(steps[-1]["clips_per_second"], reader, 2), "pace_fact"),
            (number(steps[-1]["loss"], reader, 3), "loss_fact"),
        ]
    rates = [line["wer"] for line in metrics if line.get("wer") is not None]
    if rates:
        facts.append((f"{number(min(rates), reader)}\N{NO-BREAK SPACE}%", "best_wer_fact"))
    if each.alive and (used := _memory(each.state)):
        facts.append((f"{number(used / 1e6, reader, 0)}\N{NO-BREAK SPACE}{say(reader, 'megabytes')}", "run_memory"))
    return listed(facts, reader) if facts else ""


def _memory(state: dict) -> int | None:
    """Bytes: of the GPU all that is taken, on a CPU those of the process."""
    import psutil
    import torch

    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        return total - free
    try:
        return psutil.Process(state["pid"]).memory_info().rss if "pid" in state else None
    except psutil.NoSuchProcess:
        return None


def _log(each: Seen) -> str:
    from trainer.runs import background

    lines = [for_visitors(Message(line, line)).en for line in background.last_lines(each.name, LINES)]
    return f'<pre class="log" tabindex="0"><code>{escape(chr(10).join(lines))}</code></pre>' if lines else ""


def device() -> str:
    """Whose line a training stands in."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def place(reader: str) -> str:
    """What there is to know of training on this machine, before anything is pressed."""
    from trainer.runs import background

    if zero_gpu():
        notes = ["zero_gpu"]
    else:
        notes = ["on_a_cpu"] if device() == "cpu" else []
        notes += ["runs_are_lost"] if access.on_a_space() and not _lasts(background.runs_folder()) else []
    return "".join(f'<p class="note">{say(reader, note)}</p>' for note in notes)


def zero_gpu() -> bool:
    """A GPU that is lent for a call of a minute: no process in the background has it."""
    return bool(os.environ.get("SPACES_ZERO_GPU"))


def check_place() -> None:
    """Raises UserError where no training can run in the background."""
    if zero_gpu():
        raise UserError(*message("zero_gpu"))


def _lasts(folder: Path) -> bool:
    """It is on something mounted, and not on the Space's own disk, which a restart wipes."""
    whole = folder.resolve()
    return any(parent.is_mount() for parent in (whole, *whole.parents[:-1]))
