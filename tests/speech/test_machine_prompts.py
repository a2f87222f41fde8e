"""Machine prompts: one sound in two calls, on other lines and at other levels; and what only resembles it."""

import wave
from pathlib import Path
from threading import RLock

import pytest
import torch
from torchaudio.functional import resample

from corpus import load
from corpus.prompts import Prompt, prompts
from corpus.simulate import simulate
from corpus.telephone_line import RATE, carried
from speech.audio.decode import SAMPLE_RATE, read
from speech.machine_prompts import fingerprint, shared, with_prompts
from transcripts.transcript import AudioFacts, Sound, Transcript, Turn
from ui.calls import overview, timeline
from ui.calls.call import DONE, Call, CallOptions
from ui.calls.transcription import _name_prompts

LONG = [prompt for prompt in prompts(4.0) if prompt.seconds < 9]
SHORT = [prompt for prompt in prompts(1.0) if prompt.seconds < 4]
GAP = 0.6  # seconds of silence between two of them


def recorded(folder: Path, said: list[Prompt], codec: str, decibels: float, snr: float) -> tuple[Path, list[tuple]]:
    """A recording of the prompts on a telephone line, and when each is said."""
    parts, spans = [], []
    for prompt in said:
        start = sum(map(len, parts)) / RATE
        sound = resample(torch.from_numpy(read(prompt.path).waveform[0].copy()), SAMPLE_RATE, RATE)
        parts += [sound, torch.zeros(round(GAP * RATE))]
        spans.append((start, start + len(sound) / RATE))
    line = carried(torch.cat(parts) * 10 ** (decibels / 20), codec, snr=snr, loss=0.0, seed=len(parts))
    path = folder / f"{said[0].name.replace('/', '-')}.{codec}.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((line.clamp(-1, 1).numpy() * 32767).astype("<i2").tobytes())
    return path, spans


@pytest.mark.parametrize(
    ("which", "codecs", "decibels", "snr"),
    [(0, ("alaw", "alaw"), -6, 35), (1, ("gsm", "ulaw"), -12, 20), (2, ("amr", "gsm"), -3, 25)],
)
def test_the_same_prompt_in_two_calls(tmp_path, which, codecs, decibels, snr):
    prompt, others = LONG[5 * which], SHORT[7 * which :]
    one, mine = recorded(tmp_path, [others[0], prompt, *others[1:3]], codecs[0], 0, snr)
    other, theirs = recorded(tmp_path, [prompt, *others[3:6]], codecs[1], decibels, snr)
    found = shared(fingerprint(one), fingerprint(other))
    for sounds, (start, end) in zip(found, (mine[1], theirs[0]), strict=True):
        (sound,) = with_prompts([], sounds)
        assert sound.kind == "prompt" and sound.channel == 0
        assert start - 0.4 < sound.start < start + 1 and end - 1 < sound.end < end + 0.4


def test_one_voice_that_says_other_things_is_no_machine(tmp_path):
    one, _ = recorded(tmp_path, SHORT[:5], "alaw", 0, 30)
    other, _ = recorded(tmp_path, SHORT[5:10], "gsm", -3, 30)
    assert shared(fingerprint(one), fingerprint(other)) == ([], [])


def test_a_call_that_came_twice_is_no_machine(tmp_path):
    """As two channels and as one."""
    two, one = (
        simulate(load("phone-prompts"), tmp_path / str(mono), seconds=30.0, codec=codec, mono=mono, seed=3)[0]
        for mono, codec in ((False, "alaw"), (True, "gsm"))
    )
    assert shared(fingerprint(two), fingerprint(one)) == ([], [])


def test_what_has_a_name_keeps_it_and_pieces_of_a_prompt_are_one():
    music, keys = Sound(0, 10, "music"), Sound(30, 31, "keys", "5")
    prompts = [Sound(1, 9, "prompt"), Sound(20, 23, "prompt"), Sound(23.5, 28, "prompt"), Sound(2, 8, "prompt", "", 1)]
    once = with_prompts([music, keys], prompts)
    assert once == [music, Sound(2, 8, "prompt", "", 1), Sound(20, 28, "prompt"), keys]
    assert with_prompts(once, prompts) == once


def test_the_calls_of_a_visit_name_it_and_count_it_for_nobody(tmp_path):
    calls = []
    for number, said in enumerate([[LONG[0], *SHORT[:2]], [SHORT[2], LONG[0], *SHORT[3:6]]]):
        path, spans = recorded(tmp_path, said, "alaw", 0, 30)
        turns = [
            Turn(*span, "un mot", 0.9, 0, "B" if one is LONG[0] else "A") for span, one in zip(spans, said, strict=True)
        ]
        call = Call(number, path.name, path, None, CallOptions(), status=DONE)
        call.update(
            Transcript(AudioFacts(path.name, spans[-1][1] + GAP, RATE, 1, "pcm"), "fr", "m", None, "e", turns), 1.0
        )
        calls.append(call)
    _name_prompts(calls[1], calls[:1], RLock())
    for call in calls:
        assert [sound.kind for sound in call.sounds] == ["prompt"]
        assert overview.row(call).talk == {"A": 1.0} and len(call.turns) > len(SHORT[:2])
        assert "annonce enregistrée" in timeline.drawn(call, call.sounds, "fr")
