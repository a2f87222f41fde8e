"""Clips of at most 30 s into text, paying for the audio there is.

A clip is decoded first in a mel window cut to its length, in batches of clips of similar length. Text that looks
unreliable is decoded again in the full 30-s window that Whisper was trained on, and text that still loops there, at
higher temperatures. `bench/README.md` has the measurements behind the constants.
"""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from common.messages import UserError
from speech.audio.decode import SAMPLE_RATE
from speech.decoding.alternatives import with_alternatives
from speech.decoding.effort import EFFORT, beam_of
from speech.decoding.hallucinations import is_hallucination, is_loop, is_too_long
from speech.decoding.mbr import consensus
from speech.decoding.segments import text_of, turns_of
from speech.decoding.word_timestamps import UNSPACED, words_of
from speech.engines.base import FRAMES_PER_SECOND, FULL_WINDOW, Engine, Hypothesis
from speech.models.checkpoint import MARGIN
from transcripts.transcript import Flagged, Turn, Word

CONTEXT = 448  # positions of Whisper's decoder: prompt and text
MAX_CLIP = 30 * SAMPLE_RATE  # samples
MAX_BEAM = 20
MAX_PROMPT = 200  # tokens of previous text and hot words: the rest belongs to the answer
TOKENS_AT_LEAST, TOKENS_PER_SECOND = 16, 8  # the length limit: fast French has about 6 tokens a second
CPU_FRAMES = 12000  # mel frames of one batch on a CPU: more take memory and gain no time
RETRY_LOGPROB = -2.0  # mean log-probability under which a clip is decoded again in full; -1 lost half a point
UNSURE_LOGPROB = -0.15  # mean log-probability under which a beam looks for other texts
LONG = 12  # seconds of a clip in which greedy decoding is unsure of something as good as always: a beam looks at once
FEW = 3.0  # tokens a second, of French in which a beam may have left out a sentence: greedy decoding does not
SHORTEST = 0.6  # of a greedy text's tokens, or of a beam's longest, that another text has to have
SILENT_LOGPROB, SILENT_SHARE = -1.0, 0.6  # Whisper's own thresholds: unsure, and probably no speech at all


@dataclass(frozen=True)
class Options:
    language: str | None = "fr"  # Whisper's code; None: detected
    task: str = "transcribe"  # or "translate", into English
    timestamps: bool = True  # the model cuts a window into timed segments; else a window is one turn
    words: bool = False  # times of the words
    prompt: str = ""  # text that comes before, in the spelling that is wanted
    hot_words: str = ""  # words to expect
    context: bool = False  # each window after the text of the one before: slower, one window at a time
    voice_activity: bool = True  # windows without speech are not decoded
    beam_size: int = 1  # 1 is greedy
    unsure_beam: int = beam_of(EFFORT)  # in long clips, and where greedy decoding is unsure; 1: no beam there either
    temperatures: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # the next one where the text is a loop
    margin: float | None = MARGIN  # seconds of window after the clip; None: always the full window
    batch_size: int = 8
    spread: int = 0  # whole seconds by which clips of a batch may differ; with 0 its other clips change no word

    def __post_init__(self):
        if self.task not in ("transcribe", "translate"):
            raise UserError(
                en=f"There is no task {self.task!r}: choose transcribe or translate.",
                fr=f"La tâche {self.task!r} n'existe pas : choisissez transcribe ou translate.",
            )
        for size in (self.beam_size, self.unsure_beam):
            if not 1 <= size <= MAX_BEAM:
                raise UserError(
                    en=f"The beam size is {size}: choose 1 (greedy) to {MAX_BEAM}.",
                    fr=f"La largeur de faisceau est {size} : choisissez de 1 (glouton) à {MAX_BEAM}.",
                )


@dataclass(frozen=True)
class DecodedClip:
    """The text of one clip; times from its start."""

    turns: tuple[Turn, ...]
    flagged: tuple[Flagged, ...] = ()
    attempts: int = 1  # how often it was decoded: once where the short window was enough

    @property
    def text(self) -> str:
        return " ".join(turn.text for turn in self.turns)


