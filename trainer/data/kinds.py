"""The kinds of example: a clip, turns of a call stitched together, a sound without speech, and a clip for replay.

Each function makes one example of an `Examples` from its plan.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from speech.audio.decode import SAMPLE_RATE, read
from speech.decoding.decode import CONTEXT, MAX_CLIP
from speech.engines.base import FRAMES_PER_SECOND, SECONDS_PER_TOKEN
from trainer.data.augment import LONGEST_DELAY, faster, telephone_line, without_speech

LONGEST_TIMED = 8.0  # seconds: a longer clip has several sentences, and one span for all would unteach Whisper's own
LONGEST_STITCHED = 29.0  # seconds
PREVIOUS = 100  # tokens of previous text, at most
GAPS = (0.1, 0.8)  # seconds of silence between stitched turns
TRANSLATED = 0.5  # of replay with the corpus's own clips: the share that is to be translated


@dataclass(frozen=True)
class ExamplePlan:
    """How one example will be made; drawn without reading its sound."""

    kind: str  # a key of KINDS
    frames: int  # mel frames of the window that it needs
    random: np.random.Generator  # for what is drawn later
    replay_clip: int | None = None  # which of Examples.replay_clips; None: the corpus's own clip
    speed: float = 1.0


class ReplayClip(NamedTuple):
    """A clip in another language than the corpus's."""

    language: str
    path: Path
    seconds: float
    text: list[int]


@dataclass(frozen=True)
class Example:
    waveform: np.ndarray  # float32 at 16 kHz
    frames: int  # mel frames of the window that it needs
    prompt: list[int]  # the tokens that decoding starts from
    text: list[int]  # the tokens to write after them, the end token included
    random: np.random.Generator
    window: int = 0  # mel frames of its batch's window
    replayed: bool = False  # trained to keep the base's output at each token of the text, and not on the text


def clip(examples, plan: ExamplePlan, number: int) -> Example:
    """The clip and its text, with augmentation."""
    data = examples.settings.data
    waveform = faster(examples.waveform(number), plan.speed)
    if plan.random.random() < data.telephone_probability:
        waveform = telephone_line(waveform, plan.random)
    start, seconds = 0.0, len(waveform) / SAMPLE_RATE
    if plan.random.random() < data.delay_probability:
        room = plan.frames / FRAMES_PER_SECOND - seconds - data.margin_least
        start = plan.random.uniform(0.0, max(0.0, min(LONGEST_DELAY, room)))
        waveform = np.pad(waveform, (round(start * SAMPLE_RATE), 0))
        seconds = len(waveform) / SAMPLE_RATE
    text = examples.texts[number]
    if plan.random.random() < data.timestamps and seconds <= LONGEST_TIMED:
        timed = [timestamp(examples, start), *text, timestamp(examples, seconds), examples.end]
        return Example(waveform, plan.frames, examples.timed_prompt, timed, plan.random)
    return Example(waveform, plan.frames, examples.prompt, [*text, examples.end], plan.random)


def replay(examples, plan: ExamplePlan, number: int) -> Example:
    """A clip in another language, or the corpus's as if it were, or to translate.

    An adapter trained on one language unlearns the others; here it is held to the base's output, for which any text
    will do.
    """
    random, task, text = plan.random, "transcribe", examples.texts[number]
    if plan.replay_clip is not None:
        language, path, _, text = examples.replay_clips[plan.replay_clip]
        waveform = read(path).waveform[0]
    else:
        languages = examples.replay_languages
        language, waveform = languages[random.integers(len(languages))], examples.waveform(number)
        if random.random() < TRANSLATED:
            language, task = examples.settings.data.language, "translate"
    timed = random.random() < examples.settings.data.timestamps
    prompt = examples.engine.prompt(language, task, timestamps=timed)
    if timed:
        text = [timestamp(examples, 0.0), *text, timestamp(examples, len(waveform) / SAMPLE_RATE)]
    return Example(waveform, plan.frames, prompt, [*text, examples.end], random, replayed=True)


def stitched(examples, plan: ExamplePlan, number: int) -> Example:
    """The turns of a call from this one on, as many as fit in the window, each with its times."""
    call = examples.calls[number]
    place = call.index(number)
    prompt = examples.timed_prompt
    if place and plan.random.random() < 0.5:
        previous = [token for turn in call[:place] for token in examples.texts[turn]][-PREVIOUS:]
        prompt = [examples.engine.generation.prev_sot_token_id, *previous, *prompt]
    pieces, text, now = [], [], 0.0
    for turn in call[place:]:
        room = len(prompt) + len(text) + len(examples.texts[turn]) + 3 <= CONTEXT
        if text and (now + examples.seconds[turn] > LONGEST_STITCHED or not room):
            break
        waveform = examples.waveform(turn)
        after = now + len(waveform) / SAMPLE_RATE
        text += [timestamp(examples, now), *examples.texts[turn], timestamp(examples, after)]
        gap = round(plan.random.uniform(*GAPS) * SAMPLE_RATE)
        pieces += [waveform, np.zeros(gap, np.float32)]
        now = after + gap / SAMPLE_RATE
    waveform = np.concatenate(pieces)[:MAX_CLIP]
    return Example(waveform, plan.frames, prompt, [*text, examples.end], plan.random)


def silence(examples, plan: ExamplePlan, number: int) -> Example:
    """A sound without speech, and an empty text."""
    waveform = without_speech(plan.frames * SAMPLE_RATE // FRAMES_PER_SECOND, plan.random)
    if plan.random.random() < examples.settings.data.timestamps:
        text = [timestamp(examples, 0.0), examples.end]
        return Example(waveform, plan.frames, examples.timed_prompt, text, plan.random)
    return Example(waveform, plan.frames, examples.prompt, [examples.end], plan.random)


KINDS = {"clip": clip, "stitched": stitched, "silence": silence, "replay": replay}


def timestamp(examples, seconds: float) -> int:
    """The token of a time in the window."""
    return examples.engine.timestamp_begin + min(round(seconds / SECONDS_PER_TOKEN), 1500)
