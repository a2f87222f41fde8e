"""transformers: any device, any precision; adapters share their base's weights, and a small model may draft."""

import copy
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from transformers import BitsAndBytesConfig, GenerationConfig, GenerationMixin
from transformers.generation.logits_process import WhisperTimeStampLogitsProcessor
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils import ModelOutput
from transformers.utils.logging import disable_progress_bar

from common.messages import Message
from speech.engines.base import Alignment, Engine, Hypothesis, gpu_full
from speech.engines.log_probs import BeamLogProbs, GreedyLogProbs
from speech.engines.shared_weights import shared
from speech.engines.short_window import ShortWindowWhisper
from speech.engines.speculative import Assistant
from speech.models import adapters
from speech.models.checkpoint import Choice, reading
from speech.models.lora.files import Lora

QUANTISED = (
    "8bit",
    "4bit",
)  # DoRA asks for a layer's whole weight, and bitsandbytes' 8-bit layers break when it is read
BEAM_STATES = 8 * 1500  # encoder states of all hypotheses of a beam: as many as a batch of full windows has
BEAM_MEMORY = 0.25  # of a GPU's free memory: a beam's keys and values of those states, which are copied at each step
disable_progress_bar()  # it draws one for a second of loading
_sampling = threading.Lock()  # torch's random state is that of all threads


class Encoded(NamedTuple):
    states: torch.Tensor  # (batch, frames / 2, width)
    mel: torch.Tensor | None  # (batch, mels, frames), for an assistant that has an encoder of its own


def _loaded(choice: Choice, lora: Lora | None, device: str, precision: str) -> ShortWindowWhisper:
    """The base's weights, with those that the adapter changes in their place."""
    merged = adapters.merged_model(choice, lora) if lora else None
    source = {"config": merged.config, "state_dict": merged.state_dict()} if merged else {"use_safetensors": True}
    with reading(choice):
        return ShortWindowWhisper.from_pretrained(
            None if merged else choice.folder, device_map=device, **source, **_loading(precision, device)
        ).eval()


def _loading(precision: str, device: str) -> dict:
    """from_pretrained's arguments for a torch dtype by its name, or for bitsandbytes' 8bit or 4bit."""
    if precision == "8bit":  # its product is always in float16
        return {"quantization_config": BitsAndBytesConfig(load_in_8bit=True), "dtype": torch.float16}
    if precision == "4bit":
        rest = torch.float16 if device == "cuda" else torch.float32
        nf4 = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=rest)
        return {"quantization_config": nf4, "dtype": rest}
    return {"dtype": getattr(torch, precision)}


