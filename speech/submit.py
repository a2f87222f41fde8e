"""python -m speech submit DATASET --output REPO -- OPTION... : a dataset of recordings as a Hugging Face Job.

The Job runs speech/job_script.py of the Space that Allô is in: what `python -m speech transcribe FOLDER` does here, on
the audio files of DATASET and the audio in its parquet files, with those options. REPO, a dataset too, gets the
transcripts.
"""

import argparse
import json
import os

from common.messages import UserError

LABEL = "allo-transcribe"  # the name of our Jobs
SCRIPT = "speech/job_script.py"


def add_command(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "submit", help="transcribe a dataset of recordings as a Hugging Face Job (token in HF_TOKEN; it costs)"
    )
    command.set_defaults(run=run)
    add = command.add_argument
    add("dataset", metavar="DATASET", help="recordings in a dataset of the Hub, audio files or parquet: OWNER/NAME")
    add("--output", required=True, metavar="REPO", help="the dataset that gets the transcripts: OWNER/NAME")
    add("--private", action="store_true", help="make that dataset private")
    add("--flavor", default="t4-small", help="the machine, by the Hub's name (default: t4-small)")
    add("--timeout", default="2h", help="the Job's limit: 30m, 2h, 1d (default: 2h)")
    add("--source", metavar="SPACE", help="the Space that Allô is in (default: this one)")
    add("--dry-run", action="store_true", help="print what would be started and what it costs at most")
    add("--json", action="store_true", help="print it as one JSON object")
    command.usage = "%(prog)s [options] DATASET --output REPO [-- OPTION of transcribe...]"


def run(asked: argparse.Namespace) -> int:
    """Prints the plan, and starts the Job. Raises UserError."""
    from huggingface_hub import HfApi

    from common import jobs
    from common.hub_writes import refusals, token_from_environment

    _check(asked.options)
    jobs.check_not_here(asked.dataset, "dataset", "jeu de données")
    token = os.environ.get("HF_TOKEN") if asked.dry_run else token_from_environment()
    api = HfApi(token=token or False)
    source, seconds = jobs.space_of_allo(asked.source), jobs.seconds_of(asked.timeout)
    where = asked.output, source, asked.flavor, seconds, asked.private
    plan = jobs.planned(api, SCRIPT, ["transcribe", *asked.options], *where, before=(asked.dataset,))
    url = None
    if not asked.dry_run:
        with refusals(asked.output):
            api.dataset_info(asked.dataset)
            api.create_repo(asked.output, repo_type="dataset", private=asked.private or None, exist_ok=True)
            url = jobs.start(api, plan, token, LABEL).url
    as_json = plan.to_dict() | ({"url": url} if url else {})
    print(json.dumps(as_json, ensure_ascii=False) if asked.json else jobs.plan_text(plan, url))
    return 0


def _check(options: list[str]) -> None:
    """Refuses before anything is paid what `transcribe` would refuse."""
    from common.jobs import check_not_here
    from speech import command

    parser = argparse.ArgumentParser(prog="python -m speech submit ... --")
    command.add_command(parser.add_subparsers())
    asked = parser.parse_args(["transcribe", *options, "recordings"])
    command.check(asked)
    if asked.output or asked.files != ["recordings"] or asked.watch:
        raise UserError(
            en="The Job names recordings and folder itself: give --model, --words, --format... after the --.",
            fr="Le Job nomme lui-même les enregistrements et le dossier : donnez --model, --words, --format... "
            "après le --.",
        )
    for named in filter(None, (asked.model, asked.adapter)):
        check_not_here(named, "model", "modèle")
