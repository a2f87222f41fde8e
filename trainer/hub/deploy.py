"""python -m trainer.hub.deploy OWNER/NAME [--hardware H] [--private] [--dry] : Allô as a Space of one's own.

Creates the Space or updates it, with the token in HF_TOKEN. The first time it asks for secrets and variables that are
not in its environment; an update leaves those of the Space as they are.
"""

import argparse
import getpass
import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import HfApi, JobHardwareInfo, SpaceCard, SpaceHardware

from common.hub_writes import refusals, token_from_environment
from common.messages import UserError, locale_language

ROOT = Path(__file__).parents[2]
ROOMS = ("common", "transcripts", "scoring", "speech", "corpus", "trainer", "ui", "assets")
FILES = ("app.py", "README.md", "LICENSE", "NOTICE", "requirements.txt", "requirements-offline.txt", "packages.txt")
HARDWARE = "zero-a10g"  # what a free account may host
ENOUGH = ("cpu-basic", "cpu-upgrade", "t4-small", "l4x1", "a10g-small")
SECRETS = {"ALLO_PASSWORD": "the password that trains and deletes, where you do not sign in (Enter: none)"}
VARIABLES = {
    "ALLO_MODEL": "another base model, by its Hub id (Enter: openai/whisper-small)",
    "ALLO_CORPORA": "the folder of a mounted bucket that keeps runs and corpora (Enter: lost at each restart)",
}
NAME = re.compile(r"[\w.-]+/[\w.-]+")


class Deployment(NamedTuple):
    """What is sent to the Hub."""

    space: str
    hardware: str
    private: bool
    files: list[Path]  # relative to ROOT
    secrets: dict[str, str]
    variables: dict[str, str]


def files(root: Path = ROOT) -> list[Path]:
    """What a Space needs of a checkout: no tests, no benchmarks, nothing that running left behind."""
    found = [root / name for name in FILES]
    for room in ROOMS:
        found += (path for path in sorted((root / room).rglob("*")) if "__pycache__" not in path.parts)
    return [path.relative_to(root) for path in found if path.is_file()]


def deploy(plan: Deployment, api: HfApi) -> str:
    """Makes the Space what the plan says, in one commit, and gives its address. Raises UserError."""
    with refusals(plan.space):
        api.create_repo(
            plan.space,
            repo_type="space",
            space_sdk="gradio",
            space_hardware=plan.hardware,
            private=plan.private,
            exist_ok=True,
            space_secrets=[{"key": key, "value": value} for key, value in plan.secrets.items()] or None,
            space_variables=[{"key": key, "value": value} for key, value in plan.variables.items()] or None,
        )
        api.upload_folder(
            repo_id=plan.space,
            repo_type="space",
            folder_path=ROOT,
            allow_patterns=[path.as_posix() for path in plan.files],
            delete_patterns=[f"{room}/**" for room in ROOMS],
            commit_message="Update Allô",
        )
        if api.get_space_runtime(plan.space).requested_hardware != plan.hardware:
            api.request_space_hardware(plan.space, plan.hardware)
    return f"{api.endpoint}/spaces/{plan.space}"


def checked(space: str, hardware: str, known: list[str]) -> None:
    """Raises UserError for a name or a hardware that is none."""
    if not NAME.fullmatch(space):
        raise UserError(
            en=f"{space!r} is no name of a Space: write SPACE=owner/name.",
            fr=f"{space!r} n’est pas un nom de Space : écrivez SPACE=propriétaire/nom.",
        )
    if hardware not in (*known, HARDWARE):
        raise UserError(
            en=f"There is no hardware {hardware!r}: choose one of {', '.join(known)}.",
            fr=f"Le matériel {hardware!r} n’existe pas : choisissez parmi {', '.join(known)}.",
        )


def described(plan: Deployment, offers: list[JobHardwareInfo]) -> str:
    """The plan for a person to read; of the secrets the names alone."""
    size = sum((ROOT / path).stat().st_size for path in plan.files)
    lines = [
        f"Space      {plan.space} ({'private' if plan.private else 'public'})",
        f"Hardware   {plan.hardware}, {_price(plan.hardware, offers)}",
        *([f"           or HARDWARE={_others(offers)}"] if offers else []),
        f"Secrets    {', '.join(plan.secrets) or 'none'}",
        f"Variables  {', '.join(f'{key}={value}' for key, value in plan.variables.items()) or 'none'}",
        f"Files      {len(plan.files)}, {size / 1e6:.1f} MB",
    ]
    return "\n".join(lines + [f"           {path}" for path in plan.files])


def _others(offers: list[JobHardwareInfo]) -> str:
    """The machines that are enough for this, with their prices; on a paid plan a Space may have any."""
    known = {offer.name: offer for offer in offers}
    return ", ".join(f"{name} ({_price(name, offers)})" for name in ENOUGH if name in known)


def _price(hardware: str, offers: list[JobHardwareInfo]) -> str:
    if hardware == HARDWARE:
        return "free: each visitor's own quota pays for it"
    offer = next((offer for offer in offers if offer.name == hardware), None)
    if offer is None:
        return "its price was not asked for: the Hub names it without DRY=1"
    return f"{offer.unit_cost_usd:g} US$ a {offer.unit_label}" if offer.unit_cost_usd else "free on a paid plan"


def asked_for(questions: dict[str, str], secret: bool) -> dict[str, str]:
    """The answers: from the environment, else from the person at the terminal, else none."""
    answers = {}
    for name, question in questions.items():
        value = os.environ.get(name, "")
        if not value and sys.stdin.isatty():
            value = (getpass.getpass if secret else input)(f"{name}: {question} ").strip()
        if value:
            answers[name] = value
    return answers


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 done; 2 the request was wrong (one line on standard error says how to mend it)."""
    parser = argparse.ArgumentParser(prog="make deploy", description="Allô as a Space of one's own.")
    parser.add_argument("space", metavar="OWNER/NAME")
    parser.add_argument("--hardware", default=HARDWARE)
    parser.add_argument("--private", action="store_true")
    parser.add_argument("--dry", action="store_true", help="list what would be sent, and send nothing")
    asked = parser.parse_args(arguments)
    try:
        SpaceCard.load(ROOT / "README.md")  # a card that is none is refused before anything is sent
        api = HfApi(token=None if asked.dry else token_from_environment())
        with refusals(asked.space):
            offers = [] if asked.dry else api.list_spaces_hardware()
        checked(asked.space, asked.hardware, [offer.name for offer in offers] or [each.value for each in SpaceHardware])
        secrets, variables = ({}, {}) if asked.dry else (asked_for(SECRETS, True), asked_for(VARIABLES, False))
        plan = Deployment(asked.space, asked.hardware, asked.private, files(), secrets, variables)
        print(described(plan, offers))
        if not asked.dry:
            print(deploy(plan, api))
    except UserError as refusal:
        print(f"deploy: {refusal.message.to(locale_language())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
