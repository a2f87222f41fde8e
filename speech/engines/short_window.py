"""Whisper for windows shorter than 30 s: transformers' own model, whose encoder takes the window there is."""

from functools import wraps

import torch
from torch.nn.functional import dropout, gelu
from transformers import WhisperConfig, WhisperForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqLMOutput
from transformers.models.whisper.modeling_whisper import WhisperEncoder


class ShortWindowEncoder(WhisperEncoder):
    def forward(self, input_features: torch.Tensor, attention_mask=None, **kwargs) -> BaseModelOutput:
        """Mel features (batch, mels, frames), at most the model's 3000 frames, to states (batch, frames / 2, width).

        transformers' encoder refuses any other length than 3000; here the position table is sliced to the window.
        """
        states = gelu(self.conv1(input_features))
        states = gelu(self.conv2(states)).transpose(1, 2)
        states = states + self.embed_positions.weight[: states.shape[1]]
        states = dropout(states, p=self.dropout, training=self.training)
        for layer in self.layers:
            states = layer(states, None, **kwargs)
        return BaseModelOutput(last_hidden_state=self.layer_norm(states))


class ShortWindowWhisper(WhisperForConditionalGeneration):
    def __init__(self, config: WhisperConfig):
        super().__init__(config)
        self.model.encoder = ShortWindowEncoder(config)

    @wraps(WhisperForConditionalGeneration.forward)  # generate() reads its signature
    def forward(self, *args, learned: torch.Tensor | None = None, **kwargs) -> Seq2SeqLMOutput:
        """As transformers' own; with `learned`, bool (batch, tokens), the logits (tokens learned, vocabulary) of those.

        The output layer is as large as the decoder, and of prompts and padding nothing is learned.
        """
        if learned is None:
            return super().forward(*args, **kwargs)
        states = self.model(*args, use_cache=False, **kwargs).last_hidden_state
        return Seq2SeqLMOutput(logits=self.proj_out(states[learned]))
