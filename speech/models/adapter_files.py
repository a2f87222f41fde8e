"""Reads the files of a LoRA adapter that anybody may have written, and checks them before peft sees them.

The header of the weights says which layers the adapter changes, and at which rank; the configuration only adds its
scales. Nothing of that configuration is compiled as an expression, imported, or allocated: peft is given a new one,
which names every layer in full, and tensors that fit the base.
"""

import json
import math
import string
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from safetensors import SafetensorError, safe_open

from common.messages import Message
from speech.models.checkpoint import FILES

if TYPE_CHECKING:
    from peft import LoraConfig
    from torch import Tensor, nn

PREFIX = "base_model.model."  # of every name that peft saves
EMBEDDING = "model.decoder.embed_tokens"
OUTPUT = "proj_out"  # shares its weight with the embedding, unless an adapter learned one of them
TOKENS = f"{EMBEDDING}.token_adapter.trainable_tokens_delta"  # new rows of the embedding
MATRICES = ("lora_A.weight", "lora_B.weight", "lora_embedding_A", "lora_embedding_B")
BESIDE_MATRICES = ("lora_B.bias", "lora_magnitude_vector")  # of lora_bias and of DoRA
INITIALISATIONS = (None, True, False, "gaussian", "eva", "orthogonal")  # that leave the base's weights as they are
VARIANTS = (  # settings that change what the weights mean
    "alora_invocation_tokens",
    "arrow_config",
    "kasa_config",
    "layer_replication",
    "monteclora_config",
    "target_parameters",
    "use_bdlora",
    "use_qalora",
)
FLOATS = ("F64", "F32", "F16", "BF16")  # safetensors' names
PATTERN_SIGNS = frozenset(string.ascii_letters + string.digits + "_.")
LARGEST_CONFIGURATION, LARGEST_HEADER = 1_000_000, 10_000_000  # bytes; those of whisper-large are a tenth
MOST_SAVED = 1000  # names in modules_to_save
LARGEST = 65504.0  # float16's largest number: CTranslate2 keeps weights in float16


class DamagedError(Exception):
    """The files are not whole."""


class UnfitError(Exception):
    """The adapter cannot be used with its base, for a reason that also says how to mend it."""

    def __init__(self, en: str, fr: str):
        super().__init__(en)
        self.reason = Message(en, fr)


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


class Stored(NamedTuple):
    """A tensor as the header of the weights describes it."""

    shape: tuple[int, ...]
    dtype: str


def read(folder: Path, base: "nn.Module") -> Lora:
    """Reads the adapter in `folder` for `base`, whose parameters may be on the meta device: shapes alone are looked at.

    Raises FileNotFoundError where a file is gone, DamagedError and UnfitError.
    """
    config, header = _configuration(folder / FILES[0]), _header(folder / FILES[1])
    _check_kind(config)
    ranks = _ranks(header, base)
    rest = {
        name: stored
        for name, stored in header.items()
        if not name.endswith((*MATRICES, *BESIDE_MATRICES)) and name != TOKENS
    }
    parameters = {name: name.replace(".base_layer.", ".") for name in rest}
    _check_layers(config, header, ranks)
    _check_parameters(config, {parameters[name]: stored for name, stored in rest.items()}, set(ranks), base)
    tokens = _tokens(config, header, base)
    clean = _clean(config, ranks)
    tensors = _tensors(folder / FILES[1])
    _check_products(clean, ranks, tensors)
    touched = {name.rpartition(".")[0] for name in parameters.values()} | set(ranks)
    return Lora(
        config=clean,
        matrices={PREFIX + name: tensor for name, tensor in tensors.items() if name not in rest and name != TOKENS},
        parameters={parameters[name]: tensors[name] for name in rest},
        rows=dict(zip(tokens, tensors[TOKENS], strict=True)) if tokens else {},
        unties=bool(touched & {EMBEDDING, OUTPUT}) and config.get("ensure_weight_tying") is not True,
    )


