"""One set of base weights, several adapters, many threads: none ever transcribes with the adapter of another."""

import gc
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from threading import Barrier

import numpy as np
import pytest
import torch
from peft import LoraConfig
from transformers import WhisperForConditionalGeneration

from corpus.prompts import prompts
from speech.audio.decode import read
from speech.engines import Engine, load
from speech.models.choose import choose
from tests.kit.adapters import saved
from tests.kit.weights import cut

THREADS, REQUESTS, CLIPS = 8, 48, 2
FRAMES = 100  # of mel: short windows make quick work
ADAPTERS = (
    LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"]),
    LoraConfig(r=2, lora_alpha=8, target_modules=["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]),
    LoraConfig(r=4, lora_alpha=4, target_modules=["v_proj"], use_dora=True),
)


@pytest.fixture(scope="module")
def shallow(tmp_path_factory) -> str:
    """The embedded one's first two layers of each kind, which are switched as six are, in a third of the time."""
    return cut(tmp_path_factory.mktemp("base") / "two-layers", encoder=2, decoder=2)


@pytest.fixture(scope="module")
def adapters(shallow, tmp_path_factory) -> list[Path]:
    """Three that change the transcription."""
    folders = []
    for seed, (lora, strength) in enumerate(zip(ADAPTERS, (0.06, 0.03, 0.1), strict=True)):
        whisper = WhisperForConditionalGeneration.from_pretrained(shallow)
        folders.append(saved(whisper, tmp_path_factory.mktemp("adapter"), lora, strength, seed))
    return folders


@pytest.fixture(scope="module")
def engines(shallow, adapters) -> list[Engine]:
    """The base, and each adapter on it."""
    return [load(choose(shallow, adapter and str(adapter)), "transformers") for adapter in (None, *adapters)]


@pytest.fixture(scope="module")
def clips() -> list[np.ndarray]:
    short = [found.path for found in prompts(at_least=0.9) if found.seconds < 1.0]
    return [read(path).waveform[0] for path in short[:CLIPS]]


def text(engine: Engine, clip: np.ndarray, tokens: int = 4) -> str:
    """The first words, mad ones included: `decode` would set loops aside."""
    states = engine.encode(engine.mel([clip], FRAMES))
    how = {"beam_size": 1, "temperature": 0.0, "max_tokens": tokens}
    (hypothesis,) = engine.generate(states, engine.prompt("fr", timestamps=False), **how)
    return engine.tokenizer.decode(hypothesis.tokens)


def layers(engine: Engine) -> set[str]:
    """Where adapters are in the layers, and which."""
    gc.collect()
    return {
        path.rpartition("lora_")[2] for path, _ in engine.shared_weights.whisper.named_parameters() if "lora_" in path
    }


def test_eight_threads_give_what_one_gives(engines, clips):
    alone = {(at, i): text(engine, clip, 2) for at, engine in enumerate(engines) for i, clip in enumerate(clips)}
    for i in range(len(clips)):
        assert len({alone[at, i] for at in range(len(engines))}) >= 3  # the adapters differ in their texts
    drawn = Random(0)
    requests = [(drawn.randrange(len(engines)), drawn.randrange(len(clips))) for _ in range(REQUESTS)]
    start = Barrier(THREADS)

    def hammer(mine: list[tuple[int, int]]) -> list[str]:
        start.wait()
        return [text(engines[at], clips[i], 2) for at, i in mine]

    parts = [requests[at::THREADS] for at in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        texts = list(pool.map(hammer, parts))
    assert texts == [[alone[asked] for asked in mine] for mine in parts]


def test_an_adapter_beside_the_base_says_what_a_merged_one_says(
    shallow, engines, adapters, clips, tmp_path, monkeypatch
):
    choices = [choose(shallow, str(adapter)) for adapter in adapters]
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path))
    for engine, choice in zip(engines[1:], choices, strict=True):
        merged = load(choice, "ctranslate2", "float32")
        assert [text(merged, clip) for clip in clips] == [text(engine, clip) for clip in clips]


def test_they_share_one_set_of_weights(shallow, engines, adapters, tmp_path):
    base, *others = engines
    assert len({engine.shared_weights for engine in engines}) == 1
    assert base.own_memory == 0 and base.memory == base.shared_weights.memory
    for one in others:
        assert 0 < one.own_memory < 0.05 * base.memory and one.memory == base.memory + one.own_memory
    assert len({engine.weights for engine in engines}) == 4
    before = layers(base)
    twin = load(choose(shallow, str(shutil.copytree(adapters[0], tmp_path / "twin"))), "transformers")
    assert layers(base) == before and twin.weights == others[0].weights  # by its content it was there already


def test_the_last_one_that_goes_takes_the_adapter_with_it(shallow, engines, adapters, clips, tmp_path):
    base = engines[0]
    texts, before = text(base, clips[0]), layers(base)
    lora = LoraConfig(r=1, target_modules=["fc1"])
    folder = saved(WhisperForConditionalGeneration.from_pretrained(shallow), tmp_path / "one", lora, 0.1)
    one, two = (load(choose(shallow, str(folder)), "transformers") for _ in range(2))
    shutil.rmtree(folder)  # in use, and not needed any more
    changed = text(one, clips[0])
    assert len(layers(base)) > len(before) and changed != texts
    del one
    assert text(two, clips[0]) == changed and len(layers(base)) > len(before)
    del two
    assert layers(base) == before and text(base, clips[0]) == texts


def test_an_adapter_that_goes_while_the_weights_are_in_use_goes_afterwards(shallow, engines, adapters, tmp_path):
    base, before = engines[0], layers(engines[0])
    lora = LoraConfig(r=1, target_modules=["fc2"])
    folder = saved(WhisperForConditionalGeneration.from_pretrained(shallow), tmp_path / "one", lora, 0.1)
    one = load(choose(shallow, str(folder)), "transformers")
    with base.exclusive():
        del one
        assert len(layers(base)) > len(before)
    assert layers(base) == before


def test_a_refused_adapter_leaves_nothing(shallow, engines, adapters, clips, tmp_path):
    texts, before = text(engines[1], clips[0]), layers(engines[0])
    broken = shutil.copytree(adapters[0], tmp_path / "broken")
    (broken / "adapter_model.safetensors").write_bytes((adapters[1] / "adapter_model.safetensors").read_bytes())
    with pytest.raises(ValueError, match="does not fit"):
        load(choose(shallow, str(broken)), "transformers")
    assert layers(engines[0]) == before and text(engines[1], clips[0]) == texts


def test_decoding_leaves_the_random_state_alone(engines, clips):
    torch.manual_seed(5)
    state = torch.get_rng_state()
    text(engines[1], clips[0])
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("precision", ["8bit", "4bit"])
def test_adapters_on_a_quantised_base(shallow, engines, adapters, clips, precision):
    base, *others = (load(choose(shallow, a and str(a)), "transformers", precision) for a in (None, *adapters[:2]))
    assert {one.shared_weights for one in others} == {base.shared_weights} != {engines[0].shared_weights}
    texts = [[text(one, clip) for clip in clips] for one in (base, *others, base)]
    assert texts[0] == texts[3] and texts[0] != texts[1] != texts[2] != texts[0]
    whole, rounded = (load(choose(), "transformers", how) for how in (None, precision))
    assert rounded.memory < 0.55 * whole.memory
