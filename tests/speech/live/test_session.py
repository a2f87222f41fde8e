"""Live sessions on real weights and real speech, by a clock of the tests' own: nobody waits for the sound."""

import threading
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from scoring.measures import score
from speech.audio.decode import SAMPLE_RATE
from speech.decoding.decode import DecodedClip, Options
from speech.live import pace, turns
from speech.live import session as live
from speech.live.pace import chunks, finished
from speech.live.session import LATE, Event, LiveSession
from speech.live.sound import Resampler
from speech.live.turns import LONGEST, SILENCE
from speech.transcribe import transcribe
from tests.kit.speech import Loudness, prompts, spoken
from transcripts.transcript import AudioFacts, Turn, Word

SAID = [prompt for prompt in prompts(at_least=2.0) if prompt.seconds < 6][:5]
COST = 0.3  # seconds that a pass takes by the tests' clock


class Clock:
    skipping = True

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait_until(self, moment: float) -> None:
        self.now = max(self.now, moment)


@pytest.fixture(scope="module")
def sound():
    return spoken(SAID, 1.2)


def play(session: LiveSession, clock: Clock, waveform: np.ndarray, cost: float = COST, size: int = 1600) -> list[Event]:
    """At the pace of speech; each pass costs that many seconds, and the sound of that time comes in after it."""
    events, came = [], 0
    while came < len(waveform):
        clock.now = max(clock.now, (came + size) / SAMPLE_RATE)
        while (came + size) / SAMPLE_RATE <= clock.now and came < len(waveform):
            session.add(waveform[came : came + size])
            came += size
        if session.due:
            started = clock.now
            found = session.work()
            clock.now = started + cost
            events += found
    return events + list(finished([session]))


@pytest.fixture(scope="module")
def played(int8, sound) -> tuple[list[Event], LiveSession]:
    clock = Clock()
    session = LiveSession(int8, Options(), clock)
    return play(session, clock, sound[0]), session


def test_words_appear_before_the_turn_is_over(played, sound):
    events, _ = played
    for number, (start, end) in enumerate(sound[1]):
        shown = [event for event in events if event.turn == number]
        assert shown[0].kind == "tentative" and start < shown[0].end < end
        assert shown[-1].kind == "final"
        assert [event.kind for event in shown].count("final") == 1
    assert sum(event.kind == "committed" for event in events) >= len(SAID)


def test_committed_words_never_change_and_are_never_repeated(played):
    events, _ = played
    for number in range(len(SAID)):
        times = [(e.start, e.end) for e in events if e.turn == number and e.kind == "committed"]
        assert all(before[1] <= after[0] + 0.15 for before, after in pairwise(times))


def test_the_final_text_is_as_good_as_the_whole_recordings(played, sound, int8):
    """A word in ten may differ: int8 is rounded by each kind of processor in its own way, and a turn has other edges
    than a window. What live costs in error rate is measured by bench/live.py, on more words."""
    events, session = played
    said = [prompt.text for prompt in SAID]
    finals = [event.text for event in events if event.kind == "final"]
    *_, whole = transcribe(_recording(sound[0]), int8, Options())
    at_once = " ".join(turn.text for turn in whole.transcript.turns)
    assert score([" ".join(said)], [" ".join(finals)]).wer - score([" ".join(said)], [at_once]).wer <= 10
    for place, text in enumerate(finals):
        rates = [score([prompt], [text]).wer for prompt in said]
        assert rates[place] == min(rates)
    assert session.transcript("direct").text == "\n".join(
        turn.text for event in events if event.kind == "final" for turn in event.turns
    )


def _recording(waveform: np.ndarray):
    from speech.audio.decode import Recording

    return Recording(AudioFacts("x", len(waveform) / SAMPLE_RATE, SAMPLE_RATE, 1, "pcm"), waveform[None])


def test_the_lag_is_told_and_bounded(played):
    events, _ = played
    assert all(event.lag <= 3.0 for event in events)
    assert all(event.lag >= COST / 2 for event in events if event.kind == "final" and event.turn < len(SAID) - 1)


@pytest.mark.parametrize("rate, channels", [(8000, 1), (16000, 2), (44100, 1), (48000, 2)])
def test_any_rate_and_any_chunks_give_the_same_words(int8, played, sound, rate, channels):
    random = np.random.default_rng(rate)
    source = _at_rate(sound[0], rate)
    source = np.stack([source] * channels, axis=1) if channels > 1 else source
    resampler, clock = Resampler(), Clock()
    session = LiveSession(int8, Options(), clock)
    at = 0
    while at < len(source):
        size = int(random.integers(1, rate))
        session.add(resampler.add((source[at : at + size] * 32767).astype(np.int16), rate)[0])
        at += size
    finals = [event.text for event in finished([session])]
    expected = [event.text for event in played[0] if event.kind == "final"]
    assert len(finals) == len(expected)
    assert (
        score([" ".join(expected)], [" ".join(finals)]).wer <= 10
    )  # another rounding of the sound moves words: five of 57


def _at_rate(sound: np.ndarray, rate: int) -> np.ndarray:
    import torch
    from torchaudio.functional import resample

    return resample(torch.from_numpy(sound), SAMPLE_RATE, rate).numpy()


