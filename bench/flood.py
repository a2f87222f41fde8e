"""python bench/flood.py [--requests 200] [--clients 20] [--address URL] : many programs ask one page at once.

Each client sends its share of the requests one after the other, by gradio's API and by OpenAI's in turn. A request
ends with the transcript of the prompt that it sent, or with the polite refusal of a full line, and is then sent again;
anything else is a failure. Without --address a page is started, and its memory is looked at: before, at its highest,
and a while after. Prints what came of it, and exits with 1 where anything failed.
"""

import argparse
import statistics
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))

import httpx
import psutil
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests.kit.pages import serve

PROMPTS = Path("/usr/share/asterisk/sounds/fr_CA_f_June")
SAID = {"tt-allbusy": "important", "vm-intro": "raccrocher", "followme/status": "localiser"}
REFUSED = ("which is the limit", "c’est la limite")
AGAIN = 5.0  # seconds before a refused request is sent again, with its recording
REST = 20.0  # seconds after the last answer, in which memory is given back
DOORS = ("gradio", "openai")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--address", help="of a page that is served already")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        served = nullcontext(None) if asked.address else serve(Path(folder))
        with served as server:
            memory = Memory(server.process.pid) if server else None
            address = asked.address or server.address
            flood(address, 2 * asked.clients, asked.clients)  # the engine and the libraries settle
            before = memory and memory.now()
            outcome = flood(address, asked.requests, asked.clients)
            if memory:
                time.sleep(REST)
                print(f"memory (MB): {before:.0f} before, {memory.most():.0f} at most, {memory.now():.0f} after")
    print(outcome)
    return 1 if outcome.failures else 0


class Outcome:
    """What came of the requests."""

    def __init__(self):
        self.seconds: list[float] = []  # of those that were served, their waits included
        self.refusals: Counter[str] = Counter()  # by door
        self.failures: list[str] = []
        self.whole = 0.0

    def __str__(self) -> str:
        waits = f"median {statistics.median(self.seconds):.1f} s, longest {max(self.seconds):.1f} s"
        refused = ", ".join(f"{door} {count}" for door, count in self.refusals.items()) or "none"
        lines = [f"served {len(self.seconds)} in {self.whole:.0f} s: {waits}", f"refused and sent again: {refused}"]
        return "\n".join([*lines, f"failed: {len(self.failures)}", *self.failures[:10]])


def flood(address: str, requests: int, clients: int) -> Outcome:
    """Sends the requests, each client its share."""
    outcome, begun = Outcome(), time.monotonic()
    with ThreadPoolExecutor(clients) as visitors:
        list(visitors.map(lambda client: _visit(address, client, requests // clients, outcome), range(clients)))
    outcome.whole = time.monotonic() - begun
    return outcome


def _visit(address: str, client: int, requests: int, outcome: Outcome) -> None:
    ask = {"gradio": _by_gradio(address), "openai": _by_openai(address)}
    for at in range(requests):
        door = DOORS[(client + at) % len(DOORS)]
        prompt = list(SAID)[(client + at) % len(SAID)]
        begun = time.monotonic()
        while (text := ask[door](PROMPTS / f"{prompt}.wav")) is None:
            outcome.refusals[door] += 1
            time.sleep(AGAIN)
        if SAID[prompt] in text.lower():
            outcome.seconds.append(time.monotonic() - begun)
        else:
            outcome.failures.append(f"{door}, {prompt}: {text[:300]}")


def _by_gradio(address: str):
    client = Client(address, verbose=False)

    def ask(path: Path) -> str | None:
        """The text; None where the request was refused politely, and what went wrong otherwise."""
        try:
            answer = client.predict(handle_file(path), language="fr", api_name="/transcribe")
        except AppError as error:
            return None if any(each in str(error) for each in REFUSED) else repr(error)
        return " ".join(turn["text"] for turn in answer["turns"])

    return ask


def _by_openai(address: str):
    client = httpx.Client(base_url=address, timeout=600, trust_env=False)

    def ask(path: Path) -> str | None:
        form = {"data": {"model": "whisper-1", "language": "fr"}, "files": {"file": (path.name, path.read_bytes())}}
        answer = client.post("/v1/audio/transcriptions", **form)
        if answer.status_code == 429 and answer.headers.get("Retry-After"):
            return None
        return answer.json()["text"] if answer.status_code == 200 else f"{answer.status_code} {answer.text}"

    return ask


class Memory:
    """Of a process, in MB, and the most that was seen."""

    def __init__(self, pid: int):
        self._process, self._most = psutil.Process(pid), 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def now(self) -> float:
        return self._process.memory_info().rss / 1e6

    def most(self) -> float:
        return self._most

    def _watch(self) -> None:
        while self._process.is_running():
            try:
                self._most = max(self._most, self.now())
            except psutil.NoSuchProcess:
                return
            time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
