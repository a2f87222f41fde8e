"""Speculative decoding: a small Whisper drafts, the engine's model checks, and the text stays the engine's own.

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

ALIKE = 0.05  # of their size: encoders whose states differ by less are one encoder, rounded or hardly adapted
TOKENS = ("decoder_start_token_id", "eos_token_id", "no_timestamps_token_id")


class Draft(ShortWindowWhisper):
    drafted = 0  # tokens of the clip in hand

    def generate(self, *inputs, **how) -> ModelOutput:
        """Whisper's own generate() walks 30-s windows; here the window is already cut, so the plain one serves."""
        outputs = GenerationMixin.generate(self, *inputs, **how)
        self.drafted += outputs.sequences.shape[1] - how["decoder_input_ids"].shape[1]
        return outputs


class Passed(nn.Module):
    """In an encoder's place, where what comes in are states already."""

    def forward(self, input_features: torch.Tensor, **_) -> BaseModelOutput:
        return BaseModelOutput(input_features)


class Rounds(StoppingCriteria):
    """Counts how often the checking model spoke; stops nothing."""

    count = 0

    def __call__(self, input_ids: torch.Tensor, scores, **_) -> torch.Tensor:
        self.count += 1
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)


class Drafted(NamedTuple):
    """What was said, with the help of drafts."""

    outputs: ModelOutput
    drafted: int  # tokens
    accepted: int  # those that the other model says too; the one that ends a round counts as its own


class Assistant:
    """A model that drafts for another one, whoever has that to himself."""

    def __init__(self, choice: Choice, whisper: ShortWindowWhisper, generation: GenerationConfig):
        """Loads the choice in the precision that `whisper`, with its `generation`, computes in, and beside it.

        Where both hear alike (`whisper` with the adapter that is on), the draft's encoder is dropped. Raises UserError
        where their tokens or their mel bins differ.
        """
        self.name = choice.model
        with reading(choice):
            self.model = Draft.from_pretrained(
                choice.folder, device_map=whisper.device, dtype=whisper.dtype, use_safetensors=True
            ).eval()
        self._check(whisper, generation)
        self.model.generation_config.max_length = None  # a draft's length is told each time, in new tokens
        self.shares_encoder = _hear_alike(self.model, whisper)
        if self.shares_encoder:
            self.model.model.encoder = Passed()
        self.memory = self.model.get_memory_footprint()

    def generate(self, whisper: ShortWindowWhisper, states: torch.Tensor, mel: torch.Tensor, **how) -> Drafted:
        """What `whisper` says after `states`, of one clip, by its greedy decoding; `how` is for its generate()."""
        rounds, start = Rounds(), how["decoder_input_ids"].shape[1]
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
                en=f"The assistant {self.name} hears {ours.num_mel_bins} mel bins and the model "
                f"{whisper.config.num_mel_bins}: name one of the same family.",
                fr=f"L'assistant {self.name} entend {ours.num_mel_bins} bandes mel et le modèle "
                f"{whisper.config.num_mel_bins} : nommez-en un de la même famille.",
            )


@torch.inference_mode()
def _hear_alike(draft: ShortWindowWhisper, whisper: ShortWindowWhisper) -> bool:
    """Whether both encoders make the same of one sound."""
    bins = whisper.config.num_mel_bins
    sound = torch.sin(torch.arange(bins * 200, device=whisper.device) ** 1.5).reshape(1, bins, 200).to(whisper.dtype)
    one, other = (model.get_encoder()(sound).last_hidden_state.float() for model in (draft, whisper))
    return one.shape == other.shape and bool((one - other).norm() < ALIKE * other.norm())
