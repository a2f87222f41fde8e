"""The training tab: what to learn from and how, what that would cost, and each training in its run folder.

Nothing of a training is kept here: whoever opens the page, or starts the server again, finds it in its folder.
"""

import asyncio
import os
import sys
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from html import escape
from typing import NamedTuple

import gradio as gr

from common.messages import UserError
from ui.kit import access, corpus_field
from ui.kit.engine_pool import loading
from ui.kit.events import AT_ONCE, ONCE, SEVERAL
from ui.kit.fields import adapters, corpus_columns
from ui.kit.i18n import label, reader_of, say
from ui.kit.sound import playable
from ui.kit.theme import INK
from ui.kit.transcript_html import refused
from ui.training import cloud, curves, downloads, recipe, report_html, running
from ui.training.recipe import Form

POLL = 2.0  # seconds between two looks at the run folders
PRESETS = ("quick", "thorough", "seed")
FIRST = ("phone-prompts", "demo")  # corpus and name of the training that is suggested where there is none
ONE_AT_A_TIME = SEVERAL | {"concurrency_limit": 1, "concurrency_id": "workshop"}  # what takes a core and memory
COMPARE = "() => document.getElementById('compare-button')?.click()"
LISTEN = "() => document.getElementById('transcribe-button')?.click()"

_presses: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # two presses on a run, one after the other


class Shown(NamedTuple):
    """What a visitor sees of the runs, so that only what changed is sent."""

    listing: str = ""
    told: str = ""
    command: str = ""
    buttons: tuple[bool, ...] = ()  # stop, resume, delete


class After(NamedTuple):
    """What there is to see of a run once it has an adapter: it is drawn anew where this changes."""

    name: str | None = None
    adapter: bool = False
    finished: bool = False
    curve: int = 0  # trainings of its learning curve that are done


def tab(ear: gr.Dropdown, call_ear: gr.Dropdown) -> None:
    """`ear` and `call_ear`: what recordings and calls are heard with."""
    with gr.Tab(label("train"), elem_id="train") as here:
        chosen, shown, after = gr.State(), gr.State(Shown()), gr.State(After())
        timer = gr.Timer(POLL, active=False)
        place = gr.HTML(apply_default_css=False, elem_id="place")
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=5, min_width=300):
                form, about, token = _form()
                password = _who()
                with gr.Row(elem_classes="start"):
                    start = gr.Button(
                        label("start_training"), variant="primary", elem_id="start-training", min_width=120
                    )
                    estimate = gr.Button(label("estimate"), min_width=120)
                    cancel = gr.Button(label("cancel"), variant="stop", visible=False, min_width=90)
                said = gr.HTML(apply_default_css=False, elem_id="asked")
                with gr.Accordion(label("more_data"), open=False, elem_id="more-data"):
                    gr.HTML(f'<p class="legend">{label("more_data_hint")}</p>', apply_default_css=False)
                    three = gr.Button(label("start_curve"), size="sm")
                rent = cloud.section()
            with gr.Column(scale=7, min_width=300):
                listing = gr.HTML(apply_default_css=False, js_on_load=running.CLICKS, elem_id="runs")
                told = gr.HTML(apply_default_css=False, elem_id="run")
                stop, resume, delete, sure, really, keep = _presses_on_a_run()
                answer = gr.HTML(apply_default_css=False, elem_id="pressed")
                gains, listen, take = _after()
                command = gr.HTML(apply_default_css=False, elem_id="command")

    name, corpus, _, preset, *recipes = form
    settings = recipes[: 1 + len(recipe.NOTEBOOK)]
    looked = [chosen, shown, after, listing, told, command, stop, resume, delete]
    look = {"fn": _look, "inputs": [chosen, shown, after], "outputs": looked, **SEVERAL}

    arrived = here.select(_arrive, [name, corpus, form[2]], [*form[:3], place, password, timer], **SEVERAL)
    arrived.then(**look)
    timer.tick(**look)
    listing.choose(_choose, None, [chosen, sure, answer], **AT_ONCE).then(**look)
    audio, text, unit = form[-3:]
    learned_from = [corpus.change, audio.submit, audio.blur, text.submit, text.blur, unit.input]
    gr.on(learned_from, _about, [corpus, audio, text, unit], about, **SEVERAL)
    preset.input(recipe.of_preset, preset, settings, **SEVERAL)
    cloud.wire(rent, form, password)

    asks = [password, *form]
    estimating = gr.on(estimate.click, _begin, None, [estimate, cancel], **AT_ONCE)
    estimating = estimating.then(_estimate, asks, said, **ONE_AT_A_TIME)
    over = {"fn": _over, "inputs": None, "outputs": [estimate, cancel], **AT_ONCE}
    estimating.then(**over)
    cancel.click(lambda: "", None, said, cancels=estimating, **AT_ONCE).then(**over)
    for button, act in ((start, _start), (three, _start_curve)):
        button.click(act, [password, token, *form], [said, chosen], **ONCE).then(**look)

    for button, act in ((stop, _stop), (resume, _resume), (really, _delete)):
        pressed = button.click(act, [password, token, chosen], [answer, sure], **ONCE)
        pressed.then(**look)
    delete.click(lambda: gr.Row(visible=True), None, sure, **AT_ONCE)
    keep.click(lambda: gr.Row(visible=False), None, sure, **AT_ONCE)

    learned, gain, clips, player, card_box, card, compare = gains
    take_box, format, prepare, download, push_box, repository, once, private, push, taken, pushed = take
    boxes = [learned, gain, clips, player, card_box, card, compare, listen, take_box, download, taken, push_box, pushed]
    after.change(_show_after, after, boxes, **SEVERAL)
    clips.hear(_hear, chosen, [player, answer], **SEVERAL)
    compare.click(None, js=COMPARE)
    listen.click(_listen_with, chosen, [ear, call_ear], **AT_ONCE).then(None, js=LISTEN)
    prepare.click(_prepare, [password, chosen, format], [download, taken], **ONE_AT_A_TIME)
    push.click(_push, [password, chosen, repository, once, private], [once, pushed], **ONCE)


