"""python bench/calls.py [--minutes M] [--only PART...] : simulated calls through us and our peers, in one run.

peers     a two-channel call: ours, given its path, against faster-whisper's two pipelines, given each channel
leakage   the same call with each voice in the other channel as well, against its turns heard one by one
memory    our peak on calls of several lengths, which repeat that call
speakers  calls on one channel: the diarization error rate of our turns

Every system (`systems.py`) has int8 and voice activity detection. WER is per channel: the turns of a channel in order,
against what was said there, edits and words summed over both channels.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import wave
from collections.abc import Iterable
from datetime import date
from itertools import permutations
from pathlib import Path

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

import corpus
from bench.systems import measured
from corpus.prompts import prompt
from corpus.simulate import simulate
from scoring.measures import rates

GRID = 100  # pieces a second, in which speakers are compared
COLLAR = 0.25  # seconds around the borders of the reference that are forgiven, as is usual
Turns = list[dict]  # start, end, channel, speaker, text
PEERS = "Allô", "faster-whisper, batched", "faster-whisper, sequential"


def heard_by(name: str, *paths: Path) -> dict:
    warm = None if name == "one by one" else str(prompt("conf-full"))  # which has no reference
    return measured("calls", name, [str(path) for path in paths], warm)


def reference(path: str | Path) -> dict:
    return json.loads(Path(path).with_suffix(".json").read_text(encoding="utf-8"))


def by_channel(turns: Turns, channels: Iterable[int] = (0, 1)) -> list[str]:
    ordered = sorted(turns, key=lambda turn: turn["start"])
    return [" ".join(turn["text"] for turn in ordered if turn["channel"] == channel) for channel in channels]


def errors(path: Path, heard: dict, normaliser: str = "french") -> dict:
    """`scoring`'s rates, channel for channel."""
    return rates(by_channel(reference(path)["turns"]), by_channel(heard["turns"]), normaliser)


def diarization(said: Turns, heard: Turns, collar: float = 0.0) -> dict[str, float]:
    """Seconds: spoken; missed, invented and confused, which over the spoken are the diarization error rate.

    Overlaps count for each speaker. The heard speakers' names are matched to the true ones' as is best.
    """
    length = round(GRID * max(turn["end"] for turn in [*said, *heard])) + 1
    truth, found = _grid(said, length), _grid(heard, length)
    counted = np.ones(length, bool)
    for turn in said if collar else ():
        for border in (turn["start"], turn["end"]):
            counted[max(0, round(GRID * (border - collar))) : round(GRID * (border + collar))] = False
    truth, found = truth[:, counted], found[:, counted]
    if len(found) < len(truth):
        found = np.pad(found, ((0, len(truth) - len(found)), (0, 0)))
    right = max(int((truth & found[list(order)]).sum()) for order in permutations(range(len(found)), len(truth)))
    speak, speakers = truth.sum(axis=0), found.sum(axis=0)
    return {
        "spoken": speak.sum() / GRID,
        "missed": np.maximum(speak - speakers, 0).sum() / GRID,
        "invented": np.maximum(speakers - speak, 0).sum() / GRID,
        "confused": (np.minimum(speak, speakers).sum() - right) / GRID,
    }


def _grid(turns: Turns, length: int) -> np.ndarray:
    """Who speaks when: bool (speakers, length)."""
    names = sorted({str(turn["speaker"]) for turn in turns})
    speaks = np.zeros((len(names), length), bool)
    for turn in turns:
        speaks[names.index(str(turn["speaker"])), round(GRID * turn["start"]) : round(GRID * turn["end"])] = True
    return speaks


def peers(folder: Path, clips: corpus.Corpus, asked: argparse.Namespace) -> None:
    (path,) = simulate(clips, folder / "peers", seconds=60 * asked.minutes, seed=asked.seed)
    audio = reference(path)["seconds"]
    head(
        f"Two channels, {audio:.0f} s",
        ["system", "WER %", "S / D / I", "WER % (basic)", "seconds", "times real time", "peak MB"],
    )
    for name in PEERS:
        got = heard_by(name, path)
        own, basic = (errors(path, got["heard"][0], normaliser) for normaliser in ("french", "basic"))
        edits = " / ".join(str(own[kind]) for kind in ("substitutions", "deletions", "insertions"))
        seconds = got["seconds"]
        row(name, own["wer"], edits, basic["wer"], seconds, audio / seconds, f"{got['memory'] / 1e6:.0f}")


