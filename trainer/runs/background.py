"""Trainings in the background: started as the command line would start them, asked to stop, and taken away.

Whoever starts one keeps nothing of it: the run folder tells all, also to another process, another page, another day.
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
from common.messages import UserError
from common.process import Process
from speech.models.conversion import forget
from trainer.runs import folder as run
from trainer.runs.queue import waiting

NAME = re.compile(r"\w[\w.-]{0,63}", re.ASCII)
GENTLE = ("nice", "-n", "10")  # before the command, so that who is being listened to waits less
ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds that a process gets to refuse what it was asked: importing torch takes some of them


def runs_folder() -> Path:
    """`ALLO_RUNS`, else `runs` in the folder that the server was started in."""
    return Path(os.environ.get("ALLO_RUNS") or "runs").expanduser()


def folder_of(name: str) -> Path:
    """The folder of the run with this name, there or not. Raises UserError for what is no name."""
    if not NAME.fullmatch(name or ""):
        raise UserError(
            en=f"{name!r} is no name for a run: use letters, digits, dots and dashes, 64 at most, a letter first.",
            fr=f"{name!r} n'est pas un nom d'entraînement : lettres, chiffres, points et tirets, 64 au plus, une "
            "lettre d'abord.",
        )
    return runs_folder() / name


def names() -> list[str]:
    """The runs there are, the youngest first."""
    folder = runs_folder()
    found = [path.parent for path in folder.glob("*/train.log") if NAME.fullmatch(path.parent.name)]
    return [path.name for path in sorted(found, key=_began, reverse=True)]


def command(name: str, *arguments: str) -> list[str]:
    """What is started, and what a reader can type."""
    return [sys.executable, "-m", "trainer", "train", *arguments, "--output", str(folder_of(name).resolve())]


def start(name: str, *arguments: str, token: str | None = None) -> None:
    """Starts a training of this name; returns once it has its folder. Raises UserError where it cannot begin.

    `token`, for a run that pushes to the Hub, goes to it in its environment and is written nowhere.
    """
    folder = folder_of(name)
    with _gate():
        _make(folder)
        process = _spawned(folder, command(name, *arguments), token)
    try:
        _hear_out(folder, process)
    except UserError:
        if not (folder / "config.json").exists():  # it never began, and there is nothing to keep
            shutil.rmtree(folder)
        raise


def taken(name: str) -> UserError:
    return UserError(
        en=f"There is a run {name} already: choose another name, or delete it first.",
        fr=f"Il y a déjà un entraînement {name} : choisissez un autre nom, ou supprimez-le d'abord.",
    )


def resume(name: str, token: str | None = None) -> None:
    """Goes on with a run that was stopped, failed or died. Raises UserError where it is alive or holds nothing."""
    folder = folder_of(name)
    with _gate():
        run.config(folder)
        _check_ended(name)
        process = _spawned(folder, command(name, "--resume"), token)
    _hear_out(folder, process)


@contextmanager
def _gate() -> Iterator[None]:
    """One start or deletion at a time, whoever asks: of two at once, the second finds what the first one did."""
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
    """The process; until it says so itself, after some seconds of imports, state.json tells of it."""
    with (folder / "train.log").open("a") as log:
        process = subprocess.Popen(
            [*GENTLE, *command],
            cwd=ROOT,
            env=os.environ | {"HF_TOKEN": token} if token else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the report, which is in report.json
            stderr=log,
            start_new_session=True,  # neither the server's end nor Ctrl-C in its terminal are the training's
        )
    begun = {"status": "queued", "message": None, **run.standing(folder), **Process.of(process.pid)._asdict()}
    run.write_json(folder / "state.json", begun)
    threading.Thread(target=process.wait, daemon=True).start()  # buried when it dies, so that it is seen to be dead
    return process


def _hear_out(folder: Path, process: subprocess.Popen) -> None:
    """Waits until it has claimed its folder. Raises UserError where it refused what it was asked."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and not _has_spoken(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    if process.poll():
        raise _why(folder)


def stop(name: str) -> None:
    """Asks the training to stop after its step; one that waits in line stops at once. Nothing where it has ended."""
    folder = folder_of(name)
    found = run.state(folder)
    if not found or found["status"] not in run.LIVE:
        return
    process = run.process_of(found)
    process.end()
    if not _has_spoken(folder):  # it dies of the signal as any process does, and cannot say why
        while process.lives:
            time.sleep(0.05)
        run.write_json(folder / "state.json", found | {"status": "cancelled"})


def delete(name: str) -> None:
    """Takes the run away, adapter and all. Raises UserError while it is alive."""
    folder = folder_of(name)
    beside = folder.with_name(f".{name}.{time.time_ns()}")
    with _gate():
        _check_ended(name)
        if not folder.exists():  # somebody else has deleted it
            return
        folder.rename(beside)  # at once out of everybody's sight
    with suppress(UserError):  # there is no whole adapter: nobody has heard it
        forget(beside / "adapter")
    shutil.rmtree(beside)


def place_in_line(name: str, device: str) -> int | None:
    """How many are before it on the device; None where it does not wait or train."""
    here = str(folder_of(name).resolve())
    return next((place for place, ticket in enumerate(waiting(device)) if ticket.run == here), None)


def last_lines(name: str, count: int = 20) -> list[str]:
    """The end of its log."""
    log = folder_of(name) / "train.log"
    return log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:] if log.exists() else []


def _has_spoken(folder: Path) -> bool:
    """Its process has claimed the folder."""
    return "heartbeat" in (run.state(folder) or {})


def _check_ended(name: str) -> None:
    found = run.state(folder_of(name))
    if found and found["status"] in run.LIVE:
        raise UserError(
            en=f"The run {name} is still at work: stop it first.",
            fr=f"L'entraînement {name} est encore au travail : arrêtez-le d'abord.",
        )


def _began(folder: Path) -> float:
    first = folder / "config.json"
    return (first if first.exists() else folder).stat().st_mtime


def _why(folder: Path) -> UserError:
    """Why a training ended as it began: in two languages where it had its folder, else as its last line says."""
    found = run.state(folder)
    if found and found["status"] == "failed" and "heartbeat" in found:
        return UserError(**found["message"])
    said = (last_lines(folder.name, 1) or ["?"])[0].removeprefix("trainer: ")
    return UserError(en=said, fr=said)
