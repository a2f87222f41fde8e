"""An adapter's configuration: read as plain data, and written anew for peft.

Nothing of it is compiled as an expression, imported, or allocated: the new one names every layer in full.
"""

import json
import math
import string
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from speech.models.lora.errors import DamagedError, UnfitError, other_layers, shown

if TYPE_CHECKING:
    from peft import LoraConfig

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
PATTERN_SIGNS = frozenset(string.ascii_letters + string.digits + "_.")
LARGEST_CONFIGURATION = 1_000_000  # bytes; whisper-large's with every layer by name has 45,000
LARGEST = 65504.0  # float16's largest number: CTranslate2 stores weights in float16


def read_config(path: Path) -> dict:
    """The configuration as JSON. Raises FileNotFoundError and DamagedError."""
    if path.stat().st_size > LARGEST_CONFIGURATION:
        raise DamagedError
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DamagedError from error
    if not isinstance(config, dict):
        raise DamagedError
    return config


def check_kind(config: dict) -> None:
    """Refuses what is no LoRA, or a kind of LoRA that would be computed in another way than it was trained."""
    kind = config.get("peft_type")
    if kind != "LORA":
        raise UnfitError(
            en=f"it is {shown(kind)}, not LORA; name a LoRA adapter",
            fr=f"c'est un adaptateur {shown(kind)}, non LORA ; nommez un adaptateur LoRA",
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
            en=f"it began as {shown(start)}, which changes the base's weights; "
            "save it again with path_initial_model_for_weight_conversion",
            fr=f"il est parti de {shown(start)}, qui change les poids de la base ; "
            "enregistrez-le à nouveau avec path_initial_model_for_weight_conversion",
        )


def clean(config: dict, ranks: dict[str, int]) -> "LoraConfig":
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


def scale(config: "LoraConfig", layer: str, rank: int) -> float:
    """What the product of the layer's two matrices is multiplied by."""
    alpha = config.alpha_pattern.get(_literal(layer), config.lora_alpha)
    return alpha / (math.sqrt(rank) if config.use_rslora else rank)


def _literal(layer: str) -> str:
    return layer.replace(".", r"\.")


def _alphas(config: dict, layers: Iterable[str]) -> dict[str, float]:
    """The alpha of each layer: that of the first entry of alpha_pattern that names it, else lora_alpha."""
    named: dict[tuple[bool, str], tuple[int, object]] = {}
    for place, (pattern, alpha) in enumerate(mapping(config, "alpha_pattern").items()):
        named.setdefault(_name(pattern), (place, alpha))
    default = len(mapping(config, "alpha_pattern")), config.get("lora_alpha")
    alphas = {}
    for layer in layers:
        found = [named.get(key, default) for key in ((True, layer), *((False, end) for end in ends(layer)))]
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
            en=f"its alpha_pattern holds the expression {shown(pattern)}; write the names of the layers there",
            fr=f"son alpha_pattern contient l'expression {shown(pattern)} ; écrivez-y les noms des couches",
        )
    return pattern.startswith("^"), name


def ends(layer: str) -> list[str]:
    """The names that peft takes for the layer: a.b.c, b.c and c."""
    parts = layer.split(".")
    return [".".join(parts[at:]) for at in range(len(parts))]


def mapping(config: dict, name: str) -> dict:
    """A setting that is an object, or empty. Raises UnfitError where it is something else."""
    found = config.get(name) or {}
    if not isinstance(found, dict):
        raise other_layers()
    return found
