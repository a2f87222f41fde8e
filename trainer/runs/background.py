"""Trainings in the background: started as the command line would start them, stopped, resumed and deleted.

The starter keeps nothing of it: the run folder holds everything, also for another process, another page, another day.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from common.cache import cache_folder
from common.files import write_json
from common.messages import UserError
from common.process import Process
from speech.models.conversion import forget
from trainer.runs import folder as run
from trainer.runs.queue import waiting

NAME = re.compile(r"\w[\w.-]{0,63}", re.ASCII)
GENTLE = ("nice", "-n", "10")  # before the command, so that transcription beside it waits less
ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds that a process gets to refuse its request: importing torch takes some of them


def runs_folder() -> Path:
    """`ALLO_RUNS`, else `runs` in the folder that the server was started in."""
    return Path(os.environ.get("ALLO_RUNS") or "runs").expanduser()


def folder_of(name: str) -> Path:
    """The folder of the run with this name, whether it exists or not. Raises UserError for what is no name."""
    if not NAME.fullmatch(name or ""):
        raise UserError(
            en=f"{name!r} is no name for a run: use letters, digits, dots and dashes, 64 at most, a letter first.",
            fr=f"{name!r} n'est pas un nom d'entraînement : lettres, chiffres, points et tirets, 64 au plus, une "
            "lettre d'abord.",
        )
    return runs_folder() / name


def names() -> list[str]:
    """The names of all runs, the newest first."""
    folder = runs_folder()
    found = [path.parent for path in folder.glob("*/train.log") if NAME.fullmatch(path.parent.name)]
    return [path.name for path in sorted(found, key=_began, reverse=True)]


def command(name: str, *arguments: str) -> list[str]:
    """The command that is started, which a reader can type as well."""
    return [sys.executable, "-m", "trainer", "train", *arguments, "--output", str(folder_of(name).resolve())]


def start(name: str, *arguments: str, token: str | None = None) -> None:
    """Starts a training of this name; returns once it has claimed its folder. Raises UserError where it cannot start.

    `token`, for a run that pushes to the Hub, is passed in its environment and written nowhere.
    """
    folder = folder_of(name)
    with _gate():
        _make(folder)
        process = _spawned(folder, command(name, *arguments), token)
    try:
        _wait_for_claim(folder, process)
    except UserError:
        if not (folder / "config.json").exists():  # it never began: there is nothing to keep
            shutil.rmtree(folder)
        raise


def taken(name: str) -> UserError:
    """The refusal of a name that another run has."""
    return UserError(
        en=f"There is a run {name} already: choose another name, or delete it first.",
        fr=f"Il y a déjà un entraînement {name} : choisissez un autre nom, ou supprimez-le d'abord.",
    )


def resume(name: str, token: str | None = None) -> None:
    """Resumes a run that was stopped, failed or died. Raises UserError where it is alive or holds nothing."""
    folder = folder_of(name)
    with _gate():
        run.config(folder)
        _check_ended(name)
        process = _spawned(folder, command(name, "--resume"), token)
    _wait_for_claim(folder, process)


@contextmanager
def _gate() -> Iterator[None]:
    """One start or deletion at a time in all processes: of two at once, the second finds what the first one did."""
    place = cache_folder() / "line"
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place / "runs.lock"):
        yield


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise taken(folder.name) from error
    except OSError as error:
        raise UserError(
            en=f"The folder of the runs cannot be written ({error.strerror}): make room, or name another in ALLO_RUNS.",
            fr=f"Le dossier des entraînements ne peut être écrit ({error.strerror}) : libérez de la place, ou "
            "nommez-en un autre dans ALLO_RUNS.",
        ) from error


def _spawned(folder: Path, command: list[str], token: str | None) -> subprocess.Popen:
    """Starts the process, and writes state.json for it, which it does itself only after some seconds of imports."""
    with (folder / "train.log").open("a") as log:
        process = subprocess.Popen(
            [*GENTLE, *command],
            cwd=ROOT,
            env=os.environ | {"HF_TOKEN": token} if token else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the report, which is in report.json
            stderr=log,
            start_new_session=True,  # neither the server's end nor Ctrl-C in its terminal stops the training
        )
    begun = {"status": "queued", "message": None, **run.standing(folder), **Process.of(process.pid)._asdict()}
    write_json(folder / "state.json", begun)
    threading.Thread(target=process.wait, daemon=True).start()  # reaped when it dies, so that it does not stay a zombie
    return process


def _wait_for_claim(folder: Path, process: subprocess.Popen) -> None:
    """Waits until it has claimed its folder. Raises UserError where it refused its request."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and not _has_claimed(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    if process.poll():
        raise _refusal(folder)


def stop(name: str) -> None:
    """Asks the training to stop after its step; a queued one stops at once. Does nothing where it has ended."""
    folder = folder_of(name)
    found = run.state(folder)
    if not found or found["status"] not in run.LIVE:
        return
    if found.get("slice"):
        (folder / run.STOP).touch()
        return
    process = run.process_of(found)
    process.end()
    if not _has_claimed(folder):  # the signal ends it as any process, before it can write its status
        while process.lives:
            time.sleep(0.05)
        write_json(folder / "state.json", found | {"status": "cancelled"})


def delete(name: str) -> None:
    """Deletes the run with its adapter. Raises UserError while it is alive."""
    folder = folder_of(name)
    beside = folder.with_name(f".{name}.{time.time_ns()}")
    with _gate():
        _check_ended(name)
        if not folder.exists():  # somebody else has deleted it
            return
        folder.rename(beside)  # at once hidden from all others
    with suppress(UserError):  # without a whole adapter nothing was converted
        forget(beside / "adapter")
    shutil.rmtree(beside)


def place_in_queue(name: str, device: str) -> int | None:
    """How many trainings are before it on the device; None where it is neither queued nor running."""
    here = str(folder_of(name).resolve())
    return next((place for place, ticket in enumerate(waiting(device)) if ticket.run == here), None)


def last_lines(name: str, count: int = 20) -> list[str]:
    """The end of its log."""
    log = folder_of(name) / "train.log"
    return log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:] if log.exists() else []


def _has_claimed(folder: Path) -> bool:
    """Whether its process has claimed the folder."""
    return "heartbeat" in (run.state(folder) or {})


def _check_ended(name: str) -> None:
    found = run.state(folder_of(name))
    if found and found["status"] in run.LIVE:
        raise UserError(
            en=f"The run {name} is still running: stop it first.",
            fr=f"L'entraînement {name} est encore en cours : arrêtez-le d'abord.",
        )


def _began(folder: Path) -> float:
    first = folder / "config.json"
    return (first if first.exists() else folder).stat().st_mtime


def _refusal(folder: Path) -> UserError:
    """Why a training ended as it began: in two languages where it had claimed its folder, else its last line."""
    found = run.state(folder)
    if found and found["status"] == "failed" and "heartbeat" in found:
        return UserError(**found["message"])
    line = (last_lines(folder.name, 1) or ["?"])[0].removeprefix("trainer: ")
    return UserError(en=line, fr=line)
