"""A corpus in figures as HTML, the scores of who heard it, and how far a scoring has come."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from common.messages import UserError
from ui.kit.corpus_field import for_visitors
from ui.kit.format import clock, number, percent
from ui.kit.i18n import say, typeset
from ui.kit.transcript_html import refused
from ui.scores import background

if TYPE_CHECKING:
    from ui.kit.corpus_field import Opened


def corpus(opened: "Opened", reader: str) -> str:
    """Rows, hours, calls, speakers, licence, why this corpus, its leaks and what was left out of it."""
    known = opened.facts
    facts = [
        (number(known["rows"], reader, 0), "samples_fact"),
        (_hours(known["seconds"]), "hours_fact"),
        *(_counted(known[what], what, reader) for what in ("calls", "speakers")),
        (known["licence"] or say(reader, "unknown"), "licence_fact"),
    ]
    why = say(reader, "why", name=escape(opened.corpus.name), reason=escape(opened.corpus.reason.to(reader)))
    return listed(facts, reader) + f'<p class="legend">{why}</p>' + leaks(opened, reader) + _left_out(opened, reader)


def _counted(count: int, what: str, reader: str) -> tuple[str, str]:
    """Of none it is not known how many there are."""
    return number(count, reader, 0) if count else "–", f"{what}_fact" if count != 1 else f"{what}_fact_one"


def _hours(seconds: float) -> str:
    minutes = round(seconds / 60)
    return (
        f"{minutes // 60} h {minutes % 60:02}" if minutes >= 60 else f"{minutes} min" if minutes else f"{seconds:.0f} s"
    )


def listed(facts: Sequence[tuple[str, str]], reader: str) -> str:
    """Pairs of a value and the key of what it is."""
    items = "".join(f"<div><dd>{escape(value)}</dd><dt>{say(reader, key)}</dt></div>" for value, key in facts)
    return f'<dl class="facts">{items}</dl>'


def leaks(opened: "Opened", reader: str) -> str:
    """What splits have in common, folded; nothing where they have nothing."""
    items = "".join(f"<li>{escape(typeset(leak.message.to(reader)))}</li>" for leak in opened.corpus.leaks)
    if not items:
        return ""
    return f'<details class="warning"><summary>{say(reader, "leaks")}</summary><ul>{items}</ul></details>'


def _left_out(opened: "Opened", reader: str) -> str:
    told = opened.facts["left_out"]
    if not told["count"]:
        return ""
    items = "".join(f"<li><b>{escape(str(each['row']))}</b> {escape(each[reader])}</li>" for each in told["first"])
    count = number(told["count"], reader, 0)
    title = say(reader, "left_out", count=count) if told["count"] > 1 else say(reader, "left_out_one")
    more = "<li>…</li>" if told["count"] > len(told["first"]) else ""
    return f"<details><summary>{title}</summary><ul>{items}{more}</ul></details>"


def scores(found: dict[str, dict | None], opened: "Opened", total: int, reader: str) -> str:
    """The scores of each model, by its name, as the command has them; of two, with the leaks that flatter one."""
    blocks = [_score(model, told, total, reader) for model, told in found.items() if told]
    if not blocks:
        return f'<p class="note">{say(reader, "no_wer_yet")}</p>'
    return "".join(blocks) + (leaks(opened, reader) if len(blocks) > 1 else "")


def _score(model: str, told: dict, total: int, reader: str) -> str:
    interval = "–".join(number(bound, reader) for bound in told["interval"] or ())
    edits = " / ".join(number(told[kind], reader, 0) for kind in ("substitutions", "deletions", "insertions"))
    facts = [
        (percent(told["wer"], reader), "wer_fact"),
        (f"{interval}\N{NO-BREAK SPACE}%" if interval else "–", "interval_fact"),
        (percent(told["cer"], reader), "cer_fact"),
        (edits, "edits_fact"),
        (number(told["words"], reader, 0), "words_fact"),
        (percent(told["no_fillers_wer"], reader), "fillers_fact"),
        (percent(told["basic_wer"], reader), "basic_fact"),
        (percent(told["raw_wer"], reader), "raw_fact"),
        (number(told["loops"], reader, 0), "loops_fact"),
        (number(told["phantoms"], reader, 0), "phantoms_fact"),
    ]
    scored = say(reader, "scored_of", scored=number(len(told["clips"]), reader, 0), total=number(total, reader, 0))
    normaliser = say(reader, "normaliser", name=escape(told["normaliser"]))
    if not interval and told["words"]:
        normaliser += f" {say(reader, 'no_interval')}"
    return f'<h4>{escape(model)}</h4>{listed(facts, reader)}<p class="legend">{scored}. {normaliser}</p>'


def jobs(all_jobs: Sequence[background.Job], reader: str) -> str:
    return "".join(_job(job, reader) for job in all_jobs)


def _job(job: background.Job, reader: str) -> str:
    model = escape(job.listener.called)
    if job.alive:
        return _running(job, model, reader)
    if job.future.cancelled():
        return _note(say(reader, "job_cancelled", model=model))
    error = job.future.exception()
    if isinstance(error, UserError):
        return refused(for_visitors(error.message).to(reader))
    if error:
        return f'<p class="refused" role="alert">{say(reader, "job_failed", model=model)}</p>'
    done, total = (number(count, reader, 0) for count in (job.progress.done, job.progress.total))
    whole = job.progress.done + len(job.progress.left_out) >= job.progress.total
    told = say(reader, "job_done" if whole else "job_stopped", model=model, done=done, total=total)
    return _note(told) + _unheard(job, reader)


def _note(sentence: str) -> str:
    return f'<p class="note" role="status">{sentence}</p>'


def _running(job: background.Job, model: str, reader: str) -> str:
    progress, left = job.progress, job.seconds_left
    if progress is None:
        said = say(reader, "job_waiting" if background.waits(job) else "job_loading", model=model)
    else:
        done, total = (number(count, reader, 0) for count in (progress.done, progress.total))
        said = say(reader, "job_running", model=model, done=done, total=total)
        if job.stopped:
            said += say(reader, "job_stopping")
        elif left is not None:
            said += say(reader, "job_eta", eta=clock(left))
    value = f' value="{progress.share:.3f}" max="1"' if progress else ""
    return f'<div class="running" role="status"><progress{value}></progress><span>{said}</span></div>'


def _unheard(job: background.Job, reader: str) -> str:
    """The first clips that could not be heard, with the reason."""
    if not job.progress.left_out:
        return ""
    items = "".join(
        f"<li><b>{escape(name)}</b> {escape(for_visitors(said).to(reader))}</li>"
        for name, said in job.progress.left_out[:20]
    )
    count = number(len(job.progress.left_out), reader, 0)
    return f"<details><summary>{say(reader, 'job_left_out', clips=count)}</summary><ul>{items}</ul></details>"
