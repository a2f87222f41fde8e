"""ZeroGPU without ZeroGPU: the platform's own package forks and pickles; a small server lends a GPU that is none."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The package's init and move want CUDA; everything else of it is real.
LENT = """
import json, os, sys
from ui.kit import zero_gpu
import spaces.zero.wrappers as wrappers
wrappers.torch.init = lambda _: None
wrappers.torch.move = lambda **_: None
wrappers.client._get_token_and_payload = lambda headers: ("visitor", {})  # who is signed in
zero_gpu.DEVICE, zero_gpu.PRECISION = "cpu", "float32"
"""


class Platform(BaseHTTPRequestHandler):
    """Lends a GPU for the seconds asked, until the quota is spent."""

    calls: list[str]
    quota: int  # seconds
    borrower: int | None = None  # the process that has the GPU

    def do_POST(self):
        self.calls.append(self.path)
        asked = dict(part.split("=") for part in self.path.partition("?")[2].split("&") if part)
        if "pid" in asked:
            type(self).borrower = int(asked["pid"])
        elif self.path.startswith("/release") and self.borrower:  # what it had in memory goes with it
            with suppress(ProcessLookupError):
                os.kill(self.borrower, signal.SIGKILL)
        seconds = int(asked.get("durationSeconds", 0))
        if seconds > type(self).quota:
            return self._answer({"left": type(self).quota, "wait": "PT3H"}, 429)
        type(self).quota -= seconds
        self._answer({"idle": False, "nvidiaIndex": 0, "nvidiaUUID": "none", "allowToken": "token"})

    def _answer(self, value: dict, status: int = 200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def platform(quota: int) -> Iterator[type[Platform]]:
    """A platform whose visitor has a quota of so many seconds left."""
    kind = type("Lender", (Platform,), {"calls": [], "quota": quota})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kind.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield kind
    finally:
        server.shutdown()
        server.server_close()


def run(lender: type[Platform], code: str, *arguments: str, **settings: str) -> dict:
    """Runs the code on the Space that the lender serves; the last line that it prints is JSON."""
    settings |= {"SPACES_ZERO_GPU": "true", "SPACES_ZERO_DEVICE_API_URL": lender.url, "ALLO_OFFLINE": "1"}
    command = [sys.executable, "-c", LENT + code, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
