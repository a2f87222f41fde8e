"""python bench/fuzz.py [--cases 3000] [--seed 0] [--door audio|adapter|corpus|transcript] : files that are spoiled.

Real recordings, adapters, corpora and transcripts, each with a few bytes or values changed, are given to what reads
them. Whatever comes of it has to be the contents or a UserError, within a time and a memory. Each door has a process of
its own, so that one that dies or hangs is known by its number and the next case goes on. Prints what came of each door,
and exits with 1 where anything else came.
"""

import argparse
import json
import multiprocessing
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from common.messages import UserError

PROMPT = Path("/usr/share/asterisk/sounds/fr_CA_f_June/vm-intro.wav")
PATIENCE = 60  # seconds for a case, on a busy machine
MOST = 3000  # MB that the process may have reached
CODECS = {
    **{"pcm.wav": [], "mulaw.wav": ["-c:a", "pcm_mulaw"], "gsm.wav": ["-c:a", "libgsm_ms"], "a.mp3": [], "a.flac": []},
    **{"a.m4a": [], "a.ogg": ["-c:a", "libvorbis", "-ar", "16000"], "a.opus": ["-c:a", "libopus"]},
    **{"a.webm": ["-c:a", "libopus"], "a.aiff": [], "a.au": []},
    **{"a.avi": ["-c:a", "pcm_s16le"], "a.ulaw": ["-f", "mulaw"], "a.g722": ["-ar", "16000", "-c:a", "g722"]},
}
REPEATED = [b"\n", b" ", b"<", b"[", b'"', b",", b"<a>", b"1 ", b";;\n"]
NASTY = [None, True, -1, 0, 2**31, 2**63, 1e308, float("nan"), "", "\0", "/etc/passwd", "../..", "x" * 5000]
NASTY += [[], {}, [[[]]], ["q_proj"] * 300, r"(\w+\.?)+(\w+\.?)+!", "http://127.0.0.1:9/a", "=1+1", "<script>", "​"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--door", choices=DOORS)
    asked = parser.parse_args()
    wrong = 0
    for door in [asked.door] if asked.door else DOORS:
        begun, outcomes = time.monotonic(), Counter()
        for number, outcome in _worked(door, asked.seed, asked.cases):
            outcomes[outcome.partition(":")[0]] += 1
            if outcome not in ("taken", "refused"):
                print(f"{door} {number}: {outcome}", file=sys.stderr, flush=True)
        wrong += sum(count for outcome, count in outcomes.items() if outcome not in ("taken", "refused"))
        figures = ", ".join(f"{outcome} {count}" for outcome, count in sorted(outcomes.items()))
        print(f"{door}: {figures}; {time.monotonic() - begun:.0f} s", flush=True)
    return 1 if wrong else 0


def case(door: str, number: int) -> str:
    """What came of one spoiled file: taken or refused. Anything else is raised."""
    draw = random.Random(f"{door} {number}")
    with tempfile.TemporaryDirectory(prefix="allo-fuzz-") as folder:
        try:
            DOORS[door](draw, Path(folder))
        except UserError:
            return "refused"
        return "taken"


def _worked(door: str, first: int, cases: int) -> Iterator[tuple[int, str]]:
    """Each case's number and outcome; a process that died or hung is replaced."""
    pool = _process()
    for number in range(first, first + cases):
        try:
            outcome, memory = pool.submit(_measured, door, number).result(PATIENCE)
            outcome = outcome if memory < MOST else f"memory: {memory:.0f} MB"
        except TimeoutError:
            outcome = f"hangs: more than {PATIENCE} s"
        except BrokenProcessPool:
            outcome = "dies"
        except Exception as error:  # what the door let through
            outcome = f"breaks: {error!r}"[:300]
        yield number, outcome
        if outcome.startswith(("hangs", "dies", "memory")):
            for process in pool._processes.values():
                process.kill()
            pool = _process()
    pool.shutdown()


def _process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))


def _measured(door: str, number: int) -> tuple[str, float]:
    return case(door, number), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


# The doors


def _audio(draw: random.Random, folder: Path) -> None:
    from speech.audio.decode import read

    name = draw.choice(list(CODECS))
    path = folder / draw.choice([name, name, f"a{Path(draw.choice(list(CODECS))).suffix}"])
    path.write_bytes(_spoiled(draw, _recording(name)))
    read(path)


def _adapter(draw: random.Random, folder: Path) -> None:
    from speech.models import adapters
    from speech.models.choose import choose

    base, adapter = _model()
    copy = Path(shutil.copytree(adapter, folder / "adapter"))
    file = copy / draw.choice(["adapter_config.json", "adapter_config.json", "adapter_model.safetensors", "allo.json"])
    _spoil(draw, file)
    choice = choose(str(base), str(copy))
    adapters.merged_model(choice, adapters.read(choice))


def _corpus(draw: random.Random, folder: Path) -> None:
    import corpus
    from corpus.describe import describe

    table = _table(draw.choice(list(TABLES)), folder / "corpus")
    _spoil(draw, table)
    found = corpus.load(str(table.parent))
    describe(found)
    for row in found.rows.index[:2]:
        found.clip(row)


def _transcript(draw: random.Random, folder: Path) -> None:
    from transcripts.formats import FORMATS, extension, read_all, write

    format = draw.choice(list(FORMATS))
    path = folder / f"a{draw.choice([extension(format), extension(format), '.txt', '.json'])}"
    path.write_bytes(_spoiled(draw, write(_call(), format)))
    for transcript in read_all(path):
        write(transcript, "json")


