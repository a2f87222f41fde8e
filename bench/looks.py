"""python bench/looks.py [--minutes M] [--seeds S...] [LOOK...] : dearer looks at the long clips of calls.

Simulated calls of two channels, once with each look in one process; short clips are decoded as always. Core seconds
are those of this process on all cores. A look is one of

now              the product's: a beam at once, and what its texts agree on
greedy           none
first            greedy decoding first, the beam where that is unsure
samples:N:T      N texts at temperature T in one batch in place of the beam, and what they agree on
segments:P:S     greedy decoding first, the beam for those segments alone whose tokens have a mean log-probability below
                 P; of its texts those that end within S seconds of the segment's end
"""

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice, takewhile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

import corpus
from bench.efforts import on_calls
from corpus.simulate import simulate
from scoring.measures import rates
from speech.decoding import decode as decoding
from speech.decoding.decode import LONG, SHORTEST, Options
from speech.decoding.effort import beam_of
from speech.decoding.mbr import consensus
from speech.decoding.segments import text_of
from speech.engines import load
from speech.engines.base import FRAMES_PER_SECOND, SECONDS_PER_TOKEN, Hypothesis
from speech.engines.ctranslate2 import CTranslate2Engine
from speech.models.choose import choose

LOOKS = ["greedy", "first", "samples:5:0.5", "segments:-0.25:0.5", "segments:-0.4:0.5", "now"]
BEAM = beam_of("balanced")
as_always = decoding._hypotheses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("looks", nargs="*", default=LOOKS, metavar="LOOK", help=f"(default: {' '.join(LOOKS)})")
    parser.add_argument("--minutes", type=float, default=5.0, help="of a call (default: 5)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of the calls (default: 0)")
    asked = parser.parse_args()
    engine = load(choose(), "ctranslate2")
    with tempfile.TemporaryDirectory() as folder:
        clips, seconds = corpus.load("phone-prompts"), 60 * asked.minutes
        calls = [simulate(clips, Path(folder, str(s)), seconds=seconds, seed=s)[0] for s in asked.seeds]
        print(f"{engine.model} {engine.precision}; calls of {asked.minutes:g} minutes, seeds {asked.seeds}\n")
        columns = ["look", "words", "errors", "substituted, deleted, inserted", "core seconds", "seconds"]
        print(f"| {' | '.join(columns)} |\n{len(columns) * '|---'}|")
        for look in asked.looks:
            options = prepared(look, Options(margin=engine.margin, unsure_beam=BEAM))
            core, clock = time.process_time(), time.perf_counter()
            found = rates(*on_calls(engine, options, calls))
            core, clock = time.process_time() - core, time.perf_counter() - clock
            kinds = [found[kind] for kind in ("substitutions", "deletions", "insertions")]
            print(f"| {look} | {found['words']} | {sum(kinds)} | {kinds} | {core:.0f} | {clock:.0f} |", flush=True)


def prepared(look: str, options: Options) -> Options:
    """Puts the look in the product's place."""
    kind, *figures = look.split(":")
    decoding.LONG = math.inf if kind == "first" else LONG
    dearer = {"samples": samples, "segments": segments}.get(kind)
    decoding._hypotheses = partial(in_long_clips, partial(dearer, *map(float, figures))) if dearer else as_always
    return replace(options, unsure_beam=1) if kind == "greedy" else options


def in_long_clips(
    look: Callable, engine: CTranslate2Engine, states, prompt, options, temperature, most, seconds
) -> list[Hypothesis]:
    if temperature or min(seconds) < LONG:
        return as_always(engine, states, prompt, options, temperature, most, seconds)
    greedy = partial(engine.generate, prompt=prompt, beam_size=1, temperature=0, max_tokens=most)
    return look(engine, states, prompt, most, greedy, seconds)


def samples(count: float, temperature: float, engine: CTranslate2Engine, states, prompt, most, greedy, seconds):
    """A text comes as often as it is likely: each counts once. No-speech is the same for all."""
    how = {"num_hypotheses": int(count), "sampling_topk": 0, "sampling_temperature": temperature}
    found = []
    for some in engine._generated(states, prompt, most, **how):
        longest = max(len(each.tokens) for each in some)
        some = [each for each in some if len(each.tokens) >= SHORTEST * longest]
        texts = [text_of(engine, each.tokens) for each in some]
        chosen = some.pop(consensus(texts, [0.0] * len(texts)))
        found.append(replace(chosen, others=tuple(some)))
    return found


def segments(below: float, near: float, engine: CTranslate2Engine, states, prompt, most, greedy, seconds):
    found, end = greedy(states), engine.generation.eos_token_id
    texts = [[token for token in each.tokens if token < end] for each in found]
    frames = [FRAMES_PER_SECOND * each for each in seconds]
    aligned = engine.align(states, engine.prompt("fr", "transcribe"), texts, frames)
    for at, (each, alignment) in enumerate(zip(found, aligned, strict=True)):
        one, tokens = engine.select(states, [at]), list(each.tokens)
        unsure = [span for *span, sure in spans(each.tokens, end, alignment.probabilities) if sure < below]
        for first, last in reversed(unsure):  # from the end, so that the places before stay
            tokens[first:last] = segment(engine, one, prompt, each.tokens, first, last, near)
        found[at] = replace(each, tokens=tokens)
    return found


def spans(tokens: list[int], end: int, probabilities: list[float]) -> Iterator[tuple[int, int, float]]:
    """First token, the one after the last, and mean log-probability of each segment."""
    left, at = iter(np.log(np.maximum(probabilities, 1e-9))), 0
    while at < len(tokens):
        length = len(list(takewhile(lambda token: token < end, tokens[at:])))
        if length:
            yield at, at + length, float(np.mean(list(islice(left, length))))
        at += length + 1


def segment(engine: CTranslate2Engine, states, prompt, tokens: list[int], first: int, last: int, near: float):
    """What a beam agrees on that goes on from the tokens before the segment."""
    own, until = tokens[first:last], tokens[last] if last < len(tokens) else None
    (found,) = engine.whisper.generate(
        states,
        [[*prompt, *tokens[:first]]],
        beam_size=BEAM,
        num_hypotheses=BEAM,
        max_length=2 * (len(own) + len(own) // 3 + 6),
        max_initial_timestamp_index=engine.generation.max_initial_timestamp_index,
        return_scores=True,
    )
    texts, logprobs = [own], [min(found.scores) * len(own)]
    for ids, score in zip(found.sequences_ids, found.scores, strict=True):
        text = list(takewhile(lambda token: token < engine.timestamp_begin, ids))
        after = ids[len(text)] if len(text) < len(ids) else None
        if (after is None) != (until is None) or len(text) < SHORTEST * len(own):
            continue
        if after is None or abs(after - until) * SECONDS_PER_TOKEN <= near:
            texts.append(text)
            logprobs.append(score * len(ids))
    return texts[consensus([text_of(engine, text) for text in texts], logprobs)]


if __name__ == "__main__":
    main()