def _form() -> tuple[list, gr.HTML, gr.Textbox]:
    """The fields in the order of recipe.Form, what the corpus holds, and the token to push with."""
    values = dict(zip(("minutes", *recipe.NOTEBOOK), recipe.of_preset(PRESETS[0]), strict=True))
    custom = {"allow_custom_value": True, "min_width": 200}
    with gr.Row():
        corpus = gr.Dropdown([], label=label("source"), info=label("base_hint"), **custom)
        base = gr.Dropdown([], label=label("base_model"), info=label("base_hint"), **custom)
    about = gr.HTML(apply_default_css=False, elem_id="learns")
    with gr.Accordion(label("unusual"), open=False), gr.Row():
        columns = corpus_columns()
    presets = [(label(f"preset_{name}"), name) for name in PRESETS]
    preset = gr.Radio(presets, value=PRESETS[0], label=label("preset"))
    with gr.Row():
        minutes = gr.Number(values["minutes"], label=label("minutes"), info=label("minutes_hint"), min_width=140)
        name = gr.Textbox("", label=label("run_name"), info=label("run_name_hint"), max_lines=1, min_width=140)
    with gr.Accordion(label("recipe"), open=False, elem_id="recipe"), gr.Row():
        fields = [_field(key, values[key]) for key in recipe.NOTEBOOK]
        others = gr.Textbox(
            "", label=label("set_others"), info=label("set_others_hint"), placeholder="seed=1", lines=2, min_width=260
        )
    with gr.Accordion(label("push_best"), open=False, elem_id="push-best"), gr.Row():
        hint = {"info": label("push_to_hint"), "placeholder": "OWNER/NAME", "max_lines": 1, "min_width": 180}
        push_to = gr.Textbox("", label=label("repository"), **hint)
        secret = {"type": "password", "info": label("push_token_hint"), "max_lines": 1, "min_width": 180}
        token = gr.Textbox("", label=label("token"), **secret)
    return [name, corpus, base, preset, minutes, *fields, others, push_to, *columns], about, token


def _field(key: str, value) -> gr.components.Component:
    """A setting of the notebook, with the sentence that says what it does."""
    from trainer.settings import ALL_LINEAR

    told = {"label": label(f"set_{key}"), "info": label(f"set_{key}_hint"), "min_width": 190}
    if key == "modules":
        return gr.CheckboxGroup(ALL_LINEAR, value=value, **told)
    if key == "window":
        return gr.Radio([(label(f"window_{name}"), name) for name in ("short", "full")], value=value, **told)
    return gr.Number(value, **told)


