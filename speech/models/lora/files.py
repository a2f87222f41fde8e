"""Reads the files of a LoRA adapter, and checks them against its base.

The header of the weights says which layers the adapter changes, and at which rank; the configuration adds the scales.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from speech.models.checkpoint import FILES
from speech.models.lora.config import LARGEST, check_kind, clean, read_config, scale
from speech.models.lora.errors import DamagedError, not_finite, other_layers
from speech.models.lora.layers import (
    BESIDE_MATRICES,
    EMBEDDING,
    MATRICES,
    OUTPUT,
    TOKENS,
    Stored,
    check_layers,
    check_parameters,
    ranks_of,
    tokens_of,
)

if TYPE_CHECKING:
    from peft import LoraConfig
    from torch import Tensor, nn

PREFIX = "base_model.model."  # of every name that peft saves
FLOATS = ("F64", "F32", "F16", "BF16")  # safetensors' names
LARGEST_HEADER = 10_000_000  # bytes; whisper-large's with every layer has 150,000


@dataclass(frozen=True)
class Lora:
    """What an adapter holds, checked against its base."""

    config: "LoraConfig"
    matrices: dict[str, "Tensor"]  # LoRA's, by the names that peft saves
    parameters: dict[str, "Tensor"]  # the base's that are replaced (modules_to_save, bias), by the base's names
    rows: dict[int, "Tensor"]  # of the embedding, by token, that are replaced (trainable_token_indices)
    unties: bool  # embedding and output layer no longer share one weight

    @property
    def changes_base(self) -> bool:
        """Whether it would write into the base's own weights, and so into what other adapters use."""
        return bool(self.parameters or self.rows or f"{PREFIX}{EMBEDDING}.lora_embedding_A" in self.matrices)


def read(folder: Path, base: "nn.Module") -> Lora:
    """Reads the adapter in `folder` for `base`, whose parameters may be on the meta device: shapes alone are looked at.

    Raises FileNotFoundError where a file is gone, DamagedError and UnfitError.
    """
    config, header = read_config(folder / FILES[0]), _header(folder / FILES[1])
    check_kind(config)
    ranks = ranks_of(header, base)
    rest = {
        name: stored
        for name, stored in header.items()
        if not name.endswith((*MATRICES, *BESIDE_MATRICES)) and name != TOKENS
    }
    parameters = {name: name.replace(".base_layer.", ".") for name in rest}
    check_layers(config, header, ranks, base)
    check_parameters(config, {parameters[name]: stored for name, stored in rest.items()}, set(ranks), base)
    tokens = tokens_of(config, header, base)
    for_peft = clean(config, ranks)
    tensors = _tensors(folder / FILES[1])
    _check_products(for_peft, ranks, tensors)
    touched = {name.rpartition(".")[0] for name in parameters.values()} | set(ranks)
    return Lora(
        config=for_peft,
        matrices={PREFIX + name: tensor for name, tensor in tensors.items() if name not in rest and name != TOKENS},
        parameters={parameters[name]: tensors[name] for name in rest},
        rows=dict(zip(tokens, tensors[TOKENS], strict=True)) if tokens else {},
        unties=bool(touched & {EMBEDDING, OUTPUT}) and config.get("ensure_weight_tying") is not True,
    )


def _header(path: Path) -> dict[str, Stored]:
    """What the weights file holds, by the base's names; no tensor is read."""
    with path.open("rb") as file:
        if int.from_bytes(file.read(8), "little") > LARGEST_HEADER:
            raise DamagedError
    try:
        with safe_open(path, "pt") as file:
            parts = {name: file.get_slice(name) for name in file.offset_keys()}
            header = {name: Stored(tuple(part.get_shape()), part.get_dtype()) for name, part in parts.items()}
    except SafetensorError as error:
        raise DamagedError from error
    for name, stored in header.items():
        if not name.startswith(PREFIX) or stored.dtype not in FLOATS:
            raise other_layers()
    if not header:
        raise other_layers()
    return {name.removeprefix(PREFIX): stored for name, stored in header.items()}


def _tensors(path: Path) -> dict[str, "Tensor"]:
    """All tensors, as float32, by the base's names."""
    import torch
    from safetensors.torch import load_file

    try:
        tensors = {name.removeprefix(PREFIX): tensor.float() for name, tensor in load_file(path).items()}
    except SafetensorError as error:  # it was cut short after the header was read
        raise DamagedError from error
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise not_finite()
    for name, tensor in tensors.items():
        if not name.endswith(MATRICES) and (tensor.abs() > LARGEST).any():
            raise not_finite()
    return tensors


def _check_products(config: "LoraConfig", ranks: dict[str, int], tensors: dict[str, "Tensor"]) -> None:
    """What LoRA adds to a weight stays a number: no product of two matrices is larger than that of their norms."""
    for layer, rank in ranks.items():
        kind = "lora_embedding_{}" if layer == EMBEDDING else "lora_{}.weight"
        first, second = (tensors[f"{layer}.{kind.format(letter)}"].double().norm().item() for letter in "AB")
        if first * second * abs(scale(config, layer, rank)) > LARGEST:
            raise not_finite()