def test_chunks_that_come_twice_or_late_or_are_lost_move_nothing_else(int8, sound, monkeypatch):
    waveform, places = sound
    monkeypatch.setattr(live, "decode", lambda *_, **__: iter([[(0, DecodedClip(()))]]))
    session = LiveSession(int8, Options(), Clock())
    size = 1600
    starts = sorted(range(0, len(waveform), size), key=lambda at: at + 1.5 * size * (at % (11 * size) == 0))
    for place, at in enumerate(starts):  # every eleventh comes after the one that follows it
        if place % 7 == 3:
            continue  # lost
        for _ in range(1 + (place % 5 == 1)):  # or twice
            session.add(waveform[at : at + size], at / SAMPLE_RATE)
    assert session.seconds == pytest.approx(len(waveform) / SAMPLE_RATE, abs=2 * size / SAMPLE_RATE)
    assert sum(event.kind == "final" for event in finished([session])) == len(places)


@pytest.mark.parametrize("bad", [np.full(16000, np.nan), np.full(16000, 9.0), np.zeros(0), np.full(16000, np.inf)])
def test_broken_samples_are_no_speech(int8, bad):
    session = LiveSession(int8, Options(), Clock())
    session.add(bad.astype(np.float32))
    assert list(finished([session])) == []


def test_an_hour_takes_the_memory_of_a_turn(int8, sound, monkeypatch):
    """Turn after turn, found by loudness and recognised by a word at no cost: what counts is what is kept."""
    monkeypatch.setattr(turns, "SpeechDetector", Loudness)
    text = Turn(0.0, 1.0, "oui", 0.9, words=(Word(0.0, 1.0, "oui", 0.9),))
    monkeypatch.setattr(live, "decode", lambda *_, **__: iter([[(0, DecodedClip((text,)))]]))
    clock = Clock()
    session = LiveSession(int8, Options(), clock)
    loop, held = list(chunks([sound[0][None]])), []
    while session.seconds < 3600:
        most = 0
        for chunk in loop:
            clock.now += chunk.shape[1] / SAMPLE_RATE
            session.add(chunk[0])
            session.work()
            most = max(most, session.buffered)
        held.append(most)
    assert max(held) <= (LONGEST + 2) * SAMPLE_RATE and max(held[1:]) <= held[0] * 1.2
    assert len(session._arrivals) <= 40 / 0.1
    assert len(session.turns) >= len(SAID) * len(held)


@pytest.mark.parametrize("visitors", [1, 2])
def test_a_pass_that_comes_late_is_left_out_and_not_queued(int8, monkeypatch, visitors):
    """Passes that take two seconds each, one at a time, each with a word at its end: the lag stays that of a pass or
    two of each visitor."""

    clock = Clock()

    def slow(_, clips: list[np.ndarray], *__) -> list:
        clock.now += 2.0
        end = len(clips[0]) / SAMPLE_RATE
        word = Word(end - 0.5, end, f"mot{end:.0f}", 0.9)
        return [[(0, DecodedClip((Turn(word.start, end, word.text, 0.9, words=(word,)),)))]]

    monkeypatch.setattr(live, "decode", slow)
    voice, _ = spoken([p for p in prompts(at_least=8.0) if p.seconds < 20][:1], 0.2)
    sessions = [LiveSession(int8, Options(), clock, channel) for channel in range(visitors)]
    events = list(pace.played(sessions, chunks([np.stack([voice] * visitors)]), clock))
    for channel in range(visitors):
        own = [event for event in events if event.channel == channel]
        assert 2 <= sum(event.kind != "final" for event in own) <= len(voice) / SAMPLE_RATE / 2
    assert max(event.lag for event in events) <= visitors * 2 * 2.0 + SILENCE


@pytest.mark.parametrize("behind, beam", [(0.0, Options().unsure_beam), (LATE, 1)])
def test_a_last_pass_that_comes_late_does_without_a_beam(int8, monkeypatch, behind, beam):
    asked, clock = [], Clock()
    monkeypatch.setattr(turns, "SpeechDetector", Loudness)
    monkeypatch.setattr(live, "decode", lambda _, __, options, *___: asked.append(options) or [[(0, DecodedClip(()))]])
    session = LiveSession(int8, Options(), clock)
    session.add(spoken(SAID[:1], 1.0)[0])
    clock.now += behind
    assert [event.kind for event in session.work()] == ["final"]
    assert [options.unsure_beam for options in asked] == [beam]


def test_ten_visitors_read_their_own_words_only(int8):
    """They join and leave at random, in threads, with one engine."""
    short = [p for p in prompts(at_least=1.5) if p.seconds < 4][:10]
    wrong: list[str] = []

    def visit(place: int) -> None:
        session = LiveSession(int8, Options(unsure_beam=1), Clock())
        waveform, _ = spoken([short[place]], 0.6)
        for chunk in chunks([waveform[None]]):
            session.add(chunk[0])
        if place % 4 == 3:
            return  # leaves in mid-word
        text = " ".join(event.text for event in finished([session]) if event.kind == "final")
        rates = [score([prompt.text], [text]).wer for prompt in short]
        if text and rates.index(min(rates)) != place and min(rates) < rates[place]:
            wrong.append(text)

    threads = [threading.Thread(target=visit, args=(place,)) for place in np.random.default_rng(0).permutation(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_an_event_is_a_line_of_json(played):
    event = replace(played[0][0], lag=0.12345)
    assert list(event.to_dict()) == ["kind", "start", "end", "text", "lag", "turn", "channel"]
    assert event.to_dict()["lag"] == 0.123
