"""python -m tests.kit.space : this environment serves Allô as a Space does, on a CPU, with a GPU and on ZeroGPU.

`make check-space` runs it in an environment made with the platform's own line, which has neither pytest nor a browser.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path

from huggingface_hub import SpaceCard, SpaceHardware

from corpus.prompts import prompt
from tests.kit.zero_gpu import LENT, ROOT, platform

COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
PLATFORM = {  # what the platform sets in a Space's process
    "SYSTEM": "spaces",
    "SPACE_ID": "ada/allo",
    "SPACE_HOST": "ada-allo.hf.space",
    "SPACE_AUTHOR_NAME": "ada",
    "SPACE_REPO_NAME": "allo",
    "OAUTH_CLIENT_ID": "client",
    "OAUTH_CLIENT_SECRET": "secret",
    "OAUTH_SCOPES": "openid profile jobs contribute-repos",
    "OPENID_PROVIDER_URL": "https://huggingface.co",
    "GRADIO_ANALYTICS_ENABLED": "False",
}
KINDS = {"cpu-basic": {}, "t4-small": {"NVIDIA_VISIBLE_DEVICES": "all"}, "zero-a10g": {"SPACES_ZERO_GPU": "true"}}
SERVE = "import app; app.main()"


def check_card() -> None:
    """The card is one that the Hub takes, for the gradio and a hardware that there are."""
    card = SpaceCard.load(ROOT / "README.md").data
    assert card.sdk_version == version("gradio"), card.sdk_version
    assert {card.colorFrom, card.colorTo} <= set(COLOURS)
    assert card.suggested_hardware in {each.value for each in SpaceHardware}


def asked_of(kind: str) -> str:
    """What a Space of that kind answers to a recording, by the client that programs use."""
    with ExitStack() as stack:
        settings = PLATFORM | KINDS[kind]
        code = SERVE
        if kind.startswith("zero"):
            settings["SPACES_ZERO_DEVICE_API_URL"] = stack.enter_context(platform(quota=60)).url
            code = LENT + SERVE
        address = stack.enter_context(_served(code, settings))
        from gradio_client import Client, handle_file

        client = Client(address, verbose=False)
        answer = client.predict(
            handle_file(prompt("agent-loginok")), "fr", "transcribe", True, "", api_name="/transcribe"
        )
        return " ".join(turn["text"] for turn in answer["turns"])


@contextmanager
def _served(code: str, settings: dict[str, str]) -> Iterator[str]:
    """The address of app.py, in a process of its own without the Hub."""
    with socket.socket() as free, tempfile.TemporaryDirectory() as folder:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        log = Path(folder, "log.txt")
        environment = os.environ | {"ALLO_OFFLINE": "1", "GRADIO_TEMP_DIR": folder} | settings
        with log.open("w") as output:
            command = [sys.executable, "-c", code, "--port", str(port)]
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + 120
            while "Allô: " not in log.read_text() and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.2)
            assert "Allô: " in log.read_text() and process.poll() is None, log.read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    check_card()
    print(f"the card is sound; Python {sys.version.split()[0]}, torch {version('torch')}, gradio {version('gradio')}")
    for name in KINDS:
        print(f"{name}: {asked_of(name)}", flush=True)
