"""The run folder: the only door between a training and everything else.

    config.json      the whole request              state.json   the status, and which process it is
    metrics.jsonl    one line a log step            train.log    all that the process printed
    checkpoints/     to resume from                 adapter/     the best so far, loadable at any moment
    training.json    what its steps came to         report.json  the base against the adapter

Everything is written beside and then renamed, so that nobody reads half a file.
"""

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from filelock import FileLock, Timeout
from safetensors import SafetensorError

from common.cache import is_full
from common.files import write_json, write_text
from common.messages import Message, UserError, locale_language
from common.process import Process, boot

STATUSES = ("queued", "running", "cancelling", "paused", "cancelled", "failed", "completed")
LIVE = ("queued", "running", "cancelling")
RESERVE = 256 * 1024  # bytes kept free, so that a run on a full disk can still write why it failed
BEAT = 2.0  # seconds between heartbeats where nothing else is written
SEAL = "whole.json"  # in a checkpoint: its files and their sizes, written last
TRAINED = "training.json"  # there once all steps are done
STOP = "stop"  # a file that asks a slice to stop: its process belongs to the lender of the GPU, and gets no signal


def state(folder: Path) -> dict | None:
    """Reads state.json; where the process that wrote it has died, the status is failed. None: there is no run."""
    try:
        found = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    process = process_of(found)
    if found["status"] in LIVE and not process.lives:
        why = DIED if process.boot == boot() else RESTARTED
        found |= {"status": "failed", "message": why._asdict(), "eta": None}
    return found


def standing(folder: Path) -> dict:
    """Step, steps and ETA of a run before its process writes them: at its start, or where the one before it ended."""
    before = state(folder) or {}
    return {"step": before.get("step", 0), "steps": before.get("steps"), "eta": None}


def process_of(state: Mapping) -> Process:
    """The process that wrote it."""
    return Process(state["pid"], state["started"], state["boot"])


def metrics(folder: Path) -> list[dict]:
    """The lines of metrics.jsonl, whole ones only."""
    path = folder / "metrics.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().rpartition(b"\n")[0].splitlines()]


def config(folder: Path) -> dict:
    """Reads config.json. Raises UserError where the folder holds no run."""
    try:
        return json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise UserError(
            en=f"{folder} holds no run to resume: leave out --resume, or name another folder.",
            fr=f"{folder} ne contient pas d'entraînement à poursuivre : retirez --resume, ou nommez un autre dossier.",
        ) from error


class Run:
    """A run folder, as the process that trains writes it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.checkpoints = folder / "checkpoints"
        self.adapter = folder / "adapter"
        self.on_new_best: Callable[[], None] = lambda: None  # called after a new best adapter is saved
        self._state = {"status": "queued", **standing(folder)}
        self._written = 0.0
        self._lock = threading.Lock()

    def mark(self, status: str | None = None, message: Message | None = None, **facts) -> None:
        """Writes state.json; without a new status or a new kind of fact at most once a second."""
        with self._lock:
            now = time.time()
            is_new = status not in (None, self._state["status"])
            at_once = is_new or not facts.keys() <= self._state.keys()
            self._state |= facts | ({"status": status} if status else {})
            if is_new:
                self._state["message"] = message._asdict() if message else None
            if at_once or now - self._written >= 1.0:
                self._written = now
                process = Process.this()._asdict() | {"heartbeat": round(now, 1)}
                write_json(self.folder / "state.json", self._state | process)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Within it a heartbeat is written also where a step, a download or an import takes long."""
        ended = threading.Event()

        def beat() -> None:
            while not ended.wait(BEAT):
                with suppress(OSError):  # the training itself meets the full disk, and reports it
                    self.mark()

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def append_metrics(self, line: Mapping) -> None:
        """Adds a line to metrics.jsonl."""
        with (self.folder / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def drop_metrics_after(self, step: int) -> list[dict]:
        """Removes the metrics after `step`, from which the run resumes; gives the others."""
        kept = [line for line in metrics(self.folder) if line["step"] <= step]
        write_text(self.folder / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in kept))
        return kept

    def seal(self, checkpoint: Path) -> None:
        """Marks a checkpoint as whole."""
        files = [path for path in checkpoint.iterdir() if path.name != SEAL]  # it may be sealed anew
        write_json(checkpoint / SEAL, {path.name: path.stat().st_size for path in files})

    def last_checkpoint(self) -> tuple[Path | None, list[Path]]:
        """The last whole checkpoint, and those after it that are cut short."""
        found = sorted(self.checkpoints.glob("checkpoint-*"), key=lambda path: int(path.name.partition("-")[2]))
        broken = []
        for path in reversed(found):
            if _is_whole(path):
                return path, broken
            broken.append(path)
        return None, broken

    def is_full(self, error: Exception) -> bool:
        """Whether the error means that the disk is full; torch and safetensors raise errors of their own."""
        short = isinstance(error, RuntimeError | SafetensorError) and shutil.disk_usage(self.folder).free < RESERVE
        return short or is_full(error)

    def fail(self, why: Message) -> None:
        """Writes why the run failed, to state.json and the log; on a full disk the reserve makes room for it."""
        (self.folder / ".reserve").unlink(missing_ok=True)
        self.mark("failed", why, eta=None)
        if not _is_standard_error(self.folder / "train.log"):  # where it is, the command prints it there
            with (self.folder / "train.log").open("a", encoding="utf-8") as log:
                log.write(f"trainer: {why.to(locale_language())}\n")


