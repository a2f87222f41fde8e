"""python bench/faults.py [--kills N] [--model M] [--seed S] : what a training loses when it, or its server, is killed.

A training is started by a process that stands for the page's server, and at random moments the training, the server or
both get a SIGKILL. Looked at each time: how long the page would have shown a training that is dead as alive, whether
what was written is whole, whether the best adapter loads, and how many steps a resume has to do again. At the end,
where the rights allow a tmpfs, the disk runs full under it. Prints what was lost; exits with 1 where anything was.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from safetensors import SafetensorError, safe_open

from common.messages import UserError
from trainer.runs import background
from trainer.runs import folder as run
from ui.training.running import ENDED, seen
from ui.training.tab import POLL

SETTINGS = {
    "steps": 5_000,
    "batch_size": 2,
    "evaluations": 1_000,
    "validation_clips": 2,
    "checkpoint_steps": 3,
    "logging_steps": 1,
    "report_clips": 0,
    "forgetting_clips": 0,
}
SERVER = (
    "import sys, time; from trainer.runs import background; "
    "getattr(background, sys.argv[1])(*sys.argv[2:]); time.sleep(1e6)"
)
WRONG = 10.0  # seconds that a wrong state may be shown
NAME = "faults"
TMPFS = 320  # MB: two checkpoints of the embedded model, and hardly more


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--model", default="whisper-base")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    draw, lost, shown, again = random.Random(asked.seed), [], [], []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ALLO_RUNS"] = folder
        server, reached, kills = None, 0, 0
        try:
            while kills < asked.kills:
                server = _up(server, asked.model)
                reached = max(reached, _wait(server, draw, again, reached))
                victim = draw.choice(["training", "server", "both"])
                if victim != "training":
                    _kill(server)
                    server = None
                if victim == "server":
                    lost += _goes_on()
                else:
                    reached = run.state(background.folder_of(NAME))["step"]
                    shown.append(_killed())
                lost += _broken()
                kills += 1
                print(f"{kills}/{asked.kills}: {victim}, step {reached}", file=sys.stderr, flush=True)
        finally:
            _end(server)
    full = _full_disk(asked.model)
    _print(asked.kills, lost, shown, again, full)
    return 1 if lost or full not in (None, "") or max(shown, default=0) + POLL > WRONG else 0


def _up(server: subprocess.Popen | None, model: str) -> subprocess.Popen:
    """A server with the training alive, started or resumed by it."""
    folder = background.folder_of(NAME)
    if folder.exists() and seen(NAME).alive:
        return server or _server("names")
    if server:
        _kill(server)
    if (folder / "config.json").exists():
        return _server("resume", NAME)
    with suppress(UserError):
        background.delete(NAME)
    words = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
    return _server("start", NAME, "--corpus", "phone-prompts", "--model", model, *words)


def _server(*words: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", SERVER, *words], cwd=background.ROOT)


def _wait(server: subprocess.Popen, draw: random.Random, again: list[int], reached: int) -> int:
    """Until a moment at random: in its loading, in a step, in the writing of a checkpoint."""
    folder, deadline = background.folder_of(NAME), time.monotonic() + 600
    while not ((found := run.state(folder)) and found["status"] == "running"):
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"It did not begin: {background.last_lines(NAME)}")
        time.sleep(0.05)
    loading = draw.random() < 0.2
    while not loading and run.state(folder)["eta"] is None and seen(NAME).alive and time.monotonic() < deadline:
        time.sleep(0.01)
    first = run.state(folder)["step"]  # that it has done itself, told once a second
    if not loading and first <= reached:
        again.append(reached - first + 1)
    time.sleep(draw.uniform(0, 4))
    return run.state(folder)["step"]


def _killed() -> float:
    """Kills the training; the seconds until a look at its folder tells."""
    os.kill(run.state(background.folder_of(NAME))["pid"], signal.SIGKILL)
    began = time.monotonic()
    while seen(NAME).status not in ENDED:
        time.sleep(0.01)
    return time.monotonic() - began


def _goes_on() -> list[str]:
    """A training whose server was killed still beats."""
    before = run.state(background.folder_of(NAME))["heartbeat"]
    deadline = time.monotonic() + WRONG
    while run.state(background.folder_of(NAME))["heartbeat"] == before:
        if time.monotonic() > deadline:
            return ["the training ended with its server"]
        time.sleep(0.1)
    return []


def _broken() -> list[str]:
    """What cannot be read any more."""
    folder, found = background.folder_of(NAME), []
    try:
        run.state(folder)
        run.metrics(folder)
        if (folder / "config.json").exists():  # else it was killed in its imports
            run.config(folder)
    except (ValueError, UserError) as error:
        found.append(str(error))
    weights = folder / "adapter" / "adapter_model.safetensors"
    if weights.parent.exists():
        try:
            with safe_open(weights, "numpy") as tensors:
                if not list(tensors.keys()):
                    found.append("an empty adapter")
        except (OSError, SafetensorError) as error:
            found.append(f"the adapter does not load: {error}")
    return found


def _full_disk(model: str) -> str | None:
    """Nothing went wrong: "". None where no tmpfs can be had."""
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={TMPFS}m", "tmpfs", folder], capture_output=True
        ).returncode:
            return None
        os.environ["ALLO_RUNS"] = folder
        server, filler = None, Path(folder) / ".filler"
        try:
            server = _up(None, model)
            _until(lambda: (background.folder_of(NAME) / "adapter").exists())
            free = shutil.disk_usage(folder).free
            with suppress(OSError), filler.open("wb") as file:
                file.write(bytes(max(0, free - 1_000_000)))
            _until(lambda: seen(NAME).status in ENDED)
            state = run.state(background.folder_of(NAME))
            if state["status"] != "failed" or "disk is full" not in state["message"]["en"]:
                return f"a full disk was told as {state['status']}: {state['message']}"
            broken = _broken()
            filler.unlink()
            step = state["step"]
            server = _up(server, model)
            _until(lambda: run.state(background.folder_of(NAME))["step"] > step)
            return "; ".join(broken)
        finally:
            _end(server)
            subprocess.run(["umount", "-l", folder], check=False)


def _until(condition, seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {seconds} s: {background.last_lines(NAME)}")
        time.sleep(0.1)


def _kill(server: subprocess.Popen | None) -> None:
    if server:
        server.kill()
        server.wait()


def _end(server: subprocess.Popen | None) -> None:
    """Leaves nothing behind that works."""
    _kill(server)
    found = run.state(background.folder_of(NAME))
    if found and found["status"] in run.LIVE:
        os.kill(found["pid"], signal.SIGKILL)


def _print(kills: int, lost: list[str], shown: list[float], again: list[int], full: str | None) -> None:
    print(f"{kills} kills; lost: {'; '.join(lost) or 'nothing'}")
    if shown:
        print(f"a dead training was told after {max(shown):.2f} s at most, and shown {POLL:.0f} s later at most")
    if again:
        print(f"{len(again)} resumes with steps to do again: {max(again)} at most, of a checkpoint every 3")
    outcomes = {
        None: "not tried (no tmpfs without the rights)",
        "": "told, nothing lost, gone on with after room was made",
    }
    print(f"disk full: {outcomes.get(full, full)}")


if __name__ == "__main__":
    sys.exit(main())