def _who() -> gr.Textbox:
    """The password, where one is asked for, and the door of the Hub, where there is one."""
    password = gr.Textbox(
        "", type="password", label=label("password"), info=label("password_hint"), visible=False, max_lines=1
    )
    if os.environ.get("OAUTH_CLIENT_ID"):
        gr.LoginButton()
    return password


def _presses_on_a_run() -> tuple:
    with gr.Row(elem_classes="downloads"):
        stop = gr.Button(label("stop"), variant="stop", visible=False, size="sm", min_width=90)
        resume = gr.Button(label("resume"), variant="primary", visible=False, size="sm", min_width=90)
        delete = gr.Button(label("delete"), visible=False, size="sm", min_width=90)
    with gr.Row(visible=False, elem_classes="downloads") as sure:
        really = gr.Button(label("really_delete"), variant="stop", size="sm", min_width=150)
        keep = gr.Button(label("keep"), size="sm", min_width=90)
    return stop, resume, delete, sure, really, keep


def _after() -> tuple[tuple, gr.Button, tuple]:
    """What it gained, the button that lets the first tab listen with it, and the ways to take the adapter away."""
    learned = gr.HTML(apply_default_css=False, elem_id="learned")
    gain = gr.HTML(apply_default_css=False, elem_id="gain")
    clips = gr.HTML(apply_default_css=False, js_on_load=report_html.HEAR, elem_id="examples")
    player = gr.Audio(
        label=label("clip"),
        interactive=False,
        visible=False,
        autoplay=True,
        buttons=[],
        waveform_options=gr.WaveformOptions(waveform_progress_color=INK.c500),
        elem_classes="recorder",
    )
    with gr.Row(elem_classes="downloads"):
        listen = gr.Button(label("go_listen"), visible=False, size="sm")
        compare = gr.Button(label("go_compare"), visible=False, size="sm")
    with gr.Accordion(label("take_away"), open=False, visible=False) as take_box:
        formats = [(label(f"take_{name}"), name) for name in downloads.FORMATS]
        format = gr.Radio(formats, value=downloads.FORMATS[0], label=label("take_format"))
        with gr.Row():
            prepare = gr.Button(label("prepare"), size="sm", min_width=120)
            download = gr.DownloadButton(visible=False, size="sm", min_width=120)
        taken = gr.HTML(apply_default_css=False)
    with gr.Accordion(label("publish"), open=False, visible=False, elem_id="publish-box") as push_box:
        with gr.Row():
            hint = {"info": label("repository_hint"), "placeholder": "OWNER/NAME", "max_lines": 1, "min_width": 180}
            repository = gr.Textbox("", label=label("repository"), **hint)
            secret = {"type": "password", "info": label("token_hint"), "max_lines": 1, "min_width": 180}
            token = gr.Textbox("", label=label("token"), **secret)
        with gr.Row(elem_classes="score"):
            private = gr.Checkbox(True, label=label("private"), container=False, min_width=120)
            push = gr.Button(label("publish"), size="sm", min_width=120, elem_id="publish")
        pushed = gr.HTML(apply_default_css=False)
    with gr.Accordion(label("card"), open=False, visible=False) as card_box:
        card = gr.Markdown(elem_id="card")
    gains = learned, gain, clips, player, card_box, card, compare
    return (
        gains,
        listen,
        (take_box, format, prepare, download, push_box, repository, token, private, push, taken, pushed),
    )


# What is looked at, by anybody


def _arrive(name: str, corpus: str | None, base: str | None, request: gr.Request) -> tuple:
    """The lists as they are now; who comes back finds what was filled in."""
    from trainer.runs import background

    reader = reader_of(request)
    sources, names = corpus_field.sources(), background.names()
    first = (FIRST[0] if not names else sources[0], _free(names))
    try:
        page = loading().result().choice.model
    except UserError as refusal:
        return gr.skip(), gr.skip(), gr.skip(), refused(refusal.message.to(reader)), *[gr.skip()] * 2
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


def _about(corpus: str | None, audio: str, text: str, unit: str, request: gr.Request) -> str:
    reader = reader_of(request)
    try:
        return recipe.learned_from(corpus, audio, text, unit, reader)
    except UserError as refusal:
        return refused(corpus_field.for_visitors(refusal.message).to(reader))


