"""Whatever an adapter holds: the base and the other adapters give what they gave, and both engines take the same."""

import json
import math
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import WhisperForConditionalGeneration

from common.messages import Message, UserError
from speech.engines import load
from speech.engines.shared_weights import SharedWeights
from speech.engines.short_window import ShortWindowWhisper
from speech.engines.transformers import TransformersEngine
from speech.models import adapters
from speech.models.checkpoint import FILES, Choice
from speech.models.choose import choose
from tests.kit import weights

CONFIG, WEIGHTS = FILES
QV = ["q_proj", "v_proj"]
PATIENCE = 20  # seconds for one adapter, on a busy machine
KINDS = {  # how it is loaded, and what peft is asked for
    "bias of LoRA's layers": ("alone", {"target_modules": QV, "bias": "lora_only"}),
    "all biases": ("alone", {"target_modules": QV, "bias": "all"}),
    "norms saved": ("alone", {"target_modules": QV, "modules_to_save": ["layer_norm"]}),
    "positions saved": ("alone", {"target_modules": QV, "modules_to_save": ["embed_positions"]}),
    "output saved": ("alone", {"target_modules": QV, "modules_to_save": ["proj_out"]}),
    "embedding saved": ("alone", {"target_modules": QV, "modules_to_save": ["embed_tokens"]}),
    "embedding and output saved as one": (
        "alone",
        {"target_modules": QV, "modules_to_save": ["embed_tokens"], "ensure_weight_tying": True},
    ),
    "tokens": ("alone", {"target_modules": QV, "trainable_token_indices": [5, 50363, 7]}),
    "tokens by name": ("alone", {"target_modules": QV, "trainable_token_indices": {"embed_tokens": [400]}}),
    "LoRA of the embedding": ("alone", {"target_modules": ["q_proj", "embed_tokens"]}),
    "LoRA of the output": ("beside", {"target_modules": ["q_proj", "proj_out"]}),
    "convolutions": ("beside", {"target_modules": ["conv1", "conv2"]}),
    "DoRA": ("beside", {"target_modules": QV, "use_dora": True}),
    "rank-stabilised": ("beside", {"target_modules": QV, "use_rslora": True}),
    "LoRA with a bias": ("beside", {"target_modules": QV, "lora_bias": True}),
    "all linear layers": ("beside", {"target_modules": "all-linear"}),
    "an expression": ("beside", {"target_modules": r".*decoder.*(q|v)_proj"}),
    "layers left out": (  # as Allô's own trainings do it; of fc1 no layer is left
        "beside",
        {"target_modules": [*QV, "fc1"], "exclude_modules": r"model\.encoder\.layers\.\d+\..*|.*decoder.*fc1"},
    ),
    "transposed": ("beside", {"target_modules": QV, "fan_in_fan_out": True}),
    "one layer": ("beside", {"target_modules": QV, "layers_to_transform": [1], "layers_pattern": "layers"}),
    "ranks and alphas of their own": (
        "beside",
        {
            "target_modules": QV,
            "rank_pattern": {"^model.decoder.layers.0.encoder_attn.q_proj": 8, ".*v_proj": 2},
            "alpha_pattern": {r"^model\.decoder\.layers\.0\.encoder_attn\.q_proj$": 3, "self_attn.v_proj": 32},
        },
    ),
}
WITHOUT_PEFT = ("convolutions",)  # transformers' encoder asks the convolution for its stride, and peft's has none


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> str:
    return str(weights.tiny(tmp_path_factory.mktemp("base") / "tiny"))


def made(base: str, folder: Path, seed: int = 0, **settings) -> Path:
    """An adapter whose every weight is changed."""
    torch.manual_seed(seed)
    model = get_peft_model(WhisperForConditionalGeneration.from_pretrained(base), LoraConfig(r=4, **settings))
    with torch.no_grad():
        for part in model.parameters():
            if part.requires_grad:
                part.add_(torch.randn_like(part) * 0.1)
    model.save_pretrained(folder)
    return folder


def engine(base: str, adapter: Path | None = None, precision: str = "float32") -> TransformersEngine:
    return TransformersEngine(choose(base, adapter and str(adapter)), Message("", ""), "cpu", precision)


