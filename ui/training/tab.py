"""The training tab: what to learn from and how, what that would cost, and each training in its run folder.

Nothing of a training is kept here: whoever opens the page, or starts the server again, finds it in its folder.
"""

import os
from typing import NamedTuple

import gradio as gr
from markupsafe import Markup

from common.messages import UserError
from ui.kit import access, corpus_field
from ui.kit.engine_pool import loading
from ui.kit.errors import refused
from ui.kit.events import AT_ONCE, ONCE, SEVERAL, Press
from ui.kit.fields import adapters
from ui.kit.html import note
from ui.kit.i18n import label, reader_of, say
from ui.kit.sound import playable
from ui.kit.theme import WAVE
from ui.kit.zero_gpu import LENT
from ui.training import actions, cloud, curves, downloads, form, recipe, report_html, running, slices

POLL = 2.0  # seconds between two looks at the run folders
FIRST = ("phone-prompts", "demo")  # corpus and name of the training that is suggested where there is none
ONE_AT_A_TIME = SEVERAL | {"concurrency_limit": 1, "concurrency_id": "workshop"}  # what takes a core and memory
COMPARE = "() => document.getElementById('compare-button')?.click()"
TRANSCRIBE = "() => document.getElementById('transcribe-button')?.click()"


class Shown(NamedTuple):
    """What a visitor sees of the runs, so that only what changed is sent."""

    listing: str = ""
    progress: str = ""
    command: str = ""
    buttons: tuple[bool, ...] = ()  # stop, resume, delete


class After(NamedTuple):
    """What there is to see of a run once it has an adapter: it is drawn anew where this changes."""

    name: str | None = None
    adapter: bool = False
    finished: bool = False
    curve: int = 0  # trainings of its learning curve that are done


class Starts(NamedTuple):
    """The buttons under the form."""

    start: gr.Button
    estimate: gr.Button
    cancel: gr.Button
    answer: gr.HTML
    curve: gr.Button


class Acts(NamedTuple):
    """The buttons under a run."""

    stop: gr.Button
    resume: gr.Button
    delete: gr.Button
    sure: gr.Row
    really: gr.Button
    keep: gr.Button
    answer: gr.HTML


class Result(NamedTuple):
    """What a run gained, and what can be done with its adapter: the components, or their new values."""

    learned: object
    gain: object
    clips: object
    player: object
    use: object
    compare: object
    take_box: object
    download: object
    taken: object
    publish_box: object
    published: object
    card_box: object
    card: object


class TakeAway(NamedTuple):
    format: gr.Radio
    prepare: gr.Button


class Publish(NamedTuple):
    repository: gr.Textbox
    token: gr.Textbox
    private: gr.Checkbox
    publish: gr.Button


def tab(adapter_fields: list[gr.Dropdown]) -> None:
    """`adapter_fields`: of the tabs that transcribe with the adapter that is chosen there."""
    with gr.Tab(label("train"), elem_id="train") as here:
        chosen, shown, after = gr.State(), gr.State(Shown()), gr.State(After())
        timer = gr.Timer(POLL, active=False)
        place = gr.HTML(apply_default_css=False, elem_id="place")
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=5, min_width=300):
                fields, token = form.fields()
                password = _who()
                seconds = slices.length() if LENT else None
                starts = _starts()
                job = cloud.section()
            with gr.Column(scale=7, min_width=300):
                listing = gr.HTML(apply_default_css=False, js_on_load=running.CLICKS, elem_id="runs")
                progress = gr.HTML(apply_default_css=False, elem_id="run")
                acts = _acts()
                result, take, publish = _result()
                command = gr.HTML(apply_default_css=False, elem_id="command")

    looked = [chosen, shown, after, listing, progress, command, acts.stop, acts.resume, acts.delete]
    look = {"fn": _look, "inputs": [chosen, shown, after], "outputs": looked, **SEVERAL}
    first = [fields[key] for key in ("name", "corpus", "base")]
    here.select(_arrive, first, [*first, place, password, timer], **SEVERAL).then(**look)
    timer.tick(**look)
    listing.choose(_choose, None, [chosen, acts.sure, acts.answer], **AT_ONCE).then(**look)
    cloud.wire(job, fields, password)
    who = {"password": password, "token": token}
    password.submit(actions.unlock, password, acts.answer, **ONCE).then(**look)
    _wire_starts(starts, who, fields, chosen, look)
    _wire_acts(acts, [password, token, chosen], look)
    if LENT:
        slices.wire(starts, acts, seconds, who, fields, chosen, look)
    after.change(_show_after, after, [*result], **SEVERAL)
    result.clips.listen(_play, chosen, [result.player, acts.answer], **SEVERAL)
    result.compare.click(None, js=COMPARE)
    result.use.click(_use, chosen, adapter_fields, **AT_ONCE).then(None, js=TRANSCRIBE)
    asked = [password, chosen]
    take.prepare.click(actions.prepare, [*asked, take.format], [result.download, result.taken], **ONE_AT_A_TIME)
    answered = [publish.token, result.published]
    publish.publish.click(actions.publish, [*asked, *publish[:3]], answered, **ONCE)