def _configuration(path: Path) -> dict:
    if path.stat().st_size > LARGEST_CONFIGURATION:
        raise DamagedError
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DamagedError from error
    if not isinstance(config, dict):
        raise DamagedError
    return config


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


def _check_kind(config: dict) -> None:
    """Refuses what is no LoRA, or a kind of LoRA that would be computed in another way than it was trained."""
    kind = config.get("peft_type")
    if kind != "LORA":
        raise UnfitError(
            en=f"it is {_shown(kind)}, not LORA; name a LoRA adapter",
            fr=f"c'est un {_shown(kind)}, non un LORA ; nommez un adaptateur LoRA",
        )
    for name in VARIANTS:
        if config.get(name):
            raise UnfitError(
                en=f"it was trained with {name}, which Allô does not have; train it without",
                fr=f"il a été entraîné avec {name}, qu'Allô ne connaît pas ; entraînez-le sans",
            )
    start = config.get("init_lora_weights")
    if start not in INITIALISATIONS:
        raise UnfitError(
            en=f"it began as {_shown(start)}, which changes the base's weights; "
            "save it again with path_initial_model_for_weight_conversion",
            fr=f"il est parti de {_shown(start)}, qui change les poids de la base ; "
            "enregistrez-le à nouveau avec path_initial_model_for_weight_conversion",
        )


