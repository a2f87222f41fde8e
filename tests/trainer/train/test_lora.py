"""The base and its adapter: how many weights are trained, in which layers and in which number formats."""

import pytest
import torch
from transformers import WhisperConfig

from speech.engines.short_window import ShortWindowWhisper
from tests.kit.training import asked, last
from trainer.presets import PRESETS
from trainer.settings import Optimisation
from trainer.train import lora
from trainer.train.precision import precision
from trainer.train.run import train

SMALL = {"d_model": 768, "encoder_layers": 12, "decoder_layers": 12, "vocab_size": 51865}
SMALL |= {"encoder_attention_heads": 12, "decoder_attention_heads": 12}
SMALL |= {"encoder_ffn_dim": 3072, "decoder_ffn_dim": 3072}


def test_the_seed_has_the_notebooks_numbers():
    with torch.device("meta"):
        whisper = ShortWindowWhisper(WhisperConfig(**SMALL))
    model = lora.with_adapter(whisper, PRESETS["seed"])
    assert model.get_nb_trainable_parameters() == (884_736, 242_619_648)


@pytest.mark.parametrize(("changes", "decoder"), [({}, 2 * 4), ({"decoder_part": "all"}, 2 * 10)])
def test_parts_of_the_model_may_stay_as_they_are(tiny, changes, decoder):
    whisper = ShortWindowWhisper.from_pretrained(tiny)
    model = lora.with_adapter(whisper, PRESETS["quick"].with_values(encoder_share=0.5, **changes))
    adapted = {name.partition(".lora_")[0] for name, _ in model.named_parameters() if "lora_" in name}
    encoder = {name for name in adapted if "encoder.layers" in name}
    assert len(encoder) == 6 and all("encoder.layers.1." in name for name in encoder)
    assert len(adapted - encoder) == decoder  # its layers also attend to the audio
    assert changes or all(".encoder_attn." in name for name in adapted - encoder)


def test_on_a_cpu_it_computes_in_what_the_cpu_is_fastest_in(monkeypatch):
    for able, expected in (("avx512_bf16", "bfloat16"), ("amx_bf16", "bfloat16"), ("avx2", "float32")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: {able: True})
        formats = precision(PRESETS["quick"].optimisation)
        assert (formats.weights, formats.compute) == (expected, expected)
        assert precision(PRESETS["seed"].optimisation).weights == "float32"
    assert precision(Optimisation(weights_on_cpu="8bit")).compute == "float32"


@torch.no_grad()
def test_attention_by_products_and_logits_of_what_is_learned_are_the_same(tiny):
    torch.manual_seed(0)
    mel, ids, learned = torch.randn(2, 80, 120), torch.randint(0, 50_000, (2, 7)), torch.rand(2, 7) < 0.5
    whole, other = (
        ShortWindowWhisper.from_pretrained(tiny, attn_implementation=how).eval() for how in ("sdpa", "products")
    )
    logits = whole(mel, decoder_input_ids=ids).logits
    assert torch.allclose(other(mel, decoder_input_ids=ids).logits, logits, atol=1e-5)
    assert torch.allclose(other(mel, decoder_input_ids=ids, learned=learned).logits, logits[learned], atol=1e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {"dora": True},
        {"rslora": True},
        *({"weights_on_cpu": numbers} for numbers in ("float32", "bfloat16", "8bit", "4bit")),
    ],
    ids=["DoRA", "rsLoRA", "float32", "bfloat16", "8-bit", "4-bit"],
)
def test_other_adapters_and_bases_learn_too(changes, corpus, tiny, tmp_path):
    told = train(asked(corpus, tiny, steps=2, evaluations=2, **changes), tmp_path / "run")
    learned = [tensor for name, tensor in last(tmp_path / "run").items() if "lora_B" in name]
    assert told["training"]["steps"] == 2 and all(tensor.any() for tensor in learned)