# The layout


def _who() -> gr.Textbox:
    """The password, where one is asked for, and the sign-in with the Hub, where there is one."""
    password = gr.Textbox(
        "", type="password", label=label("password"), info=label("password_hint"), visible=False, max_lines=1
    )
    if os.environ.get("OAUTH_CLIENT_ID"):
        gr.LoginButton()
    return password


def _starts() -> Starts:
    with gr.Row(elem_classes="start"):
        start = gr.Button(label("start_training"), variant="primary", elem_id="start-training", min_width=120)
        estimate = gr.Button(label("estimate"), min_width=120, visible=not LENT)  # it times steps of the CPU
        cancel = gr.Button(label("cancel"), variant="stop", visible=False, min_width=90)
    answer = gr.HTML(apply_default_css=False, elem_id="asked")
    with gr.Accordion(label("more_data"), open=False, elem_id="more-data"):
        gr.HTML(f'<p class="legend">{label("more_data_hint")}</p>', apply_default_css=False)
        curve = gr.Button(label("start_curve"), size="sm")
    return Starts(start, estimate, cancel, answer, curve)


def _acts() -> Acts:
    with gr.Row(elem_classes="downloads"):
        stop = gr.Button(label("stop"), variant="stop", visible=False, size="sm", min_width=90)
        resume = gr.Button(label("resume"), variant="primary", visible=False, size="sm", min_width=90)
        delete = gr.Button(label("delete"), visible=False, size="sm", min_width=90)
    with gr.Row(visible=False, elem_classes="downloads") as sure:
        really = gr.Button(label("really_delete"), variant="stop", size="sm", min_width=150)
        keep = gr.Button(label("keep"), size="sm", min_width=90)
    return Acts(stop, resume, delete, sure, really, keep, gr.HTML(apply_default_css=False, elem_id="pressed"))


def _result() -> tuple[Result, TakeAway, Publish]:
    learned = gr.HTML(apply_default_css=False, elem_id="learned")
    gain = gr.HTML(apply_default_css=False, elem_id="gain")
    clips = gr.HTML(apply_default_css=False, js_on_load=report_html.PLAY, elem_id="examples")
    how = {"interactive": False, "visible": False, "autoplay": True, "elem_classes": "recorder"}
    player = gr.Audio(label=label("clip"), **how, **WAVE)
    with gr.Row(elem_classes="downloads"):
        use = gr.Button(label("go_listen"), visible=False, size="sm")
        compare = gr.Button(label("go_compare"), visible=False, size="sm")
    with gr.Accordion(label("take_away"), open=False, visible=False) as take_box:
        formats = [(label(f"take_{name}"), name) for name in downloads.FORMATS]
        format = gr.Radio(formats, value=downloads.FORMATS[0], label=label("take_format"))
        with gr.Row():
            prepare = gr.Button(label("prepare"), size="sm", min_width=120)
            download = gr.DownloadButton(visible=False, size="sm", min_width=120)
        taken = gr.HTML(apply_default_css=False)
    with gr.Accordion(label("publish"), open=False, visible=False, elem_id="publish-box") as publish_box:
        publish = _publish()
        published = gr.HTML(apply_default_css=False)
    with gr.Accordion(label("card"), open=False, visible=False) as card_box:
        card = gr.Markdown(elem_id="card")
    files = {"take_box": take_box, "download": download, "taken": taken}
    pushed = {"publish_box": publish_box, "published": published, "card_box": card_box, "card": card}
    result = Result(learned, gain, clips, player, use, compare, **files, **pushed)
    return result, TakeAway(format, prepare), publish


