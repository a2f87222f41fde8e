"""Adapters and bases for tests that need no real speech of them."""

import json
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import WhisperConfig, WhisperForConditionalGeneration

from trainer.hub.card import card

LORA = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"])
ALLO = {"base": "whisper-base", "corpus": "diabolocom/talkbank_4_stt", "licence": "cc-by-nc-sa-3.0", "language": "fr"}


def saved(model, folder: Path, lora: LoraConfig = LORA, strength: float = 0.02, seed: int = 1) -> Path:
    """An adapter that was not trained but does something: its B matrices are not zero."""
    torch.manual_seed(seed)
    adapted = get_peft_model(model, lora)
    for name, weights in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=strength)
    adapted.save_pretrained(folder)
    return folder


def small_base(folder: Path) -> Path:
    """A Whisper of a few thousand weights: enough to merge an adapter into."""
    torch.manual_seed(0)
    sizes = {"d_model": 64, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "vocab_size": 100}
    tokens = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1, "decoder_start_token_id": 2}
    depth = {"encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
    WhisperForConditionalGeneration(WhisperConfig(**sizes, **depth, **tokens)).save_pretrained(folder)
    return folder


def published(base: Path, folder: Path) -> Path:
    """An adapter of that base with all files that the Hub gets."""
    saved(WhisperForConditionalGeneration.from_pretrained(base), folder)
    (folder / "allo.json").write_text(json.dumps(ALLO))
    (folder / "README.md").write_text(card({}, {}, ALLO))
    return folder