def _ranks(header: dict[str, Stored], base: "nn.Module") -> dict[str, int]:
    """The LoRA rank of each layer that has one; its two matrices fit the layer."""
    from torch import nn

    layers = dict(base.named_modules())
    ranks = {}
    for name in sorted({name[: -len(end) - 1] for name in header for end in MATRICES if name.endswith("." + end)}):
        layer = layers.get(name)
        if isinstance(layer, nn.Linear):
            kind, wide, high, after = "lora_{}.weight", (layer.in_features,), layer.out_features, ()
        elif isinstance(layer, nn.Conv1d):
            wide = (layer.in_channels // layer.groups, *layer.kernel_size)
            kind, high, after = "lora_{}.weight", layer.out_channels, (1,)
        elif name == EMBEDDING:
            kind, wide, high, after = "lora_embedding_{}", (layer.num_embeddings,), layer.embedding_dim, ()
        else:
            raise _no_such_layer(name)
        first, second = (header.get(f"{name}.{kind.format(letter)}") for letter in "AB")
        rank = first.shape[0] if first and first.shape else 0
        if not (first and second and 0 < rank <= max(*wide, high)):
            raise other_layers()
        if first.shape != (rank, *wide) or second.shape != (high, rank, *after):
            raise _other_size(name)
        ranks[name] = rank
    return ranks


def _check_layers(config: dict, header: dict[str, Stored], ranks: dict[str, int]) -> None:
    """The configuration and the weights are of one adapter: ranks, layers where they are listed, DoRA and biases."""
    if EMBEDDING in ranks and config.get("ensure_weight_tying"):
        raise UnfitError(
            en="it learned the embedding and the output as one; train it without ensure_weight_tying",
            fr="il a appris l'embedding et la sortie ensemble ; entraînez-le sans ensure_weight_tying",
        )
    pattern = _mapping(config, "rank_pattern")
    targets = config.get("target_modules")
    listed = isinstance(targets, list) and all(isinstance(target, str) for target in targets)
    agree = (
        set(ranks.values()) <= {config.get("r"), *(rank for rank in pattern.values() if isinstance(rank, int))}
        and (not listed or _cover(targets, ranks))
        and all(
            {name.removesuffix(f".{end}") for name in header if name.endswith(end)}
            == (set(ranks) if config.get(setting) is True else set())
            for end, setting in zip(BESIDE_MATRICES, ("lora_bias", "use_dora"), strict=True)
        )
    )
    if not agree:
        raise other_layers()


def _cover(targets: list[str], layers: dict[str, int]) -> bool:
    """Whether each target names a layer, and each layer has a target."""
    named = defaultdict(set)
    for layer in layers:
        for end in _ends(layer):
            named[end].add(layer)
    found = [named.get(target, set()) for target in set(targets)]
    return all(found) and set().union(*found) == set(layers)


def _ends(layer: str) -> list[str]:
    """The names that peft takes for the layer: a.b.c, b.c and c."""
    parts = layer.split(".")
    return [".".join(parts[at:]) for at in range(len(parts))]


def _check_parameters(config: dict, given: dict[str, Stored], layers: set[str], base: "nn.Module") -> None:
    """Whole parameters of the base: the configuration names them, and they are of its size."""
    saved = config.get("modules_to_save") or []
    if not isinstance(saved, list) or not all(isinstance(name, str) and name for name in saved[:MOST_SAVED]):
        raise other_layers()
    if len(saved) > MOST_SAVED:
        raise DamagedError
    biases, with_lora = config.get("bias", "none"), layers & {EMBEDDING, OUTPUT}
    own = dict(base.named_parameters(remove_duplicate=False))
    for name, stored in given.items():
        layer, _, leaf = name.rpartition(".")
        named = _saved(layer, saved) or (
            leaf == "bias" and (biases == "all" or (biases == "lora_only" and layer in layers))
        )
        # peft adds the weight of an embedding that has a LoRA, and of the output that is tied to a saved one
        added = leaf == "weight" and layer in (EMBEDDING, OUTPUT) and (with_lora or config.get("ensure_weight_tying"))
        if not named and not added:
            raise other_layers()
        if name not in own:
            raise _no_such_layer(name)
        if stored.shape != tuple(own[name].shape):
            raise _other_size(name)
    if not all(any(_saved(name.rpartition(".")[0], [wanted]) for name in given) for wanted in saved):
        raise other_layers()


def _saved(layer: str, saved: list[str]) -> bool:
    """Whether modules_to_save names the layer or one that it is in; peft compares ends of names."""
    parts = layer.split(".")
    return any(".".join(parts[:count]).endswith(name) for count in range(1, len(parts) + 1) for name in saved)


def _tokens(config: dict, header: dict[str, Stored], base: "nn.Module") -> list[int]:
    """The tokens whose rows of the embedding the adapter holds, in the order of the rows."""
    tokens = config.get("trainable_token_indices") or []
    if isinstance(tokens, dict):
        if len(tokens) != 1 or not f".{EMBEDDING}".endswith(f".{next(iter(tokens))}"):
            raise other_layers()
        (tokens,) = tokens.values()
    if not isinstance(tokens, list) or any(type(token) is not int for token in tokens):
        raise other_layers()
    count, width = base.get_submodule(EMBEDDING).weight.shape
    stored = header.get(TOKENS, Stored((0, width), "F32"))
    fit = stored.shape == (len(tokens), width) and len(set(tokens)) == len(tokens)
    if not fit or any(not 0 <= token < count for token in tokens):
        raise UnfitError(
            en="its trainable_token_indices are not those of its weights, or of no token of the base; export it again",
            fr="ses trainable_token_indices ne sont pas ceux de ses poids, ou d'aucun token de la base ; "
            "exportez-le à nouveau",
        )
    return tokens


def _clean(config: dict, ranks: dict[str, int]) -> "LoraConfig":
    """A configuration of our own, with each layer by its full name: peft has no expression to compile."""
    from peft import LoraConfig

    alphas = _alphas(config, ranks)
    rank = Counter(ranks.values()).most_common(1)[0][0] if ranks else 1
    alpha = Counter(alphas.values()).most_common(1)[0][0] if alphas else 1
    return LoraConfig(
        r=rank,
        rank_pattern={_literal(layer): own for layer, own in ranks.items() if own != rank},
        lora_alpha=alpha,
        alpha_pattern={_literal(layer): own for layer, own in alphas.items() if own != alpha},
        target_modules=sorted(ranks),
        use_rslora=config.get("use_rslora") is True,
        use_dora=config.get("use_dora") is True,
        lora_bias=config.get("lora_bias") is True,
        bias="none",
        inference_mode=True,
    )


def _literal(layer: str) -> str:
    return layer.replace(".", r"\.")


def _alphas(config: dict, layers: Iterable[str]) -> dict[str, float]:
    """The alpha of each layer: that of the first entry of alpha_pattern that names it, else lora_alpha."""
    named: dict[tuple[bool, str], tuple[int, object]] = {}
    for place, (pattern, alpha) in enumerate(_mapping(config, "alpha_pattern").items()):
        named.setdefault(_name(pattern), (place, alpha))
    default = len(_mapping(config, "alpha_pattern")), config.get("lora_alpha")
    alphas = {}
    for layer in layers:
        found = [named.get(key, default) for key in ((True, layer), *((False, end) for end in _ends(layer)))]
        _, alpha = min(found, key=lambda entry: entry[0])
        if type(alpha) not in (int, float) or not abs(alpha) <= LARGEST:  # NaN is not either
            raise other_layers()
        alphas[layer] = alpha
    return alphas


def _name(pattern: str) -> tuple[bool, str]:
    """What a key of alpha_pattern names: whether it is a whole name (after ^) or the end of one, and the name."""
    name = pattern.removeprefix("^").removesuffix("$").replace(r"\.", ".")
    if not PATTERN_SIGNS.issuperset(name):
        raise UnfitError(
            en=f"its alpha_pattern holds the expression {_shown(pattern)}; write the names of the layers there",
            fr=f"son alpha_pattern contient l'expression {_shown(pattern)} ; écrivez-y les noms des couches",
        )
    return pattern.startswith("^"), name


def _mapping(config: dict, name: str) -> dict:
    found = config.get(name) or {}
    if not isinstance(found, dict):
        raise other_layers()
    return found


def _tensors(path: Path) -> dict[str, "Tensor"]:
    """All tensors, as float32, by the base's names."""
    import torch
    from safetensors.torch import load_file

    try:
        tensors = {name.removeprefix(PREFIX): tensor.float() for name, tensor in load_file(path).items()}
    except SafetensorError as error:  # it was cut short after the header was read
        raise DamagedError from error
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values()):
        raise _not_finite()
    for name, tensor in tensors.items():
        if not name.endswith(MATRICES) and tensor.abs().max() > LARGEST:
            raise _not_finite()
    return tensors