def _publish() -> Publish:
    with gr.Row():
        hint = {"info": label("repository_hint"), "placeholder": "OWNER/NAME", "max_lines": 1, "min_width": 180}
        repository = gr.Textbox("", label=label("repository"), **hint)
        secret = {"type": "password", "info": label("token_hint"), "max_lines": 1, "min_width": 180}
        token = gr.Textbox("", label=label("token"), **secret)
    with gr.Row(elem_classes="score"):
        private = gr.Checkbox(True, label=label("private"), container=False, min_width=120)
        publish = gr.Button(label("publish"), size="sm", min_width=120, elem_id="publish")
    return Publish(repository, token, private, publish)


def _wire_starts(starts: Starts, who: dict, fields: dict, chosen: gr.State, look: dict) -> None:
    """`who`: the password, and the token to push with; `look`: the event that shows the runs as they are now."""
    estimating = gr.on(starts.estimate.click, _waiting, None, [starts.estimate, starts.cancel], **AT_ONCE)
    asked = {"password": who["password"]} | fields
    estimating = estimating.then(actions.estimate, None, starts.answer, inputs_kwargs=asked, **ONE_AT_A_TIME)
    over = {"fn": _over, "inputs": None, "outputs": [starts.estimate, starts.cancel], **AT_ONCE}
    estimating.then(**over)
    starts.cancel.click(lambda: "", None, starts.answer, cancels=estimating, **AT_ONCE).then(**over)
    for button, act in ((starts.curve, actions.start_curve), *(() if LENT else ((starts.start, actions.start),))):
        button.click(act, None, [starts.answer, chosen], inputs_kwargs=who | fields, **ONCE).then(**look)


def _wire_acts(acts: Acts, asked: list, look: dict) -> None:
    in_background = () if LENT else ((acts.stop, actions.stop), (acts.resume, actions.resume))
    for button, act in ((acts.really, actions.delete), *in_background):
        button.click(act, asked, [acts.answer, acts.sure], **ONCE).then(**look)
    acts.delete.click(lambda: gr.Row(visible=True), None, acts.sure, **AT_ONCE)
    acts.keep.click(lambda: gr.Row(visible=False), None, acts.sure, **AT_ONCE)


# What anybody may see


def _arrive(name: str, corpus: str | None, base: str | None, request: gr.Request) -> tuple:
    """The lists as they are now; a visitor who comes back finds what was filled in."""
    from trainer.runs import background

    reader = reader_of(request)
    sources, names = corpus_field.sources(), background.names()
    first = (FIRST[0] if not names else sources[0], _free(names))
    try:
        page = loading().result().choice.model
    except UserError as refusal:
        return gr.skip(), gr.skip(), gr.skip(), refused(refusal, reader), *[gr.skip()] * 2
    bases = list(dict.fromkeys([page, "whisper-base"]))
    return (
        name or first[1],
        gr.Dropdown(sources, value=corpus or first[0]),
        gr.Dropdown(bases, value=base or page),
        running.place(reader),
        gr.Textbox(visible=not access.on_a_space() and access.password() is not None),
        gr.Timer(active=True),
    )


def _free(names: list[str]) -> str:
    """A name that no run has."""
    return next(name for at in range(len(names) + 1) if (name := FIRST[1] + (f"-{at + 1}" if at else "")) not in names)


