"""Small Whispers with the real tokens, made for a test."""

import json
import shutil
from pathlib import Path

import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

from speech.models import bundled
from speech.models.choose import choose

NO_WEIGHTS = shutil.ignore_patterns("*.safetensors", "SHA256.json")


def tiny(folder: Path) -> Path:
    """A Whisper with random weights, small, with the real tokens: what a folder or a repository of the Hub holds."""
    shutil.copytree(bundled.transformers_folder(), folder, ignore=NO_WEIGHTS)
    torch.manual_seed(0)
    sizes = {"d_model": 64, "encoder_ffn_dim": 128, "decoder_ffn_dim": 128}
    depth = {"encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
    config = WhisperConfig.from_pretrained(folder, **sizes, **depth)
    generation = json.loads((folder / "generation_config.json").read_text()) | {"alignment_heads": [[1, 0], [1, 1]]}
    WhisperForConditionalGeneration(config).save_pretrained(folder)
    (folder / "generation_config.json").write_text(json.dumps(generation))
    return folder


def cut(folder: Path, encoder: int, decoder: int) -> str:
    """The embedded base, only the first layers of its encoder and decoder: a draft."""
    whole = choose("whisper-base").folder
    shutil.copytree(whole, folder, ignore=NO_WEIGHTS)
    whisper = WhisperForConditionalGeneration.from_pretrained(whole)
    whisper.model.encoder.layers, whisper.model.decoder.layers = (
        whisper.model.encoder.layers[:encoder],
        whisper.model.decoder.layers[:decoder],
    )
    whisper.config.encoder_layers, whisper.config.decoder_layers = encoder, decoder
    whisper.save_pretrained(folder)
    return str(folder)
