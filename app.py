"""The Space's front door: builds the page and serves it.

python app.py [--host 127.0.0.1] [--port 7860] [--share]
"""

import argparse
import os
import signal

from gradio.tunneling import CURRENT_TUNNELS
from starlette.middleware import Middleware

from common import limits
from common.messages import UserError, locale_language
from ui import page
from ui.kit import access
from ui.server.guard import Guard
from ui.server.language import Language
from ui.server.uploads import Uploads


class Ended(SystemExit):
    """SIGTERM has come."""


def main() -> None:
    on_a_space = bool(os.environ.get("SPACE_ID"))
    parser = argparse.ArgumentParser(description="Allô: French phone calls, written down.")
    parser.add_argument("--host", default="0.0.0.0" if on_a_space else "127.0.0.1")
    parser.add_argument("--port", type=int, default=7860)
    parser.add_argument("--share", action="store_true", help="ask for a public link too")
    asked = parser.parse_args()

    try:
        limits.check()
    except UserError as refusal:
        parser.error(refusal.message.to(locale_language()))
    signal.signal(signal.SIGTERM, _end)
    try:
        with Uploads():  # which are deleted with the server, however it ends
            _serve(parser, asked)
    except Ended:
        for tunnel in CURRENT_TUNNELS:
            tunnel.kill()
        os._exit(0)  # the threads that are at work would be waited for


def _end(*_) -> None:
    raise Ended


def _serve(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> None:
    key = access.lock() if asked.share else None  # before anybody can come through the link
    demo = page.build()
    try:
        _, local, public = demo.launch(
            server_name=asked.host,
            server_port=asked.port,
            share=asked.share,
            prevent_thread_lock=True,
            quiet=True,
            **page.LOOK,
            app_kwargs={
                "middleware": [Middleware(Guard, names=access.names(asked.host, asked.share)), Middleware(Language)],
                "routes": page.ROUTES,
            },
            **page.house_rules(),
        )
    except OSError:
        parser.error(f"{asked.host}:{asked.port} cannot be served, is it taken? Choose another --port.")
    print(f"Allô: {local}", flush=True)
    if public:
        print(f"Allô, for everyone: {public}", flush=True)
        print(f"Password to train: {key or 'the one in ALLO_PASSWORD'}", flush=True)
    elif asked.share:
        access.unlock()
        print("No public link could be had; the page is served on this machine only.", flush=True)
    demo.block_thread()


if __name__ == "__main__":
    main()
