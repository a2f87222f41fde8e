"""What the model is shown: windows of sound, and the text that it is to write of them.

Everything random about an example is drawn from (seed, epoch, its number), and the order of an epoch from (seed,
epoch): a training that goes on after a death is shown the same in the same order.
"""

import hashlib
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset, Sampler
from torchaudio.functional import speed
from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

from common.messages import Message, UserError
from corpus import Corpus, splits
from corpus import telephone_line as telephone
from speech.audio.decode import SAMPLE_RATE
from speech.decoding.decode import CONTEXT, MAX_CLIP
from speech.engines.base import FRAMES_PER_SECOND, FULL_WINDOW, SECONDS_PER_TOKEN, Engine
from speech.models.checkpoint import MARGIN
from trainer.evaluation.evaluate import TOO_LONG
from trainer.evaluation.held_out_prompts import VOICES, spoken
from trainer.settings import Settings

IGNORED = -100  # a label that nothing is learned from
POOL = 64  # batches among which clips of like length are put together; with 16 a batch's window was a sixth longer
PREVIOUS = 100  # tokens of the text before, at most
LONGEST_STITCHED = 29.0  # seconds
LONGEST_TIMED = 8.0  # seconds: a longer clip has several sentences, and one span for all of them unlearns Whisper's own
PACES = (0.9, 0.95, 1.05, 1.1)  # times as fast as it was said, with its pitch
LATEST = 0.5  # seconds of silence before a clip, at most
GAPS = (0.1, 0.8)  # seconds of silence between stitched turns
KEPT = ("en", "fr", "es", "it", "de", "pt", "nl", "ar", "tr")  # languages in which the base is to stay as it is
OTHERS = 0.7  # of what is to stay: the share in another language, where there is such speech
TRANSLATED = 0.5  # of the rest: the share that is to be translated


@dataclass(frozen=True)
class Parts:
    """The rows of a corpus by what they are for. No row of the test split is ever learned from."""

    train: list[int]
    validation: list[int]
    test: list[int]
    foreign: int  # rows of other languages, which are none of these

    @property
    def counts(self) -> dict[str, int]:
        return {name: len(getattr(self, name)) for name in ("train", "validation", "test")}


def divided(corpus: Corpus, language: str, share: float = 1.0) -> Parts:
    """The corpus's own splits; where there is no validation, it is taken out of train. Of train `share` is kept.

    Raises UserError where there is nothing to learn from, or no clip to judge by.
    """
    rows = corpus.rows
    spoken = rows["language"].map(_code, na_action="ignore")
    own = rows[spoken.isna() | (spoken == language)]
    if own.empty:
        there = ", ".join(sorted(spoken.dropna().unique()))
        raise UserError(
            en=f"{corpus.name} is in another language ({there}) than {language}: --set language={there.split(',')[0]}.",
            fr=f"{corpus.name} est dans une autre langue ({there}) que {language} : "
            f"--set language={there.split(',')[0]}.",
        )
    split = own["split"].copy()
    if "validation" not in set(split):
        split[split == "train"] = _carved(own[split == "train"])
    found = {name: split.index[split == name].tolist() for name in ("train", "validation", "test")}
    for name, use in USES.items():
        if not found[name]:
            raise UserError(
                en=f"{corpus.name} has no clips {use.en}: give it more clips, or a column split (train, validation).",
                fr=f"{corpus.name} n'a pas d'extraits {use.fr} : donnez-lui plus d'extraits, ou une colonne split "
                "(train, validation).",
            )
    found["train"] = _some(own.loc[found["train"]], share)
    return Parts(**found, foreign=len(rows) - len(own))


def _carved(train: pd.DataFrame) -> list[str]:
    """Train or validation for each row; of few calls chance may take none or all, then it is the shortest."""
    names = splits.carve(train)
    if len(set(names)) == 2:
        return names
    groups = splits.groups(train)
    sizes = sorted((groups.count(group), group) for group in set(groups))
    return ["validation" if len(sizes) > 1 and group == sizes[0][1] else "train" for group in groups]