def check_language(engine: Engine, language: str | None) -> None:
    """Raises UserError for a language that the model does not know."""
    if language is not None and language not in engine.languages:
        raise UserError(
            en=f"The model does not know the language {language!r}: use a code such as fr or en, or auto.",
            fr=f"Le modèle ne connaît pas la langue {language!r} : donnez un code comme fr ou en, ou auto.",
        )


def detect_language(engine: Engine, clip: np.ndarray) -> str:
    """The code of the clip's most probable language, from the full window."""
    shares = engine.detect(engine.encode(engine.mel([clip], FULL_WINDOW)))[0]
    return max(shares, key=shares.get)


def decode(
    engine: Engine, clips: Sequence[np.ndarray], options: Options, previous: str = "", no_retry: Collection[int] = ()
) -> Iterator[list[tuple[int, DecodedClip]]]:
    """Decodes clips (float32 at 16 kHz, at most 30 s each); gives (index, text), a batch at a time.

    The order is by length, and the clips that are decoded again come last; those of `no_retry` come without text
    instead. `options.language` must be a code here. Raises ValueError for a longer clip: `transcribe` is for those.
    """
    if any(len(clip) > MAX_CLIP for clip in clips):
        raise ValueError("a clip is longer than Whisper's window of 30 s")
    prompt = _prompt(engine, options, previous)
    todo = sorted(range(len(clips)), key=lambda i: len(clips[i]))
    attempts = [_Attempt(None, warmth) for warmth in options.temperatures]
    margin = _margin(engine, options)
    if margin is not None:
        attempts.insert(0, _Attempt(margin))
    tried = [0] * len(clips)
    for attempt in attempts:
        frames = [attempt.frames(clip) for clip in clips]
        again = []
        if attempt.margin is not None and options.temperatures:  # what fills the window anyway waits for the full one
            again = [i for i in todo if frames[i] == FULL_WINDOW]
        order = todo[: len(todo) - len(again)]
        last = attempt is attempts[-1]
        for batch, texts in _decoded_batches(engine, clips, order, prompt, options, attempt, last):
            settled = []
            for i, found in zip(batch, texts, strict=True):
                tried[i] += 1
                if found is None and i in no_retry:
                    found = DecodedClip(())
                if found is None:
                    again.append(i)
                else:
                    settled.append((i, replace(found, attempts=tried[i])))
            if settled:
                yield settled
        todo = sorted(again, key=lambda i: len(clips[i]))


@dataclass(frozen=True)
class _Attempt:
    """One way to decode a clip."""

    margin: float | None  # seconds of window after the clip; None: the full 30 s
    temperature: float = 0.0

    def frames(self, clip: np.ndarray) -> int:
        """Mel frames of the clip's window; even, because the encoder halves them, and by eights for its kernels."""
        if self.margin is None:
            return FULL_WINDOW
        return min(FULL_WINDOW, 8 * math.ceil((_seconds(clip) + self.margin) * FRAMES_PER_SECOND / 8))