def _choose(event: gr.EventData) -> tuple:
    return str(event.name), gr.Row(visible=False), ""


def _look(chosen: str | None, before: Shown, after: After, request: gr.Request) -> tuple:
    """All runs, and the chosen one; where that is gone, one that is alive, else the youngest."""
    from trainer.evaluation import learning_curve

    reader = reader_of(request)
    runs = running.every()
    each = next((each for each in runs if each.name == chosen), None)
    each = each or next((each for each in runs if each.alive), runs[0] if runs else None)
    name = each.name if each else None
    listing = running.listing(runs, name, reader)
    if each is None:
        now, new = Shown(listing, "", "", (False,) * 3), After()
    else:
        buttons = (each.alive, each.resumes, not each.alive)
        now = Shown(listing, running.told(each, reader), _command(each.name), buttons)
        new = After(name, each.adapter and not each.alive, each.status == "completed", learning_curve.done(name))
    sent = [value if value != old else gr.skip() for value, old in zip(now[:3], before[:3], strict=True)]
    buttons = [gr.Button(visible=visible) for visible in now.buttons]
    return (
        name if name != chosen else gr.skip(),
        now if now != before else gr.skip(),
        new if new != after else gr.skip(),
        *sent,
        *(buttons if now.buttons != before.buttons else [gr.skip()] * len(buttons)),
    )


def _command(name: str) -> str:
    """What would start it from the command line."""
    from trainer.runs import background, folder

    try:
        asked = folder.config(background.folder_of(name))
    except UserError:  # it has not begun
        return ""
    return f"<pre>{escape(recipe.command(name, recipe.arguments_of(asked)))}</pre>"


def _show_after(after: After, request: gr.Request) -> tuple:
    """What the chosen run gained, and what can be done with its adapter."""
    from trainer.evaluation import learning_curve

    reader, name = reader_of(request), after.name
    report = report_html.report(name) if after.finished else None
    card = report_html.card(name) if after.adapter else ""
    there = after.adapter
    curve = learning_curve.curve(name) if after.curve else None
    return (
        curves.of_data(curve, reader) if curve else "",
        report_html.told(report, reader) if report else "",
        report_html.examples(report, reader) if report else "",
        gr.Audio(None, visible=False),
        gr.Accordion(visible=bool(card)),
        card,
        gr.Button(visible=there),
        gr.Button(visible=there),
        gr.Accordion(visible=there),
        gr.DownloadButton(visible=False),
        "",
        gr.Accordion(visible=there),
        "",
    )


def _listen_with(chosen: str | None, request: gr.Request) -> list[gr.Dropdown]:
    """This visitor's recordings and calls are heard with the run's adapter from now on."""
    return [adapters(reader_of(request), chosen)] * 2


def _hear(chosen: str | None, event: gr.EventData, request: gr.Request) -> tuple:
    """A clip that was fixed or broken."""
    from trainer.runs import background

    if chosen not in background.names():
        return gr.skip(), gr.skip()
    try:
        clip = report_html.sound(chosen, str(event.clip))
    except UserError as refusal:
        return gr.Audio(None, visible=False), _refused(refusal, request)
    return gr.Audio(playable(clip), visible=True), ""


# What is pressed, by those who may


def _begin() -> tuple:
    return gr.Button(visible=False), gr.Button(visible=True)


def _over() -> tuple:
    return gr.Button(visible=True), gr.Button(visible=False)


async def _estimate(password: str, request: gr.Request, profile: gr.OAuthProfile | None, *form) -> AsyncIterator[str]:
    """Times a few steps in a process of its own."""
    from trainer.runs.queue import waiting

    reader = reader_of(request)
    yield f'<p class="note" role="status">{say(reader, "estimating")}</p>'
    try:
        access.check(request, password, profile)
        asked = await asyncio.to_thread(recipe.arguments, Form(*form))
        words = [sys.executable, "-m", "trainer", "train", *asked, "--estimate", "--json"]
        told = await recipe.ask(words, reader)
        yield recipe.cost(told, len(waiting(running.device())), reader)
    except UserError as refusal:
        yield _refused(refusal, request)