def _some(train: pd.DataFrame, share: float) -> list[int]:
    """The rows of whole calls (or what else is not divided), in an order of their own, until they make the share."""
    names = splits.groups(train)
    rows = Counter(names)
    order = sorted(rows, key=lambda name: hashlib.sha256(name.encode()).digest())
    before = dict(zip(order, accumulate((rows[name] for name in order), initial=0), strict=False))
    return [row for row, name in zip(train.index, names, strict=True) if before[name] < share * len(names)]


def _code(language: str) -> str:
    """fr of fr-CA, French, french_quebec."""
    name = language.lower().replace("_", "-").partition("-")[0]
    return TO_LANGUAGE_CODE.get(name, name[:2])


USES = {
    "train": Message(en="to learn from", fr="dont apprendre"),
    "validation": Message(en="to choose the best adapter by", fr="pour choisir le meilleur adaptateur"),
}


class Place(NamedTuple):
    """Which example is shown, and in which window."""

    epoch: int
    number: int
    frames: int  # mel frames: of the longest in its batch


@dataclass(frozen=True)
class Plan:
    """How one example will be made; drawn without a look at its sound."""

    kind: str  # "clip", "stitched", "silence" or "kept"
    frames: int  # mel frames of the window that it needs
    random: np.random.Generator  # for what is drawn after
    other: int | None = None  # which clip of another language, in the place of the corpus's
    pace: float = 1.0  # of PACES, or as it was said


class Other(NamedTuple):
    """A clip in another language than the corpus's."""

    language: str
    waveform: np.ndarray  # float32 at 16 kHz
    text: list[int]


@dataclass(frozen=True)
class Example:
    waveform: np.ndarray  # float32 at 16 kHz
    frames: int  # mel frames of the window that it needs
    given: list[int]  # the ids that decoding starts from
    text: list[int]  # the ids to be written after them, the end token included
    random: np.random.Generator
    window: int = 0  # mel frames of its batch's window
    kept: bool = False  # of the text nothing is learned: the base's own answer at each of its tokens is to stay


