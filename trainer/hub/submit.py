"""A training as a Hugging Face Job, paid by its minutes.

The Job runs trainer/hub/job_script.py of the Space that Allô is in: it trains, and publishes the adapter with its card
to REPO.
"""

from huggingface_hub import HfApi, JobInfo

from common import jobs
from common.hub_writes import refusals
from common.jobs import JobPlan
from trainer.hub.publish import claimed

LABEL = "allo-train"  # the name of our Jobs
SCRIPT = "trainer/hub/job_script.py"


def planned(
    api: HfApi, training: list[str], result: str, source: str, flavor: str, seconds: int, private: bool = False
) -> JobPlan:
    """The Job of `python -m trainer train TRAINING`, run by the Space `source`. It starts nothing.

    Raises UserError where corpus or model are on this disk, and as `common.jobs.planned` does.
    """
    for option, en, fr in (("--corpus", "corpus", "corpus"), ("--model", "model", "modèle")):
        if option in training:
            jobs.check_not_here(training[training.index(option) + 1], en, fr)
    return jobs.planned(api, SCRIPT, ["train", *training], result, source, flavor, seconds, private)


def submit(api: HfApi, plan: JobPlan, token: str) -> JobInfo:
    """Starts the Job, after making sure that its result can be published. Raises UserError where the Hub refuses."""
    with refusals(plan.result):
        claimed(api, plan.result, plan.private)
        return jobs.start(api, plan, token, LABEL)
