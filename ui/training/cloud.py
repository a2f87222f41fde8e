"""The training of the form as a Hugging Face Job, on the visitor's own account: its cost first, then its progress.

The token is the visitor's: typed, it comes with each press and is kept nowhere here; signed in, it is in the session.
A plan and a Job, which hold none, are all that a page remembers, and a Job is found again by its token.
"""

import os
from typing import TYPE_CHECKING, NamedTuple

import gradio as gr

from common.messages import Message, UserError
from common.spaces import zero_gpu
from ui.kit import access
from ui.kit.errors import for_visitors, refused
from ui.kit.events import AT_ONCE, ONCE, SEVERAL
from ui.kit.format import clock, number
from ui.kit.html import facts, legend, note, render
from ui.kit.i18n import label, message, reader_of, say
from ui.training import recipe
from ui.training.recipe import Form

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from common.jobs import JobPlan
    from trainer.hub.follow import Job, Look

POLL = 8.0  # seconds between two looks: the Hub's log takes five to read
MACHINES = ("t4-small", "l4x1", "a10g-small", "a100-large")
STAGES = {"SCHEDULING": "job_scheduling", "RUNNING": "job_on_its_way"} | {
    stage: f"job_{stage.lower()}" for stage in ("COMPLETED", "CANCELED", "ERROR", "DELETED")
}


class Parts(NamedTuple):
    """The section's fields, buttons, and what they write to."""

    asked: dict  # token, repository, machine, limit, private, source
    price: gr.Button
    start: gr.Button
    find: gr.Button
    cancel: gr.Button
    fetch: gr.Button
    answer: gr.HTML
    progress: gr.HTML
    plan: gr.State
    job: gr.State
    timer: gr.Timer


def section() -> Parts:
    with gr.Accordion(label("rent"), open=zero_gpu(), elem_id="rent"):
        gr.HTML(f'<p class="legend">{label("rent_hint")}</p>', apply_default_css=False)
        narrow = {"max_lines": 1, "min_width": 160}
        with gr.Row():
            repository = gr.Textbox(
                "", label=label("repository"), info=label("repository_hint"), placeholder="OWNER/NAME", **narrow
            )
            token = gr.Textbox("", type="password", label=label("token"), info=label("rent_token_hint"), **narrow)
        with gr.Row():
            machine = gr.Dropdown(
                MACHINES,
                value="a10g-small",
                label=label("rent_machine"),
                info=label("rent_machine_hint"),
                allow_custom_value=True,
                min_width=140,
            )
            limit = gr.Textbox("1h", label=label("rent_limit"), info=label("rent_limit_hint"), **narrow)
            source = gr.Textbox(
                os.environ.get("SPACE_ID", ""),
                label=label("rent_source"),
                info=label("rent_source_hint"),
                placeholder="OWNER/NAME",
                visible=not access.on_a_space(),
                **narrow,
            )
        with gr.Row(elem_classes="score"):
            private = gr.Checkbox(True, label=label("private"), container=False, min_width=140)
            price = gr.Button(label("rent_price"), size="sm", min_width=110, elem_id="rent-price")
            start = gr.Button(label("rent_start"), variant="primary", size="sm", visible=False, min_width=110)
            find = gr.Button(label("rent_find"), size="sm", min_width=110)
        answer = gr.HTML(apply_default_css=False, elem_id="rent-told")
        progress = gr.HTML(apply_default_css=False, elem_id="rented")
        with gr.Row(elem_classes="downloads"):
            cancel = gr.Button(label("rent_cancel"), variant="stop", size="sm", visible=False, min_width=110)
            fetch = gr.Button(label("rent_fetch"), size="sm", visible=False, min_width=110)
        plan, job, timer = gr.State(), gr.State(), gr.Timer(POLL, active=False)
    asked = {"token": token, "repository": repository, "machine": machine, "limit": limit}
    asked |= {"private": private, "source": source}
    return Parts(asked, price, start, find, cancel, fetch, answer, progress, plan, job, timer)


def wire(parts: Parts, form: dict, password: gr.Textbox) -> None:
    """`form`: the fields of recipe.Form, by their names."""
    token = parts.asked["token"]
    begun = [parts.answer, parts.plan, parts.start, parts.job, parts.timer]
    looked = [parts.progress, parts.cancel, parts.fetch, parts.timer]
    look = {"fn": _look, "inputs": [token, parts.job], "outputs": looked, **SEVERAL}
    parts.price.click(_price, None, begun[:3], inputs_kwargs=parts.asked | form, **ONCE)
    parts.start.click(_start, [token, parts.plan], begun, **ONCE).then(**look)
    parts.find.click(_find, token, [parts.answer, parts.job, parts.timer], **ONCE).then(**look)
    parts.timer.tick(**look)
    parts.cancel.click(_cancel, [token, parts.job], parts.answer, **ONCE).then(**look)
    parts.fetch.click(_fetching, None, parts.answer, **AT_ONCE).then(
        _fetch, [token, parts.job, password], parts.answer, **ONCE
    )


# gradio finds handlers' special arguments by annotations that it can read: `plan` and `job` stay without