def _decoded_batches(
    engine: Engine,
    clips: Sequence[np.ndarray],
    order: list[int],
    prompt: list[int],
    options: Options,
    attempt: _Attempt,
    last: bool,
) -> Iterator[tuple[list[int], list[DecodedClip | None]]]:
    """Each batch of the order with what one attempt gives.

    Each of the engine's workers has a batch at a time, all together `options.batch_size` clips.
    """
    most = options.batch_size * FULL_WINDOW if engine.device == "cuda" else CPU_FRAMES // engine.workers
    at_once = max(1, options.batch_size // engine.workers)
    seconds, frames = [_seconds(clip) for clip in clips], [attempt.frames(clip) for clip in clips]
    batches = list(_batches(order, seconds, frames, options.spread, at_once, most))
    sounds = ([clips[i] for i in batch] for batch in batches)
    windows = ((some, engine.mel(some, attempt.frames(some[-1]))) for some in sounds)  # the last is the longest
    work = partial(_decode_batch, engine, prompt=prompt, options=options, attempt=attempt, last=last)
    yield from zip(batches, engine.map_batches(work, windows), strict=True)


def _margin(engine: Engine, options: Options) -> float | None:
    """Seconds after a clip: the adapter's own for the language and the task that it learned, else the base's."""
    learned = engine.language is None or (engine.language, "transcribe") == (options.language, options.task)
    return options.margin if learned or options.margin is None else max(options.margin, MARGIN)


def _seconds(clip: np.ndarray) -> int:
    """Whole seconds that hold the clip."""
    return math.ceil(len(clip) / SAMPLE_RATE)


def _batches(
    order: list[int], seconds: list[int], frames: list[int], spread: int, at_once: int, most_frames: int
) -> Iterator[list[int]]:
    """Cuts an order of rising length into batches whose `seconds` differ by `spread` at most."""
    batch: list[int] = []
    for i in order:
        fits = len(batch) < at_once and (len(batch) + 1) * frames[i] <= most_frames
        if batch and not (fits and seconds[i] - seconds[batch[0]] <= spread):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _prompt(engine: Engine, options: Options, previous: str) -> list[int]:
    """The ids to decode from. What the user gave must fit; of the previous text the last words are kept."""
    given = " ".join(text for text in (options.hot_words, options.prompt) if text)
    taken = len(engine.vocabulary.ids(given))
    if taken > MAX_PROMPT:
        raise UserError(
            en=f"The prompt and hot words take {taken} tokens and at most {MAX_PROMPT} fit: shorten them.",
            fr=f"Le contexte et les mots attendus prennent {taken} tokens et {MAX_PROMPT} au plus tiennent : "
            "raccourcissez-les.",
        )
    last = engine.vocabulary.ids(previous)[taken - MAX_PROMPT :]
    before = f"{given} {engine.vocabulary.text(last)}"
    return engine.prompt(options.language, options.task, options.timestamps, before)


def _decode_batch(
    engine: Engine,
    batch: tuple[list[np.ndarray], np.ndarray],
    prompt: list[int],
    options: Options,
    attempt: _Attempt,
    last: bool,
) -> list[DecodedClip | None]:
    """The texts that one attempt gives for a batch, its clips and their mel; None where another one has to follow."""
    clips, mel = batch
    states = engine.encode(mel)
    most = min(CONTEXT - len(prompt), TOKENS_AT_LEAST + TOKENS_PER_SECOND * _seconds(clips[-1]))
    hypotheses = _hypotheses(engine, states, prompt, options, attempt.temperature, most, list(map(_seconds, clips)))
    short = mel.shape[2] < FULL_WINDOW
    final = [last or not _is_unreliable(engine, *pair, short) for pair in zip(clips, hypotheses, strict=True)]
    words = [()] * len(clips)
    if options.words and any(final):
        words = _words(engine, states, clips, hypotheses, options)
    return [
        _decoded(engine, clip, hypothesis, found, options.language) if is_final else None
        for clip, hypothesis, found, is_final in zip(clips, hypotheses, words, final, strict=True)
    ]


def _hypotheses(
    engine: Engine,
    states: Any,
    prompt: list[int],
    options: Options,
    temperature: float,
    most: int,
    seconds: list[int],
) -> list[Hypothesis]:
    """The greedy texts; where one is unsure, a beam gives more, and the one that they agree on is taken.

    Long clips have the beam first, unless an assistant drafts, which it does for greedy texts only. No beam where there
    is probably no speech: it would find something likelier than silence.
    """
    greedily = partial(engine.generate, prompt=prompt, beam_size=options.beam_size, max_tokens=most)
    if temperature or options.beam_size > 1 or options.unsure_beam == 1:
        return greedily(states, temperature=temperature)
    search = partial(engine.beam, prompt=prompt, size=options.unsure_beam, max_tokens=most)
    if min(seconds) >= LONG and engine.assistant is None:
        return _beam_first(engine, states, search, greedily, seconds, options.language)
    found = greedily(states, temperature=0.0)
    unsure = [at for at, each in enumerate(found) if not _is_silent(each) and each.logprob < UNSURE_LOGPROB]
    beams = search(engine.select(states, unsure)) if unsure else []
    for at, some in zip(unsure, beams, strict=True):
        found[at] = _agreed(engine, found[at], some, options.language)
    return found


def _beam_first(
    engine: Engine, states: Any, search: Callable, greedily: Callable, seconds: list[int], language: str
) -> list[Hypothesis]:
    """What a beam's texts agree on; greedy decoding is asked as well where they are few words for the time."""
    beams = search(states)
    longest = [max(some, key=lambda each: len(each.tokens)) for some in beams]
    few = [at for at, each in enumerate(longest) if _is_silent(each) or len(each.tokens) < FEW * seconds[at]]
    greedy = iter(greedily(engine.select(states, few), temperature=0.0) if few else ())
    found = []
    for at, (some, one) in enumerate(zip(beams, longest, strict=True)):
        base = next(greedy) if at in few else one
        found.append(base if _is_silent(base) else _agreed(engine, base, some, language))
    return found


def _is_silent(hypothesis: Hypothesis) -> bool:
    return hypothesis.no_speech > SILENT_SHARE


def _agreed(engine: Engine, base: Hypothesis, others: list[Hypothesis], language: str) -> Hypothesis:
    """The text that differs least from all, those left out that lack much of the base: short ones are likelier."""
    tokens = len(base.tokens)
    some = [other for other in others if len(other.tokens) >= SHORTEST * tokens and other.tokens != base.tokens]
    some.append(base)
    texts = [text_of(engine, each.tokens) for each in some]
    chosen = some.pop(consensus(texts, list(map(_total, some)), language in UNSPACED))
    return replace(chosen, others=tuple(some))


def _total(hypothesis: Hypothesis) -> float:
    """The log-probability of the whole text."""
    return hypothesis.logprob * (len(hypothesis.tokens) + 1)


def _decoded(
    engine: Engine, clip: np.ndarray, hypothesis: Hypothesis, words: tuple[Word, ...], language: str
) -> DecodedClip:
    if hypothesis.no_speech > SILENT_SHARE and hypothesis.logprob < SILENT_LOGPROB:
        return DecodedClip(())
    return DecodedClip(*turns_of(engine, len(clip) / SAMPLE_RATE, hypothesis, words, language))


def _words(
    engine: Engine, states: Any, clips: list[np.ndarray], hypotheses: list[Hypothesis], options: Options
) -> list[tuple[Word, ...]]:
    texts = [[token for token in h.tokens if token < engine.generation.eos_token_id] for h in hypotheses]
    frames = [math.ceil(len(clip) / SAMPLE_RATE * FRAMES_PER_SECOND) for clip in clips]
    alignments = engine.align(states, engine.prompt(options.language, options.task), texts, frames)
    words = [words_of(engine, *pair, options.language) for pair in zip(texts, alignments, strict=True)]
    if options.language in UNSPACED:
        return words
    return [_with_alternatives(engine, *pair) for pair in zip(words, hypotheses, strict=True)]


def _with_alternatives(engine: Engine, words: tuple[Word, ...], hypothesis: Hypothesis) -> tuple[Word, ...]:
    texts = [text_of(engine, other.tokens) for other in hypothesis.others]
    return with_alternatives(words, texts, list(map(_total, (hypothesis, *hypothesis.others))))


def _is_unreliable(engine: Engine, clip: np.ndarray, hypothesis: Hypothesis, short: bool) -> bool:
    """A full window is decoded again only for a loop or a hallucination; a short one also where it is unsure."""
    text = text_of(engine, hypothesis.tokens)
    if hypothesis.cut or is_loop(text) or is_hallucination(text):
        return True
    return short and (hypothesis.logprob < RETRY_LOGPROB or is_too_long(text, len(clip) / SAMPLE_RATE))