class Examples(Dataset):
    """The clips at `indices` of a corpus, as (epoch, number) shows them. `left_out`: (id, reason) of what cannot be."""

    def __init__(self, corpus: Corpus, indices: Sequence[int], engine: Engine, settings: Settings):
        self.corpus, self.engine, self.settings = corpus, engine, settings
        self.left_out: list[tuple[str, Message]] = []
        self.unreadable: dict[int, UserError] = {}
        self.prompt = engine.prompt(settings.language, timestamps=False)
        self.timed_prompt = engine.prompt(settings.language, timestamps=True)
        self.kept = [code for code in KEPT if code in engine.languages and code != settings.language]
        self.others = self._others() if settings.kept_share else []
        self.end = engine.generation.eos_token_id
        self.texts = self._tokens([corpus.rows["text"][i] for i in indices])
        kept = [at for at, i in enumerate(indices) if self._fits(i, self.texts[at])]
        self.indices = [indices[at] for at in kept]
        self.texts = [self.texts[at] for at in kept]
        self.seconds = [float(corpus.rows["seconds"][i]) for i in self.indices]
        self.calls = self._turns_of_calls()

    def __len__(self) -> int:
        return len(self.indices)

    def plan(self, epoch: int, number: int) -> Plan:
        settings = self.settings
        random = np.random.default_rng((settings.seed, epoch, number))
        drawn = random.random() - settings.silence_share
        if drawn < 0:
            return Plan("silence", _window(random.uniform(0.5, 6.0) + self._margin(random)), random)
        if drawn < settings.stitched_share and len(self.calls.get(number, ())) > 1:
            return Plan("stitched", FULL_WINDOW, random)
        full = settings.window == "full" or random.random() < settings.full_share
        if self.kept and settings.stitched_share <= drawn < settings.stitched_share + settings.kept_share:
            other = random.integers(len(self.others)) if self.others and random.random() < OTHERS else None
            seconds = self.seconds[number] if other is None else len(self.others[other].waveform) / SAMPLE_RATE
            # in the window in which decoding hears what the adapter did not learn
            return Plan("kept", FULL_WINDOW if full else _window(seconds + MARGIN), random, other)
        seconds, pace = self.seconds[number], 1.0
        if random.random() < settings.paced_share and seconds * SAMPLE_RATE <= MAX_CLIP * min(PACES):
            pace = random.choice(PACES)
        frames = FULL_WINDOW if full else _window(seconds / pace + self._margin(random))
        return Plan("clip", frames, random, pace=pace)

    def __getitem__(self, place: Place) -> Example:
        """The example; in the place of one whose sound cannot be read the next one, and a line that says so, once."""
        epoch, number, frames = place
        for at in [*range(number, len(self)), *range(number)]:
            plan = self.plan(epoch, at)
            try:
                example = getattr(self, f"_{plan.kind}")(plan, at)
                return replace(example, window=max(frames, plan.frames))
            except UserError as refusal:
                if at not in self.unreadable:
                    print(f"trainer: {refusal}", file=sys.stderr)
                self.unreadable[at] = refusal
        raise self.unreadable[number]

    def _clip(self, plan: Plan, number: int) -> Example:
        waveform = self._waveform(number)
        if plan.pace != 1.0:
            waveform = speed(torch.from_numpy(waveform), SAMPLE_RATE, plan.pace)[0].numpy()
        if plan.random.random() < self.settings.line_share:
            waveform = telephone_line(waveform, plan.random)
        start, seconds = 0.0, len(waveform) / SAMPLE_RATE
        if plan.random.random() < self.settings.late_share:
            room = plan.frames / FRAMES_PER_SECOND - seconds - self.settings.margin_least
            start = plan.random.uniform(0.0, max(0.0, min(LATEST, room)))
            waveform = np.pad(waveform, (round(start * SAMPLE_RATE), 0))
            seconds = len(waveform) / SAMPLE_RATE
        if plan.random.random() < self.settings.timestamps and seconds <= LONGEST_TIMED:
            text = [self._time(start), *self.texts[number], self._time(seconds), self.end]
            return Example(waveform, plan.frames, self.timed_prompt, text, plan.random)
        return Example(waveform, plan.frames, self.prompt, [*self.texts[number], self.end], plan.random)

    def _kept(self, plan: Plan, number: int) -> Example:
        """A clip in another language, or the corpus's as if it were, or to be translated: an adapter that learns one
        language alone unlearns the others, and here it is held to what the base says, for which any text will do."""
        random, task, text = plan.random, "transcribe", self.texts[number]
        if plan.other is not None:
            language, waveform, text = self.others[plan.other]
        else:
            language, waveform = self.kept[random.integers(len(self.kept))], self._waveform(number)
            if random.random() < TRANSLATED:
                language, task = self.settings.language, "translate"
        timed = random.random() < self.settings.timestamps
        given = self.engine.prompt(language, task, timestamps=timed)
        text = [self._time(0.0), *text, self._time(len(waveform) / SAMPLE_RATE)] if timed else text
        return Example(waveform, plan.frames, given, [*text, self.end], random, kept=True)

    def _others(self) -> list["Other"]:
        """Speech in other languages, where there is some, of each as much."""
        found = {code: spoken(code, to="keep") for code in self.kept if code in VOICES}
        least = min((len(clips) for clips in found.values() if clips), default=0)
        chosen = [(code, clip) for code, clips in found.items() for clip in clips[:least]]
        texts = self._tokens([clip.text for _, clip in chosen]) if chosen else []  # the tokenizer takes no empty list
        return [Other(code, clip.waveform, text) for (code, clip), text in zip(chosen, texts, strict=True)]

    def _stitched(self, plan: Plan, number: int) -> Example:
        """The turns of a call from this one on, as many as fit in the window, each with its times."""
        call = self.calls[number]
        place = call.index(number)
        given = self.timed_prompt
        if place and plan.random.random() < 0.5:
            before = [token for turn in call[:place] for token in self.texts[turn]][-PREVIOUS:]
            given = [self.engine.generation.prev_sot_token_id, *before, *given]
        pieces, text, now = [], [], 0.0
        for turn in call[place:]:
            room = len(given) + len(text) + len(self.texts[turn]) + 3 <= CONTEXT
            if text and (now + self.seconds[turn] > LONGEST_STITCHED or not room):
                break
            waveform = self._waveform(turn)
            after = now + len(waveform) / SAMPLE_RATE
            text += [self._time(now), *self.texts[turn], self._time(after)]
            gap = round(plan.random.uniform(*GAPS) * SAMPLE_RATE)
            pieces += [waveform, np.zeros(gap, np.float32)]
            now = after + gap / SAMPLE_RATE
        waveform = np.concatenate(pieces)[:MAX_CLIP]
        return Example(waveform, plan.frames, given, [*text, self.end], plan.random)

    def _silence(self, plan: Plan, number: int) -> Example:
        """Nothing is said, and nothing is to be written."""
        waveform = unspoken(plan.frames * SAMPLE_RATE // FRAMES_PER_SECOND, plan.random)
        if plan.random.random() < self.settings.timestamps:
            return Example(waveform, plan.frames, self.timed_prompt, [self._time(0.0), self.end], plan.random)
        return Example(waveform, plan.frames, self.prompt, [self.end], plan.random)

    def collate(self, examples: Sequence[Example]) -> dict[str, torch.Tensor]:
        """One batch, or a piece of one.

        frames (batch,) is what each needs; input_features (batch, mels, frames) float32; decoder_input_ids and labels
        (batch, tokens) int64, labels one ahead of what the decoder is given, IGNORED where nothing is to be learned;
        kept (batch,) bool, whose labels are no more than a way along which the base's answers are asked.
        """
        frames = torch.tensor([example.frames for example in examples])
        mel = self.engine.mel([example.waveform for example in examples], max(e.window for e in examples))
        for features, example in zip(mel, examples, strict=True):
            _mask(features, example, self.settings.spec_augment)
        longest = max(len(example.given) + len(example.text) for example in examples) - 1
        inputs = torch.full((len(examples), longest), self.end)
        labels = torch.full((len(examples), longest), IGNORED)
        for row, example in enumerate(examples):
            ids = torch.tensor([*example.given, *example.text])
            # The decoder is given its ids here, start token and all, and not made by transformers out of the labels:
            # so it can be given what it need not learn. Language, task and mode are always given, and learning them
            # from a corpus of one language would unlearn all others.
            learned = 1 if self.settings.prompt_loss else len(example.given)
            inputs[row, : len(ids) - 1] = ids[:-1]
            labels[row, learned - 1 : len(ids) - 1] = ids[learned:]
        return {
            "frames": frames,
            "input_features": torch.from_numpy(mel),
            "decoder_input_ids": inputs,
            "labels": labels,
            "kept": torch.tensor([example.kept for example in examples]),
        }

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        space = " " if self.settings.leading_space else ""
        return self.engine.tokenizer([space + text for text in texts], add_special_tokens=False).input_ids

    def _fits(self, index: int, text: list[int]) -> bool:
        reason = None
        if self.corpus.rows["seconds"][index] > MAX_CLIP / SAMPLE_RATE:
            reason = TOO_LONG.message
        elif len(self.prompt) + len(text) + 2 > CONTEXT:
            reason = Message(
                en=f"its text has {len(text)} tokens, more than Whisper writes of one window ({CONTEXT})",
                fr=f"son texte compte {len(text)} tokens, plus que Whisper n'en écrit par fenêtre ({CONTEXT})",
            )
        if reason:
            self.left_out.append((self.corpus.rows["id"][index], reason))
        return reason is None

    def _turns_of_calls(self) -> dict[int, list[int]]:
        """For the number of each clip the numbers of its call's, in the corpus's order."""
        calls: dict[str, list[int]] = {}
        for number, i in enumerate(self.indices):
            if self.corpus.rows["call"][i] is not None:
                calls.setdefault(self.corpus.rows["call"][i], []).append(number)
        return {number: call for call in calls.values() for number in call}

    def _waveform(self, number: int) -> np.ndarray:
        waveform = self.corpus.clip(self.indices[number])
        if len(waveform) > MAX_CLIP:  # its row said otherwise
            raise TOO_LONG
        return waveform

    def _margin(self, random: np.random.Generator) -> float:
        return random.uniform(self.settings.margin_least, self.settings.margin_most)

    def _time(self, seconds: float) -> int:
        return self.engine.timestamp_begin + min(round(seconds / SECONDS_PER_TOKEN), 1500)


class Batches(Sampler[list[Place]]):
    """An epoch's batches, of like length inside, in an order of chance: this process's share.

    Each batch is dealt out to `parts` processes, to all in the window of its longest clip: so a step learns the same
    for any number of them.
    """

    def __init__(self, examples: Examples, parts: int = 1, part: int = 0):
        self.examples, self.size, self.parts, self.part = examples, examples.settings.batch_size, parts, part
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-len(self.examples) // self.size)

    def __iter__(self) -> Iterator[list[Place]]:
        for batch in self.whole():
            yield batch[self.part :: self.parts]

    def whole(self) -> list[list[Place]]:
        """The epoch's batches of all processes."""
        random = np.random.default_rng((self.examples.settings.seed, self.epoch))
        order = random.permutation(len(self.examples)).tolist()
        batches = []
        for start in range(0, len(order), POOL * self.size):
            numbers = order[start : start + POOL * self.size]
            pool = sorted((self.examples.plan(self.epoch, number).frames, number) for number in numbers)
            for at in range(0, len(pool), self.size):
                longest, _ = max(pool[at : at + self.size])
                batches.append([Place(self.epoch, number, longest) for _, number in pool[at : at + self.size]])
        for batch in batches:  # the last one may be short: each process has one clip at least
            batch += (batch * self.parts)[: max(0, self.parts - len(batch))]
        return [batches[at] for at in random.permutation(len(batches))]


class Loader(DataLoader):
    """A DataLoader that tells its batches the epoch, as transformers' Trainer asks it to."""

    def set_epoch(self, epoch: int) -> None:
        self.batch_sampler.set_epoch(epoch)


def telephone_line(waveform: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The waveform (float32 at 16 kHz) through a telephone line of chance: A-law or µ-law, its level, its noise."""
    level = random.uniform(0.1, 0.9) / (abs(waveform).max(initial=0.0) or 1.0)
    codec = ("alaw", "ulaw")[random.integers(2)]  # the codecs that cost a clip nothing
    return telephone.through(waveform * np.float32(level), codec, snr=random.uniform(15, 40), seed=random)


def unspoken(samples: int, random: np.random.Generator) -> np.ndarray:
    """Silence, a telephone's tone, hum or noise: float32 at 16 kHz."""
    times = np.arange(samples) / SAMPLE_RATE
    loudness = 10 ** random.uniform(-4, -1)
    kind = random.integers(4)
    if kind == 0:
        return np.zeros(samples, np.float32)
    if kind == 1:
        tone, cadence = random.choice([350, 425, 440, 480, 620]), random.choice([0.5, 1.0, 4.0])
        sound = np.sin(2 * np.pi * tone * times) * ((times / cadence) % 2 < 1)
    elif kind == 2:
        sound = np.sin(2 * np.pi * random.choice([50, 60, 100]) * times)
    else:
        sound = random.standard_normal(samples) / 3
    return (loudness * sound).astype(np.float32)


def _window(seconds: float) -> int:
    """Mel frames of a window, by eights as in decoding."""
    return min(FULL_WINDOW, 8 * int(np.ceil(seconds * FRAMES_PER_SECOND / 8)))


def _mask(features: np.ndarray, example: Example, strength: float) -> None:
    """SpecAugment: blanks up to two bands and two stretches of the clip's mel (mels, frames), in place."""
    if not strength:
        return
    mels, length = len(features), min(features.shape[1], len(example.waveform) * FRAMES_PER_SECOND // SAMPLE_RATE)
    blank = features[:, :length].mean() if length else 0.0
    for _ in range(2):
        band = int(example.random.uniform(0, strength * mels / 4))
        start = int(example.random.uniform(0, mels - band))
        features[start : start + band, :length] = blank
        stretch = int(example.random.uniform(0, strength * length / 8))
        start = int(example.random.uniform(0, length - stretch))
        features[:, start : start + stretch] = blank
