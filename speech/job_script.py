# /// script
# requires-python = ">=3.11"
# dependencies = ["huggingface_hub==2.4.0", "pyarrow==26.0.1"]
# ///
"""uv run job.py SPACE REVISION DATASET RESULT SECONDS [--private] transcribe OPTION... : what a Hugging Face Job runs.

Fetches Allô from its Space and the recordings of DATASET, audio files and audio inside parquet, installs what the Space
installs, transcribes for so many seconds at most, and puts the transcripts in the dataset RESULT. What an earlier Job
put there is not transcribed again.
`speech/submit.py` starts it; on any machine with uv it does the same.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from huggingface_hub import HfApi, snapshot_download

ROWS = 16  # of parquet that are in memory at once


def main(space: str, revision: str, dataset: str, result: str, seconds: str, *rest: str) -> int:
    deadline = time.monotonic() + float(seconds)
    private, options = rest[0] == "--private", rest[rest.index("transcribe") :]
    allo = Path(snapshot_download(space, repo_type="space", revision=revision))
    if os.geteuid() == 0:
        packages = (allo / "packages.txt").read_text().split()
        subprocess.run(["apt-get", "-qq", "update"], check=True)
        subprocess.run(["apt-get", "-qq", "--no-install-recommends", "install", *packages], check=True)
    api, out = HfApi(), Path("transcripts").absolute()
    api.create_repo(result, repo_type="dataset", private=private or None, exist_ok=True)
    recordings = Path(snapshot_download(dataset, repo_type="dataset", local_dir="recordings")).absolute()
    for table in sorted(recordings.rglob("*.parquet")):
        unpack(table)
    snapshot_download(result, repo_type="dataset", local_dir=out)
    speech = ["uv", "run", "--isolated", "--no-project", "--with-requirements", "requirements.txt"]
    if "whisper-base" in options:  # the embedded one
        speech += ["--with-requirements", "requirements-offline.txt"]
    speech += ["python", "-m", "speech", *options, str(recordings), "--output", str(out)]
    work = subprocess.Popen(speech, cwd=allo)
    try:
        status = work.wait(deadline - time.monotonic())
    except subprocess.TimeoutExpired:
        print("job: the time limit is reached; what is transcribed is kept, and another Job goes on", flush=True)
        work.kill()  # a transcript is there whole or not at all
        work.wait()
        status = 0
    api.upload_folder(
        repo_id=result,
        repo_type="dataset",
        folder_path=out,
        ignore_patterns=".cache/**",
        commit_message=f"Transcripts of {dataset}, by Allô",
    )
    return status


def unpack(table: Path) -> None:
    """Writes the recordings of a parquet file into a folder beside it, by their row and their name where they have one.

    They are what `datasets` calls Audio: a struct of bytes and path. An image is one too, unless the file says so.
    """
    schema = pq.read_schema(table)
    told = json.loads((schema.metadata or {}).get(b"huggingface", b"{}")).get("info", {}).get("features", {})
    for column in schema:
        kind = told.get(column.name, {}).get("_type", "Audio")
        if kind != "Audio" or not pa.types.is_struct(column.type) or column.type.get_field_index("bytes") < 0:
            continue
        folder = table.with_suffix("") / column.name
        folder.mkdir(parents=True)
        rows = (row for batch in pq.ParquetFile(table).iter_batches(ROWS, columns=[column.name]) for row in batch[0])
        for number, row in enumerate(rows):
            found = row.as_py() or {}
            if found.get("bytes"):
                name = Path(found.get("path") or "recording.wav").name
                (folder / f"{number:06}-{name}").write_bytes(found["bytes"])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
