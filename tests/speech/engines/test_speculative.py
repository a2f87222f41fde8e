"""Speculative decoding: whoever drafts, the text is that of plain greedy decoding."""

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

from common.messages import UserError
from corpus.prompts import prompt
from speech.__main__ import main
from speech.audio.decode import read
from speech.decoding.decode import Options, decode
from speech.engines import Engine, load
from speech.models.choose import choose
from tests.kit.adapters import saved
from tests.kit.weights import cut

PLAIN = Options(timestamps=False, unsure_beam=1)  # beams need no draft
PROMPTS = ("conf-full", "vm-nobodyavail")


@pytest.fixture(scope="module")
def two_layers(tmp_path_factory) -> str:
    """A draft with the base's own encoder."""
    return cut(tmp_path_factory.mktemp("draft") / "two-layers", encoder=6, decoder=2)


@pytest.fixture(scope="module")
def worse(tmp_path_factory) -> str:
    """A draft with an encoder of its own, which is worse."""
    return cut(tmp_path_factory.mktemp("draft") / "worse", encoder=5, decoder=6)


@pytest.fixture(scope="module")
def clips() -> list[np.ndarray]:
    return [read(prompt(name)).waveform[0] for name in PROMPTS]


def assisted(assistant: str, adapter: Path | None = None) -> Engine:
    return load(choose("whisper-base", adapter and str(adapter)), assistant=assistant)


def turns(engine: Engine, clips: list[np.ndarray], options: Options = PLAIN) -> list[tuple]:
    found = dict(pair for batch in decode(engine, clips, options) for pair in batch)
    return [[(turn.start, turn.end, turn.text) for turn in found[i].turns] for i in range(len(clips))]


@pytest.fixture(scope="module")
def plain(torch32, clips) -> list[tuple]:
    """What the base gives without a draft."""
    return turns(torch32, clips)


def test_the_model_as_its_own_draft(torch32, clips, plain):
    engine = assisted("whisper-base")
    assert engine.name == "transformers" and engine.reason.en == "it takes an assistant"
    assert turns(engine, clips) == plain
    assert engine.assistant == "whisper-base" and 0.8 * engine.drafted < engine.accepted <= engine.drafted
    assert torch32.assistant is None and torch32.drafted == torch32.accepted == 0


@pytest.mark.parametrize("timestamps", [True, False])
def test_a_decoder_cut_to_its_first_layers(torch32, clips, two_layers, timestamps):
    engine, options = assisted(two_layers), replace(PLAIN, timestamps=timestamps)
    assert turns(engine, clips, options) == turns(torch32, clips, options)
    assert 0 <= engine.accepted < engine.drafted


def test_a_draft_with_an_encoder_of_its_own(plain, clips, worse):
    engine = assisted(worse)
    assert turns(engine, clips) == plain
    assert 0 < engine.accepted < engine.drafted


def test_engines_used_at_the_same_time_have_counts_of_their_own(clips, two_layers):
    engine = assisted(two_layers)
    alone, one, other = (engine.with_own_counts() for _ in range(3))
    turns(alone, clips[:1])
    both = [threading.Thread(target=turns, args=asked) for asked in ((one, clips[:1]), (other, clips))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert (one.drafted, one.accepted) == (alone.drafted, alone.accepted)
    assert other.drafted > one.drafted > 0 == engine.drafted


def test_an_encoder_that_is_the_same_is_not_in_memory_twice(torch32, two_layers, worse):
    sharing, own = assisted(two_layers), assisted(worse)
    assert sharing.shared_weights == own.shared_weights == torch32.shared_weights
    assert sharing.own_memory < 0.55 * torch32.memory < own.own_memory
    assert sharing.memory == torch32.memory + sharing.own_memory


def test_confidence_is_that_of_plain_greedy(torch32, clips, two_layers):
    states = [(engine, engine.encode(engine.mel(clips[1:2], 600))) for engine in (torch32, assisted(two_layers))]
    asked = {"beam_size": 1, "temperature": 0.0, "max_tokens": 40}
    one, other = (engine.generate(state, engine.prompt("fr"), **asked)[0] for engine, state in states)
    assert one.tokens == other.tokens and one.logprob == pytest.approx(other.logprob, abs=1e-3)  # sums in other order
    assert one.no_speech == pytest.approx(other.no_speech, abs=1e-4) and one.cut == other.cut


def test_an_adapter_gets_help_too(clips, two_layers, tmp_path):
    base = WhisperForConditionalGeneration.from_pretrained(choose("whisper-base").folder)
    adapter = saved(base, tmp_path / "adapter", strength=0.04)
    alone = load(choose("whisper-base", str(adapter)), "transformers")
    engine = assisted(two_layers, adapter)
    assert engine.shared_weights == alone.shared_weights and turns(engine, clips) == turns(alone, clips)
    assert engine.drafted and engine.own_memory > alone.own_memory


@pytest.mark.parametrize("how", [{"beam_size": 2, "temperature": 0.0}, {"beam_size": 1, "temperature": 0.5}])
def test_beams_and_temperatures_are_decoded_without_it(torch32, clips, two_layers, how):
    engine = assisted(two_layers)
    mel = engine.mel(clips[1:2], 600)
    texts = [
        one.generate(one.encode(mel), one.prompt("fr"), max_tokens=20, **how)[0].tokens for one in (engine, torch32)
    ]
    assert texts[0] == texts[1] and engine.drafted == 0


def random(folder: Path, **sizes) -> str:
    """A Whisper with random weights, of its own kind."""
    shutil.copytree(choose("whisper-base").folder, folder, ignore=shutil.ignore_patterns("*.safetensors", "SHA*"))
    small = {"d_model": 64, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
    config = WhisperConfig.from_pretrained(folder, **small, **sizes)
    whisper = WhisperForConditionalGeneration(config)
    whisper.generation_config = GenerationConfig.from_pretrained(folder)
    whisper.save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [({"vocab_size": 51866}, "has other tokens"), ({"num_mel_bins": 128}, "takes 128 mel bins and the model 80")],
)
def test_a_draft_of_another_family_is_refused(tmp_path, sizes, sentence):
    with pytest.raises(UserError, match=sentence):
        assisted(random(tmp_path / "other", **sizes))


def test_other_tokens_of_the_same_number_are_refused(tmp_path):
    folder = random(tmp_path / "other")
    generation = GenerationConfig.from_pretrained(folder)
    generation.no_timestamps_token_id = 50362
    generation.save_pretrained(folder)
    with pytest.raises(UserError, match="has other tokens"):
        assisted(folder)


def test_ctranslate2_takes_no_assistant_and_an_unknown_one_is_refused():
    with pytest.raises(UserError, match="no speculative decoding"):
        load(choose(), "ctranslate2", assistant="whisper-base")
    with pytest.raises(UserError, match="The model nobody/nothing cannot be fetched"):
        load(choose(), assistant="nobody/nothing")


def test_from_the_command_line(two_layers, capsys):
    assert main(["transcribe", str(prompt("conf-full")), "--assistant", two_layers]) == 0
    printed = capsys.readouterr()
    assert "conférence est pleine" in printed.out and "tokens, " in printed.err and "were accepted" in printed.err
    assert main(["transcribe", str(prompt("conf-full")), "--assistant", two_layers, "--beam-size", "3"]) == 2
    assert "greedy decoding alone" in capsys.readouterr().err
