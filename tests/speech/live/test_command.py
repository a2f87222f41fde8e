"""python -m speech live: events from a file and from standard input, and a sentence for what cannot be served."""

import json
import os
import subprocess
import sys
import wave

import numpy as np
import pytest

from speech.audio.decode import SAMPLE_RATE
from tests.kit.speech import prompts, spoken

SAID = [prompt for prompt in prompts(at_least=1.5) if prompt.seconds < 3][:2]


def run(*arguments, given: bytes | None = None) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "speech", "live", *map(str, arguments)]
    return subprocess.run(
        command, input=given, capture_output=True, env=os.environ | {"LC_ALL": "en_US.UTF-8"}, timeout=200
    )


def events(done: subprocess.CompletedProcess) -> list[dict]:
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def s16(sound: np.ndarray) -> bytes:
    return (sound * 32767).astype("<i2").tobytes()


def test_a_file_with_two_channels_has_a_lane_each(tmp_path):
    first, _ = spoken(SAID[:1], 0.6)
    second, _ = spoken(SAID[1:], 0.6)
    length = len(first) + len(second)
    lanes = np.zeros((length, 2), np.float32)
    lanes[: len(first), 0], lanes[len(first) :, 1] = first, second
    with wave.open(str(tmp_path / "call.wav"), "wb") as file:
        file.setparams((2, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(s16(lanes))
    found = events(run(tmp_path / "call.wav", "--speed", 0, "--channels", "split", "--json"))
    assert {event["kind"] for event in found} >= {"tentative", "final"}
    finals = [event for event in found if event["kind"] == "final"]
    assert [event["channel"] for event in finals] == [0, 1]
    assert all(event["text"] and 0 <= event["start"] < event["end"] and event["lag"] >= 0 for event in finals)


@pytest.mark.parametrize("codec", ["s16", "ulaw", "alaw"])
def test_raw_sound_of_an_exchange_on_standard_input(codec, tmp_path):
    sound, _ = spoken(SAID[:1], 0.6)
    (tmp_path / "s16").write_bytes(s16(sound))
    name = {"s16": "s16le", "ulaw": "mulaw", "alaw": "alaw"}[codec]
    ffmpeg = ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", "16000", "-i", tmp_path / "s16", "-ar", "8000", "-f", name]
    raw = subprocess.run([*ffmpeg, "-"], capture_output=True, check=True).stdout
    finals = [event for event in events(run("-", "--codec", codec, "--json", given=raw)) if event["kind"] == "final"]
    assert len(finals) == 1 and finals[0]["text"]


def test_text_alone_where_nobody_watches(tmp_path):
    sound, _ = spoken(SAID, 0.8)
    done = run("-", "--rate", SAMPLE_RATE, given=s16(sound))
    assert done.returncode == 0 and len(done.stdout.decode().splitlines()) == len(SAID)
    assert "\033" not in done.stdout.decode()


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "Name one thing"),
        (["x.wav", "--microphone"], "Name one thing"),
        (["nowhere.wav"], "nowhere.wav"),
        (["-", "--rate", "0"], "rate is 0"),
        (["-", "--rate", "1000000"], "rate is 1000000"),
        (["-", "--language", "klingon"], "klingon"),
    ],
)
def test_what_cannot_be_served_gets_a_sentence(arguments, said):
    done = run(*arguments, given=b"")
    assert done.returncode == 2
    lines = [line for line in done.stderr.decode().splitlines() if line.startswith("speech: ")]
    assert said in lines[-1] and "Traceback" not in done.stderr.decode()