MEL = torch.randn(1, 80, 3000, generator=torch.Generator().manual_seed(1))
IDS = torch.tensor([[50258, 50265, 50359, 50363, 5, 7, 400]])


def logits(model: WhisperForConditionalGeneration) -> torch.Tensor:
    with torch.inference_mode():
        return model(input_features=MEL.to(model.dtype), decoder_input_ids=IDS).logits.float()


def given(loaded: TransformersEngine) -> torch.Tensor:
    with loaded.exclusive() as whisper:
        return logits(whisper)


@pytest.fixture(scope="module")
def others(base, tmp_path_factory) -> list[tuple[TransformersEngine, torch.Tensor]]:
    """The base and a plain adapter beside it, and what they give."""
    adapter = made(base, tmp_path_factory.mktemp("other"), seed=9, target_modules=QV)
    return [(loaded, given(loaded)) for loaded in (engine(base), engine(base, adapter))]


@pytest.mark.parametrize("kind", KINDS)
def test_the_base_and_the_others_stay_as_they_were(base, others, tmp_path, monkeypatch, kind):
    how, settings = KINDS[kind]
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path / "cache"))
    folder = made(base, tmp_path / "adapter", **settings)
    loaded = engine(base, folder)
    found = given(loaded)
    assert (loaded.shared_weights is others[0][0].shared_weights) == (how == "beside")
    assert all(torch.equal(given(other), before) for other, before in others)
    assert (found - others[0][1]).abs().max() > 0.01
    if kind not in WITHOUT_PEFT:
        reference = PeftModel.from_pretrained(WhisperForConditionalGeneration.from_pretrained(base), folder).eval()
        assert torch.allclose(found, logits(reference), atol=2e-3)
    with adapters.merged(choose(base, str(folder)), tmp_path / "merged") as merged:  # what CTranslate2 converts
        assert torch.allclose(found, logits(ShortWindowWhisper.from_pretrained(merged).eval()), atol=2e-3)
    del loaded
    assert all(torch.equal(given(other), before) for other, before in others)


@pytest.mark.parametrize("kind", ["embedding saved", "LoRA of the output", "tokens", "convolutions"])
def test_both_engines_give_the_same(base, tmp_path, monkeypatch, kind):
    folder = made(base, tmp_path / "adapter", **KINDS[kind][1])
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path / "cache"))
    hypotheses = []
    for name in ("transformers", "ctranslate2"):
        loaded = load(choose(base, str(folder)), name, "float32")
        asked = {"beam_size": 1, "temperature": 0.0, "max_tokens": 6}
        hypotheses += loaded.generate(loaded.encode(MEL.numpy()), loaded.prompt("fr", timestamps=False), **asked)
    one, other = hypotheses
    assert one.tokens == other.tokens and one.logprob == pytest.approx(other.logprob, abs=0.01)


@pytest.mark.parametrize("precision", ["8bit", "4bit"])
@pytest.mark.parametrize("kind", ["DoRA", "all biases", "convolutions"])
def test_on_a_quantised_base_too(base, tmp_path, precision, kind):
    plain = engine(base, precision=precision)
    before = given(plain)
    loaded = engine(base, made(base, tmp_path / "adapter", **KINDS[kind][1]), precision)
    assert not torch.equal(given(loaded), before) and torch.equal(given(plain), before)


@pytest.fixture(scope="module")
def whole(base, tmp_path_factory) -> Path:
    return made(base, tmp_path_factory.mktemp("whole"), target_modules=QV)


def edited(whole: Path, folder: Path, settings: dict | None = None, edit: Callable | None = None) -> Path:
    """A copy with other settings, and with weights that `edit` changed in place."""
    shutil.copytree(whole, folder)
    (folder / CONFIG).write_text(json.dumps(json.loads((whole / CONFIG).read_text()) | (settings or {})))
    if edit:
        tensors = load_file(whole / WEIGHTS)
        edit(tensors)
        save_file(tensors, folder / WEIGHTS)
    return folder


def put(suffix: str, value: float) -> Callable:
    def edit(tensors: dict) -> None:
        next(tensor for name, tensor in tensors.items() if name.endswith(suffix)).view(-1)[3] = value

    return edit


