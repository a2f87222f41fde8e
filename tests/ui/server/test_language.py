"""The page begins in the language that its address asks for, and the server answers in it."""

from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.kit.i18n import reader_of
from ui.server.language import Language

pytestmark = pytest.mark.fast
PAGE = "<html><head><title>Allô</title></head><body><head></body></html>"


@pytest.fixture(scope="module")
def client():
    routes = [Route(path, lambda _: HTMLResponse(PAGE)) for path in ("/", "/other")]
    with TestClient(Starlette(routes=routes, middleware=[Middleware(Language)])) as client:
        yield client


@pytest.mark.parametrize("asked", ["", "?lang=", "?lang=de", "?lang=fr'-alert(1)", "?x=%ff&lang=%ff"])
def test_a_page_that_asks_for_no_language_of_ours_stays_as_it_is(client, asked):
    assert client.get(f"/{asked}").text == PAGE


def test_a_page_is_told_its_language_once(client):
    answer = client.get("/?__theme=dark&lang=en")
    script = "<script>Object.defineProperty(navigator, 'language', {value: 'en'});</script>"
    assert answer.text == PAGE.replace("<head>", f"<head>{script}", 1)
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert client.get("/other?lang=en").text == PAGE


@pytest.mark.parametrize(
    ("referer", "browser", "reader"),
    [
        ("http://a/?lang=en", "fr", "en"),
        ("http://a/?x=1&lang=fr", "en-US", "fr"),
        ("http://a/?lang=de", "fr-CA", "fr"),
        ("http://[", "de", "en"),
    ],
)
def test_the_server_answers_in_it(referer, browser, reader):
    assert reader_of(SimpleNamespace(headers={"referer": referer, "accept-language": browser})) == reader
