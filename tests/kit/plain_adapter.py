"""An adapter of the embedded base, written without torch: a test of a page does not wait for its import."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from speech.models.adapters import revision
from speech.models.choose import choose

RANK, WIDTH, DEPTH = 4, 512, 6  # of the LoRA; of whisper-base's layers, and how many its encoder and decoder have
ATTENTIONS = {"encoder": ("self_attn",), "decoder": ("self_attn", "encoder_attn")}
LORA = {"peft_type": "LORA", "r": RANK, "lora_alpha": 2 * RANK, "target_modules": ["q_proj", "v_proj"]}


def plain_adapter(folder: Path, strength: float = 0.02, **facts) -> Path:
    """One that was not trained but does something, at this standard deviation of its B matrices; `facts` go into its
    allo.json."""
    random = np.random.default_rng(1)
    folder.mkdir(parents=True)
    matrices = {}
    for side, attentions in ATTENTIONS.items():
        for layer in (f"{side}.layers.{at}.{attention}" for at in range(DEPTH) for attention in attentions):
            for name in LORA["target_modules"]:
                place = f"base_model.model.model.{layer}.{name}"
                matrices[f"{place}.lora_A.weight"] = random.normal(0, WIDTH**-0.5, (RANK, WIDTH)).astype(np.float32)
                matrices[f"{place}.lora_B.weight"] = random.normal(0, strength, (WIDTH, RANK)).astype(np.float32)
    save_file(matrices, folder / "adapter_model.safetensors", {"format": "pt"})
    (folder / "adapter_config.json").write_text(json.dumps(LORA))
    base = choose("whisper-base")
    facts |= {"base": base.model, "revision": revision(base), "language": "fr"}
    (folder / "allo.json").write_text(json.dumps(facts))
    return folder
