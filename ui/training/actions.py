"""What visitors with permission do to trainings: estimate, start, stop, resume, delete, download, publish."""

import asyncio
import sys
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator

import gradio as gr

from common.messages import UserError
from ui.kit import access
from ui.kit.errors import refused
from ui.kit.html import note
from ui.kit.i18n import reader_of, say
from ui.training import downloads, recipe, running
from ui.training.recipe import Form

_presses: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # two presses on a run, one after the other
_starting: set[str] = set()  # names of runs whose folder may not be there yet


def is_starting(name: str | None) -> bool:
    return name in _starting


async def estimate(password: str, request: gr.Request, profile: gr.OAuthProfile | None, **form) -> AsyncIterator[str]:
    """Times a few steps in a process of its own."""
    from trainer.runs.queue import waiting

    reader = reader_of(request)
    yield note(say(reader, "estimating"))
    try:
        access.check(request, password, profile)
        asked = await asyncio.to_thread(recipe.arguments, Form(**form))
        words = [sys.executable, "-m", "trainer", "train", *asked, "--estimate", "--json"]
        printed = await recipe.ask(words, reader)
        yield recipe.cost(printed, len(waiting(running.device())), reader)
    except UserError as refusal:
        yield _refused(refusal, request)


def start(password: str, token: str, request: gr.Request, profile: gr.OAuthProfile | None, **form) -> Iterator[tuple]:
    from trainer.runs import background

    def begin() -> None:
        access.check(request, password, profile)
        background.start(
            form["name"], *recipe.arguments(Form(**form)), token=downloads.token_to_push(form["push_to"], token)
        )

    form["name"] = (form["name"] or "").strip()
    yield from _begin(begin, form["name"], form["name"], request)


def start_curve(
    password: str, token: str, request: gr.Request, profile: gr.OAuthProfile | None, **form
) -> Iterator[tuple]:
    """Three trainings, on a quarter, half and all of the data; the first one is shown."""
    from trainer.evaluation import learning_curve

    def begin() -> None:
        access.check(request, password, profile)
        asked = recipe.arguments(Form(**form))
        learning_curve.start(form["name"], *asked, token=downloads.token_to_push(form["push_to"], token))

    form["name"] = (form["name"] or "").strip()
    yield from _begin(begin, form["name"], learning_curve.names(form["name"])[0], request)


def _begin(begin: Callable[[], None], name: str, shown: str, request: gr.Request) -> Iterator[tuple]:
    """Starts one job a name, however often it is pressed. Yields what is said, and the run to show.

    The run is shown from the press on: it takes seconds until its folder is there.
    """
    from trainer.runs import background

    reader = reader_of(request)
    yield note(say(reader, "starting")), gr.skip()
    try:
        running.check_place()
        background.folder_of(name)
        _starting.add(shown)
        yield gr.skip(), shown
        with _presses[name]:
            begin()
        yield note(say(reader, "started", name=shown)), shown
    except UserError as refusal:
        yield _refused(refusal, request), gr.skip()
    finally:
        _starting.discard(shown)


def unlock(password: str, request: gr.Request, profile: gr.OAuthProfile | None) -> str:
    """Shows the logs on this page from now on, where the password is right."""
    try:
        access.check(request, password, profile)
    except UserError as refusal:
        return refused(refusal, reader_of(request))
    return ""


def stop(password: str, _: str, chosen: str | None, request: gr.Request, profile: gr.OAuthProfile | None) -> tuple:
    from trainer.runs import background

    return _press(background.stop, password, chosen, request, profile)


def resume(
    password: str, token: str, chosen: str | None, request: gr.Request, profile: gr.OAuthProfile | None
) -> tuple:
    from trainer.runs import background

    return _press(lambda name: background.resume(name, token.strip() or None), password, chosen, request, profile)


def delete(password: str, _: str, chosen: str | None, request: gr.Request, profile: gr.OAuthProfile | None) -> tuple:
    from trainer.runs import background

    return _press(background.delete, password, chosen, request, profile)


def _press(
    act: Callable[[str], None],
    password: str,
    chosen: str | None,
    request: gr.Request,
    profile: gr.OAuthProfile | None,
) -> tuple:
    """Does it to the chosen run, if the visitor may: says why not, and hides the question."""
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


async def prepare(
    password: str, chosen: str | None, format: str, request: gr.Request, profile: gr.OAuthProfile | None
) -> AsyncIterator[tuple]:
    """Makes a file to take away; inside of its base an adapter takes a while."""
    reader = reader_of(request)
    yield gr.DownloadButton(visible=False), note(say(reader, "preparing"))
    try:
        access.check(request, password, profile)
        file = await downloads.file(chosen or "", format, reader)
        yield gr.DownloadButton(f"↓ {file.name}", value=file, visible=True), ""
    except UserError as refusal:
        yield gr.skip(), _refused(refusal, request)


def publish(
    password: str,
    chosen: str | None,
    repository: str,
    token: str,
    private: bool,
    request: gr.Request,
    profile: gr.OAuthProfile | None,
) -> Iterator[tuple]:
    """Publishes on the Hub, with a token that is forgotten as soon as it is used."""
    reader = reader_of(request)
    yield gr.skip(), note(say(reader, "publishing"))
    try:
        access.check(request, password, profile)
        name = downloads.publish(chosen or "", repository, token, private)
        yield "", note(say(reader, "published", name=name))
    except UserError as refusal:
        yield gr.skip(), _refused(refusal, request)


def _refused(refusal: UserError, request: gr.Request) -> str:
    return refused(running.on_the_page(refusal.message), reader_of(request))
