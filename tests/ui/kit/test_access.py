"""Who may press: the loopback visitor, who knows the password, or a Space's owner; nobody else, whatever they send."""

import gradio as gr
import pytest
from starlette.requests import Request

from common.messages import UserError
from ui.kit import access

pytestmark = pytest.mark.fast

HERE = {"host": "127.0.0.1:7860"}
PROXIES = [
    "forwarded",
    "via",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-ray",
    "fastly-client-ip",
    "x-envoy-external-address",
]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in ("SPACE_ID", "ALLO_OWNERS", "ALLO_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    yield
    access.unlock()
    access._wrong.clear()


def request(headers: dict[str, str], client: str = "127.0.0.1") -> gr.Request:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return gr.Request(Request({"type": "http", "headers": raw, "client": (client, 1234)}))


def user(name: str) -> gr.OAuthProfile:
    return gr.OAuthProfile({"name": "A", "preferred_username": name, "profile": "", "picture": ""})


def may(*asked) -> bool:
    try:
        access.check(*asked)
    except UserError:
        return False
    return True


def test_the_log_is_read_on_a_page_that_gave_the_password(monkeypatch):
    mine, other = request(HERE), request(HERE)
    mine.session_hash, other.session_hash = "mine", "other"
    assert access.may_read(mine, None) and not access.may_read(request(HERE | {"via": "x"}), None)
    monkeypatch.setenv("ALLO_PASSWORD", "sésame")
    assert may(mine, "sésame", None) and not may(other, "wrong", None)
    assert access.may_read(mine, None) and not access.may_read(other, None) and not access.may_read(request(HERE), None)


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860"])
def test_who_sits_here_may(host):
    assert may(request({"host": host}), "", None)
    assert may(request({"host": host, "origin": f"http://{host}"}), "", None)


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        (HERE, "192.168.1.7"),  # another machine
        ({"host": "rebound.example:7860"}, "127.0.0.1"),  # a name that was made to lead here
        (HERE | {"origin": "https://evil.example"}, "127.0.0.1"),  # another site in the visitor's browser
        (HERE | {"x-forwarded-for": "127.0.0.1"}, "127.0.0.1"),  # through a proxy
        *((HERE | {name: "127.0.0.1"}, "127.0.0.1") for name in PROXIES),
        (HERE | {"referer": "https://evil.example/page"}, "127.0.0.1"),
        (HERE | {"sec-fetch-site": "cross-site"}, "127.0.0.1"),
        ({}, "127.0.0.1"),
    ],
)
def test_a_stranger_may_not(headers, client):
    with pytest.raises(UserError, match="ALLO_PASSWORD"):
        access.check(request(headers, client), "", None)
    assert not may(request(headers, client), "guess", user("somebody"))


def test_a_public_link_asks_everybody_for_the_password_that_was_printed():
    printed = access.lock()
    assert len(printed) >= 16 and access.lock() != printed
    printed = access.lock()
    for asked in (request(HERE), request({"host": "abc.gradio.live"}, "203.0.113.9")):
        assert may(asked, printed, None)
        for wrong in ("", None, "guess", printed[:-1], printed + "é"):
            assert not may(asked, wrong, None)
    access.unlock()  # no link came of it
    assert may(request(HERE), "", None) and not may(request(HERE, "203.0.113.9"), printed, None)


def test_a_password_that_was_given_is_the_one(monkeypatch):
    monkeypatch.setenv("ALLO_PASSWORD", "sésame")
    assert access.lock() is None
    assert may(request(HERE, "203.0.113.9"), "sésame", None)
    assert not may(request(HERE), "", None)


def test_on_a_space_its_owner_may(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "ada/allo")
    monkeypatch.setenv("ALLO_PASSWORD", "sésame")
    assert may(request({"host": "ada-allo.hf.space"}, "10.0.0.1"), "", user("ada"))
    for nobody in (None, user("bob"), user("Ada"), user("")):
        with pytest.raises(UserError, match="only ada may"):
            access.check(request(HERE), "sésame", nobody)
    monkeypatch.setenv("ALLO_OWNERS", "bob, , carl")
    assert may(request(HERE), "", user("bob")) and may(request(HERE), "", user("ada"))
    assert not may(request(HERE), "", user(""))


def test_passwords_are_not_guessed_one_after_the_other(monkeypatch):
    monkeypatch.setenv("ALLO_PASSWORD", "sésame")
    guesser, other = request(HERE, "203.0.113.9"), request(HERE, "203.0.113.10")
    assert not any(may(guesser, f"guess {number}", None) for number in range(access.GUESSES))
    with pytest.raises(UserError, match="try again in a minute"):
        access.check(guesser, "sésame", None)
    assert may(other, "sésame", None)
    clock = access.time.monotonic() + access.MINUTE + 1
    monkeypatch.setattr(access.time, "monotonic", lambda: clock)
    assert may(guesser, "sésame", None)