def disk_full() -> UserError:
    """A new one each time: an exception that is kept keeps all variables of where it was raised."""
    return UserError(
        en="The disk is full: make room, and resume with --resume; the best adapter so far is saved.",
        fr="Le disque est plein : libérez de la place, et poursuivez avec --resume ; le meilleur adaptateur est "
        "conservé.",
    )


def _is_whole(checkpoint: Path) -> bool:
    try:
        sizes = json.loads((checkpoint / SEAL).read_text())
        return all((checkpoint / name).stat().st_size == size for name, size in sizes.items())
    except (FileNotFoundError, ValueError):
        return False


@contextmanager
def claimed(folder: Path, resume: bool) -> Iterator[Run]:
    """Locks the folder for one training, and copies standard error to train.log meanwhile.

    Raises UserError where another process has it, and where it holds a run without `resume`, or none with it.
    """
    try:
        (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
        held = FileLock(folder / ".lock", timeout=0).acquire()
    except Timeout as error:
        raise UserError(
            en=f"Another process is training in {folder}: wait for its end, or name another folder.",
            fr=f"Un autre processus entraîne dans {folder} : attendez sa fin, ou nommez un autre dossier.",
        ) from error
    except OSError as error:
        raise UserError(
            en=f"The folder {folder} cannot be written ({error.strerror}): name another one.",
            fr=f"Le dossier {folder} ne peut être écrit ({error.strerror}) : nommez-en un autre.",
        ) from error
    with held:
        if resume:
            config(folder)
        elif (folder / "config.json").exists() and "plan" in config(folder):  # else it never began
            raise UserError(
                en=f"{folder} holds a run already: resume it (--resume), or name another folder.",
                fr=f"{folder} contient déjà un entraînement : poursuivez-le (--resume), ou nommez un autre dossier.",
            )
        with _logged(folder / "train.log"):
            run = Run(folder)
            run.mark("running")
            (folder / ".reserve").write_bytes(bytes(RESERVE))
            try:
                with run.beating():
                    yield run
            finally:
                (folder / ".reserve").unlink(missing_ok=True)


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    if _is_standard_error(path):  # the page starts its trainings so
        yield
        return
    with path.open("a", encoding="utf-8", buffering=1) as log:
        screen, sys.stderr = sys.stderr, _Tee(sys.stderr, log)
        try:
            yield
        finally:
            sys.stderr = screen


def _is_standard_error(path: Path) -> bool:
    return path.exists() and os.path.samestat(os.fstat(2), path.stat())


class _Tee:
    """Writes to standard error and to the log."""

    def __init__(self, screen: TextIO, log: TextIO):
        self.screen, self.log = screen, log

    def write(self, text: str) -> int:
        self.log.write(text)
        return self.screen.write(text)

    def flush(self) -> None:
        self.screen.flush()

    def __getattr__(self, name: str):
        return getattr(self.screen, name)


DIED = Message(
    en="The process ended without an error message: look at train.log, and resume it with --resume.",
    fr="Le processus s'est arrêté sans message d'erreur : voyez train.log, et poursuivez avec --resume.",
)
RESTARTED = Message(
    en="The machine was restarted and interrupted it: resume it with --resume.",
    fr="La machine a redémarré et l'a interrompu : poursuivez avec --resume.",
)
