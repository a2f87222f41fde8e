"""Who may start, stop, delete and push, and read the logs. All else everybody may see; the server asks here each time.

On a Space that is its owner, signed in with the Hub, and whoever ALLO_OWNERS names. Elsewhere it is the browser of this
machine or, where there is a password, only a visitor who gives it: the visitors of a public link come out of a tunnel
that ends on this machine, so that their address says nothing.
"""

import hmac
import os
import re
import secrets
import time
from collections import defaultdict, deque
from urllib.parse import urlsplit

import gradio as gr

from common.messages import UserError
from ui.kit.i18n import message

HERE = ("127.0.0.1", "::1", "localhost")
FORWARDED = re.compile(  # what a proxy sets, which asks for somebody else
    r"forwarded|via|x-(forwarded|original|real|client|cluster|envoy|proxy|appengine|azure|arr|amzn|cloud)\b.*"
    r"|(true-client|cf|fastly|fly|cdn|akamai|incap|client-ip|remote-addr)\b.*"
)
GUESSES, MINUTE = 10, 60.0  # wrong passwords that an address may give in so many seconds
_wrong: dict[str, deque[float]] = defaultdict(deque)  # by address: when wrong passwords came
_trusted: set[str] = set()  # gradio's hashes of the pages that have given the password
_made: list[str] = []  # the password of a public link, where ALLO_PASSWORD gives none


def lock() -> str | None:
    """Asks for a password from now on, before a public link is there; None where the owner has set one."""
    if os.environ.get("ALLO_PASSWORD"):
        return None
    _made[:] = [secrets.token_urlsafe(12)]
    return _made[0]


def unlock() -> None:
    """Asks for none any more: there is no public link."""
    _made.clear()


def password() -> str | None:
    """The password that an act needs; None where it needs none."""
    return os.environ.get("ALLO_PASSWORD") or next(iter(_made), None)


def on_a_space() -> bool:
    return bool(os.environ.get("SPACE_ID"))


def owners() -> set[str]:
    """The names on the Hub of those who may act on this Space."""
    named = os.environ.get("ALLO_OWNERS", "").split(",")
    return {os.environ["SPACE_ID"].partition("/")[0], *(name.strip() for name in named)} - {""}


def check(request: gr.Request, given: str | None, profile: gr.OAuthProfile | None) -> None:
    """Raises UserError for a visitor who may not act. `given` is the password that came with the request."""
    if on_a_space():
        if profile is None or profile.username not in owners():
            names = ", ".join(sorted(owners()))
            raise UserError(*message("owner_only", names=names))
    elif password():
        check_password(given or "", request.client.host if request.client else "")
        _trusted.update({request.session_hash} - {None})
    elif not _is_local(request):
        raise UserError(*message("here_only"))


def may_read(request: gr.Request, profile: gr.OAuthProfile | None) -> bool:
    """Whether a visitor may read the logs: whoever may act, and has given the password on this page if there is one."""
    if password() and not on_a_space():
        return bool(request.session_hash) and request.session_hash in _trusted
    try:
        check(request, None, profile)
    except UserError:
        return False
    return True


def names(host: str, shared: bool) -> frozenset[str] | None:
    """The host names under which the page may be asked for; None where any is right.

    Where it is served to this machine alone, another name is a site that was made to lead here, whose scripts would
    read what visitors see. ALLO_HOSTS names those of a proxy on this machine.
    """
    if on_a_space() or shared or host not in HERE:
        return None
    named = os.environ.get("ALLO_HOSTS", "").split(",")
    return frozenset({*HERE, *(name.strip().lower() for name in named)} - {""})


def check_password(given: str, address: str) -> None:
    """Raises UserError for a wrong password, and for any once too many wrong ones came from there."""
    now, wrong = time.monotonic(), _wrong[address]
    while wrong and now - wrong[0] > MINUTE:
        wrong.popleft()
    if len(wrong) >= GUESSES:
        raise UserError(*message("password_guesses"))
    if not hmac.compare_digest(given.encode(), password().encode()):
        if given:
            wrong.append(now)
        raise UserError(*message("password_only"))


def _is_local(request: gr.Request) -> bool:
    """The request comes from this machine, for this machine, and no other site or proxy has sent it.

    A proxy that adds no header cannot be told from a program of this machine: behind one, ALLO_PASSWORD is needed.
    """
    headers = request.headers
    host = headers.get("host", "")
    asked_by = [headers[name] for name in ("origin", "referer") if headers.get(name)]
    return (
        request.client.host in HERE
        and urlsplit(f"//{host}").hostname in HERE
        and all(urlsplit(each).netloc == host for each in asked_by)
        and headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
        and not any(FORWARDED.fullmatch(name.lower()) for name in headers)
    )