def _price(
    token: str,
    repository: str,
    machine: str,
    limit: str,
    private: bool,
    source: str,
    request: gr.Request,
    signed_in: gr.OAuthToken | None,
    **form,
) -> tuple:
    """Shows what would be started, and what it costs at most; only that can then be started."""
    from common.jobs import seconds_of, space_of_allo
    from trainer.hub.submit import planned

    reader = reader_of(request)
    try:
        api = _hub(token, signed_in)
        if not repository.strip():
            raise UserError(*message("token_and_repository"))
        asked = recipe.arguments(Form(**form)._replace(push_to=""))
        space = space_of_allo(source.strip())
        plan = planned(api, asked, repository.strip(), space, machine.strip(), seconds_of(limit), private)
        if plan.cost is None:
            raise UserError(*message("rent_no_price", flavor=plan.flavor))
    except UserError as refusal:
        return _refused(refusal, reader), None, gr.Button(visible=False)
    return _cost(plan, reader), plan, gr.Button(visible=True)


def _start(typed: str, plan, request: gr.Request, signed_in: gr.OAuthToken | None) -> tuple:
    """Starts the Job whose cost was shown, once."""
    from trainer.hub.follow import Job
    from trainer.hub.submit import submit

    cleared = None, gr.Button(visible=False)
    if plan is None:
        return gr.skip(), *cleared, gr.skip(), gr.skip()
    try:
        api = _hub(typed, signed_in)
        job = Job.of(submit(api, plan, api.token), plan.result)
    except UserError as refusal:
        return _refused(refusal, reader_of(request)), *[gr.skip()] * 4
    return "", *cleared, job, gr.Timer(active=True)


def _find(typed: str, request: gr.Request, signed_in: gr.OAuthToken | None) -> tuple:
    """Finds the visitor's Job on a page that does not know of it: it was reloaded, or is another one."""
    from trainer.hub.follow import latest

    reader = reader_of(request)
    try:
        job = latest(_hub(typed, signed_in))
    except UserError as refusal:
        return _refused(refusal, reader), gr.skip(), gr.skip()
    if job is None:
        return note(say(reader, "rent_none")), gr.skip(), gr.skip()
    return "", job, gr.Timer(active=True)


def _look(typed: str, job, request: gr.Request, signed_in: gr.OAuthToken | None) -> tuple:
    from trainer.hub.follow import look

    if job is None:
        return [gr.skip()] * 4
    reader = reader_of(request)
    try:
        seen = look(_hub(typed, signed_in), job)
    except UserError as refusal:  # the next look may find it
        return _refused(refusal, reader), gr.skip(), gr.skip(), gr.skip()
    done = seen.stage == "COMPLETED"
    return (
        _progress(seen, job, reader),
        gr.Button(visible=seen.alive),
        gr.Button(visible=done),
        gr.Timer(active=seen.alive),
    )


def _cancel(typed: str, job, request: gr.Request, signed_in: gr.OAuthToken | None) -> str:
    from trainer.hub.follow import cancel

    try:
        if job:
            cancel(_hub(typed, signed_in), job)
    except UserError as refusal:
        return _refused(refusal, reader_of(request))
    return ""


def _fetching(request: gr.Request) -> str:
    return note(say(reader_of(request), "rent_fetching"))


def _fetch(
    typed: str,
    job,
    password: str,
    request: gr.Request,
    profile: gr.OAuthProfile | None,
    signed_in: gr.OAuthToken | None,
) -> str:
    """Puts the adapter beside those of this machine, for visitors who may train on it; others name its repository."""
    from trainer.hub.follow import fetch

    reader = reader_of(request)
    try:
        access.check(request, password, profile)
        name = fetch(_hub(typed, signed_in), job) if job else ""
    except UserError as refusal:
        return _refused(refusal, reader)
    return note(say(reader, "rent_fetched", name=name)) if name else ""


def _hub(typed: str, signed_in: gr.OAuthToken | None) -> "HfApi":
    """The Hub as the visitor sees it. Raises UserError where it is switched off, and without a token."""
    from huggingface_hub import HfApi

    from common.hub import offline

    token = typed.strip() or (signed_in.token if signed_in else "")
    if offline():
        raise UserError(*message("hub_is_off"))
    if not token:
        raise UserError(*message("rent_no_token"))
    return HfApi(token=token)


def _cost(plan: "JobPlan", reader: str) -> str:
    figures = [(f"{number(plan.cost, reader, 2)} USD", "rent_cost"), (clock(plan.seconds), "rent_limit")]
    text = say(
        reader,
        "rent_told",
        flavor=plan.flavor,
        price=number(plan.hardware.unit_cost_usd, reader, 4),
        unit=say(reader, f"per_{plan.hardware.unit_label}"),
        result=plan.result,
    )
    return facts(figures, reader) + legend(text)


def _progress(seen: "Look", job: "Job", reader: str) -> str:
    text = say(reader, STAGES.get(seen.stage, "job_on_its_way"), result=job.result)
    if seen.message and not seen.alive:
        text += f" ({seen.message})"
    return render("training/job.html", reader, seen=seen, job=job, text=text)


def _refused(refusal: UserError, reader: str) -> str:
    """In the page's words: what the command reads from its environment and options, the page has fields for."""
    told = for_visitors(refusal.message)
    fields = {" in HF_TOKEN": "", " with this HF_TOKEN": "", " de HF_TOKEN": "", " avec ce HF_TOKEN": ""}
    for command, field in fields.items():
        told = Message(*(text.replace(command, field) for text in told))
    return refused(told, reader)
