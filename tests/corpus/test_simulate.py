"""Simulated lines and calls: what the line does is measured, and what the reference says is in the sound."""

import json
import shutil
import wave
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import corpus
from common.messages import UserError
from corpus import telephone_line
from corpus.__main__ import main
from corpus.prompts import prompt, prompts
from corpus.simulate import LEVEL, LOUDER, simulate
from speech.audio.decode import SAMPLE_RATE, read
from ui.compare import telephone_line as shown

SPOKEN = "conf-getpin"  # « Veuillez composer le code d'accès de la conférence. »


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """The tests run in several processes: each with threads of its own for a second of sound only waits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def clips() -> corpus.Corpus:
    return corpus.load("phone-prompts", limit=120)


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return read(prompt(SPOKEN)).waveform[0]


@pytest.fixture(scope="module")
def call(clips, tmp_path_factory) -> tuple[dict, np.ndarray]:
    return made(clips, tmp_path_factory.mktemp("call"))


def made(clips: corpus.Corpus, folder: Path, **manner) -> tuple[dict, np.ndarray]:
    """The reference of the one call that is made, and its sound (channels, samples) at 16 kHz."""
    (path,) = simulate(clips, folder, **({"seconds": 30.0} | manner))
    return json.loads(path.with_suffix(".json").read_text(encoding="utf-8")), read(path).waveform


def decibels(sound: np.ndarray) -> float:
    return 10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-12)


def speaking(turns: list[dict], channel: int, samples: int) -> np.ndarray:
    """Where the party of that channel speaks, by the reference: bool (samples,)."""
    there = np.zeros(samples, bool)
    for turn in turns:
        if turn["channel"] == channel:
            there[round(turn["start"] * SAMPLE_RATE) : round(turn["end"] * SAMPLE_RATE)] = True
    return there


# The line


@pytest.mark.parametrize(("codec", "like"), [("alaw", 30), ("ulaw", 30), ("gsm", 8), ("amr", 4)])
def test_a_codec_keeps_the_voice_in_its_place(voice, codec, like):
    """As loud as the band that it had, and late by no sample: else the reference's times would be wrong."""
    decoded, band = telephone_line.through(voice, codec), telephone_line.through(voice, "ulaw")
    assert decoded.dtype == np.float32 and len(decoded) == len(voice)
    assert decibels(decoded) == pytest.approx(decibels(band), abs=0.5)
    assert decibels(decoded - band) < decibels(band) - (like if codec != "ulaw" else 0)
    beside = [decibels(decoded[8:-8] - band[8 + late : len(band) - 8 + late]) for late in range(-8, 9, 2)]
    assert abs(int(np.argmin(beside)) - 4) <= 1


def test_a_line_is_narrow():
    noise = np.random.default_rng(0).standard_normal(4 * SAMPLE_RATE).astype(np.float32) / 10
    power = np.abs(np.fft.rfft(telephone_line.through(noise))) ** 2
    hertz = np.arange(len(power)) / 4
    inside = power[(hertz > 500) & (hertz < 3000)].mean()
    assert power[hertz < 100].mean() < inside / 1000 and power[hertz > 4100].mean() < inside / 1000


@pytest.mark.parametrize("snr", [5.0, 20.0])
def test_noise_is_as_far_below_the_voice_as_asked(voice, snr):
    """Below the voice while it speaks: the pause before it, of which there is more, does not count."""
    waveform = np.concatenate([np.zeros(4 * SAMPLE_RATE, np.float32), voice])
    noisy, clean = (telephone_line.through(waveform, "ulaw", snr=asked) for asked in (snr, None))
    pause = noisy[SAMPLE_RATE : 3 * SAMPLE_RATE]
    narrow = torch.from_numpy(np.ascontiguousarray(clean[::2]))
    assert 10 * np.log10(telephone_line.power(narrow)) - decibels(pause) == pytest.approx(snr, abs=0.7)


