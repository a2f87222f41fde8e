"""The base, which is not trained, and the LoRA adapter on it, which is: transformers' Whisper and peft."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from bitsandbytes.nn import Linear4bit
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AttentionInterface, AttentionMaskInterface, BitsAndBytesConfig
from transformers.masking_utils import eager_mask

from common.files import new_folder, write_json
from speech.engines.short_window import ShortWindowWhisper
from speech.models.checkpoint import Choice
from trainer.settings import Adapter, Settings
from trainer.train.precision import Precision

ADAPTER_FILES = ("adapter_model.safetensors", "allo.json", "README.md", "adapter_config.json")


def products(module, query, key, value, attention_mask, scaling: float = 1.0, **_) -> tuple[torch.Tensor, None]:
    """Attention as two matrix products of (batch, heads, tokens, width) each, in the format that they come in.

    On a CPU torch's fused attention is two to three times slower in bfloat16; autocast would make the softmax float32.
    """
    with torch.autocast(query.device.type, enabled=False):
        scores = (query * scaling) @ key.transpose(2, 3)
        if attention_mask is not None:
            scores = scores + attention_mask
        return (scores.softmax(-1) @ value).transpose(1, 2).contiguous(), None


AttentionInterface.register("products", products)
AttentionMaskInterface.register("products", eager_mask)


def load_base(choice: Choice, formats: Precision) -> ShortWindowWhisper:
    """Loads the chosen checkpoint on this process's device, to train an adapter on it."""
    device = torch.device("cuda", torch.cuda.current_device()) if formats.device == "cuda" else "cpu"
    dtype = getattr(torch, formats.compute)
    how = {"dtype": getattr(torch, formats.weights, dtype)}
    if formats.weights == "8bit":
        how["quantization_config"] = BitsAndBytesConfig(load_in_8bit=True)
    elif formats.weights == "4bit":
        how["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
        )
    if (formats.device, formats.compute) == ("cpu", "bfloat16"):
        how["attn_implementation"] = "products"
    whisper = ShortWindowWhisper.from_pretrained(choice.folder, device_map=device, use_safetensors=True, **how)
    if formats.weights == "4bit":
        for layer in whisper.modules():  # on some CPUs an evaluation would pack them into a form without gradients
            if isinstance(layer, Linear4bit):
                layer.support_avx512bf16_for_cpu = False
    whisper.name_or_path = choice.model  # peft writes it into the adapter: a name, no path of this machine's cache
    return whisper


def with_adapter(whisper: ShortWindowWhisper, settings: Settings) -> PeftModel:
    """The model with a new adapter, which changes nothing yet."""
    # transformers believes that Whisper's loss counts over the whole batch of all processes, and it does not:
    # trainer.train.loss computes it
    whisper.accepts_loss_kwargs = False
    adapter, optimisation = settings.adapter, settings.optimisation
    if optimisation.input_require_grads or optimisation.gradient_checkpointing:
        whisper.enable_input_require_grads()
    torch.manual_seed(optimisation.seed)
    lora = LoraConfig(
        task_type=None,  # peft's sequence-to-sequence type is for text, not for sound
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        target_modules=list(adapter.modules),
        exclude_modules=_excluded(whisper.config.encoder_layers, adapter),
        use_rslora=adapter.rslora,
        use_dora=adapter.dora,
        bias="none",
    )
    return get_peft_model(whisper, lora)


def _excluded(layers: int, adapter: Adapter) -> str | None:
    """A pattern of the modules without an adapter, in an encoder of so many layers."""
    below = range(layers - math.ceil(adapter.encoder_share * layers))
    patterns = [rf"model\.encoder\.layers\.{layer}\..*" for layer in below]
    if adapter.decoder_part == "cross":  # the rest of the decoder holds what Whisper knows of this language and others
        patterns.append(r"model\.decoder\.layers\.\d+\.(self_attn\..*|fc[12])")
    return "|".join(patterns) or None


def save(model: PeftModel, folder: Path, facts: dict | None = None, scale: float = 1.0) -> None:
    """Writes the adapter into `folder`, whole: a reader finds the old one or the new one.

    With `facts` (allo.json) it is one to use, at `scale` (0 to 1), else it is part of a checkpoint.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
        new = Path(beside)
        # peft would ask the Hub whether the vocabulary grew
        model.save_pretrained(new, save_embedding_layers=False)
        if facts is None:
            (new / "README.md").unlink()
        else:
            config = LoraConfig.from_pretrained(beside)
            config.lora_alpha *= scale
            config.save_pretrained(beside)
            write_json(new / "allo.json", facts)
        if folder.exists():
            for name in ADAPTER_FILES:  # within a run only the weights differ
                if (new / name).exists():
                    (new / name).replace(folder / name)
        else:
            with new_folder(folder) as whole:
                for file in new.iterdir():
                    file.rename(whole / file.name)
