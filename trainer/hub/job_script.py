# /// script
# requires-python = ">=3.11"
# dependencies = ["huggingface_hub==2.4.0"]
# ///
"""uv run job.py SPACE REVISION RESULT SECONDS [--private] train ARGUMENT... : what a Hugging Face Job runs.

Fetches Allô from its Space, installs what the Space installs, trains for so many seconds at most, and publishes the
best adapter to RESULT. `trainer/hub/submit.py` starts it; on any machine with uv it does the same.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from huggingface_hub import snapshot_download


def main(space: str, revision: str, result: str, seconds: str, *rest: str) -> int:
    deadline = time.monotonic() + float(seconds)
    private, arguments = rest[0] == "--private", rest[rest.index("train") :]
    allo = Path(snapshot_download(space, repo_type="space", revision=revision))
    if os.geteuid() == 0:
        packages = (allo / "packages.txt").read_text().split()
        subprocess.run(["apt-get", "-qq", "update"], check=True)
        subprocess.run(["apt-get", "-qq", "--no-install-recommends", "install", *packages], check=True)
    run = Path("run").absolute()
    trainer = ["uv", "run", "--isolated", "--no-project", "--with-requirements", "requirements.txt"]
    if "whisper-base" in arguments:  # the embedded one
        trainer += ["--with-requirements", "requirements-offline.txt"]
    trainer += ["python", "-m", "trainer"]
    training = subprocess.Popen([*trainer, *arguments, "--output", str(run)], cwd=allo)
    try:
        status = training.wait(deadline - time.monotonic())
    except subprocess.TimeoutExpired:
        print("job: the time limit is reached; the best adapter so far is published", flush=True)
        training.terminate()  # it stops after the step and keeps the best
        training.wait()
        status = 0
    if status == 0:
        publish = ["publish", str(run / "adapter"), result, *(["--private"] if private else [])]
        status = subprocess.run([*trainer, *publish], cwd=allo).returncode
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
