"""ZeroGPU without ZeroGPU: the platform's own package forks and pickles; a small server lends a GPU that is none."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from corpus.prompts import prompts

ROOT = Path(__file__).parents[3]
SAID = [prompt for prompt in prompts(at_least=2.0) if prompt.seconds < 5][:2]
# The package's init and move want CUDA; everything else of it is real.
LENT = """
import json, os, sys
from ui.kit import zero_gpu
import spaces.zero.wrappers as wrappers
wrappers.torch.init = wrappers.torch.unpatch = lambda *_: None
wrappers.torch.move = lambda **_: None
zero_gpu.DEVICE, zero_gpu.PRECISION = "cpu", "float32"
from dataclasses import replace
from speech.audio.decode import read
from speech.decoding.decode import Options
from speech.engines import load
from speech.models.choose import choose
zero_gpu.prepare()
choice = choose()
engine = load(choice)
sounds = [read(path).waveform[0] for path in sys.argv[1:]]
decoder = zero_gpu.decoder(choice)
found = [dict(pair for batch in decoder(engine, sounds, Options()) for pair in batch) for _ in range(2)]
texts = [[each[place].text for place in sorted(each)] for each in found]
print(json.dumps({"device": engine.device, "texts": texts, "pid": os.getpid(), "kept": list(zero_gpu._engines)}))
"""


class Platform(BaseHTTPRequestHandler):
    """Lends a GPU for the seconds asked, until the quota is spent."""

    calls: list[str]
    quota: int  # seconds

    def do_POST(self):
        self.calls.append(self.path)
        seconds = int(
            dict(part.split("=") for part in self.path.partition("?")[2].split("&")).get("durationSeconds", 0)
        )
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


def platform(quota: int) -> Iterator[type[Platform]]:
    kind = type("Lender", (Platform,), {"calls": [], "quota": quota})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kind.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield kind
    finally:
        server.shutdown()
        server.server_close()


def run(lender: type[Platform]) -> dict:
    settings = {"SPACES_ZERO_GPU": "true", "SPACES_ZERO_DEVICE_API_URL": lender.url, "ALLO_OFFLINE": "1"}
    command = [sys.executable, "-c", LENT, *(str(prompt.path) for prompt in SAID)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def rich() -> Iterator[tuple[type[Platform], dict]]:
    for lender in platform(quota=300):
        yield lender, run(lender)


def test_windows_are_decoded_in_a_process_that_was_lent_a_gpu(rich):
    lender, found = rich
    assert found["device"] == "cpu"  # the page's own engine: language detection, live words, and the rest of a quota
    assert all(text for texts in found["texts"] for text in texts)
    allowed = [call for call in lender.calls if call.startswith("/allow")]
    assert allowed and all(f"pid={found['pid']}" not in call for call in allowed)


def test_each_call_asks_for_the_seconds_of_its_speech_and_gives_the_gpu_back(rich):
    lender, _ = rich
    asked = [call for call in lender.calls if call.startswith("/schedule")]
    assert len(asked) == 2 and all("durationSeconds=5" in call for call in asked)
    assert sum(call.startswith("/release") for call in lender.calls) == 2


def test_a_quota_that_ends_midway_leaves_the_cpu():
    for lender in platform(quota=7):  # enough for one call
        found = run(lender)
        assert sum(call.startswith("/allow") for call in lender.calls) == 1
        assert all(text for texts in found["texts"] for text in texts)


def test_ten_minutes_cost_half_a_minute():
    """As a call of ten minutes comes: one window, eight, and the rest."""
    import numpy as np

    from ui.kit.zero_gpu import SAMPLE_RATE, seconds_asked

    window = np.zeros(25 * SAMPLE_RATE, np.float32)
    assert sum(seconds_asked(None, [window] * count) for count in (1, 8, 15)) <= 30
    assert seconds_asked(None, [np.zeros(29 * SAMPLE_RATE, np.float32)] * 64) <= 60  # the largest group there is
