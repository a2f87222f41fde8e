"""python bench/corpus.py [--prompts N] [--loop N] : a corpus of 14,796 rows on the page, and how fast one is scored.

Each row of a table is measured in this one run, us beside what people would write with `datasets`, `transformers` and
numpy alone. The made corpus has the columns of diabolocom/talkbank_4_stt, and a tenth of a second of a telephone prompt
as each clip.
"""

import argparse
import io
import os
import platform
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np

from corpus.prompts import prompts

ROWS = 14_796
THREADS = 2


def made_corpus(folder: Path) -> Path:
    """A parquet file in today's layout of TalkBank, written by hundreds of rows as `datasets` writes it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    known = prompts()
    clips = [_tenth_of_a_second(prompt.path) for prompt in known]
    random = np.random.default_rng(0)
    chosen = random.integers(0, len(known), ROWS)
    table = pa.table(
        {
            "audio": [{"bytes": clips[i], "path": f"{row}.wav"} for row, i in enumerate(chosen)],
            "transcript": [f"{known[i].text} {row}" for row, i in enumerate(chosen)],
            "language_code": ["fr"] * ROWS,
            "subset": random.choice(["CallFriend", "CallHome"], ROWS),
            "full_language": random.choice(["french_quebec", "french_france"], ROWS),
            "segment_id": [f"segment-{row}" for row in range(ROWS)],
            "transcript_filename": [f"call-{row // 120}" for row in range(ROWS)],
            "audio_len_sec": random.gamma(1.5, 2, ROWS),
            "channel": random.integers(0, 2, ROWS),
            "speaker_id": random.choice(["A", "B"], ROWS),
        }
    )
    path = folder / "made.parquet"
    pq.write_table(table, path, row_group_size=100)
    return path


def _tenth_of_a_second(path: Path) -> bytes:
    cut = io.BytesIO()
    with wave.open(str(path)) as sound, wave.open(cut, "wb") as short:
        short.setparams(sound.getparams())
        short.writeframes(sound.readframes(sound.getframerate() // 10))
    return cut.getvalue()


def seconds(what: Callable[[], object], times: int = 1) -> float:
    """The best of so many."""
    taken = []
    for _ in range(times):
        before = time.perf_counter()
        what()
        taken.append(time.perf_counter() - before)
    return min(taken)


def browsing(folder: Path) -> None:
    """The page's own functions beside `datasets`, which decodes nothing either."""
    import datasets

    import corpus
    from corpus.describe import describe
    from scoring.measures import LOOP  # noqa: F401  (what a filter imports is not part of its time)
    from ui.dataset.samples import PAGE, View, chosen, table
    from ui.kit.corpus_field import Opened
    from ui.scores.results import cells

    path = made_corpus(folder)
    datasets.disable_progress_bars()

    def theirs() -> datasets.Dataset:
        read = datasets.load_dataset("parquet", data_files=str(path), cache_dir=str(folder), split="train")
        return read.cast_column("audio", datasets.Audio(decode=False))

    def ours() -> Opened:
        found = corpus.load(path, clean=True)
        return Opened(found, describe(found, audio=False))

    line("open, the first time", seconds(ours), seconds(theirs))
    line("open again", seconds(ours, 3), seconds(theirs, 3))
    opened, rows = ours(), theirs()
    scores = [cells(opened.corpus, folder / "none.csv")]
    view = View(search="veuillez", order=("seconds", True))
    line(
        "search and sort",
        seconds(lambda: chosen(opened, view, scores), 3),
        seconds(
            lambda: rows.filter(
                lambda text: "veuillez" in text.lower(), input_columns="transcript", load_from_cache_file=False
            ).sort("audio_len_sec"),
            3,
        ),
    )
    found = chosen(opened, View(), scores)
    line(
        f"a page of {PAGE}",
        seconds(lambda: table(opened, found[7000 : 7000 + PAGE], View(), scores, "fr"), 3),
        seconds(lambda: rows.select(range(7000, 7000 + PAGE)).remove_columns("audio").to_pandas(), 3),
    )
    line("a clip's bytes", seconds(lambda: opened.corpus.encoded(9000), 3), seconds(lambda: rows[9000], 3))


def intervals() -> None:
    from scoring.bootstrap import bootstrap

    random = np.random.default_rng(0)
    words = random.integers(1, 20, 15_000)
    edits = random.binomial(words, 0.3)

    def plain() -> None:
        for _ in range(10_000):
            drawn = random.integers(0, len(words), len(words))
            edits[drawn].sum() / words[drawn].sum()

    line("bootstrap, 10,000 of 15,000 clips", seconds(lambda: bootstrap(edits, words), 3), seconds(plain))


def scoring(folder: Path, count: int, looped: int) -> None:
    """Seconds a clip, each over its own share of the prompts: the loop would take half an hour for all of them."""
    import torch
    from transformers import pipeline

    import corpus
    from speech.decoding.decode import Options
    from speech.engines import load
    from speech.models import bundled
    from speech.models.choose import choose
    from trainer.evaluation.evaluate import evaluate

    torch.set_num_threads(THREADS)
    clips = corpus.load("phone-prompts")
    engine = load(choose("whisper-base"), "ctranslate2", "int8", THREADS)
    chosen = list(range(min(count, len(clips))))
    ours = seconds(lambda: list(evaluate(clips, chosen, engine, Options(), folder / "scored.csv"))) / len(chosen)
    asr = pipeline("automatic-speech-recognition", model=str(bundled.transformers_folder()))
    asked = {"language": "french", "task": "transcribe", "num_beams": 1}
    some = chosen[:: max(1, len(chosen) // looped)]
    theirs = seconds(lambda: [asr(clips.clip(i), generate_kwargs=asked) for i in some]) / len(some)
    print("\n| score a corpus | clips | clips a second |\n|---|---|---|")
    print(f"| ours, written down as it goes | {len(chosen)} | {1 / ours:.2f} |")
    print(f"| a loop over transformers' pipeline | {len(some)} | {1 / theirs:.2f} |", flush=True)


def line(what: str, ours: float, theirs: float) -> None:
    print(f"| {what} | {ours:.3f} | {theirs:.3f} | {theirs / ours:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prompts", type=int, default=500, metavar="N", help="telephone prompts to score")
    parser.add_argument("--loop", type=int, default=100, metavar="N", help="of them, for the loop over the pipeline")
    asked = parser.parse_args()
    print(f"{ROWS} rows; {platform.machine()}, {os.cpu_count()} cores, {date.today()}\n")
    print("| seconds to | ours | the other | times |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        browsing(Path(folder))
        intervals()
        scoring(Path(folder), asked.prompts, asked.loop)


if __name__ == "__main__":
    main()
