"""python bench/doubt.py [--calls N] [--minutes M] : which share of a call's errors lies in its least sure words.

Simulated calls of two channels, transcribed as the page does. A word of the transcript is wrong where the alignment
with what was said there has another word or none for it; a word that is missing counts as found where a neighbour
is marked, because that is where somebody reads.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import corpus
from bench.calls import by_channel, reference
from corpus.prompts import NAME
from corpus.simulate import simulate
from scoring.alignment import align
from scoring.measures import normaliser_of
from speech.decoding.decode import Options
from speech.engines import load
from speech.models.choose import choose
from speech.transcribe import transcribe
from transcripts.transcript import Word
from ui.calls.doubt import sureness

SHARES = (0.05, 0.10, 0.15, 0.20, 0.30, 0.40, 0.50)


def tokens(texts: list[str]) -> list[tuple[int, str]]:
    """Normalised words, each with the place of the text that it comes from."""
    normalise = normaliser_of("french").apply
    return [(at, token) for at, text in enumerate(texts) for token in normalise(text).split()]


def errors(said: str, words: list[Word]) -> list[tuple[str, list[int]]]:
    """Each error's kind, and the places of the words where it is seen."""
    heard = tokens([word.text for word in words])
    steps = align(" ".join(token for _, token in tokens(said.split())), " ".join(token for _, token in heard))
    found, at = [], 0
    for step in steps:
        if step.kind == "delete":
            beside = {heard[place][0] for place in (at - 1, at) if 0 <= place < len(heard)}
            found.append((step.kind, sorted(beside)))
            continue
        if step.kind != "equal":
            found.append((step.kind, [heard[at][0]]))
        at += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=3.0)
    asked = parser.parse_args()

    engine = load(choose())
    sure, wrong = [], []  # of each word; of each error its kind, and of the words where it is seen
    with tempfile.TemporaryDirectory() as folder:
        manner = {"seconds": 60 * asked.minutes, "codec": "alaw", "snr": 25.0, "overlap": 0.2, "seed": 11}
        for path in simulate(corpus.load(NAME), Path(folder), calls=asked.calls, **manner):
            *_, last = transcribe(path, engine, Options("fr", words=True, margin=engine.margin))
            turns = sorted(last.transcript.turns, key=lambda turn: turn.start)
            for channel, said in enumerate(by_channel(reference(path)["turns"])):
                words = [(turn, word) for turn in turns if turn.channel == channel for word in turn.words]
                own = [sureness(turn, word) for turn, word in words]
                found = errors(said, [word for _, word in words])
                wrong += [(kind, [own[at] for at in places]) for kind, places in found]
                sure += own
    report(sorted(sure), wrong)


def report(sure: list[float], wrong: list[tuple[str, list[float]]]) -> None:
    kinds = ("substitute", "insert", "delete")
    counts = {kind: sum(each == kind for each, _ in wrong) for kind in kinds}
    print(f"{len(sure)} words, {len(wrong)} errors: {counts}\n")
    print("| words marked | below | errors found | " + " | ".join(kinds) + " |\n|---|---|---|---|---|---|")
    for share in SHARES:
        limit = sure[min(round(share * len(sure)), len(sure) - 1)]
        seen = {kind: sum(each == kind and min(at, default=1) < limit for each, at in wrong) for kind in kinds}
        cells = [f"{100 * seen[kind] / max(1, counts[kind]):.0f} %" for kind in kinds]
        whole = 100 * sum(seen.values()) / max(1, len(wrong))
        print(f"| {100 * share:.0f} % | {limit:.2f} | {whole:.0f} % | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