def add(name: str, *shape: int, dtype=torch.float32) -> Callable:
    return lambda tensors: tensors.update({f"base_model.model.{name}": torch.zeros(shape, dtype=dtype)})


def magnitudes(tensors: dict) -> None:
    """DoRA's, empty."""
    for name in [name for name in tensors if name.endswith("lora_A.weight")]:
        tensors[name.replace("lora_A.weight", "lora_magnitude_vector")] = torch.zeros(0)


def drop(suffix: str) -> Callable:
    return lambda tensors: tensors.pop(next(name for name in tensors if name.endswith(suffix)))


REDOS = r"(\w+\.?)+(\w+\.?)+!"
REFUSED = [
    ({"peft_type": "IA3"}, None, "not LORA"),
    ({"peft_type": None}, None, "not LORA"),
    ({"init_lora_weights": "pissa_niter_4"}, None, "began as 'pissa_niter_4'"),
    ({"init_lora_weights": "olora"}, None, "began as 'olora'"),
    ({"alora_invocation_tokens": [1, 2]}, None, "alora_invocation_tokens"),
    ({"layer_replication": [[0, 2], [1, 2]]}, None, "layer_replication"),
    ({"target_parameters": ["k_proj.weight"]}, None, "target_parameters"),
    ({"alpha_pattern": {REDOS: 8}}, None, "holds the expression"),
    ({"modules_to_save": [REDOS]}, None, "other layers"),
    ({"target_modules": [REDOS]}, None, "other layers"),
    ({"r": 20_000}, None, "other layers or ranks"),
    ({"r": 8, "rank_pattern": {"v_proj": 40_000}}, None, "other layers or ranks"),
    ({"r": "4"}, None, "other layers or ranks"),
    ({"r": []}, None, "other layers or ranks"),
    ({"rank_pattern": {"q_proj": {}}, "r": None}, None, "other layers or ranks"),
    ({"lora_alpha": "8"}, None, "other layers"),
    ({"lora_alpha": 1e300}, None, "other layers"),
    ({"lora_alpha": math.nan}, None, "other layers"),
    ({"use_dora": True}, None, "other layers"),
    ({"use_dora": True}, magnitudes, "other layers"),
    ({"lora_bias": True}, None, "other layers"),
    ({"modules_to_save": ["proj_out"]}, None, "other layers"),
    ({"trainable_token_indices": [10**9]}, None, "trainable_token_indices"),
    ({"trainable_token_indices": [-1]}, None, "trainable_token_indices"),
    ({"target_modules": "q_proj", "rank_pattern": []}, drop("q_proj.lora_A.weight"), "other layers"),
    ({}, add("model.decoder.layer_norm.weight", 64), "other layers"),
    ({"bias": "all"}, add("model.decoder.layers.7.fc1.bias", 128), "no layer of the base"),
    ({"bias": "all"}, add("model.decoder.layers.0.fc1.bias", 64), "another size"),
    ({}, add("model.decoder.layers.0.fc1.lora_A.weight", 4, 999), "other layers"),
    ({}, put("lora_B.weight", math.nan), "NaN, infinite"),
    ({}, put("lora_A.weight", math.inf), "NaN, infinite"),
    ({}, put("lora_B.weight", 3e38), "NaN, infinite or far too large"),
    ({"bias": "lora_only"}, add("model.decoder.layers.0.self_attn.q_proj.bias", 64, dtype=torch.int64), "other layers"),
]


@pytest.mark.parametrize(("settings", "edit", "reason"), REFUSED)
def test_what_cannot_be_used_is_refused_by_both_engines_at_once(base, others, whole, tmp_path, settings, edit, reason):
    choice = choose(base, str(edited(whole, tmp_path / "adapter", settings, edit)))
    begun = time.monotonic()
    with pytest.raises(UserError, match="does not fit") as one:
        engine(base, choice.adapter_folder)
    with pytest.raises(UserError) as other, adapters.merged(choice, tmp_path / "merged"):
        pass
    assert time.monotonic() - begun < PATIENCE
    assert reason in one.value.message.en and one.value.message == other.value.message
    assert all(torch.equal(given(loaded), before) for loaded, before in others)