DOORS: dict[str, Callable[[random.Random, Path], None]] = {
    **{"audio": _audio, "adapter": _adapter, "corpus": _corpus, "transcript": _transcript},
}


# What is spoiled, and how


def _spoil(draw: random.Random, file: Path) -> None:
    content = file.read_bytes()
    is_json = file.suffix in (".json", ".jsonl") and draw.random() < 0.7
    file.write_bytes(_other_values(draw, content) if is_json else _spoiled(draw, content))


def _spoiled(draw: random.Random, content: bytes) -> bytes:
    """A few changes at random places, the first kilobyte above all: there the headers are."""
    found = bytearray(content)
    for _ in range(draw.choice([1, 1, 2, 5, 20])):
        at = draw.randrange(max(1, draw.choice([min(len(found), 1024), len(found)])))
        match draw.randrange(7):
            case 0:
                found[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                found[at : at + 4] = draw.choice([b"\xff\xff\xff\xff", bytes(4), b"\xff\xff\xff\x7f", b"\0\0\0\x80"])
            case 2:
                del found[at:]
            case 3:
                del found[at : at + draw.randrange(1, 200)]
            case 4:
                found[at:at] = found[at : at + draw.randrange(1, 2000)]
            case 5:
                found[at:at] = draw.randbytes(draw.randrange(1, 50))
            case 6:  # what makes a pattern or a parser go over the same again and again
                found[at:at] = draw.choice([*REPEATED, bytes(found[at : at + 4])]) * draw.choice([60, 5000])
    return bytes(found)


def _other_values(draw: random.Random, content: bytes) -> bytes:
    """A value of each of a few keys is another one; of JSON, and of lines of it."""
    lines = content.decode().splitlines() if b"\n{" in content.rstrip() else [content.decode()]
    at = draw.randrange(len(lines))
    found = json.loads(lines[at])
    for key in draw.sample(list(found), min(len(found), draw.choice([1, 1, 2, 4]))):
        found[key] = draw.choice(NASTY)
    lines[at] = json.dumps(found)
    return "\n".join(lines).encode("utf-8", "replace")


@cache
def _recording(name: str) -> bytes:
    """The prompt, coded as the name says."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        subprocess.run(["ffmpeg", "-loglevel", "error", "-i", PROMPT, *CODECS[name], path], check=True)
        return path.read_bytes()


@cache
def _model() -> tuple[Path, Path]:
    """A small Whisper and an adapter of it; they stay until the process ends."""
    from peft import LoraConfig
    from transformers import WhisperForConditionalGeneration

    from tests.kit import adapters, weights

    folder = Path(_kept().name)
    base = weights.tiny(folder / "base")
    lora = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], rank_pattern={"model.decoder.layers.0.fc1": 8})
    adapter = adapters.saved(WhisperForConditionalGeneration.from_pretrained(base), folder / "adapter", lora)
    (adapter / "allo.json").write_text(json.dumps({"corpus": "petit", "language": "fr", "margin": 1.0}))
    return base, adapter


@cache
def _kept() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="allo-fuzz-")


TABLES = {  # each layout's file that is spoiled
    **{"csv": "metadata.csv", "jsonl": "metadata.jsonl", "nemo": "manifest.jsonl", "kaldi": "text"},
    **{"calls": "0.srt", "parquet": "clips.parquet"},
}


def _table(layout: str, place: Path) -> Path:
    """A corpus in `place`, and the file of it that is spoiled."""
    import pandas as pd

    place.mkdir()
    for at in range(1 if layout == "calls" else 4):
        shutil.copy(PROMPT, place / f"{at}.wav")
    table = place / TABLES[layout]
    rows = pd.DataFrame([{"file_name": f"{at}.wav", "text": f"phrase {at}", "split": "train"} for at in range(4)])
    if layout == "csv":
        rows.to_csv(table, index=False)
    elif layout == "parquet":
        rows.assign(audio=[{"bytes": PROMPT.read_bytes(), "path": "a.wav"}] * 4).to_parquet(table)
    elif layout in ("jsonl", "nemo"):
        called = rows.rename(columns={"file_name": "audio_filepath"}) if layout == "nemo" else rows
        called.to_json(table, orient="records", lines=True, force_ascii=False)
    elif layout == "calls":
        table.write_text("1\n00:00:00,500 --> 00:00:02,000\nA : allô\n\n2\n00:00:02,000 --> 00:00:04,000\nB : oui\n")
    else:
        table.write_text("".join(f"u{at} phrase {at}\n" for at in range(4)))
        (place / "wav.scp").write_text("".join(f"u{at} {at}.wav\n" for at in range(4)))
    return table


def _call():
    from transcripts.transcript import AudioFacts, Transcript, Turn, Word

    words = tuple(Word(at, at + 0.5, text, 0.9) for at, text in enumerate(["allô", "oui", "bonjour"]))
    turns = [Turn(0, 3, "allô oui bonjour", 0.9, 0, "A", words), Turn(3, 5, "c'est « moi »", 0.8, 1, "B")]
    return Transcript(AudioFacts("appel.wav", 5.0, 8000, 2, "pcm_s16le"), "fr", "whisper-base", None, "", turns)


if __name__ == "__main__":
    sys.exit(main())
