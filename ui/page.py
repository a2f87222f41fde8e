"""The page: a header that says which model it has and why, and a tab for each thing to do."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import gradio as gr
from markupsafe import Markup

from common.limits import count
from common.messages import UserError
from ui.api import routes as openai
from ui.calls import session
from ui.calls import tab as calls
from ui.compare import tab as compare
from ui.dataset import tab as dataset
from ui.kit import zero_gpu
from ui.kit.engine_pool import Loaded, loading
from ui.kit.errors import refused
from ui.kit.events import AT_ONCE, PRIVATE
from ui.kit.html import render
from ui.kit.i18n import EXPLAINED, NAMES, TRANSLATIONS, label, reader_of, say
from ui.kit.theme import THEME
from ui.server import uploads
from ui.training import tab as training
from ui.transcribe import live_socket
from ui.transcribe import tab as transcribe

ASSETS = Path(__file__).parents[1] / "assets"
LOGO = (ASSETS / "favicon.svg").read_text()
ENGINES = {"ctranslate2": "CTranslate2", "openvino": "OpenVINO", "transformers": "transformers"}

LOOK = {  # of gr.Blocks.launch
    "theme": THEME,
    "css_paths": ASSETS / "style.css",
    "favicon_path": ASSETS / "favicon.svg",
    "i18n": TRANSLATIONS,
    "footer_links": ["api"],
    "js": (ASSETS / "page.js").read_text(),
}
ROUTES = [live_socket.ROUTE, *openai.ROUTES]  # beside gradio's own
CLEAN_UP = (600, session.LIFETIME)  # every ten minutes, files older than an hour are deleted
EVENTS = 10_000  # that wait, of all visitors: on ZeroGPU gradio refuses a second one where no number is given
LOOK_AGAIN = 0.02  # seconds; gradio looks for events every millisecond, which takes a twelfth of a core at rest


def house_rules() -> dict:
    """Of gr.Blocks.launch: no recording or text stays in a history, no visitor is monitored. Raises UserError."""
    return {
        "run_history": False,
        "enable_monitoring": False,
        "max_file_size": f"{count('ALLO_MAX_MB')}mb",
        "mcp_server": find_spec("mcp") is not None,
        "ssr_mode": False,  # Node, which would stand before the server, passes no WebSocket on
    }


def build() -> gr.Blocks:
    """The whole page; the engine starts to load behind it."""
    zero_gpu.prepare()
    loading()
    session.sweeping()
    with gr.Blocks(title="Allô", delete_cache=CLEAN_UP) as page:
        with gr.Row(elem_id="header"):
            gr.HTML(
                f'<div class="brand">{LOGO}<div><h1>Allô</h1><p>{label("tagline")}</p></div></div>',
                apply_default_css=False,
            )
            who = gr.HTML(apply_default_css=False, elem_id="who")
            other = gr.HTML(apply_default_css=False, elem_id="language")
        with gr.Tabs(overflow_behavior="wrap") as tabs:
            spoken = transcribe.tab()
            called = calls.tab(page, tabs)
            dataset.tab()
            compared = compare.tab()
            training.tab([spoken.adapter, called[-1]])
        glossary = gr.HTML(apply_default_css=False, elem_id="glossary")
        spoken.compare.click(_compare, spoken.recording, [tabs, *compared], **AT_ONCE)
        page.load(_welcome, None, [glossary, other, *spoken.welcomed, *called], **AT_ONCE)
        page.load(_show_engine, None, who, concurrency_limit=None, **PRIVATE)
        page.unload(session.leave)
    uploads.fetching_none()
    uploads.sweeping()
    return queued(page)


def queued(page: gr.Blocks) -> gr.Blocks:
    """The page, with room for as many events as visitors send at once."""
    page.queue(max_size=EVENTS)
    page._queue.sleep_when_free = page._queue.progress_update_sleep_when_free = LOOK_AGAIN
    return page


def _compare(recording: str | None) -> tuple:
    """Takes the recording to the compare tab."""
    return gr.Tabs(selected=compare.ID), *compare.given(recording)


def _welcome(request: gr.Request) -> tuple:
    reader = reader_of(request)
    words = render("kit/glossary.html", reader, words=EXPLAINED)
    return words, _other_language(reader), *transcribe.welcome(reader), *calls.welcome(reader)


def _other_language(reader: str) -> str:
    """The link to the page in its other language, which page.js leads to."""
    [other] = NAMES.keys() - {reader}
    return Markup('<a href="?lang={0}" hreflang="{0}" lang="{0}">{1}</a>').format(other, NAMES[other])


def _show_engine(request: gr.Request) -> Iterator[str]:
    """Model, engine, device and precision, each with its reason, as soon as they are known."""
    reader = reader_of(request)
    yield Markup('<p class="waiting">{}</p>').format(say(reader, "loading"))
    try:
        loaded = loading().result()
    except UserError as refusal:
        yield refused(refusal, reader)
        return
    yield _facts(loaded, reader)


def _facts(loaded: Loaded, reader: str) -> str:
    choice, engine = loaded
    device = f"{engine.device.upper()}, {engine.precision}"
    parts = [(choice.model, choice.reason), (f"{ENGINES[engine.name]}, {device}", engine.reason)]
    return render("transcribe/engine.html", reader, parts=[(what, why.to(reader)) for what, why in parts])
