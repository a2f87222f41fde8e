"""The training examples: windows of sound, and the text that the model is to write of them.

Everything random about an example is drawn from (seed, epoch, its number), and the order of an epoch from (seed,
epoch): a training that resumes sees the same examples in the same order.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch.utils.data import Dataset

from common.messages import Message, UserError
from corpus import Corpus
from speech.audio.decode import SAMPLE_RATE
from speech.decoding.decode import CONTEXT, MAX_CLIP
from speech.engines.base import FRAMES_PER_SECOND, FULL_WINDOW, Engine
from speech.models.checkpoint import MARGIN
from trainer.data import clips
from trainer.data.augment import SPEEDS, spec_augment
from trainer.data.batches import Place
from trainer.data.held_out_prompts import VOICES, chosen
from trainer.data.kinds import KINDS, Example, ExamplePlan, ReplayClip
from trainer.settings import Settings

IGNORED = -100  # a label that is not trained on
REPLAY_LANGUAGES = ("en", "fr", "es", "it", "de", "pt", "nl", "ar", "tr")  # in which the base's output is to stay
REPLAY_CLIPS = 0.7  # of replay: the share with speech in the other language, where there is some


class Examples(Dataset):
    """The clips at `rows` of a corpus, as (epoch, number) shows them.

    `left_out` has the id of each clip that cannot be used, and why.
    """

    def __init__(self, corpus: Corpus, rows: Sequence[int], engine: Engine, settings: Settings):
        self.corpus, self.engine, self.settings = corpus, engine, settings
        self.left_out: list[tuple[str, Message]] = []
        self.unreadable: dict[int, UserError] = {}
        language = settings.data.language
        self.prompt = engine.prompt(language, timestamps=False)
        self.timed_prompt = engine.prompt(language, timestamps=True)
        self.end = engine.generation.eos_token_id
        self.replay_languages = [code for code in REPLAY_LANGUAGES if code in engine.languages and code != language]
        self.replay_clips = self._replay_clips() if settings.data.replay_share else []
        texts = self._tokens([corpus.rows["text"][row] for row in rows])
        fitting = [(row, text) for row, text in zip(rows, texts, strict=True) if self._fits(row, text)]
        self.rows, self.texts = [row for row, _ in fitting], [text for _, text in fitting]
        self.seconds = [float(corpus.rows["seconds"][row]) for row in self.rows]
        self.calls = self._turns_of_calls()

    def __len__(self) -> int:
        return len(self.rows)

    def plan(self, epoch: int, number: int) -> ExamplePlan:
        """Draws the kind of an example and its window."""
        data = self.settings.data
        random = np.random.default_rng((self.settings.optimisation.seed, epoch, number))
        drawn = random.random() - data.silence_share
        if drawn < 0:
            return ExamplePlan("silence", _window(random.uniform(0.5, 6.0) + self._margin(random)), random)
        if drawn < data.stitched_share and len(self.calls.get(number, ())) > 1:
            return ExamplePlan("stitched", FULL_WINDOW, random)
        full = data.window == "full" or random.random() < data.full_share
        if self.replay_languages and data.stitched_share <= drawn < data.stitched_share + data.replay_share:
            return self._replay_plan(number, full, random)
        seconds, speed = self.seconds[number], 1.0
        if random.random() < data.speed_probability and seconds * SAMPLE_RATE <= MAX_CLIP * min(SPEEDS):
            speed = random.choice(SPEEDS)
        frames = FULL_WINDOW if full else _window(seconds / speed + self._margin(random))
        return ExamplePlan("clip", frames, random, speed=speed)

    def _replay_plan(self, number: int, full: bool, random: np.random.Generator) -> ExamplePlan:
        some = self.replay_clips and random.random() < REPLAY_CLIPS
        other = random.integers(len(self.replay_clips)) if some else None
        seconds = self.seconds[number] if other is None else self.replay_clips[other].seconds
        # the window in which other languages are decoded, for which the adapter was not trained
        return ExamplePlan("replay", FULL_WINDOW if full else _window(seconds + MARGIN), random, other)

    def __getitem__(self, place: Place) -> Example:
        """The example; where its sound cannot be read the next one, and a line that says so, once."""
        epoch, number, frames = place
        for at in [*range(number, len(self)), *range(number)]:
            plan = self.plan(epoch, at)
            try:
                example = KINDS[plan.kind](self, plan, at)
                return replace(example, window=max(frames, plan.frames))
            except UserError as refusal:
                if at not in self.unreadable:
                    print(f"trainer: {refusal}", file=sys.stderr)
                self.unreadable[at] = refusal
        raise self.unreadable[number]

    def waveform(self, number: int) -> np.ndarray:
        return clips.waveform(self.corpus, self.rows[number])

    def collate(self, examples: Sequence[Example]) -> dict[str, torch.Tensor]:
        """One batch, or a piece of one.

        frames (batch,) is what each needs; input_features (batch, mels, frames) float32; decoder_input_ids and labels
        (batch, tokens) int64, labels one ahead of the decoder's input, IGNORED where nothing is trained on; replayed
        (batch,) bool, whose labels only say at which tokens the base's output is to stay.
        """
        mel = self.engine.mel([example.waveform for example in examples], max(e.window for e in examples))
        for features, example in zip(mel, examples, strict=True):
            spec_augment(features, len(example.waveform), self.settings.data.spec_augment, example.random)
        longest = max(len(example.prompt) + len(example.text) for example in examples) - 1
        inputs = torch.full((len(examples), longest), self.end)
        labels = torch.full((len(examples), longest), IGNORED)
        for row, example in enumerate(examples):
            ids = torch.tensor([*example.prompt, *example.text])
            # The decoder's input is made here, start token and all, and not by transformers out of the labels: so it
            # can hold tokens that are not trained on. Language, task and mode are always given, and training on them
            # with a corpus of one language would unlearn all others.
            first = 1 if self.settings.data.prompt_loss else len(example.prompt)
            inputs[row, : len(ids) - 1] = ids[:-1]
            labels[row, first - 1 : len(ids) - 1] = ids[first:]
        return {
            "frames": torch.tensor([example.frames for example in examples]),
            "input_features": torch.from_numpy(mel),
            "decoder_input_ids": inputs,
            "labels": labels,
            "replayed": torch.tensor([example.replayed for example in examples]),
        }

    def _replay_clips(self) -> list[ReplayClip]:
        """Speech in other languages, where there is some, of each as much."""
        found = {code: chosen(code, to="keep") for code in self.replay_languages if code in VOICES}
        least = min((len(prompts) for prompts in found.values() if prompts), default=0)
        shared = [(code, prompt) for code, prompts in found.items() for prompt in prompts[:least]]
        if not shared:  # the tokenizer takes no empty list
            return []
        texts = self._tokens([prompt.text for _, prompt in shared])
        return [
            ReplayClip(code, prompt.path, prompt.seconds, text)
            for (code, prompt), text in zip(shared, texts, strict=True)
        ]

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        space = " " if self.settings.data.leading_space else ""
        return self.engine.tokenizer([space + text for text in texts], add_special_tokens=False).input_ids

    def _fits(self, row: int, text: list[int]) -> bool:
        reason = None
        if self.corpus.rows["seconds"][row] > MAX_CLIP / SAMPLE_RATE:
            reason = clips.too_long().message
        elif len(self.prompt) + len(text) + 2 > CONTEXT:
            reason = Message(
                en=f"its text has {len(text)} tokens, more than Whisper writes of one window ({CONTEXT})",
                fr=f"son texte compte {len(text)} tokens, plus que Whisper n'en écrit par fenêtre ({CONTEXT})",
            )
        if reason:
            self.left_out.append((self.corpus.rows["id"][row], reason))
        return reason is None

    def _turns_of_calls(self) -> dict[int, list[int]]:
        """For the number of each clip the numbers of its call's, in the corpus's order."""
        calls: dict[str, list[int]] = {}
        for number, row in enumerate(self.rows):
            if self.corpus.rows["call"][row] is not None:
                calls.setdefault(self.corpus.rows["call"][row], []).append(number)
        return {number: call for call in calls.values() for number in call}

    def _margin(self, random: np.random.Generator) -> float:
        return random.uniform(self.settings.data.margin_least, self.settings.data.margin_most)


def _window(seconds: float) -> int:
    """Mel frames of a window, by eights as in decoding."""
    return min(FULL_WINDOW, 8 * int(np.ceil(seconds * FRAMES_PER_SECOND / 8)))
