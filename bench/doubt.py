"""python bench/doubt.py [--calls N] [--minutes M] [--seed S] : which errors lie in a call's least sure words.

Simulated calls of two channels, transcribed as the page does. A word of the transcript is wrong where the alignment
with what was said there has another word or none for it; a word that is missing counts as found where a neighbour
is marked, because that is where somebody reads. "At best" is what a marking would find that knows the errors.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

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


class Error(NamedTuple):
    kind: str  # "substitute", "insert" or "delete"
    places: list[int]  # of the words where it is seen
    said: str  # normalised; empty where nobody spoke


class Written(NamedTuple):
    """A word of a transcript."""

    sure: float
    others: list[str]  # what else it could be, normalised


def errors(said: str, words: list[Word]) -> list[Error]:
    written = tokens([word.text for word in words])
    steps = align(" ".join(token for _, token in tokens(said.split())), " ".join(token for _, token in written))
    found, at = [], 0
    for step in steps:
        if step.kind == "delete":
            beside = {written[place][0] for place in (at - 1, at) if 0 <= place < len(written)}
            found.append(Error(step.kind, sorted(beside), step.reference))
            continue
        if step.kind != "equal":
            found.append(Error(step.kind, [written[at][0]], step.reference))
        at += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=11, help="of the calls")
    asked = parser.parse_args()

    engine, normalise = load(choose()), normaliser_of("french").apply
    written, wrong = [], []  # each word; each error, with the words where it is seen
    with tempfile.TemporaryDirectory() as folder:
        manner = {"seconds": 60 * asked.minutes, "codec": "alaw", "snr": 25.0, "overlap": 0.2, "seed": asked.seed}
        for path in simulate(corpus.load(NAME), Path(folder), calls=asked.calls, **manner):
            *_, last = transcribe(path, engine, Options("fr", words=True, margin=engine.margin))
            turns = sorted(last.transcript.turns, key=lambda turn: turn.start)
            for channel, said in enumerate(by_channel(reference(path)["turns"])):
                words = [(turn, word) for turn in turns if turn.channel == channel for word in turn.words]
                own = [
                    Written(sureness(turn, word), [normalise(each.text) for each in word.alternatives])
                    for turn, word in words
                ]
                found = errors(said, [word for _, word in words])
                wrong += [(error, [own[at] for at in error.places]) for error in found]
                written += own
    report(written, wrong)


def report(written: list[Written], wrong: list[tuple[Error, list[Written]]]) -> None:
    sure, kinds = sorted(word.sure for word in written), ("substitute", "insert", "delete")
    counts = {kind: sum(error.kind == kind for error, _ in wrong) for kind in kinds}
    print(f"{len(sure)} words, {len(wrong)} errors: {counts}\n")
    print("| words marked | below | errors found | at best | " + " | ".join(kinds) + " |\n|" + 7 * "---|")
    errors_of = Counter(id(words[0]) for _, words in wrong if words)  # which a marking that knows them begins with
    for share in SHARES:
        limit = sure[min(round(share * len(sure)), len(sure) - 1)]
        marked = [error for error, words in wrong if min((word.sure for word in words), default=1.0) < limit]
        seen = Counter(error.kind for error in marked)
        best = sum(count for _, count in errors_of.most_common(round(share * len(sure))))
        cells = [f"{100 * part / max(1, whole):.0f} %" for part, whole in _shares(seen, best, counts, len(wrong))]
        print(f"| {100 * share:.0f} % | {limit:.2f} | {' | '.join(cells)} |")
    offered = sum(error.kind == "substitute" and error.said in words[0].others for error, words in wrong)
    print(f"\n{offered} of the {counts['substitute']} words for others have what was said among their alternatives.")


def _shares(seen: Counter, best: int, counts: dict[str, int], wrong: int) -> list[tuple[int, int]]:
    """Each cell of a row: a part, and of what."""
    return [(seen.total(), wrong), (best, wrong), *((seen[kind], count) for kind, count in counts.items())]


if __name__ == "__main__":
    main()
