"""Who may start, stop, delete and push. Everybody may look; each handler that acts asks here, on the server.

On a Space that is its owner, signed in with the Hub, and whoever ALLO_OWNERS names. Elsewhere it is the browser of this
machine or, where there is a password, only a visitor who gives it: the visitors of a public link come out of a tunnel
that ends on this machine, so that their address says nothing.
"""

import hmac
import os
import secrets
from urllib.parse import urlsplit

import gradio as gr

from common.messages import UserError
from ui.kit.i18n import message

HERE = ("127.0.0.1", "::1", "localhost")
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")  # set by a proxy, for somebody else
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
        if not hmac.compare_digest((given or "").encode(), password().encode()):
            raise UserError(*message("password_only"))
    elif not _is_local(request):
        raise UserError(*message("here_only"))


def _is_local(request: gr.Request) -> bool:
    """The request comes from this machine, for this machine, and no other site or proxy has sent it."""
    headers = request.headers
    host = headers.get("host", "")
    origin = headers.get("origin")
    return (
        request.client.host in HERE
        and urlsplit(f"//{host}").hostname in HERE
        and (not origin or urlsplit(origin).netloc == host)
        and not any(name in headers for name in FORWARDED)
    )
