"""Training on ZeroGPU: the visitor's page asks for a slice of GPU after the other, each paid out of their quota.

A slice is a request of its own, since the platform's leave to use a quota ends with the request. Nothing but the page
asks for the next one: reloaded, closed, or with its quota spent, it leaves a run that waits in its folder.
"""

from pathlib import Path

import gradio as gr

from common.messages import Message, UserError
from ui.kit import access, zero_gpu
from ui.kit.errors import refused
from ui.kit.events import ONCE
from ui.kit.html import note
from ui.kit.i18n import label, message, reader_of, say
from ui.training import recipe, running
from ui.training.recipe import Form

SECONDS = (60, 100)  # of a slice: what the platform gives unasked, and the longest that is worth its wait
ANOTHER, REPORT = "slice_asked", "slices_over"  # what is said of what comes after a slice
PAUSE = 0.5  # seconds between two slices


def _slice(folder: str, seconds: int) -> None:
    """Runs in the process that has the GPU."""
    from trainer.train.slices import train_slice

    train_slice(Path(folder), seconds)


_on_gpu = zero_gpu.lent(_slice, lambda folder, seconds: seconds)


def length() -> gr.Radio:
    """The field that asks how long a slice is."""
    return gr.Radio(SECONDS, value=SECONDS[0], label=label("slice_seconds"), info=label("slice_seconds_hint"))


def wire(starts, acts, seconds: gr.Radio, who: dict, form: dict, chosen: gr.State, look: dict) -> None:
    """The buttons of the tab, where slices take the place of a process in the background."""
    driven, driver = gr.State(), gr.Timer(PAUSE, active=False)
    driving = [driven, driver]
    begun = starts.start.click(_start, None, [starts.answer, chosen, *driving], inputs_kwargs=who | form, **ONCE)
    begun.then(**look)
    asked = [who["password"], who["token"], chosen]
    for button, act in ((acts.resume, _resume), (acts.stop, _stop)):
        button.click(act, asked, [acts.answer, acts.sure, *driving], **ONCE).then(**look)
    ticked = driver.tick(_next, [who["password"], seconds, driven], [acts.answer, driver], **ONCE)
    ticked.then(**look)


def _start(password: str, token: str, request: gr.Request, profile: gr.OAuthProfile | None, **form) -> tuple:
    from trainer.__main__ import request_of
    from trainer.runs import background
    from trainer.train import slices

    reader, name = reader_of(request), (form["name"] or "").strip()
    form["name"] = name
    try:
        access.check(request, password, profile)
        folder = background.folder_of(name)
        if folder.exists():
            raise background.taken(name)
        slices.begin(request_of(recipe.arguments(Form(**form))), folder)
    except UserError as refusal:
        return _refused(refusal.message, reader), gr.skip(), gr.skip(), gr.skip()
    return note(say(reader, ANOTHER)), name, name, gr.Timer(active=True)


def _resume(password: str, token: str, chosen: str | None, request: gr.Request, profile: gr.OAuthProfile | None):
    from trainer.runs import background

    reader, comes = reader_of(request), ""
    try:
        access.check(request, password, profile)
        if chosen in background.names():
            comes = _what_comes(chosen)
        answer = _answer(comes, reader)
    except UserError as refusal:
        answer = _refused(refusal.message, reader)
    return answer, gr.Row(visible=False), chosen, gr.Timer(active=comes == ANOTHER)


def _stop(password: str, token: str, chosen: str | None, request: gr.Request, profile: gr.OAuthProfile | None):
    from trainer.runs import background

    answer = ""
    try:
        access.check(request, password, profile)
        if chosen in background.names():
            background.stop(chosen)
    except UserError as refusal:
        return _refused(refusal.message, reader_of(request)), gr.Row(visible=False), gr.skip(), gr.skip()
    return answer, gr.Row(visible=False), None, gr.Timer(active=False)


def _next(
    password: str, seconds: int, driven: str | None, request: gr.Request, profile: gr.OAuthProfile | None
) -> tuple:
    """One slice; the timer goes on as long as there is more to do."""
    reader = reader_of(request)
    try:
        access.check(request, password, profile)
        comes = one(driven, int(seconds)) if driven else ""
    except UserError as refusal:
        return _refused(refusal.message, reader), gr.Timer(active=False)
    return _answer(comes, reader), gr.Timer(active=comes == ANOTHER)


def one(name: str, seconds: int) -> str:
    """Trains a run for a slice; gives what comes then, ANOTHER, REPORT, or nothing where it was stopped or failed.

    Raises UserError where the GPU is refused.
    """
    from trainer.runs import background
    from trainer.runs import folder as run
    from trainer.train import slices
    from trainer.train.request import TrainingRequest

    folder = background.folder_of(name)
    if running.seen(name).alive:
        raise UserError(*message("slices_elsewhere"))
    before = _standing(folder)
    slices.prepared.cache_clear()
    slices.prepared(TrainingRequest.from_dict(run.config(folder)))  # the process with the GPU is forked from this one
    try:
        _on_gpu(str(folder.resolve()), seconds)
    except gr.Error as error:
        why = zero_gpu.refusal(error)
        if why is None:
            raise
        if error.title != zero_gpu.DIED:
            en, fr = (message("slice_refused", reason=reason) for reason in why)
            raise UserError(en.en, fr.fr) from error
        ended = running.seen(name)
        if ended.status == "failed" and ended.state.get("message") != run.DIED._asdict():
            return ""  # the run itself says why
    if not (folder / run.TRAINED).exists() and _standing(folder) == before:
        raise UserError(*message("slice_stuck"))
    return "" if (folder / run.STOP).exists() else _what_comes(name)


def _standing(folder: Path) -> tuple:
    """What another slice would not have to do again."""
    from trainer.runs import folder as run

    rates = [line for line in run.metrics(folder) if "wer" in line]
    return run.Run(folder).last_checkpoint()[0], len(rates), "plan" in run.config(folder)


def _what_comes(name: str) -> str:
    """ANOTHER slice; where no step is left the REPORT, which is begun: for it the CPU will do."""
    from trainer.runs import background
    from trainer.runs import folder as run

    if not (background.folder_of(name) / run.TRAINED).exists():
        return ANOTHER
    background.resume(name)
    return REPORT


def _answer(comes: str, reader: str) -> str:
    return note(say(reader, comes)) if comes else ""


def _refused(why: Message, reader: str) -> str:
    return refused(running.on_the_page(why), reader)
