"""The page as it is served where nothing can be reached, and a real browser to visit it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PatienceLost

from common.cache import cache_folder

ROOT = Path(__file__).parents[2]
PATIENCE = 60_000  # milliseconds, for a transcription on a busy machine
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
NOWHERE = "http://127.0.0.1:9"  # as a proxy: no network


class Server(NamedTuple):
    process: subprocess.Popen
    address: str
    log: Path  # what it prints


@contextmanager
def serve(
    folder: Path,
    *arguments: str,
    port: int = 0,
    ready: str = "Allô: ",
    program: tuple[str, ...] = ("app.py",),
    **settings: str,
) -> Iterator[Server]:
    """`python app.py`, or another program, until it prints `ready`; its log and gradio's files lie in `folder`.

    `port` 0 takes a free one.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = port or free.getsockname()[1]
    offline = {"ALLO_OFFLINE": "1", "HTTPS_PROXY": NOWHERE, "HTTP_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1,localhost"}
    log = folder / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *program, *arguments, "--port", str(port)],
            cwd=ROOT,
            env=os.environ | offline | {"GRADIO_TEMP_DIR": str(folder)} | settings,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: ready in log.read_text() or process.poll() is not None, seconds=120)
        assert process.poll() is None, log.read_text()
        yield Server(process, f"http://127.0.0.1:{port}", log)
    finally:
        killed = process.poll() is not None  # by a test: the next start takes away what it leaves
        process.terminate()
        process.wait(30)
        assert killed or not list(folder.glob("server-*"))  # what visitors sent goes with the server


Browser = Callable[[str], BrowserContext]  # by its language; one that compiled the page's scripts keeps them


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """A browser with a folder of its own for each language: one that is thrown away compiles the scripts every time."""
    how = {"executable_path": shutil.which("chromium"), "args": [*CHROMIUM, *arguments]}
    with sync_playwright() as playwright, TemporaryDirectory() as home, ExitStack() as opened:

        @cache
        def browser(locale: str) -> BrowserContext:
            folder = f"{home}/{locale}"
            return opened.enter_context(playwright.chromium.launch_persistent_context(folder, locale=locale, **how))

        yield browser


@contextmanager
def visit(browser: Browser, server: Server, locale: str, model: str = "whisper-base") -> Iterator[Page]:
    """The page once its model is loaded; what its requests and scripts complain of goes beside the server's log."""
    page = browser(locale).new_page()
    complaints = server.log.with_name("page.txt")

    def note(line: str) -> None:
        with complaints.open("a") as file:
            print(line, file=file)

    page.on("requestfailed", lambda request: note(f"{request.method} {request.url}: {request.failure}"))
    page.on("response", lambda answer: answer.status >= 400 and note(f"{answer.status} {answer.url}"))
    page.on("console", lambda message: message.type == "error" and note(message.text))
    page.goto(server.address)
    try:
        expect(page.locator("#who")).to_contain_text(model, timeout=PATIENCE)
    except AssertionError as error:
        error.add_note("\n".join(log.read_text()[-4000:] for log in (server.log, complaints) if log.is_file()))
        raise
    yield page
    page.close()


def write(field: Locator, text: str) -> None:
    """Into a field of a section that was just opened: gradio may draw it once more, empty, and forget a quick hand."""

    def is_kept() -> bool:
        field.fill(text)
        field.page.wait_for_timeout(500)
        return field.input_value() == text

    until(is_kept, seconds=20)


def pick(field: Locator, option: str) -> None:
    """Out of a field's list, which gradio too may draw once more, and shut."""
    options = field.page.get_by_role("option")

    def is_picked() -> bool:
        field.blur()
        field.click()
        with suppress(PatienceLost):
            field.page.get_by_role("option", name=option, exact=True).click(timeout=5000)
        expect(options).to_have_count(0)  # it fades away
        return field.input_value() == option

    until(is_picked, seconds=60)


def unheard(folder: Path) -> Path:
    """A cache with the models that are cached already, no evaluations yet, and a line of its own."""
    for found in cache_folder().iterdir() if cache_folder().is_dir() else []:
        if found.is_dir() and found.name not in ("evaluations", "line"):
            (folder / found.name).symlink_to(found)
    return folder


# What gradio itself raises where a page is left while it waits: its own 404, or a queue that it has put away already.
LEFT = "HTTPException: 404: Not Found|response already started|del blocks._queue.pending_messages_per_session"


def tracebacks(server: Server) -> list[str]:
    """What broke, by the server's log, each with what it came from; but for pages that were left."""
    chained = r"(?<!another exception occurred:\n\n)(?<!cause of the following exception:\n\n)"
    found = re.split(rf"(?m){chained}^.*(?=Traceback \(most recent)", server.log.read_text())[1:]
    return [each for each in found if not re.search(LEFT, each)]


def until(condition, seconds: float):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.2)
