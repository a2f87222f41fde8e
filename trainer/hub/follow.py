"""A Hugging Face Job that trains, seen from here: its stage, its log, and its adapter once it is done."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, JobInfo
from huggingface_hub.errors import HfHubHTTPError

from common.files import new_folder
from common.hub_writes import refusals
from common.messages import UserError
from trainer.hub.publish import FILES
from trainer.hub.submit import LABEL
from trainer.runs import background

ENDED = ("COMPLETED", "CANCELED", "ERROR", "DELETED")  # stages of a Job, as the Hub calls them
LINES = 12  # of the log
RESULT = 5  # its place in a Job's command: uv run SCRIPT SPACE REVISION RESULT...


@dataclass(frozen=True)
class Job:
    """A Job that was started; no token is in it."""

    id: str
    owner: str
    result: str  # the repository that its adapter is published to
    url: str

    @classmethod
    def of(cls, info: JobInfo, result: str) -> "Job":
        """`result` as it was asked for: NAME is one of the owner's own."""
        return cls(info.id, info.owner.name, result if "/" in result else f"{info.owner.name}/{result}", info.url)


@dataclass(frozen=True)
class Look:
    """The present state of a Job, as the Hub shows it."""

    stage: str  # SCHEDULING, RUNNING or one of ENDED
    message: str | None
    seconds: int | None  # that it has been running
    lines: tuple[str, ...]  # the end of its log

    @property
    def alive(self) -> bool:
        return self.stage not in ENDED


def look(api: HfApi, job: Job) -> Look:
    """Asks the Hub for a Job's state. Raises UserError where it is out of reach, or hides the Job from this token."""
    with _shown(job):
        info = api.inspect_job(job_id=job.id, namespace=job.owner)
        lines = api.fetch_job_logs(job_id=job.id, namespace=job.owner, tail=LINES)
        log = tuple(lines) if info.status.stage != "SCHEDULING" else ()  # it has no log yet, and reading would wait
    return Look(info.status.stage, info.status.message, info.durations and info.durations.running_secs, log[-LINES:])


@contextmanager
def _shown(job: Job) -> Iterator[None]:
    with refusals(job.result):
        try:
            yield
        except HfHubHTTPError as error:
            if error.response.status_code not in (403, 404):
                raise
            raise UserError(
                en="The Hub does not show this Job to this token: give the one that it was started with.",
                fr="Le Hub ne montre pas ce Job à ce jeton : donnez celui avec lequel il a été lancé.",
            ) from error


def latest(api: HfApi) -> Job | None:
    """The token's own latest training Job: one that is alive, else one that has ended; None where there is none."""
    with refusals(LABEL):
        jobs_there = api.list_jobs(labels={"name": LABEL}, namespace=api.whoami()["name"])
        found = [info for info in jobs_there if len(info.command or []) > RESULT]
    found.sort(key=lambda info: (info.status.stage in ENDED, -info.created_at.timestamp() if info.created_at else 0))
    return Job.of(found[0], found[0].command[RESULT]) if found else None


def cancel(api: HfApi, job: Job) -> None:
    """Cancels a Job. Raises UserError as `look` does."""
    with _shown(job):
        api.cancel_job(job_id=job.id, namespace=job.owner)


def fetch(api: HfApi, job: Job) -> str:
    """Downloads the Job's adapter into this machine's runs, and gives its name there.

    Raises UserError where a run has that name, where there is no adapter, and where the Hub is out of reach.
    """
    name = job.result.rpartition("/")[2]
    folder = background.folder_of(name)
    if folder.exists():
        raise background.taken(name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with new_folder(folder) as new:
        with refusals(job.result):
            held = Path(api.snapshot_download(job.result, allow_patterns=FILES, cache_dir=new / "cache"))
            (new / "adapter").mkdir()
            for file in FILES:
                shutil.copyfile(held / file, new / "adapter" / file)
        shutil.rmtree(new / "cache")
    return name
