"""python bench/calls.py [--minutes M] [--only PART...] : simulated calls through us and our peers, in one run.

peers     a two-channel call: ours, given its path, against faster-whisper's two pipelines, given each channel
efforts   two such calls: our efforts, with and without OpenVINO, and the peers, in turn, `--runs N` times (their median
          seconds, their last texts); `--picture FILE.svg` draws them
leakage   the same call with each voice in the other channel as well, against its turns transcribed one by one
memory    our peak on calls of several lengths, which repeat that call
speakers  calls on one channel: the diarization error rate of our turns

Every system (`systems.py`) has int8 and voice activity detection. The rates are those of `python -m scoring calls`:
cpWER and tcpWER by meeteval, DER by pyannote.metrics, summed over the calls.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import wave
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

import corpus
from bench.picture import curve
from bench.systems import BY_OPENVINO, EFFORTS, measured
from corpus.prompts import prompt
from corpus.simulate import simulate
from scoring.calls.diarization import COLLAR
from scoring.calls.measures import TIME_COLLAR, Edits
from scoring.calls.measures import measured as scored
from scoring.calls.score import CallsScore
from scoring.measures import rates
from transcripts.transcript import Transcript, Turn

Turns = list[dict]  # start, end, channel, speaker, text
PEERS = "Allô", "faster-whisper, batched", "faster-whisper, sequential"


def transcribed_by(name: str, *paths: Path) -> dict:
    warm = None if name == "one by one" else str(prompt("conf-full"))  # which has no reference
    return measured("calls", name, [str(path) for path in paths], warm)


def reference(path: str | Path) -> dict:
    return json.loads(Path(path).with_suffix(".json").read_text(encoding="utf-8"))


def by_channel(turns: Turns, channels: Iterable[int] = (0, 1)) -> list[str]:
    ordered = sorted(turns, key=lambda turn: turn["start"])
    return [" ".join(turn["text"] for turn in ordered if turn["channel"] == channel) for channel in channels]


def score(paths: Iterable[Path], found: Iterable[dict]) -> CallsScore:
    calls = [
        scored(path.stem, transcript(reference(path)["turns"]), transcript(one["turns"]))
        for path, one in zip(paths, found, strict=True)
    ]
    return CallsScore(tuple(calls), TIME_COLLAR)


def transcript(turns: Turns) -> Transcript:
    """Where nobody says who speaks, each channel is a speaker."""
    return Transcript.of_turns(
        Turn(turn["start"], turn["end"], turn["text"], channel=turn["channel"], speaker=turn.get("speaker"))
        for turn in turns
    )


def peers(folder: Path, clips: corpus.Corpus, asked: argparse.Namespace) -> None:
    (path,) = simulate(clips, folder / "peers", seconds=60 * asked.minutes, seed=asked.seed)
    audio = reference(path)["seconds"]
    head(
        f"Two channels, {audio:.0f} s",
        [
            *("system", "cpWER %", "S / D / I", f"tcpWER %, {TIME_COLLAR:g} s", "WER % (basic)", "seconds"),
            *("times real time", "peak MB"),
        ],
    )
    for name in PEERS:
        got = transcribed_by(name, path)
        (one,), seconds = got["found"], got["seconds"]
        found, said = score([path], [one]), reference(path)["turns"]
        basic = rates(by_channel(said), by_channel(one["turns"]), "basic")["wer"]
        row(name, found.cp.rate, kinds(found.cp), found.tcp.rate, basic, seconds, audio / seconds, megabytes(got))


def efforts(folder: Path, clips: corpus.Corpus, asked: argparse.Namespace) -> None:
    seeds = asked.seed, asked.seed + 1
    paths = [simulate(clips, folder / f"efforts{s}", seconds=60 * asked.minutes, seed=s)[0] for s in seeds]
    audio = sum(reference(path)["seconds"] for path in paths)
    head(f"Efforts, two calls, {audio:.0f} s", ["system", "cpWER %", "S / D / I", "words", "seconds", "peak MB"])
    systems, points = (*EFFORTS, *BY_OPENVINO, *PEERS[1:]), {}
    rounds = [{name: transcribed_by(name, *paths) for name in systems} for _ in range(asked.runs)]
    for name, got in rounds[-1].items():
        found, seconds = score(paths, got["found"]).cp, statistics.median(each[name]["seconds"] for each in rounds)
        row(name, found.rate, kinds(found), found.words, seconds, megabytes(got))
        if name not in BY_OPENVINO:
            points[name] = seconds, found.rate
    if asked.picture:
        asked.picture.write_text(curve(points, EFFORTS, "seconds", "cpWER %"), encoding="utf-8")


def kinds(edits: Edits) -> str:
    return f"{edits.substitutions} / {edits.deletions} / {edits.insertions}"


def megabytes(got: dict) -> str:
    return f"{got['memory'] / 1e6:.0f}"


def leakage(folder: Path, clips: corpus.Corpus, asked: argparse.Namespace) -> None:
    """The same seed: the same turns at the same times."""
    paths = {
        decibels: simulate(
            clips, folder / f"leakage{decibels}", seconds=60 * asked.minutes, seed=asked.seed, leakage=decibels
        )[0]
        for decibels in (None, *asked.leakages)
    }
    head("Leakage, ours", ["how", "cpWER %", "channel A", "channel B", "insertions", "words", "over the turns alone"])
    alone = transcribed_by("one by one", paths[None])["found"][0]
    least = _leakage_row("its turns one by one", paths[None], alone, None)
    got = transcribed_by("Allô", *paths.values())["found"]
    for (decibels, path), transcribed in zip(paths.items(), got, strict=True):
        _leakage_row("no leakage" if decibels is None else f"{decibels:g} dB", path, transcribed, least)


def _leakage_row(name: str, path: Path, transcribed: dict, least: float | None) -> float:
    found = score([path], [transcribed])
    channels = [edits.rate for _, edits in sorted(found.rates_by(lambda call, turn: turn.channel).items())]
    over = "" if least is None else f"{found.cp.rate - least:+.1f}"
    row(name, found.cp.rate, *channels, found.cp.insertions, found.cp.words, over)
    return found.cp.rate


def memory(folder: Path, clips: corpus.Corpus, asked: argparse.Namespace) -> None:
    (path,) = simulate(clips, folder / "memory", seconds=60 * asked.minutes, seed=asked.seed)
    head("Long calls, ours", ["minutes", "peak MB", "more than the first", "seconds", "times real time"])
    first = None
    for minutes in asked.lengths:
        long = repeated(path, minutes, folder / "long.wav")
        got = transcribed_by("Allô", long)
        peak = got["memory"] / 1e6
        first = first or peak
        row(f"{minutes:g}", f"{peak:.0f}", f"{peak - first:+.0f}", got["seconds"], 60 * minutes / got["seconds"])


def repeated(path: Path, minutes: float, out: Path) -> Path:
    """The call again and again, 16-bit, until it has so many minutes."""
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        call = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    missing = round(60 * minutes * rate) * 2
    with wave.open(str(out), "wb") as sound:
        sound.setparams((2, 2, rate, 0, "NONE", ""))
        while missing > 0:
            sound.writeframesraw(call[:missing].tobytes())
            missing -= len(call)
    return out


def speakers(folder: Path, clips: corpus.Corpus, asked: argparse.Namespace) -> None:
    paths = simulate(
        clips, folder / "mono", calls=asked.calls, seconds=60 * asked.minutes, mono=True, seed=asked.seed + 1
    )
    head(
        f"One channel, {len(paths)} calls, ours",
        [
            *("asked", "cpWER %", "ORC-WER %", "DER %", "missed", "invented", "confused", f"DER % but {COLLAR:g} s"),
            *("speakers", "sure", "seconds"),
        ],
    )
    for name in ("two speakers", "speakers found"):
        got = transcribed_by(name, *paths)
        found = score(paths, got["found"])
        strict = found.diarization
        numbers = ", ".join(str(call.speakers[1]) for call in found.calls)
        sure = ", ".join("-" if one is None else f"{one:.2f}" for one in (h["speakers_sure"] for h in got["found"]))
        parts = [100 * part / strict.spoken for part in (strict.missed, strict.false_alarm, strict.confusion)]
        figures = found.cp.rate, found.orc.rate, strict.rate, *parts, found.forgiving.rate
        row(name, *figures, numbers, sure, got["seconds"])


def head(title: str, columns: list[str]) -> None:
    print(f"\n{title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def row(*cells: str | float) -> None:
    print(
        "| " + " | ".join(f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |", flush=True
    )


PARTS = {part.__name__: part for part in (peers, efforts, leakage, memory, speakers)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, metavar="M", help="of a call (default: 10)")
    parser.add_argument("--lengths", type=float, nargs="+", default=[2, 20, 120], metavar="M", help="of memory's calls")
    parser.add_argument("--leakages", type=float, nargs="+", default=[-35, -25, -15], metavar="DB")
    parser.add_argument("--calls", type=int, default=3, metavar="N", help="on one channel (default: 3)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="of the efforts, in turn (default: 1)")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="of the efforts")
    parser.add_argument("--only", nargs="+", default=list(PARTS), choices=PARTS, help="some of the parts")
    asked = parser.parse_args()
    clips = corpus.load("phone-prompts")
    print(f"{clips.name}, seed {asked.seed}; {platform.machine()}, {os.cpu_count()} cores, {date.today()}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for part in asked.only:
            PARTS[part](Path(folder), clips, asked)


if __name__ == "__main__":
    main()
