"""The layers that an adapter's weights change, by the header of their file, against those of the base."""

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from speech.models.lora.config import ends, mapping
from speech.models.lora.errors import DamagedError, UnfitError, no_such_layer, other_layers, other_size

if TYPE_CHECKING:
    from torch import nn

EMBEDDING = "model.decoder.embed_tokens"
OUTPUT = "proj_out"  # shares its weight with the embedding, unless an adapter learned one of them
TOKENS = f"{EMBEDDING}.token_adapter.trainable_tokens_delta"  # new rows of the embedding
MATRICES = ("lora_A.weight", "lora_B.weight", "lora_embedding_A", "lora_embedding_B")
BESIDE_MATRICES = ("lora_B.bias", "lora_magnitude_vector")  # of lora_bias and of DoRA
MOST_SAVED = 1000  # names in modules_to_save


class Stored(NamedTuple):
    """A tensor as the header of the weights describes it."""

    shape: tuple[int, ...]
    dtype: str


def ranks_of(header: dict[str, Stored], base: "nn.Module") -> dict[str, int]:
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
            raise no_such_layer(name)
        first, second = (header.get(f"{name}.{kind.format(letter)}") for letter in "AB")
        rank = first.shape[0] if first and first.shape else 0
        if not (first and second and 0 < rank <= max(*wide, high)):
            raise other_layers()
        if first.shape != (rank, *wide) or second.shape != (high, rank, *after):
            raise other_size(name)
        ranks[name] = rank
    return ranks


def check_layers(config: dict, header: dict[str, Stored], ranks: dict[str, int], base: "nn.Module") -> None:
    """The configuration and the weights are of one adapter: ranks, layers where they are listed, DoRA and biases."""
    if EMBEDDING in ranks and config.get("ensure_weight_tying"):
        raise UnfitError(
            en="it learned the embedding and the output as one; train it without ensure_weight_tying",
            fr="il a appris l'embedding et la sortie ensemble ; entraînez-le sans ensure_weight_tying",
        )
    if config.get("lora_bias") and any(getattr(base.get_submodule(layer), "bias", None) is None for layer in ranks):
        raise UnfitError(
            en="it has a bias for layers that have none in the base; train it without lora_bias",
            fr="il a un biais pour des couches qui n'en ont pas dans la base ; entraînez-le sans lora_bias",
        )
    known = [config.get("r"), *mapping(config, "rank_pattern").values()]
    targets = config.get("target_modules")
    listed = isinstance(targets, list) and all(isinstance(target, str) for target in targets)
    agree = (
        set(ranks.values()) <= {rank for rank in known if type(rank) is int}
        and (not listed or _cover(targets, ranks, config))
        and all(
            {name.removesuffix(f".{end}") for name in header if name.endswith(end)}
            == (set(ranks) if config.get(setting) is True else set())
            for end, setting in zip(BESIDE_MATRICES, ("lora_bias", "use_dora"), strict=True)
        )
    )
    if not agree:
        raise other_layers()


def _cover(targets: list[str], layers: dict[str, int], config: dict) -> bool:
    """Whether each layer has a target, and each target names a layer, unless other settings leave its layers out."""
    named = defaultdict(set)
    for layer in layers:
        for end in ends(layer):
            named[end].add(layer)
    found = [named.get(target, set()) for target in set(targets)]
    left_out = config.get("exclude_modules") or config.get("layers_to_transform")
    return (bool(left_out) or all(found)) and set().union(*found) == set(layers)


def check_parameters(config: dict, given: dict[str, Stored], layers: set[str], base: "nn.Module") -> None:
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
            raise no_such_layer(name)
        if stored.shape != tuple(own[name].shape):
            raise other_size(name)
    if not all(any(_saved(name.rpartition(".")[0], [wanted]) for name in given) for wanted in saved):
        raise other_layers()


def _saved(layer: str, saved: list[str]) -> bool:
    """Whether modules_to_save names the layer or one that it is in; peft compares ends of names."""
    parts = layer.split(".")
    return any(".".join(parts[:count]).endswith(name) for count in range(1, len(parts) + 1) for name in saved)


def tokens_of(config: dict, header: dict[str, Stored], base: "nn.Module") -> list[int]:
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
