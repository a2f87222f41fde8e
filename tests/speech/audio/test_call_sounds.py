"""What is no speech on a call: keypad tones with their digits, ringing, busy, hold music; and what is none of them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import corpus
from corpus.line_sounds import busy, melodies, melody, pressed, ringing
from corpus.prompts import prompts
from corpus.simulate import simulate
from speech.audio.call_sounds import CallSounds
from speech.audio.decode import SAMPLE_RATE, read
from speech.decoding.decode import DecodedClip, Options
from speech.privacy.mask import mask
from speech.privacy.sound import moments
from speech.transcribe import transcribe
from speech.turn_taking import analyse
from transcripts import formats
from transcripts.transcript import Sound, Transcript, Turn

LEVEL = 0.05  # of a voice: -26 dBFS
MUSIC = pytest.mark.skipif(not melodies(), reason="asterisk-moh-opsound-wav is not installed")


def whole(sound: np.ndarray) -> list[Sound]:
    found = CallSounds()
    found.add(sound)
    found.end()
    return found.found()


def speech(seed: int, many: int) -> list[np.ndarray]:
    chosen = np.random.default_rng(seed).permutation(len(prompts(at_least=1.0)))[:many]
    found = [read(prompts(at_least=1.0)[at].path).waveform[0] for at in chosen]
    return [sound * np.float32(LEVEL / np.sqrt(np.square(sound).mean())) for sound in found]


def pause(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


@pytest.mark.parametrize("digits", ["0", "0123456789", "*#ABCD", "11", "0612345678"])
@pytest.mark.parametrize("noise", [None, -50.0])
def test_keys_are_read(digits, noise):
    sound = np.concatenate([pause(1), pressed(digits, LEVEL), pause(1)])
    if noise:
        sound += np.random.default_rng(0).normal(0, 10 ** (noise / 20), len(sound)).astype(np.float32)
    (found,) = whole(sound)
    assert (found.kind, found.text) == ("keys", digits)
    assert (found.start, found.end) == pytest.approx((1, len(sound) / SAMPLE_RATE - 1), abs=0.12)


@pytest.mark.parametrize("hertz", [425, 440])
def test_ringing_and_busy_by_their_rhythm(hertz):
    sound = np.concatenate(
        [ringing(2, LEVEL, hertz), pause(5), busy(4, LEVEL, hertz), pause(2), ringing(1, LEVEL, hertz)]
    )
    assert [found.kind for found in whole(sound)] == ["ringing", "busy", "ringing"]


def test_a_beep_is_neither():
    beep = ringing(1, LEVEL)[: SAMPLE_RATE // 4]
    assert whole(np.concatenate([pause(2), beep, pause(2)])) == []


@pytest.mark.parametrize("kind", ["silence", "noise", "hum"])
def test_what_is_no_music(kind):
    time = np.arange(20 * SAMPLE_RATE) / SAMPLE_RATE
    sound = {
        "silence": np.zeros(len(time)),
        "noise": np.random.default_rng(0).normal(0, 0.02, len(time)),
        "hum": sum(0.01 * np.sin(2 * np.pi * 50 * part * time) for part in (1, 3, 5, 7)),
    }[kind]
    assert whole(sound.astype(np.float32)) == []


def test_speech_is_left_as_it_is():
    sound = np.concatenate([part for voice in speech(1, 60) for part in (voice, pause(0.2))])
    found = CallSounds()
    given = np.concatenate([found.add(sound), found.end()])
    assert found.found() == [] and np.array_equal(given, sound)


@MUSIC
@pytest.mark.parametrize(("seed", "manner"), [(0, {}), (3, {"codec": "gsm", "mono": True, "snr": 30.0})])
def test_nearly_every_second_of_a_call_has_its_name(seed, manner, tmp_path):
    """Pieces between turns, 0 to 20 dB quieter than a voice."""
    (path,) = simulate(
        corpus.load("phone-prompts"),
        tmp_path,
        seconds=100.0,
        seed=seed,
        sounds=("ringing", "keys", "music", "busy"),
        **manner,
    )
    said = formats.read(path.with_suffix(".json"))
    right, lost = [], 0
    for channel, waveform in enumerate(read(path).waveform):
        found = CallSounds()
        given = np.concatenate([found.add(waveform), found.end()])
        truth, names = (np.full(int(10 * len(waveform) / SAMPLE_RATE), "", object) for _ in range(2))
        for tenths, sounds in ((truth, said.sounds), (names, found.found(channel))):
            for sound in sounds:
                if sound.channel == channel:
                    tenths[round(10 * sound.start) : round(10 * sound.end)] = f"{sound.kind} {sound.text}"
        right += (truth == names).tolist()
        for turn in (turn for turn in said.turns if turn.channel == channel):
            place = slice(round(turn.start * SAMPLE_RATE), round(turn.end * SAMPLE_RATE))
            lost += int((given[place] != waveform[place]).sum())
    assert np.mean(right) >= 0.98 and lost < 0.1 * SAMPLE_RATE


@MUSIC
def test_the_blocks_change_nothing_and_the_sounds_are_silent():
    tune = melody(melodies()[0], 15.0, LEVEL, np.random.default_rng(0))
    voice = np.concatenate(speech(3, 5))
    sound = np.concatenate([voice, pause(1), tune, pause(1), pressed("12", LEVEL), pause(1), voice])
    given = {}
    for block in (60.0, 3.3):
        found, size = CallSounds(), round(block * SAMPLE_RATE)
        out = np.concatenate([*(found.add(sound[at : at + size]) for at in range(0, len(sound), size)), found.end()])
        given[block] = out, found.found()
    (first, sounds), *others = given.values()
    assert [each.kind for each in sounds] == ["music", "keys"] and len(first) == len(sound)
    for out, names in others:
        assert [(each.kind, each.text) for each in names] == [(each.kind, each.text) for each in sounds]
        assert np.mean(out != first) < 0.02
    start, end = (round(at * SAMPLE_RATE) for at in (sounds[0].start, sounds[0].end))
    assert not first[start + 1600 : end - 1600].any() and np.array_equal(first[: len(voice)], voice)


def test_sounds_are_kept_left_out_of_talk_and_masked(tmp_path):
    turns = [Turn(0, 2, "oui", speaker="A"), Turn(30, 32, "non", speaker="B", channel=1)]
    call = replace(Transcript.of_turns(turns), sounds=[Sound(5, 25, "music"), Sound(26, 27, "keys", "0612", 1)])
    path = tmp_path / "call.json"
    path.write_bytes(formats.write(call, "json"))
    assert formats.read(path).sounds == call.sounds
    assert analyse(call.turns, 32).share("A") == 0.5
    masked = mask(call)
    assert [sound.text for sound in masked.sounds] == ["", "[code]"] and masked.sounds[0] == call.sounds[0]
    assert moments(call) == [(1, 25.8, 27.2)]
    assert [what.en for what in formats.lost(call, "stm")] == ["the tones, music and recorded messages"]


@MUSIC
@pytest.mark.parametrize("gain", [0.0, 1.0], ids=["between two pieces", "over one piece"])
def test_a_voice_in_the_midst_of_music_stays(gain):
    """« Merci de patienter », and the music goes on."""
    played = melody(melodies()[0], 16.0, LEVEL / 3, np.random.default_rng(0)).astype(np.float32)
    for voice in speech(3, 4):
        sound, place = played.copy(), slice(8 * SAMPLE_RATE, 8 * SAMPLE_RATE + len(voice))
        sound[place] = gain * sound[place] + voice
        found = CallSounds()
        given = np.concatenate([found.add(sound), found.end()])
        assert np.square(given[place] - sound[place]).mean() < 0.1 * np.square(voice).mean()


@MUSIC
def test_no_window_of_a_call_holds_its_music(tmp_path):
    """The whole way but for the model, which would write a word in each window."""
    (path,) = simulate(corpus.load("phone-prompts"), tmp_path, seconds=60.0, seed=2, sounds=("keys", "music"))
    said = formats.read(path.with_suffix(".json"))
    engine = SimpleNamespace(model="m", adapter=None, name="n", languages={"fr"})

    def decoder(engine, sounds, options, previous, several):
        for place, sound in enumerate(sounds):
            yield [(place, DecodedClip((Turn(0, len(sound) / SAMPLE_RATE, "oui"),)))]

    for voice_activity in (True, False):
        *_, last = transcribe(path, engine, Options(voice_activity=voice_activity), decoder=decoder)
        found = last.transcript
        assert [(each.kind, each.text) for each in found.sounds] == (
            [(each.kind, each.text) for each in said.sounds] if voice_activity else []
        )
        (music,) = (sound for sound in said.sounds if sound.kind == "music")
        inside = [turn for turn in found.turns if turn.channel == 1 and music.start < turn.start < music.end - 1]
        assert found.turns and bool(inside) <= (not voice_activity)
