"""A Hugging Face Job that runs Allô, paid by its minutes: its plan, its price and its start.

The Job runs a script of the Space that Allô is in, at the Space's present revision, which installs Allô there. HF_TOKEN
goes with it as a secret.
"""

import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, JobHardwareInfo, JobInfo

from common.hub import NOT_THERE, UNANSWERED, offline
from common.messages import UserError

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}  # seconds, as the Hub writes a time limit
PRICED = {"second": 1, "minute": 60, "hour": 3600}  # seconds, as the Hub writes a price
RESERVE = 600  # seconds of the limit, at most a fifth of it, left to publish in: a Job is killed at its limit


def a_second(machine: JobHardwareInfo | None) -> float | None:
    """US dollars; None where the price is not known."""
    known = machine and machine.unit_label in PRICED
    return machine.unit_cost_usd / PRICED[machine.unit_label] if known else None


@dataclass(frozen=True)
class JobPlan:
    """A Job that can be started."""

    script: str  # its address
    arguments: tuple[str, ...]  # of the script
    result: str  # the repository that its result is published to
    private: bool
    flavor: str  # the Hub's name of a machine
    seconds: int  # the Job's limit
    hardware: JobHardwareInfo | None  # the machine and its price; None where the Hub could not be asked

    @property
    def cost(self) -> float | None:
        """US dollars that the Job costs at most; None where the price is not known."""
        price = a_second(self.hardware)
        return None if price is None else price * self.seconds

    def to_dict(self) -> dict:
        """For JSON; of the secrets the names."""
        return {
            "script": self.script,
            "arguments": self.arguments,
            "result": self.result,
            "private": self.private,
            "flavor": self.flavor,
            "seconds": self.seconds,
            "secrets": ["HF_TOKEN"],
            "cost": None if self.cost is None else round(self.cost, 2),
        }


def planned(
    api: HfApi,
    script: str,
    work: list[str],
    result: str,
    source: str,
    flavor: str,
    seconds: int,
    private: bool = False,
    before: tuple[str, ...] = (),
) -> JobPlan:
    """The Job that runs `script`, a file of the Space `source`, with SPACE REVISION BEFORE... RESULT SECONDS WORK...

    Raises UserError where the Hub has no such Space or no such flavor; where it cannot be asked, neither is checked. It
    starts nothing.
    """
    try:
        revision, hardware = _asked(api, source, flavor) if not offline() else ("main", None)
    except UNANSWERED:
        revision, hardware = "main", None
    limit = seconds - min(RESERVE, seconds // 5)
    arguments = [source, revision, *before, result, str(limit), *(["--private"] if private else []), *work]
    address = f"{api.endpoint}/spaces/{source}/resolve/{revision}/{script}"
    return JobPlan(address, tuple(arguments), result, private, flavor, seconds, hardware)


def start(api: HfApi, plan: JobPlan, token: str, name: str) -> JobInfo:
    """Starts the Job under that name."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is experimental")  # huggingface_hub warns its callers
        return api.run_uv_job(
            plan.script,
            script_args=list(plan.arguments),
            flavor=plan.flavor,
            timeout=plan.seconds,
            secrets={"HF_TOKEN": token},
            name=name,
        )


def seconds_of(limit: str) -> int:
    """A time limit as the Hub writes it: 90s, 30m, 2h, 1d; without a unit, seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", limit.strip())
    seconds = int(float(found[1]) * UNITS[found[2] or "s"]) if found else 0
    if seconds < 60:
        raise UserError(
            en=f"The time limit {limit!r} is none, or under a minute: write 30m, 2h or 1d.",
            fr=f"La limite de temps {limit!r} n'en est pas une, ou est sous la minute : écrivez 30m, 2h ou 1d.",
        )
    return seconds


def _asked(api: HfApi, source: str, flavor: str) -> tuple[str, JobHardwareInfo]:
    """The Space's present revision, and the machine with its price."""
    try:
        revision = api.space_info(source).sha
    except NOT_THERE as error:
        raise UserError(
            en=f"There is no Space {source!r}, or it is not yours to read: name the Space of Allô in --source.",
            fr=f"Il n'y a pas de Space {source!r}, ou vous ne pouvez le lire : nommez le Space d'Allô dans --source.",
        ) from error
    machines = {machine.name: machine for machine in api.list_jobs_hardware()}
    if flavor not in machines:
        raise UserError(
            en=f"The Hub has no machine {flavor!r}: choose one of {', '.join(machines)}.",
            fr=f"Le Hub n'a pas de machine {flavor!r} : choisissez parmi {', '.join(machines)}.",
        )
    return revision, machines[flavor]


def check_not_here(name: str, en: str, fr: str) -> None:
    """Refuses what is on this disk: the Job runs elsewhere."""
    if Path(name).expanduser().exists():
        raise UserError(
            en=f"The {en} {name} is on this machine, where the Job is not: push it to the Hub and name it OWNER/NAME.",
            fr=f"Le {fr} {name} est sur cette machine, où le Job n'est pas : poussez-le sur le Hub et nommez-le "
            "PROPRIÉTAIRE/NOM.",
        )


def space_of_allo(named: str | None) -> str:
    """The Space that a Job takes Allô from: the one that is named, else the one that this runs in."""
    source = named or os.environ.get("SPACE_ID")
    if not source:
        raise UserError(
            en="Where the Job gets Allô from is not known here, outside a Space: name your Space of it in --source.",
            fr="On ne sait pas ici, hors d'un Space, d'où le Job prendra Allô : nommez votre Space dans --source.",
        )
    return source


def plan_text(plan: JobPlan, url: str | None) -> str:
    """The plan for people, in a few lines; `url` is the Job's where it was started."""
    price = plan.hardware and f"{plan.hardware.unit_cost_usd:g} USD a {plan.hardware.unit_label}"
    cost = "not known" if plan.cost is None else f"{plan.cost:.2f} USD at most"
    lines = [
        f"uv run {plan.script}",
        f"    {' '.join(plan.arguments)}",
        f"on {plan.flavor} for {plan.seconds} s at most; secrets: HF_TOKEN; the result goes to {plan.result}",
        f"cost: {cost}" + (f" ({price})" if price else ", the Hub could not be asked"),
        f"started: {url}" if url else "nothing was started",
    ]
    return "\n".join(lines)