def _check_products(config: "LoraConfig", ranks: dict[str, int], tensors: dict[str, "Tensor"]) -> None:
    """What LoRA adds to a weight stays a number: no product of two matrices is larger than that of their norms."""
    for layer, rank in ranks.items():
        alpha = config.alpha_pattern.get(_literal(layer), config.lora_alpha)
        scale = alpha / (math.sqrt(rank) if config.use_rslora else rank)
        kind = "lora_embedding_{}" if layer == EMBEDDING else "lora_{}.weight"
        first, second = (tensors[f"{layer}.{kind.format(letter)}"].double().norm().item() for letter in "AB")
        if first * second * abs(scale) > LARGEST:
            raise _not_finite()


def _shown(value: object) -> str:
    return repr(value)[:60]


def other_layers() -> UnfitError:
    return UnfitError(
        en="its weights are of other layers or ranks than its configuration says; export it again",
        fr="ses poids sont d'autres couches ou d'autres rangs que sa configuration ne le dit ; exportez-le à nouveau",
    )


def _no_such_layer(layer: str) -> UnfitError:
    return UnfitError(
        en=f"{_shown(layer)} is no layer of the base that LoRA can change; name the base that it was trained on",
        fr=f"{_shown(layer)} n'est pas une couche de la base que LoRA puisse changer ; "
        "nommez le modèle sur lequel il a été entraîné",
    )


def _other_size(layer: str) -> UnfitError:
    return UnfitError(
        en=f"its {layer} is of another size; name the base that it was trained on",
        fr=f"sa couche {layer} a une autre taille ; nommez le modèle sur lequel il a été entraîné",
    )


def _not_finite() -> UnfitError:
    return UnfitError(
        en="its weights hold NaN, infinite or far too large numbers; train or export it again",
        fr="ses poids contiennent des nombres NaN, infinis ou bien trop grands ; entraînez-le ou exportez-le à nouveau",
    )
