"""The number formats that a training computes in on this machine, and why."""

from dataclasses import dataclass

import torch

from common.messages import Message
from trainer.settings import Optimisation


@dataclass(frozen=True)
class Precision:
    device: str  # "cpu" or "cuda"
    weights: str  # of the base: float32, float16, bfloat16, 8bit or 4bit
    compute: str  # float32, float16 or bfloat16; the adapter itself is float32
    reason: Message

    @property
    def autocast(self) -> torch.autocast:
        """A context that computes in these formats; a new one each time, since one inside itself would not end."""
        return torch.autocast(self.device, getattr(torch, self.compute), self.compute != "float32")


def precision(settings: Optimisation) -> Precision:
    """The formats for this machine, where the settings leave them open."""
    if not torch.cuda.is_available():
        return _on_cpu(settings.weights_on_cpu)
    compute, reason = settings.compute_on_cuda, Message(en="as it was set", fr="selon le réglage")
    if compute == "auto":
        gpu = torch.cuda.get_device_name()
        if torch.cuda.is_bf16_supported(including_emulation=False):
            compute, reason = "bfloat16", Message(en=f"{gpu} computes bfloat16", fr=f"{gpu} calcule en bfloat16")
        else:
            compute, reason = "float16", Message(en=f"{gpu} has no bfloat16", fr=f"{gpu} n'a pas de bfloat16")
    weights = compute if settings.weights_on_cuda == "auto" else settings.weights_on_cuda
    return Precision("cuda", weights, compute, reason)


def _on_cpu(weights: str) -> Precision:
    """bfloat16 where the CPU multiplies it: at twice the speed of float32, and in half the memory."""
    reason = Message(en="as it was set", fr="selon le réglage")
    if weights == "auto":
        able = torch.cpu.get_capabilities()
        weights = "bfloat16" if able.get("avx512_bf16") or able.get("amx_bf16") else "float32"
        reason = Message(en="no GPU, and the fastest on this CPU", fr="pas de GPU, et le plus rapide sur ce processeur")
    return Precision("cpu", weights, "bfloat16" if weights == "bfloat16" else "float32", reason)
