"""A corpus in figures as HTML, the scores of the models on it, and how far a scoring has come."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from common.messages import UserError
from ui.kit.errors import for_visitors, refused
from ui.kit.format import clock, number, percent
from ui.kit.html import alert, join, note, render
from ui.kit.i18n import say, typeset
from ui.scores import background, results

if TYPE_CHECKING:
    from corpus import Corpus
    from ui.kit.corpus_field import Opened
    from ui.scores.background import ScoringJob
    from ui.scores.results import Scorer


def corpus(opened: "Opened", reader: str) -> Markup:
    """Rows, hours, calls, speakers, licence, why this corpus, its leaks and what was left out of it."""
    known = opened.facts
    figures = [
        (number(known["rows"], reader, 0), "samples_fact"),
        (_hours(known["seconds"]), "hours_fact"),
        *(_counted(known[what], what, reader) for what in ("calls", "speakers")),
        (known["licence"] or say(reader, "unknown"), "licence_fact"),
    ]
    return render(
        "scores/corpus.html",
        reader,
        figures=figures,
        why={"name": opened.corpus.name, "reason": opened.corpus.reason.to(reader)},
        leaks=leaks(opened, reader),
        left_out=known["left_out"],
    )


def _counted(count: int, what: str, reader: str) -> tuple[str, str]:
    """Of none it is not known how many there are."""
    return number(count, reader, 0) if count else "–", f"{what}_fact" if count != 1 else f"{what}_fact_one"


def _hours(seconds: float) -> str:
    minutes = round(seconds / 60)
    return (
        f"{minutes // 60} h {minutes % 60:02}" if minutes >= 60 else f"{minutes} min" if minutes else f"{seconds:.0f} s"
    )


def leaks(opened: "Opened", reader: str) -> Markup:
    """What splits have in common, folded; nothing where they have nothing."""
    return folded("leaks", [typeset(leak.message.to(reader)) for leak in opened.corpus.leaks], reader)


def folded(title: str, sentences: Sequence[str], reader: str) -> Markup:
    """A warning that opens into its sentences; nothing where there is none."""
    return render("scores/warning.html", reader, title=title, sentences=sentences) if sentences else Markup()


def scores(found: dict[str, dict | None], opened: "Opened", total: int, reader: str) -> Markup:
    """The scores of each model, by its name, as the command has them; of two, with the leaks that flatter one."""
    blocks = [_score(model, score, total, reader) for model, score in found.items() if score]
    if not blocks:
        return note(say(reader, "no_wer_yet"))
    return join(blocks) + (leaks(opened, reader) if len(blocks) > 1 else Markup())


def _score(model: str, score: dict, total: int, reader: str) -> Markup:
    interval = "–".join(number(bound, reader) for bound in score["interval"]) if score["interval"] else ""
    edits = " / ".join(number(score[kind], reader, 0) for kind in ("substitutions", "deletions", "insertions"))
    figures = [
        (percent(score["wer"], reader), "wer_fact"),
        (f"{interval}\N{NO-BREAK SPACE}%" if interval else "–", "interval_fact"),
        (percent(score["cer"], reader), "cer_fact"),
        (edits, "edits_fact"),
        (number(score["words"], reader, 0), "words_fact"),
        (percent(score["no_fillers_wer"], reader), "fillers_fact"),
        (percent(score["basic_wer"], reader), "basic_fact"),
        (percent(score["raw_wer"], reader), "raw_fact"),
        (number(score["loops"], reader, 0), "loops_fact"),
        (number(score["phantoms"], reader, 0), "phantoms_fact"),
    ]
    return render("scores/score.html", reader, model=model, figures=figures, score=score, total=total)


def learned(corpus: "Corpus", scorers: Sequence["Scorer"], rows: Sequence[int], reader: str) -> Markup:
    """A warning where adapters are scored on clips that they were trained on; nothing where they are not."""
    from trainer.evaluation import selection

    count = selection.learned_among(corpus, rows, results.learned_splits(corpus, scorers))
    warning = selection.learned_warning(count, len(rows))
    return alert(typeset(warning.to(reader))) if warning else Markup()


def jobs(all_jobs: Sequence["ScoringJob"], reader: str) -> Markup:
    """How far each job is, or how it ended."""
    return join([_job(job, reader) for job in all_jobs])


def _job(job: "ScoringJob", reader: str) -> Markup:
    model = job.scorer.title
    if job.alive:
        return _running(job, model, reader)
    if job.future.cancelled():
        return note(say(reader, "job_cancelled", model=model))
    error = job.future.exception()
    if isinstance(error, UserError):
        return refused(error, reader)
    if error:
        return alert(say(reader, "job_failed", model=model))
    done, total = (number(count, reader, 0) for count in (job.progress.done, job.progress.total))
    whole = job.progress.done + len(job.progress.left_out) >= job.progress.total
    ended = say(reader, _key(job, "job_done" if whole else "job_stopped"), model=model, done=done, total=total)
    return note(ended) + _left_out(job, reader)


def _key(job: "ScoringJob", key: str) -> str:
    return f"{key}_calls" if job.whole_calls else key


def _running(job: "ScoringJob", model: str, reader: str) -> Markup:
    progress, left = job.progress, job.seconds_left
    if progress is None:
        text = say(reader, "job_waiting" if background.waits(job) else "job_loading", model=model)
    else:
        done, total = (number(count, reader, 0) for count in (progress.done, progress.total))
        text = say(reader, _key(job, "job_running"), model=model, done=done, total=total)
        if job.stopped:
            text += say(reader, "job_stopping")
        elif left is not None:
            text += say(reader, "job_eta", eta=clock(left))
    return render("kit/running.html", reader, text=text, share=progress.share if progress else None)


def _left_out(job: "ScoringJob", reader: str) -> Markup:
    """The first clips that could not be transcribed, with the reason."""
    found = job.progress.left_out
    if not found:
        return Markup()
    clips = [(name, typeset(for_visitors(why).to(reader))) for name, why in found[:20]]
    return render("scores/unscored.html", reader, count=len(found), clips=clips)
