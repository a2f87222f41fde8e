"""A base that stays as it is, and the LoRA adapter on it that learns: transformers' Whisper and peft."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from bitsandbytes.nn import Linear4bit
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AttentionInterface, AttentionMaskInterface, BitsAndBytesConfig
from transformers.masking_utils import eager_mask

from common.files import new_folder, write_json
from common.messages import Message
from speech.engines.base import Engine
from speech.engines.shared_weights import SharedWeights
from speech.engines.short_window import ShortWindowWhisper
from speech.engines.transformers import Encoded, TransformersEngine
from speech.models.checkpoint import Choice
from trainer.settings import Settings

ADAPTER_FILES = ("adapter_model.safetensors", "allo.json", "README.md", "adapter_config.json")


@dataclass(frozen=True)
class Numbers:
    """What the machine computes in, and why."""

    device: str  # "cpu" or "cuda"
    weights: str  # of the base: float32, float16, bfloat16, 8bit or 4bit
    compute: str  # float32, float16 or bfloat16; the adapter itself is float32
    reason: Message


def numbers(settings: Settings) -> Numbers:
    """The number formats for this machine, as far as the settings leave it open."""
    if not torch.cuda.is_available():
        return _on_cpu(settings.weights_on_cpu)
    compute, reason = settings.compute_on_cuda, Message(en="as it was set", fr="selon le réglage")
    if compute == "auto":
        card = torch.cuda.get_device_name()
        if torch.cuda.is_bf16_supported(including_emulation=False):
            compute, reason = "bfloat16", Message(en=f"{card} computes bfloat16", fr=f"{card} calcule en bfloat16")
        else:
            compute, reason = "float16", Message(en=f"{card} has no bfloat16", fr=f"{card} n'a pas de bfloat16")
    weights = compute if settings.weights_on_cuda == "auto" else settings.weights_on_cuda
    return Numbers("cuda", weights, compute, reason)


def _on_cpu(weights: str) -> Numbers:
    """bfloat16 where the CPU multiplies it: at twice the speed of float32, and in half the memory."""
    reason = Message(en="as it was set", fr="selon le réglage")
    if weights == "auto":
        able = torch.cpu.get_capabilities()
        weights = "bfloat16" if able.get("avx512_bf16") or able.get("amx_bf16") else "float32"
        reason = Message(en="no GPU, and its fastest on this CPU", fr="pas de GPU, et le plus rapide sur ce processeur")
    return Numbers("cpu", weights, "bfloat16" if weights == "bfloat16" else "float32", reason)


def products(module, query, key, value, attention_mask, scaling: float = 1.0, **_) -> tuple[torch.Tensor, None]:
    """Attention as two products of matrices, (batch, heads, tokens, width) each, in the numbers that they are given in.

    On a CPU torch's fused attention is two to three times slower in bfloat16; autocast would make the softmax float32.
    """
    with torch.autocast(query.device.type, enabled=False):
        scores = (query * scaling) @ key.transpose(2, 3)
        if attention_mask is not None:
            scores = scores + attention_mask
        return (scores.softmax(-1) @ value).transpose(1, 2).contiguous(), None


AttentionInterface.register("products", products)
AttentionMaskInterface.register("products", eager_mask)


def base(choice: Choice, formats: Numbers) -> ShortWindowWhisper:
    """The chosen checkpoint on this process's device, to be trained with an adapter."""
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
    whisper = ShortWindowWhisper.from_pretrained(choice.folder, device_map=device, **how)
    if formats.weights == "4bit":
        for layer in whisper.modules():  # on some CPUs an evaluation would pack them into a form that learns nothing
            if isinstance(layer, Linear4bit):
                layer.support_avx512bf16_for_cpu = False
    whisper.name_or_path = choice.model  # peft writes it into the adapter: a name, no path of this machine's cache
    return whisper


def adapted(whisper: ShortWindowWhisper, settings: Settings) -> PeftModel:
    """The model with a fresh adapter, which changes nothing yet."""
    # transformers believes that Whisper's loss counts over the whole batch of all processes, and it does not:
    # trainer.train.training computes the loss
    whisper.accepts_loss_kwargs = False
    if settings.input_require_grads or settings.gradient_checkpointing:
        whisper.enable_input_require_grads()
    torch.manual_seed(settings.seed)
    lora = LoraConfig(
        task_type=None,  # peft's sequence-to-sequence type is for words, not for sound
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(settings.modules),
        exclude_modules=_left_out(whisper.config.encoder_layers, settings),
        use_rslora=settings.rslora,
        use_dora=settings.dora,
        bias="none",
    )
    return get_peft_model(whisper, lora)


def _left_out(layers: int, settings: Settings) -> str | None:
    """A pattern of the modules that do not learn."""
    below = range(layers - math.ceil(settings.encoder_share * layers))
    patterns = [rf"model\.encoder\.layers\.{layer}\..*" for layer in below]
    if settings.decoder_part == "cross":  # what it knows of the language it keeps, and of all others
        patterns.append(r"model\.decoder\.layers\.\d+\.(self_attn\..*|fc[12])")
    return "|".join(patterns) or None


class Live(TransformersEngine):
    """The engine's interface around the model that is being trained, so that it is heard as users will hear it."""

    def __init__(self, choice: Choice, model: PeftModel, formats: Numbers, longest: int | None):
        """`longest`: tokens of an answer at most; None: as many as are asked for."""
        Engine.__init__(self, choice, Message(en="it is being trained", fr="il est en cours d'entraînement"))
        self.device, self.precision, self.longest = formats.device, formats.weights, longest
        self.formats = formats
        self.shared_weights = SharedWeights(model.get_base_model())
        self._adapter = self._assistant = None
        self.memory = self.own_memory = self.shared_weights.memory

    @property
    def compute(self) -> torch.autocast:
        """The numbers to compute in, as a context; a new one each time, for one inside another would not end."""
        compute = self.formats.compute
        return torch.autocast(self.device, getattr(torch, compute), compute != "float32")

    @contextmanager
    def exclusive(self) -> Iterator[ShortWindowWhisper]:
        """As it is: the adapter that learns is always on."""
        with self.shared_weights.lock:
            yield self.shared_weights.whisper

    def encode(self, mel) -> Encoded:
        with self.compute:
            return super().encode(mel)

    def generate(self, states, prompt, *, max_tokens: int, **how):
        with self.compute:
            return super().generate(states, prompt, max_tokens=min(max_tokens, self.longest or max_tokens), **how)

    def beam(self, states, prompt, *, max_tokens: int, **how):
        with self.compute:
            return super().beam(states, prompt, max_tokens=min(max_tokens, self.longest or max_tokens), **how)

    def align(self, states, prompt, tokens, frames):
        with self.compute:
            return super().align(states, prompt, tokens, frames)


def save(model: PeftModel, folder: Path, facts: dict | None = None, strength: float = 1.0) -> None:
    """Writes the adapter into `folder`, whole: a reader finds the old one or the new one.

    With `facts` (allo.json) it is one to be used, at `strength` (0 to 1), else a part of a checkpoint.
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
            config.lora_alpha *= strength
            config.save_pretrained(beside)
            write_json(new / "allo.json", facts)
        if folder.exists():
            for name in ADAPTER_FILES:  # within a run they differ in their weights alone
                if (new / name).exists():
                    (new / name).replace(folder / name)
        else:
            with new_folder(folder) as whole:
                for file in new.iterdir():
                    file.rename(whole / file.name)
