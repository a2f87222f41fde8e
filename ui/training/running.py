"""A training as HTML, from its run folder alone: where it stands, how it goes, and what the process said."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from common.messages import Message, UserError
from common.spaces import zero_gpu
from ui.kit import access
from ui.kit.errors import for_visitors
from ui.kit.format import clock, number, percent
from ui.kit.html import alert, facts, join, note, render
from ui.kit.i18n import message, say
from ui.kit.zero_gpu import LENT
from ui.training import curves

SILENT = 10.0  # seconds without a heartbeat after which the page says so
LINES = 12  # of the log
ENDED = ("paused", "cancelled", "failed", "completed")

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
        return self.asked and self.status in ("paused", "cancelled", "failed")


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
        return note(say(reader, "no_runs"))
    return render("training/runs.html", reader, runs=runs, chosen=chosen)


def shown(each: Seen, reader: str, owned: bool) -> str:
    """How it goes; the log is for whoever may act."""
    from trainer.runs import background, folder

    metrics = folder.metrics(background.folder_of(each.name))
    head = _alive(each, reader) if each.alive else _ended(each, reader)
    drawn = curves.draw(metrics, each.state.get("steps"), reader)
    log = _log(each, reader) if owned else note(say(reader, "log_is_the_owners"))
    return join([head, _figures(each, metrics, reader), drawn, log])


def _alive(each: Seen, reader: str) -> Markup:
    steps, step = each.state.get("steps"), each.state.get("step") or 0
    share = step / steps if steps and step < steps else None
    bar = render("kit/running.html", reader, text=_stage(each, steps, step, reader), share=share)
    return bar + _silence(each.state, reader)


def _stage(each: Seen, steps: int | None, step: int, reader: str) -> str:
    """What it does now."""
    if each.status == "queued":
        return _in_queue(each, reader)
    if each.status == "cancelling":
        return say(reader, "run_stops")
    if each.status != "starting" and steps and step >= steps:
        return say(reader, "run_evaluates")
    eta = each.state.get("eta")
    if each.status == "starting" or eta is None:  # it loads what it needs, at its start or to resume
        return say(reader, "run_prepares")
    text = say(reader, "run_steps", step=number(step, reader, 0), steps=number(steps, reader, 0))
    return text + say(reader, "job_eta", eta=clock(eta))


def _in_queue(each: Seen, reader: str) -> str:
    """How many are before it, and how long the one that trains will still need."""
    from trainer.runs import background

    before = background.place_in_queue(each.name, device()) or 1  # the first one waits for the last to be gone
    text = say(reader, "run_waits", count=str(before))
    etas = [other.state.get("eta") for other in every() if other.status == "running"]
    if etas and etas[0] is not None:
        text += say(reader, "run_waits_for", eta=clock(etas[0]))
    return text


def _silence(state: dict, reader: str) -> Markup:
    silent = time.time() - state.get("heartbeat", time.time())
    return note(say(reader, "run_silent", seconds=number(silent, reader, 0))) if silent >= SILENT else Markup()


def _ended(each: Seen, reader: str) -> Markup:
    if each.status == "failed":
        why = each.state.get("message")
        return alert(on_the_page(Message(**why)).to(reader) if why else say(reader, "run_never_began"))
    step, steps = (number(each.state.get(key) or 0, reader, 0) for key in ("step", "steps"))
    return note(say(reader, f"run_told_{each.status}", step=step, steps=steps))


def on_the_page(message: Message) -> Message:
    """A sentence of the command's, in the words of the page."""
    message = for_visitors(message)
    return Message(message.en.replace("--resume", "“Resume”"), message.fr.replace("--resume", "« Reprendre »"))


def _figures(each: Seen, metrics: Sequence[dict], reader: str) -> Markup:
    figures = []
    steps = [line for line in metrics if "loss" in line]
    if steps:
        figures += [
            (clock(steps[-1]["seconds"]), "trained_fact"),
            (number(steps[-1]["clips_per_second"], reader, 2), "pace_fact"),
            (number(steps[-1]["loss"], reader, 3), "loss_fact"),
        ]
    rates = [line["wer"] for line in metrics if line.get("wer") is not None]
    if rates:
        figures.append((percent(min(rates), reader), "best_wer_fact"))
    if each.alive and (used := _memory(each.state)):
        figures.append((f"{number(used / 1e6, reader, 0)}\N{NO-BREAK SPACE}{say(reader, 'megabytes')}", "run_memory"))
    return facts(figures, reader) if figures else Markup()


def _memory(state: dict) -> int | None:
    """Bytes: of the GPU all that is taken, on a CPU those of the process."""
    import psutil
    import torch

    if torch.cuda.is_available() and not zero_gpu():  # which only pretends to have one here
        free, total = torch.cuda.mem_get_info()
        return total - free
    try:
        return psutil.Process(state["pid"]).memory_info().rss if "pid" in state else None
    except psutil.NoSuchProcess:
        return None


def _log(each: Seen, reader: str) -> Markup:
    from trainer.runs import background

    lines = [for_visitors(Message(line, line)).en for line in background.last_lines(each.name, LINES)]
    return render("training/log.html", reader, lines=lines) if lines else Markup()


def device() -> str:
    """The device whose queue a training waits in."""
    import torch

    return "cuda" if torch.cuda.is_available() and not zero_gpu() else "cpu"


def place(reader: str) -> str:
    """What to know of training on this machine, before anything is pressed."""
    from trainer.runs import background

    if zero_gpu() and not LENT:
        keys = ["zero_gpu"]
    else:
        keys = ["in_slices"] if LENT else ["on_a_cpu"] if device() == "cpu" else []
        keys += ["runs_are_lost"] if access.on_a_space() and not _lasts(background.runs_folder()) else []
    return join([note(say(reader, key)) for key in keys])


def check_place() -> None:
    """Raises UserError where no training can run in the background."""
    if LENT:
        raise UserError(*message("no_curve_in_slices"))
    if zero_gpu():
        raise UserError(*message("zero_gpu"))


def _lasts(folder: Path) -> bool:
    """It is on something mounted, and not on the Space's own disk, which a restart wipes."""
    whole = folder.resolve()
    return any(parent.is_mount() for parent in (whole, *whole.parents[:-1]))