def leakage(folder: Path, clips: corpus.Corpus, asked: argparse.Namespace) -> None:
    """The same seed: the same turns at the same times."""
    paths = {
        decibels: simulate(
            clips, folder / f"leakage{decibels}", seconds=60 * asked.minutes, seed=asked.seed, leakage=decibels
        )[0]
        for decibels in (None, *asked.leakages)
    }
    head("Leakage, ours", ["heard", "WER %", "channel A", "channel B", "insertions", "words", "over the turns alone"])
    alone = heard_by("one by one", paths[None])["heard"][0]
    least = _leakage_row("its turns one by one", paths[None], alone, None)
    got = heard_by("Allô", *paths.values())["heard"]
    for (decibels, path), heard in zip(paths.items(), got, strict=True):
        _leakage_row("no leakage" if decibels is None else f"{decibels:g} dB", path, heard, least)


def _leakage_row(name: str, path: Path, heard: dict, least: float | None) -> float:
    both = errors(path, heard)
    said, found = by_channel(reference(path)["turns"]), by_channel(heard["turns"])
    channels = [rates([a], [b])["wer"] for a, b in zip(said, found, strict=True)]
    over = "" if least is None else f"{both['wer'] - least:+.1f}"
    row(name, both["wer"], *channels, both["insertions"], both["words"], over)
    return both["wer"]


def memory(folder: Path, clips: corpus.Corpus, asked: argparse.Namespace) -> None:
    (path,) = simulate(clips, folder / "memory", seconds=60 * asked.minutes, seed=asked.seed)
    head("Long calls, ours", ["minutes", "peak MB", "more than the first", "seconds", "times real time"])
    first = None
    for minutes in asked.lengths:
        long = repeated(path, minutes, folder / "long.wav")
        got = heard_by("Allô", long)
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
        ["asked", "DER %", "missed", "invented", "confused", f"DER % but {COLLAR:g} s", "speakers", "sure", "seconds"],
    )
    for name in ("two speakers", "speakers found"):
        got = heard_by(name, *paths)
        strict, usual = (_shares(paths, got["heard"], collar) for collar in (0.0, COLLAR))
        numbers = ", ".join(str(len({turn["speaker"] for turn in heard["turns"]})) for heard in got["heard"])
        sure = ", ".join("-" if one is None else f"{one:.2f}" for one in (h["speakers_sure"] for h in got["heard"]))
        parts = [strict[kind] for kind in ("missed", "invented", "confused")]
        row(name, sum(parts), *parts, sum(usual.values()), numbers, sure, got["seconds"])


def _shares(paths: list[Path], heard: list[dict], collar: float) -> dict[str, float]:
    """Percent of what was spoken in all calls together."""
    found = [
        diarization(reference(path)["turns"], one["turns"], collar) for path, one in zip(paths, heard, strict=True)
    ]
    spoken = sum(one["spoken"] for one in found)
    return {kind: 100 * sum(one[kind] for one in found) / spoken for kind in ("missed", "invented", "confused")}


def head(title: str, columns: list[str]) -> None:
    print(f"\n{title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)


def row(*cells: str | float) -> None:
    print(
        "| " + " | ".join(f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |", flush=True
    )


PARTS = {part.__name__: part for part in (peers, leakage, memory, speakers)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, metavar="M", help="of a call (default: 10)")
    parser.add_argument("--lengths", type=float, nargs="+", default=[2, 20, 120], metavar="M", help="of memory's calls")
    parser.add_argument("--leakages", type=float, nargs="+", default=[-35, -25, -15], metavar="DB")
    parser.add_argument("--calls", type=int, default=3, metavar="N", help="on one channel (default: 3)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", default=list(PARTS), choices=PARTS, help="some of the parts")
    asked = parser.parse_args()
    clips = corpus.load("phone-prompts")
    print(f"{clips.name}, seed {asked.seed}; {platform.machine()}, {os.cpu_count()} cores, {date.today()}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for part in asked.only:
            PARTS[part](Path(folder), clips, asked)


if __name__ == "__main__":
    main()