def _choose(press: Press) -> tuple:
    return press.text("name"), gr.Row(visible=False), ""


def _look(
    chosen: str | None, before: Shown, after: After, request: gr.Request, profile: gr.OAuthProfile | None
) -> tuple:
    """All runs, and the chosen one; where that is gone, one that is alive, else the youngest."""
    name, now, new = _seen(chosen, reader_of(request), access.may_read(request, profile))
    sent = [value if value != old else gr.skip() for value, old in zip(now[:3], before[:3], strict=True)]
    buttons = [gr.Button(visible=visible) for visible in now.buttons]
    return (
        name if name != chosen else gr.skip(),
        now if now != before else gr.skip(),
        new if new != after else gr.skip(),
        *sent,
        *(buttons if now.buttons != before.buttons else [gr.skip()] * len(buttons)),
    )


def _seen(chosen: str | None, reader: str, owned: bool) -> tuple[str | None, Shown, After]:
    """The run to show, what of it, and what it leaves behind."""
    from trainer.evaluation import learning_curve

    runs = running.every()
    each = next((each for each in runs if each.name == chosen), None)
    if each is None and actions.is_starting(chosen):
        return (
            chosen,
            Shown(running.listing(runs, chosen, reader), note(say(reader, "starting")), "", (False,) * 3),
            After(),
        )
    each = each or next((each for each in runs if each.alive), runs[0] if runs else None)
    name = each.name if each else None
    listing = running.listing(runs, name, reader)
    if each is None:
        return None, Shown(listing, "", "", (False,) * 3), After()
    buttons = (each.alive, each.resumes, not each.alive)
    now = Shown(listing, running.shown(each, reader, owned), _command(each.name), buttons)
    done = each.status == "completed"
    return name, now, After(name, each.adapter and not each.alive, done, learning_curve.done(name))


def _command(name: str) -> str:
    """What would start it from the command line."""
    from trainer.runs import background, folder

    try:
        asked = folder.config(background.folder_of(name))
    except UserError:  # it has not begun
        return ""
    return Markup("<pre>{}</pre>").format(recipe.command(name, recipe.arguments_of(asked)))


def _show_after(after: After, request: gr.Request) -> Result:
    """What the chosen run gained, and what can be done with its adapter."""
    from trainer.evaluation import learning_curve

    reader, name, there = reader_of(request), after.name, after.adapter
    report = report_html.report(name) if after.finished else None
    card = report_html.card(name) if there else ""
    curve = learning_curve.curve(name) if after.curve else None
    return Result(
        learned=curves.of_data(curve, reader) if curve else "",
        gain=report_html.shown(report, reader) if report else "",
        clips=report_html.examples(report, reader) if report else "",
        player=gr.Audio(None, visible=False),
        use=gr.Button(visible=there),
        compare=gr.Button(visible=there),
        take_box=gr.Accordion(visible=there),
        download=gr.DownloadButton(visible=False),
        taken="",
        publish_box=gr.Accordion(visible=there),
        published="",
        card_box=gr.Accordion(visible=bool(card)),
        card=card,
    )


def _use(chosen: str | None, request: gr.Request) -> list[gr.Dropdown]:
    """Chooses the run's adapter for this visitor's recordings and calls."""
    return [adapters(reader_of(request), chosen)] * 2


def _play(chosen: str | None, press: Press, request: gr.Request) -> tuple:
    """A clip that was fixed or broken."""
    from trainer.runs import background

    if chosen not in background.names():
        return gr.skip(), gr.skip()
    try:
        clip = report_html.sound(chosen, press.text("clip"))
    except UserError as refusal:
        return gr.Audio(None, visible=False), refused(refusal, reader_of(request))
    return gr.Audio(playable(clip), visible=True), ""


def _waiting() -> tuple:
    return gr.Button(visible=False), gr.Button(visible=True)


def _over() -> tuple:
    return gr.Button(visible=True), gr.Button(visible=False)