@pytest.mark.parametrize("loss", [0.02, 0.2])
def test_so_many_packets_are_lost(voice, loss):
    waveform = np.tile(voice, 12)
    whole, broken = (telephone_line.through(waveform, "ulaw", loss=share) for share in (0.0, loss))
    packets = np.abs(whole - broken)[: len(whole) // 320 * 320].reshape(-1, 320)[:, 100:220].max(axis=1) > 0
    loud = np.abs(whole)[: len(whole) // 320 * 320].reshape(-1, 320).max(axis=1) > 0.02
    assert packets[loud].mean() == pytest.approx(loss, rel=0.4)
    assert decibels(broken) < decibels(whole)


def test_the_same_seed_gives_the_same_line(voice):
    first, again, other = (telephone_line.through(voice, snr=20, loss=0.1, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_nothing_and_silence_pass():
    assert telephone_line.through(np.zeros(0, np.float32), snr=20, loss=0.1).shape == (0,)
    assert abs(telephone_line.through(np.zeros(777, np.float32), "ulaw", snr=20, loss=0.1)).max() < 1e-4


def test_the_page_has_the_same_line(voice):
    decoded = telephone_line.through(voice, "ulaw", snr=shown.NOISE)
    assert np.array_equal(shown.through(np.stack([voice, voice])), np.stack([decoded, decoded]))


# The calls


def test_a_call_is_drawn_by_its_seed(clips, tmp_path):
    asked = {"a": 3, "b": 3, "c": 4}
    names = [simulate(clips, tmp_path / name, calls=2, seconds=15, seed=seed) for name, seed in asked.items()]
    assert [path.name for path in names[0]] == ["call-001.wav", "call-002.wav"]
    for one, same, other in zip(*names, strict=True):
        assert one.read_bytes() == same.read_bytes() != other.read_bytes()
        assert one.with_suffix(".json").read_bytes() == same.with_suffix(".json").read_bytes()
    first, second = (json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) for path in names[0])
    assert first["turns"] != second["turns"]


def test_another_line_carries_the_same_turns(call, clips, tmp_path):
    plain, _ = call
    rough, _ = made(clips, tmp_path, codec="ulaw", leakage=-25.0, snr=15.0, loss=0.05)
    assert plain["turns"] == rough["turns"] and plain["parties"] == rough["parties"]


def test_each_party_is_heard_on_its_channel_when_the_reference_says(call):
    call, sound = call
    assert sound.shape == (2, round(call["seconds"] * SAMPLE_RATE)) and 20 < call["seconds"] <= 30
    for channel, lane in enumerate(sound):
        speaks = speaking(call["turns"], channel, len(lane))
        assert decibels(lane[speaks]) == pytest.approx(LEVEL - 2, abs=LOUDER + 3)  # pauses count here
        around = np.convolve(speaks, np.ones(SAMPLE_RATE // 4), "same") > 0
        assert decibels(lane[~around]) < decibels(lane[speaks]) - 40
        for turn in call["turns"]:  # its borders are where its voice is
            if turn["channel"] == channel:
                at = round(turn["start"] * SAMPLE_RATE), round(turn["end"] * SAMPLE_RATE)
                for edge in (slice(at[0], at[0] + 1600), slice(at[1] - 1600, at[1])):
                    assert decibels(lane[edge]) > -75


def test_the_reference_has_the_clips_words(call):
    call, _ = call
    said = {spoken.name: spoken.text for spoken in prompts()}
    assert len(call["turns"]) > 5 and all(turn["text"] == said[turn["clip"]] for turn in call["turns"])
    assert call["turns"][0]["speaker"] == "A" and {turn["speaker"] for turn in call["turns"]} == {"A", "B"}
    assert call["licence"] == "cc-by-sa-3.0" and call["audio"] == "call-001.wav"


@pytest.mark.parametrize("asked", [-15.0, -35.0])
def test_a_voice_leaks_as_loud_as_asked(clips, tmp_path, asked):
    call, sound = made(clips, tmp_path, leakage=asked, overlap=0.0, codec="ulaw")
    for own, other in ((0, 1), (1, 0)):
        alone = speaking(call["turns"], own, sound.shape[1])
        elsewhere = np.convolve(speaking(call["turns"], other, sound.shape[1]), np.ones(4000), "same") > 0
        alone &= ~elsewhere
        assert decibels(sound[other][alone]) - decibels(sound[own][alone]) == pytest.approx(asked, abs=1.5)


def test_overlaps_are_as_many_as_asked_and_nobody_interrupts_himself(clips, tmp_path):
    for share in (0.0, 1.0):
        call, _ = made(clips, tmp_path / str(share), overlap=share, seconds=60.0)
        turns = call["turns"]
        both = [a for a, b in pairwise(turns) if b["start"] < a["end"]]
        answers = [a for a, b in pairwise(turns) if a["speaker"] != b["speaker"]]
        assert len(both) == 0 if share == 0 else len(both) > len(answers) / 2
        for a, b in combinations(turns, 2):
            assert a["speaker"] != b["speaker"] or a["end"] < b["start"]


def test_on_one_channel_both_are_heard(clips, tmp_path):
    call, one = made(clips, tmp_path / "mono", mono=True, codec="ulaw")
    apart, two = made(clips, tmp_path / "stereo", codec="ulaw")
    assert len(one) == 1 and {turn["channel"] for turn in call["turns"]} == {0}
    assert [turn["speaker"] for turn in call["turns"]] == ["AB"[turn["channel"]] for turn in apart["turns"]]
    assert decibels(one[0] - two.sum(axis=0)) < decibels(one[0]) - 25  # both are coded once more in the file


@pytest.mark.parametrize(
    ("codec", "found"), [("alaw", "pcm_alaw"), ("ulaw", "pcm_mulaw"), ("gsm", "pcm_s16le"), ("amr", "pcm_s16le")]
)
def test_the_file_is_what_a_recorder_writes(clips, tmp_path, codec, found):
    (path,) = simulate(clips, tmp_path, seconds=20, codec=codec)
    facts = read(path).facts
    assert (facts.codec, facts.sample_rate, facts.channels) == (found, 8000, 2)


def test_one_voice_becomes_two(call):
    call, _ = call
    a, b = call["parties"]["A"], call["parties"]["B"]
    assert a["voice"] == b["voice"] == "June Wallack" and a["speed"] == 1 and abs(b["speed"] - 1) > 0.1
    length = {spoken.name: spoken.seconds for spoken in prompts()}
    for turn in call["turns"]:
        lasts = (turn["end"] - turn["start"]) * (b["speed"] if turn["speaker"] == "B" else 1)
        assert lasts <= length[turn["clip"]] + 0.05


def test_two_speakers_are_the_parties(tmp_path):
    spoken = prompts(1.0)[:24]
    for one in spoken:
        shutil.copy(one.path, tmp_path / f"{one.name}.wav")
    rows = {
        "file_name": [f"{one.name}.wav" for one in spoken],
        "text": [one.text for one in spoken],
        "speaker": ["Anne", "Bruno", "Chloé"] * 8,
    }
    pd.DataFrame(rows).to_csv(tmp_path / "clips.csv", index=False)
    three = corpus.load(str(tmp_path / "clips.csv"))
    who = dict(zip(three.rows["id"], three.rows["speaker"], strict=True))
    met = set()
    for path in simulate(three, tmp_path / "out", calls=5, seconds=12):
        call = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        voices = {name: party["voice"] for name, party in call["parties"].items()}
        assert voices["A"] != voices["B"] and {party["speed"] for party in call["parties"].values()} == {1.0}
        assert all(who[turn["clip"]] == voices[turn["speaker"]] for turn in call["turns"])
        met |= set(voices.values())
    assert met == {"Anne", "Bruno", "Chloé"}


# The command


def test_the_command_names_what_it_made(tmp_path, capsys):
    line = ["--codec", "ulaw", "--leakage", "-25", "--snr", "20", "--loss", "0.02", "--mono", "--minutes", "0.4"]
    assert main(["simulate", "phone-prompts", str(tmp_path / "été"), "--limit", "40", "--calls", "2", *line]) == 0
    paths = [Path(path) for path in capsys.readouterr().out.splitlines()]
    assert [path.name for path in paths] == ["call-001.wav", "call-002.wav"]
    asked = json.loads(paths[1].with_suffix(".json").read_text(encoding="utf-8"))["asked"]
    assert asked == {
        "seconds": 24.0,
        "codec": "ulaw",
        "leakage": -25.0,
        "snr": 20.0,
        "loss": 0.02,
        "overlap": 0.1,
        "mono": True,
    }
    assert sorted(path.name for path in (tmp_path / "été").iterdir()) == [
        f"call-00{number}.{kind}" for number in (1, 2) for kind in ("json", "wav")
    ]


@pytest.mark.parametrize(
    ("arguments", "english", "french"),
    [
        (["--codec", "opus"], "no telephone codec 'opus'", "codec téléphonique 'opus' n'existe pas"),
        (["--snr", "200"], "ratio of 200 dB", "de 200 dB"),
        (["--snr", "nan"], "ratio of nan dB", "de nan dB"),
        (["--loss", "2"], "share of 2 lost packets", "part de 2 paquets"),
        (["--leakage", "25"], "leakage of 25 dB", "diaphonie de 25 dB"),
        (["--overlap", "-1"], "overlaps is -1", "chevauchements est -1"),
        (["--minutes", "0"], "A call of 0 s", "Un appel de 0 s"),
        (["--minutes", "inf"], "A call of inf s", "Un appel de inf s"),
        (["--calls", "0"], "0 calls cannot", "0 appels ne peuvent"),
        (["--seed", "-1"], "The seed is -1", "La graine est -1"),
        (["--limit", "1"], "no two clips", "n'a pas deux extraits"),
        (["--text", "words"], "no column 'words'", "pas de colonne 'words'"),
    ],
)
def test_bad_requests_get_one_sentence(arguments, english, french, tmp_path, capsys, monkeypatch):
    for language, sentence in (("C", english), ("fr_FR.UTF-8", french)):
        monkeypatch.setenv("LC_ALL", language)
        assert main(["simulate", "phone-prompts", str(tmp_path), *arguments]) == 2
        said = capsys.readouterr()
        assert sentence in said.err and said.err.startswith("corpus: ") and said.err.endswith(".\n")
        assert said.out == "" and said.err.count("\n") == 1 and list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_written_over(clips, tmp_path):
    (tmp_path / "call-002.json").write_text("mine")
    with pytest.raises(UserError, match="call-002 already"):
        simulate(clips, tmp_path, calls=2, seconds=15)
    assert [path.name for path in tmp_path.iterdir()] == ["call-002.json"]
    with pytest.raises(UserError, match="cannot be written"):
        simulate(clips, tmp_path / "call-002.json", seconds=15)


def test_without_an_encoder_amr_is_refused(voice, monkeypatch):
    lacking = partial(telephone_line.CODECS["amr"], encoder="libopencore_that_is_not_there")
    monkeypatch.setitem(telephone_line.CODECS, "amr", lacking)
    with pytest.raises(UserError, match="no encoder libopencore_that_is_not_there"):
        telephone_line.through(voice, "amr")


def test_a_silent_clip_is_named(tmp_path):
    shutil.copy(prompt(SPOKEN), tmp_path)
    with wave.open(str(tmp_path / "mute.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 16000))
    (tmp_path / "clips.csv").write_text(f"file_name,text\nmute.wav,oui\n{SPOKEN}.wav,le code\n")
    with pytest.raises(UserError, match=r"Clip '.*' of .* is silent"):
        simulate(corpus.load(str(tmp_path / "clips.csv")), tmp_path / "out", seconds=30)