def _start(password: str, token: str, request: gr.Request, profile: gr.OAuthProfile | None, *form) -> Iterator[tuple]:
    from trainer.runs import background

    yield from _begun(background.start, lambda name: name, password, token, request, profile, Form(*form))


def _start_curve(
    password: str, token: str, request: gr.Request, profile: gr.OAuthProfile | None, *form
) -> Iterator[tuple]:
    """Three trainings, on a quarter, half and all of the data; the first one is looked at."""
    from trainer.evaluation import learning_curve

    def first(name: str) -> str:
        return learning_curve.names(name)[0]

    yield from _begun(learning_curve.start, first, password, token, request, profile, Form(*form))


def _begun(
    start: Callable,
    shown: Callable[[str], str],
    password: str,
    token: str,
    request: gr.Request,
    profile: gr.OAuthProfile | None,
    form: Form,
) -> Iterator[tuple]:
    """One job a name, however often it is pressed and by however many."""
    from trainer.runs import background

    reader = reader_of(request)
    yield f'<p class="note" role="status">{say(reader, "starting")}</p>', gr.skip()
    try:
        access.check(request, password, profile)
        running.check_place()
        name = (form.name or "").strip()
        background.folder_of(name)
        with _presses[name]:
            start(name, *recipe.arguments(form), token=downloads.token_to_push(form.push_to, token))
        name = shown(name)
        yield f'<p class="note" role="status">{say(reader, "started", name=name)}</p>', name
    except UserError as refusal:
        yield _refused(refusal, request), gr.skip()


def _stop(password: str, _: str, chosen: str | None, request: gr.Request, profile: gr.OAuthProfile | None) -> tuple:
    from trainer.runs import background

    return _press(background.stop, password, chosen, request, profile)


def _resume(
    password: str, token: str, chosen: str | None, request: gr.Request, profile: gr.OAuthProfile | None
) -> tuple:
    from trainer.runs import background

    def resume(name: str) -> None:
        background.resume(name, token.strip() or None)

    return _press(resume, password, chosen, request, profile)


def _delete(password: str, _: str, chosen: str | None, request: gr.Request, profile: gr.OAuthProfile | None) -> tuple:
    from trainer.runs import background

    return _press(background.delete, password, chosen, request, profile)


def _press(
    act: Callable[[str], None],
    password: str,
    chosen: str | None,
    request: gr.Request,
    profile: gr.OAuthProfile | None,
) -> tuple:
    """Does it to the chosen run, if the visitor may: why not, and no more question."""
    from trainer.runs import background

    answer = ""
    try:
        access.check(request, password, profile)
        with _presses[chosen or ""]:
            if chosen in background.names():  # another page may have deleted it
                act(chosen)
    except UserError as refusal:
        answer = _refused(refusal, request)
    return answer, gr.Row(visible=False)


async def _prepare(
    password: str, chosen: str | None, format: str, request: gr.Request, profile: gr.OAuthProfile | None
) -> AsyncIterator[tuple]:
    """A file to take away; inside of its base an adapter takes a while."""
    reader = reader_of(request)
    yield gr.DownloadButton(visible=False), f'<p class="note" role="status">{say(reader, "preparing")}</p>'
    try:
        access.check(request, password, profile)
        file = await downloads.file(chosen or "", format, reader)
        yield gr.DownloadButton(f"↓ {file.name}", value=file, visible=True), ""
    except UserError as refusal:
        yield gr.skip(), _refused(refusal, request)


def _push(
    password: str,
    chosen: str | None,
    repository: str,
    token: str,
    private: bool,
    request: gr.Request,
    profile: gr.OAuthProfile | None,
) -> Iterator[tuple]:
    """Onto the Hub, with a token that is forgotten as soon as it is used."""
    reader = reader_of(request)
    yield gr.skip(), f'<p class="note" role="status">{say(reader, "publishing")}</p>'
    try:
        access.check(request, password, profile)
        name = downloads.publish(chosen or "", repository, token, private)
        yield "", f'<p class="note" role="status">{say(reader, "published", name=escape(name))}</p>'
    except UserError as refusal:
        yield gr.skip(), _refused(refusal, request)


def _refused(refusal: UserError, request: gr.Request) -> str:
    return refused(running.on_the_page(refusal.message).to(reader_of(request)))