class TransformersEngine(Engine):
    name = "transformers"

    def __init__(self, choice: Choice, reason: Message, device: str, precision: str, assistant: Choice | None = None):
        """`precision` is a torch dtype's name, or 8bit or 4bit (bitsandbytes). The `assistant` drafts for greedy text.

        Engines of one base, device and precision share its weights, and an adapter is loaded beside them, once. An
        adapter that changes the base's own weights has weights of its own, with the adapter in them.
        """
        super().__init__(choice, reason)
        self.device, self.precision = device, precision
        with reading(choice):
            self.generation = GenerationConfig.from_pretrained(choice.folder)
        lora = adapters.read(choice) if choice.adapter_folder else None
        alone = lora is not None and (lora.changes_base or (lora.config.use_dora and precision in QUANTISED))
        self.shared_weights = shared(
            (choice.folder.resolve(), choice.weights if alone else choice.base_weights, device, precision),
            lambda: _loaded(choice, lora if alone else None, device, precision),
        )
        self._adapter = self.shared_weights.adapter(choice, lora) if lora and not alone else None
        self._assistant = None
        if assistant:
            with self.exclusive() as whisper:
                self._assistant = Assistant(assistant, whisper, self.generation)
        self.own_memory = sum(part.memory for part in (self._adapter, self._assistant) if part)
        self.memory = self.shared_weights.memory + self.own_memory

    @contextmanager
    def exclusive(self) -> Iterator[ShortWindowWhisper]:
        """Gives the model to this thread alone, with this engine's adapter on. Raises UserError on a full GPU."""
        try:
            with self.shared_weights.using(self._adapter) as whisper:
                yield whisper
        except torch.OutOfMemoryError as error:
            raise gpu_full() from error

    @property
    def assistant(self) -> str | None:
        return self._assistant and self._assistant.name

    @torch.inference_mode()
    def encode(self, mel: np.ndarray) -> Encoded:
        with self.exclusive() as whisper:
            features = torch.from_numpy(mel).to(self.device, whisper.dtype)
            states = whisper.model.encoder(features).last_hidden_state
        return Encoded(states, features if self._assistant and not self._assistant.shares_encoder else None)

    def select(self, states: Encoded, places: Sequence[int]) -> Encoded:
        return Encoded(*(part if part is None else part[list(places)] for part in states))

    @torch.inference_mode()
    def detect(self, states: Encoded) -> list[dict[str, float]]:
        ids = self.generation.lang_to_id
        with self.exclusive() as whisper:
            shares = self._first_logits(whisper, states.states)[:, list(ids.values())].softmax(-1)
        return [dict(zip((token.strip("<|>") for token in ids), row.tolist(), strict=True)) for row in shares]

    def _first_logits(self, whisper: ShortWindowWhisper, states: torch.Tensor) -> torch.Tensor:
        """Logits (batch, vocabulary) of what follows the start token: the language, or no speech."""
        start = torch.full((len(states), 1), self.generation.decoder_start_token_id, device=states.device)
        return whisper(encoder_outputs=BaseModelOutput(states), decoder_input_ids=start).logits[:, 0].float()

    @torch.inference_mode()
    def generate(
        self, states: Encoded, prompt: Sequence[int], *, beam_size: int, temperature: float, max_tokens: int
    ) -> list[Hypothesis]:
        """As every engine does; with an assistant, greedy decoding goes clip by clip, and the text is the same.

        Beams and temperatures above 0 are decoded without the assistant.
        """
        if beam_size > 1 and not temperature:
            return [found[0] for found in self.beam(states, prompt, size=beam_size, max_tokens=max_tokens)]
        how = self._how(prompt, max_tokens)
        with self.exclusive() as whisper:
            no_speech = self._no_speech(whisper, states.states)
            if temperature:
                how.update(do_sample=True, temperature=temperature, top_k=0)
                with _sampling, torch.random.fork_rng():
                    torch.manual_seed(0)  # the same clip gives the same text again
                    texts, scores = self._sampled(whisper, states.states, prompt, how)
            elif self._assistant:
                texts, scores = self._drafted(whisper, states, prompt, how)
            else:
                texts, scores = self._greedy(whisper, states.states, prompt, how)
        return [self._hypothesis(*each) for each in zip(texts, scores, no_speech, strict=True)]

    def beam(self, states: Encoded, prompt: Sequence[int], *, size: int, max_tokens: int) -> list[list[Hypothesis]]:
        """A few clips at a time: each hypothesis has its own copy of the decoder's cross-attention cache."""
        at_once = max(1, self._beam_states() // (size * states.states.shape[1]))
        places = range(len(states.states))
        parts = (self.select(states, places[at : at + at_once]) for at in places[::at_once])
        return [texts for part in parts for texts in self._beam(part, prompt, size, max_tokens)]

    def _beam_states(self) -> int:
        """How many encoder states all hypotheses have at once: a GPU takes as long for a step of many as of few."""
        if self.device != "cuda":
            return BEAM_STATES
        free, _ = torch.cuda.mem_get_info()
        bytes_each = 2 * self.config.decoder_layers * self.config.d_model * (4 if self.precision == "float32" else 2)
        return max(BEAM_STATES, int(BEAM_MEMORY * free) // bytes_each)

    @torch.inference_mode()
    def _beam(self, states: Encoded, prompt: Sequence[int], size: int, max_tokens: int) -> list[list[Hypothesis]]:
        how, paths = self._how(prompt, max_tokens), BeamLogProbs(size, self.generation.eos_token_id)
        # ends with as many hypotheses as requested, like CTranslate2: longer ones have higher means, and are loops
        how.update(num_beams=size, num_return_sequences=size, early_stopping=True)
        with self.exclusive() as whisper:
            no_speech = self._no_speech(whisper, states.states)
            outputs = GenerationMixin.generate(
                whisper,
                encoder_outputs=BaseModelOutput(states.states),
                **self._arguments(states.states, prompt, how, paths),
            )
        clips = outputs.sequences.view(len(no_speech), size, -1).tolist()
        return [
            [self._of_beam(paths, clip, ids, len(prompt), share) for ids in some]
            for clip, (some, share) in enumerate(zip(clips, no_speech, strict=True))
        ]

    def _of_beam(self, paths: BeamLogProbs, clip: int, ids: list[int], given: int, no_speech: float) -> Hypothesis:
        ended = paths.end in ids[given:]
        until = ids.index(paths.end, given) if ended else len(ids)
        scored = until - given + ended
        return Hypothesis(
            tokens=ids[given:until],
            logprob=paths.logprob(clip, ids[:until], ended) / scored,
            no_speech=no_speech,
            cut=not ended,
        )

    def _how(self, prompt: Sequence[int], max_tokens: int) -> GenerationConfig:
        how = copy.deepcopy(self.generation)
        how.update(max_length=len(prompt) + max_tokens, return_dict_in_generate=True)
        return how

    def _no_speech(self, whisper: ShortWindowWhisper, states: torch.Tensor) -> list[float]:
        shares = self._first_logits(whisper, states).softmax(-1)
        return shares[:, self.generation.no_timestamps_token_id - 1].tolist()

    def _arguments(self, states: torch.Tensor, prompt: Sequence[int], how: GenerationConfig, *processors) -> dict:
        """The arguments that every way of decoding gives to generate(), but for the states."""
        timed = self.generation.no_timestamps_token_id not in prompt
        return {
            "generation_config": how,
            "attention_mask": torch.ones(states.shape[:2], dtype=torch.long, device=states.device),
            "decoder_input_ids": torch.tensor([list(prompt)] * len(states), device=states.device),
            "logits_processor": [*([WhisperTimeStampLogitsProcessor(how, len(prompt))] if timed else []), *processors],
        }

    # Whisper's own generate() walks 30-s windows; here the window is already cut, so GenerationMixin's serves

    def _greedy(self, whisper: ShortWindowWhisper, states: torch.Tensor, prompt: Sequence[int], how: GenerationConfig):
        """Token ids (batch, tokens) after the prompt, and their log-probabilities."""
        chosen = GreedyLogProbs()
        outputs = GenerationMixin.generate(
            whisper, encoder_outputs=BaseModelOutput(states), **self._arguments(states, prompt, how, chosen)
        )
        return outputs.sequences[:, len(prompt) :], torch.stack(chosen.steps, dim=1)

    def _sampled(self, whisper: ShortWindowWhisper, states: torch.Tensor, prompt: Sequence[int], how: GenerationConfig):
        """The same for sampled tokens, whose probabilities are known at the end."""
        how.update(output_scores=True)
        outputs = GenerationMixin.generate(
            whisper, encoder_outputs=BaseModelOutput(states), **self._arguments(states, prompt, how)
        )
        return outputs.sequences[:, len(prompt) :], _logprobs(whisper, outputs)

    def _drafted(self, whisper: ShortWindowWhisper, encoded: Encoded, prompt: Sequence[int], how: GenerationConfig):
        """The same, a clip at a time."""
        how.update(output_scores=True)
        texts, scores = [], []
        for at in range(len(encoded.states)):
            states, mel = (part if part is None else part[at : at + 1] for part in encoded)
            outputs, drafted, accepted = self._assistant.generate(
                whisper, states, mel, **self._arguments(states, prompt, how)
            )
            self.drafted += drafted
            self.accepted += accepted
            texts.append(outputs.sequences[0, len(prompt) :])
            scores.append(_logprobs(whisper, outputs)[0])
        return texts, scores

    def _hypothesis(self, text: torch.Tensor, scores: torch.Tensor, no_speech: float) -> Hypothesis:
        ids, end = text.tolist(), self.generation.eos_token_id
        count = ids.index(end) if end in ids else len(ids)
        scored = scores[: min(count + 1, len(ids))]
        return Hypothesis(ids[:count], scored.mean().item(), no_speech, cut=end not in ids)

    @torch.inference_mode()
    def align(
        self, states: Encoded, prompt: Sequence[int], tokens: Sequence[Sequence[int]], frames: Sequence[int]
    ) -> list[Alignment]:
        with self.exclusive() as whisper:
            whisper.set_attn_implementation("eager")  # the only implementation that returns its attention
            try:
                return [
                    self._align(whisper, state, list(prompt), list(text), count)
                    for state, text, count in zip(states.states, tokens, frames, strict=True)
                ]
            finally:
                whisper.set_attn_implementation("sdpa")

    def _align(
        self, whisper: ShortWindowWhisper, state: torch.Tensor, prompt: list[int], text: list[int], frames: int
    ) -> Alignment:
        given = [*prompt, self.generation.no_timestamps_token_id, *text]
        ids = torch.tensor([given], device=state.device)
        outputs = whisper(encoder_outputs=BaseModelOutput(state[None]), decoder_input_ids=ids, output_attentions=True)
        shares = outputs.logits[0, len(prompt) : -1].float().softmax(-1)
        attention = ModelOutput(sequences=ids, cross_attentions=(outputs.cross_attentions,))
        times = whisper._extract_token_timestamps(
            attention, self.generation.alignment_heads, num_frames=frames, num_input_ids=len(prompt)
        )
        return Alignment(
            times=times[0, len(prompt) : len(given)].tolist(),
            probabilities=shares.gather(1, ids[0, len(prompt) + 1 :, None])[:, 0].tolist(),
        )


def _logprobs(whisper: ShortWindowWhisper, outputs: ModelOutput) -> torch.Tensor:
    return whisper.compute_transition_scores(
        outputs.sequences, outputs.scores, outputs.get("beam_indices"), normalize_logits=True
    )
