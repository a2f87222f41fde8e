"""Speculative decoding: a small Whisper drafts, the engine's model verifies, and the text is that of the engine.

transformers does both (`assistant_model`), for greedy decoding of one clip at a time.
"""

from typing import NamedTuple

import torch
from torch import nn
from transformers import GenerationConfig, GenerationMixin, StoppingCriteria, StoppingCriteriaList
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils import ModelOutput

from common.messages import UserError
from speech.engines.short_window import ShortWindowWhisper
from speech.models.checkpoint import Choice, reading

ALIKE = 0.05  # of their size: encoders whose states differ by less are the same, but for rounding or a light adapter
TOKENS = ("decoder_start_token_id", "eos_token_id", "no_timestamps_token_id")


class Draft(ShortWindowWhisper):
    drafted = 0  # tokens of the clip in hand

    def generate(self, *inputs, **how) -> ModelOutput:
        """Whisper's own generate() walks 30-s windows; here the window is already cut, so the plain one serves."""
        outputs = GenerationMixin.generate(self, *inputs, **how)
        self.drafted += outputs.sequences.shape[1] - how["decoder_input_ids"].shape[1]
        return outputs


class IdentityEncoder(nn.Module):
    """Stands in for an encoder where the input is encoder states already."""

    def forward(self, input_features: torch.Tensor, **_) -> BaseModelOutput:
        return BaseModelOutput(input_features)


class RoundCounter(StoppingCriteria):
    """Counts how often the verifying model was run; stops nothing."""

    count = 0

    def __call__(self, input_ids: torch.Tensor, scores, **_) -> torch.Tensor:
        self.count += 1
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)


class Drafted(NamedTuple):
    """The output of a generation with drafts."""

    outputs: ModelOutput
    drafted: int  # tokens
    accepted: int  # drafted tokens that the other model confirmed; the token that ends a round is its own


class Assistant:
    """A model that drafts for another one, which the caller has locked for itself."""

    def __init__(self, choice: Choice, whisper: ShortWindowWhisper, generation: GenerationConfig):
        """Loads the choice in the precision that `whisper`, with its `generation`, computes in, and beside it.

        Where both encoders give the same states (`whisper` with the adapter that is on), the draft's is dropped. Raises
        UserError where their tokens or their mel bins differ.
        """
        self.name = choice.model
        with reading(choice):
            self.model = Draft.from_pretrained(
                choice.folder, device_map=whisper.device, dtype=whisper.dtype, use_safetensors=True
            ).eval()
        self._check(whisper, generation)
        self.model.generation_config.max_length = None  # a draft's length is given each time, in new tokens
        self.shares_encoder = _same_encoder(self.model, whisper)
        if self.shares_encoder:
            self.model.model.encoder = IdentityEncoder()
        self.memory = self.model.get_memory_footprint()

    def generate(self, whisper: ShortWindowWhisper, states: torch.Tensor, mel: torch.Tensor, **how) -> Drafted:
        """Decodes the `states` of one clip greedily with `whisper`; `how` goes to its generate()."""
        rounds, start = RoundCounter(), how["decoder_input_ids"].shape[1]
        self.model.drafted = 0
        outputs = GenerationMixin.generate(
            whisper,
            states if self.shares_encoder else mel,
            encoder_outputs=BaseModelOutput(states),
            assistant_model=self.model,
            stopping_criteria=StoppingCriteriaList([rounds]),
            **how,
        )
        return Drafted(outputs, self.model.drafted, outputs.sequences.shape[1] - start - rounds.count)

    def _check(self, whisper: ShortWindowWhisper, generation: GenerationConfig) -> None:
        ours, own = self.model.config, self.model.generation_config
        if ours.vocab_size != whisper.config.vocab_size or any(
            getattr(own, name, None) != getattr(generation, name) for name in TOKENS
        ):
            raise UserError(
                en=f"The assistant {self.name} has other tokens than the model ({ours.vocab_size}, not "
                f"{whisper.config.vocab_size}): name one of the same family.",
                fr=f"L'assistant {self.name} a d'autres tokens que le modèle ({ours.vocab_size}, et non "
                f"{whisper.config.vocab_size}) : nommez-en un de la même famille.",
            )
        if ours.num_mel_bins != whisper.config.num_mel_bins:
            raise UserError(
                en=f"The assistant {self.name} takes {ours.num_mel_bins} mel bins and the model "
                f"{whisper.config.num_mel_bins}: name one of the same family.",
                fr=f"L'assistant {self.name} prend {ours.num_mel_bins} bandes mel et le modèle "
                f"{whisper.config.num_mel_bins} : nommez-en un de la même famille.",
            )


@torch.inference_mode()
def _same_encoder(draft: ShortWindowWhisper, whisper: ShortWindowWhisper) -> bool:
    """Whether both encoders give nearly the same states for one sound."""
    bins = whisper.config.num_mel_bins
    sound = torch.sin(torch.arange(bins * 200, device=whisper.device) ** 1.5).reshape(1, bins, 200).to(whisper.dtype)
    one, other = (model.get_encoder()(sound).last_hidden_state.float() for model in (draft, whisper))
    return one.shape == other.shape and bool((one - other).norm() < ALIKE * other.norm())
