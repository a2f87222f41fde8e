"""transformers: any device, any precision."""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from transformers import BitsAndBytesConfig, GenerationMixin
from transformers.generation.logits_process import WhisperTimeStampLogitsProcessor
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils import ModelOutput

from speech.engines.base import Alignment, Engine, Hypothesis
from speech.engines.short_window import ShortWindowWhisper
from speech.models import Choice
from speech.said import Said


def _loading(precision: str, device: str) -> dict:
    """How from_pretrained is asked for a torch dtype by its name, or for bitsandbytes' 8bit or 4bit."""
    if precision == "8bit":  # its product is in float16, whatever it is given
        return {"quantization_config": BitsAndBytesConfig(load_in_8bit=True), "dtype": torch.float16}
    if precision == "4bit":
        rest = torch.float16 if device == "cuda" else torch.float32
        nf4 = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=rest)
        return {"quantization_config": nf4, "dtype": rest}
    return {"dtype": getattr(torch, precision)}


class TransformersEngine(Engine):
    name = "transformers"

    def __init__(self, choice: Choice, reason: Said, device: str, precision: str):
        """`precision` is a torch dtype's name, or 8bit or 4bit (bitsandbytes)."""
        super().__init__(choice, reason)
        self.device, self.precision = device, precision
        self.whisper = ShortWindowWhisper.from_pretrained(
            choice.folder, device_map=device, **_loading(precision, device)
        ).eval()
        self.memory = self.whisper.get_memory_footprint()

    @torch.inference_mode()
    def encode(self, mel: np.ndarray) -> torch.Tensor:
        with self.lock:
            features = torch.from_numpy(mel).to(self.device, self.whisper.dtype)
            return self.whisper.model.encoder(features).last_hidden_state

    @torch.inference_mode()
    def detect(self, states: torch.Tensor) -> list[dict[str, float]]:
        ids = self.generation.lang_to_id
        shares = self._first_logits(states)[:, list(ids.values())].softmax(-1)
        return [dict(zip((token.strip("<|>") for token in ids), row.tolist(), strict=True)) for row in shares]

    def _first_logits(self, states: torch.Tensor) -> torch.Tensor:
        """Logits (batch, vocabulary) of what follows the start token: the language, or no speech."""
        start = torch.full((len(states), 1), self.generation.decoder_start_token_id, device=states.device)
        with self.lock:
            outputs = self.whisper(encoder_outputs=BaseModelOutput(states), decoder_input_ids=start)
        return outputs.logits[:, 0].float()

    @torch.inference_mode()
    def generate(
        self, states: torch.Tensor, prompt: Sequence[int], *, beam_size: int, temperature: float, max_tokens: int
    ) -> list[Hypothesis]:
        no_speech_id = self.generation.no_timestamps_token_id - 1
        no_speech = self._first_logits(states).softmax(-1)[:, no_speech_id]
        prompts = torch.tensor([list(prompt)] * len(states), device=states.device)
        how = copy.deepcopy(self.generation)
        how.update(max_length=len(prompt) + max_tokens, output_scores=True, return_dict_in_generate=True)
        if temperature:
            how.update(do_sample=True, temperature=temperature, top_k=0)
        else:
            how.update(num_beams=beam_size)
        timed = self.generation.no_timestamps_token_id not in prompt
        with self.lock, torch.random.fork_rng(enabled=temperature > 0):
            torch.manual_seed(0)  # a second hearing of the same clip gives the same text
            # Whisper's own generate() walks 30-s windows; here the window is already cut, so the plain one serves
            outputs = GenerationMixin.generate(
                self.whisper,
                generation_config=how,
                encoder_outputs=BaseModelOutput(states),
                attention_mask=torch.ones(states.shape[:2], dtype=torch.long, device=states.device),
                decoder_input_ids=prompts,
                logits_processor=[WhisperTimeStampLogitsProcessor(how, len(prompt))] if timed else [],
            )
            scores = self.whisper.compute_transition_scores(
                outputs.sequences, outputs.scores, outputs.get("beam_indices"), normalize_logits=True
            )
        texts = outputs.sequences[:, len(prompt) :]
        return [
            self._hypothesis(ids.tolist(), row, share.item())
            for ids, row, share in zip(texts, scores, no_speech, strict=True)
        ]

    def _hypothesis(self, ids: list[int], scores: torch.Tensor, no_speech: float) -> Hypothesis:
        end = self.generation.eos_token_id
        count = ids.index(end) if end in ids else len(ids)
        scored = scores[: min(count + 1, len(ids))]
        return Hypothesis(ids[:count], scored.mean().item(), no_speech, cut=end not in ids)

    @torch.inference_mode()
    def align(
        self, states: torch.Tensor, prompt: Sequence[int], tokens: Sequence[Sequence[int]], frames: Sequence[int]
    ) -> list[Alignment]:
        with self.lock:
            self.whisper.set_attn_implementation("eager")  # the only one that shows its attention
            try:
                return [
                    self._align(state, list(prompt), list(text), count)
                    for state, text, count in zip(states, tokens, frames, strict=True)
                ]
            finally:
                self.whisper.set_attn_implementation("sdpa")

    def _align(self, state: torch.Tensor, prompt: list[int], text: list[int], frames: int) -> Alignment:
        given = [*prompt, self.generation.no_timestamps_token_id, *text]
        ids = torch.tensor([given], device=state.device)
        outputs = self.whisper(
            encoder_outputs=BaseModelOutput(state[None]), decoder_input_ids=ids, output_attentions=True
        )
        shares = outputs.logits[0, len(prompt) : -1].float().softmax(-1)
        attention = ModelOutput(sequences=ids, cross_attentions=(outputs.cross_attentions,))
        times = self.whisper._extract_token_timestamps(
            attention, self.generation.alignment_heads, num_frames=frames, num_input_ids=len(prompt)
        )
        return Alignment(
            times=times[0, len(prompt) : len(given)].tolist(),
            shares=shares.gather(1, ids[0, len(prompt) + 1 :, None])[:, 0].tolist(),
        )