def test_a_bias_beside_a_layer_without_one_is_refused(base, tmp_path):
    folder = made(base, tmp_path / "adapter", target_modules=["k_proj"], lora_bias=True)
    with pytest.raises(UserError, match="has a bias for layers that have none"):
        adapters.read(choose(base, str(folder)))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"[" * 100_000, b'{"r": ' + b"9" * 5000 + b"}", b"\xff\xfe", b" " * 2_000_000]
)
def test_a_configuration_that_is_none_is_damaged(base, whole, tmp_path, content):
    folder = edited(whole, tmp_path / "adapter")
    (folder / CONFIG).write_bytes(content)
    with pytest.raises(UserError, match="cut short or damaged"):
        adapters.read(choose(base, str(folder)))


@pytest.mark.parametrize("pattern", [REDOS, "((\\w+\\.?)+)+!", ".*" * 3000 + "!"])
@pytest.mark.parametrize("setting", ["target_modules", "exclude_modules", "layers_pattern"])
def test_an_expression_is_never_run(base, whole, tmp_path, setting, pattern):
    """The names of the layers are those of the weights: the adapter works, whatever expression chose them."""
    choice = choose(base, str(edited(whole, tmp_path / "adapter", {setting: pattern, "megatron_core": "this"})))
    begun = time.monotonic()
    found = adapters.read(choice)
    assert time.monotonic() - begun < PATIENCE
    assert found.config.target_modules == adapters.read(choose(base, str(whole))).config.target_modules


def mutated(whole: Path, folder: Path, random: Random) -> Path:
    """A copy with one to three settings, tensors or bytes changed."""
    shutil.copytree(whole, folder)
    config, tensors = json.loads((whole / CONFIG).read_text()), load_file(whole / WEIGHTS)
    strange = [None, True, -1, 0, 2**70, 1e308, math.nan, "", "x" * 5000, REDOS, [], [[]], {}, {"a": {}}, [None] * 99]
    for _ in range(random.randint(1, 3)):
        name = random.choice(sorted(tensors))
        match random.randrange(6):
            case 0:
                config[random.choice(sorted(config))] = random.choice(strange)
            case 1:
                config[random.choice(["rank_pattern", "alpha_pattern"])] = {
                    random.choice(["q_proj", REDOS]): random.choice(strange)
                }
            case 2:
                tensors[name.replace("q_proj", random.choice(["k_proj", "no", "q_proj.base_layer"]))] = tensors.pop(
                    name
                )
            case 3:
                tensors[name] = tensors[name].reshape(random.choice([(-1,), (1, -1), (2, -1)]))
            case 4:
                tensors[name] = tensors[name].to(random.choice([torch.float16, torch.int32, torch.bool, torch.float64]))
            case 5:
                tensors[name + random.choice([".bias", "", "x"])] = torch.zeros(
                    random.choice([(0,), (4, 64), (1,) * 7])
                )
    (folder / CONFIG).write_text(json.dumps(config))
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS)
    if random.random() < 0.3:
        path = folder / random.choice(FILES)
        content = bytearray(path.read_bytes())
        for _ in range(5):
            content[random.randrange(min(len(content), 3000))] = random.randrange(256)
        path.write_bytes(content[: random.choice([len(content), len(content) // 2, 9])])
    return folder


@pytest.mark.parametrize("seed", range(6))
def test_mutated_adapters_are_loaded_or_refused_in_time(base, whole, tmp_path, seed):
    whisper = ShortWindowWhisper.from_pretrained(base).eval()
    shared, before = SharedWeights(whisper), logits(whisper)
    random = Random(seed)
    plain: Choice = choose(base)
    for number in range(25):
        folder = mutated(whole, tmp_path / str(number), random)
        choice = replace(plain, adapter=f"seed {seed}, {number}", adapter_folder=folder)
        begun = time.monotonic()
        try:
            lora = adapters.read(choice)
            if lora.changes_base:
                adapters.merged_model(choice, lora)
            else:
                shared.adapter(choice, lora)
        except UserError as error:
            assert choice.adapter in error.message.fr
        assert time.monotonic() - begun < PATIENCE
    with shared.using(None):
        assert torch.equal(logits(whisper), before)
