"""Real weights hear real telephone prompts, in both engines, and hear nothing where nobody speaks."""

import math
import re
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from common.messages import UserError
from corpus.prompts import prompt, prompts
from scoring.measures import rates
from speech.audio.decode import SAMPLE_RATE, read
from speech.decoding.decode import UNSURE_LOGPROB, Options, decode, detect_language
from speech.decoding.segments import segments
from speech.engines import load
from speech.engines.base import FULL_WINDOW, Hypothesis
from speech.models.choose import choose
from speech.transcribe import transcribe
from trainer.evaluation.forgetting import without_speech

PLAIN = Options(timestamps=False, unsure_beam=1)  # the beam has tests of its own, and takes as long again


def waveform(name: str) -> np.ndarray:
    return read(prompt(name)).waveform[0]


def texts(engine, clips, options=PLAIN) -> list[str]:
    decoded = dict(item for batch in decode(engine, clips, options) for item in batch)
    return [decoded[i].text for i in range(len(clips))]


@pytest.fixture(scope="module")
def clips() -> list[np.ndarray]:
    """Twelve prompts of two to six seconds."""
    chosen = [path for _, _, path, seconds in prompts(at_least=2.0) if seconds < 6.0][::10][:12]
    assert len(chosen) == 12
    return [read(path).waveform[0] for path in chosen]


def test_the_words_of_a_prompt(int8):
    assert texts(int8, [waveform("conf-full")]) == ["Cette conférence est pleine."]


def test_both_engines_give_the_same_words(float32, torch32, clips):
    assert texts(float32, clips[:3]) == texts(torch32, clips[:3])


def test_both_engines_give_the_same_times(float32, torch32, clips):
    ours, theirs = (
        {i: h for batch in decode(e, clips[:2], Options(words=True, unsure_beam=1)) for i, h in batch}
        for e in (float32, torch32)
    )
    for i, decoded in ours.items():
        assert [turn.text for turn in decoded.turns] == [turn.text for turn in theirs[i].turns]
        for a, b in zip(decoded.turns, theirs[i].turns, strict=True):
            assert [w.text for w in a.words] == [w.text for w in b.words] and " ".join(
                w.text for w in a.words
            ) == a.text
            assert a.confidence == pytest.approx(b.confidence, abs=0.02)
            for mine, other in zip(a.words, b.words, strict=True):
                assert mine.start == pytest.approx(other.start, abs=0.11)
                assert mine.confidence == pytest.approx(other.confidence, abs=0.05)


def test_rounding_to_int8_changes_few_words(int8, float32, clips):
    import jiwer

    assert jiwer.wer(*(texts(engine, clips) for engine in (float32, int8))) < 0.15


def test_the_short_window_pays_for_the_audio_there_is(int8, monkeypatch):
    frames = []
    monkeypatch.setattr(int8, "mel", lambda clips, count, mel=int8.mel: frames.append(count) or mel(clips, count))
    texts(int8, [waveform("conf-full")])
    assert len(frames) == 1 and frames[0] <= (2 + PLAIN.margin) * 100 + 8
    texts(int8, [waveform("conf-full")], replace(PLAIN, margin=None))
    assert frames[1:] == [FULL_WINDOW]


@pytest.mark.parametrize(
    ("changes", "margin"),
    [({}, 0.4), ({"language": "es"}, 4.0), ({"task": "translate"}, 4.0), ({"language": "es", "margin": 6.0}, 6.0)],
)
def test_what_an_adapter_did_not_learn_has_the_bases_window(int8, monkeypatch, changes, margin):
    frames = []
    monkeypatch.setattr(int8, "mel", lambda clips, count, mel=int8.mel: frames.append(count) or mel(clips, count))
    monkeypatch.setattr(int8, "language", "fr")
    texts(int8, [waveform("conf-full")], replace(PLAIN, **{"margin": 0.4} | changes))
    assert frames[0] == (2 + margin) * 100


def test_a_clip_that_loops_is_heard_again_in_full(int8, monkeypatch):
    """The first attempt is made to loop; what is given must come from a later one."""
    generate, attempts = int8.generate, []

    def looping(states, prompt, **how):
        attempts.append((states.shape[1], how["temperature"]))
        found = generate(states, prompt, **how)
        zulu = int8.tokenizer(" Zulu." * 12, add_special_tokens=False).input_ids
        return found if len(attempts) > 1 else [Hypothesis(zulu, -0.1, 0.0, cut=False)]

    monkeypatch.setattr(int8, "generate", looping)
    (((_, decoded),),) = decode(int8, [waveform("conf-full")], PLAIN)
    assert decoded.text == "Cette conférence est pleine." and decoded.attempts == 2
    assert attempts[0][0] < FULL_WINDOW // 2 and attempts[1] == (FULL_WINDOW // 2, 0.0)


def test_a_clip_that_fills_the_window_is_heard_in_it_once(int8, monkeypatch):
    """The short attempt would be the full one; words are aligned only where an attempt is kept."""
    generate, align, attempts, aligned = int8.generate, int8.align, [], []

    def looping(states, prompt, **how):
        attempts.append((states.shape[1], how["temperature"]))
        zulu = int8.tokenizer(" Zulu." * 12, add_special_tokens=False).input_ids
        return generate(states, prompt, **how) if len(attempts) > 1 else [Hypothesis(zulu, -0.1, 0.0, cut=False)]

    monkeypatch.setattr(int8, "generate", looping)
    monkeypatch.setattr(int8, "align", lambda *args: aligned.append(1) or align(*args))
    long = np.concatenate([waveform("demo-instruct")[: 26 * SAMPLE_RATE], np.zeros(SAMPLE_RATE, np.float32)])
    (((_, decoded),),) = decode(int8, [long], replace(PLAIN, words=True))
    assert attempts == [(FULL_WINDOW // 2, 0.0), (FULL_WINDOW // 2, 0.2)] and decoded.attempts == 2
    assert aligned == [1]


def test_long_windows_come_in_smaller_batches_on_a_cpu(int8, monkeypatch):
    shapes, most = [], 8000
    monkeypatch.setattr(int8, "workers", 1)
    monkeypatch.setattr("speech.decoding.decode.CPU_FRAMES", most)
    monkeypatch.setattr(int8, "mel", lambda clips, n, mel=int8.mel: shapes.append((len(clips), n)) or mel(clips, n))
    monkeypatch.setattr(int8, "generate", lambda states, *_, **__: [Hypothesis([], -0.1, 0.0, cut=False)] * len(states))
    monkeypatch.setattr(int8, "encode", lambda mel: mel)  # only the shapes matter
    texts(int8, [waveform("conf-full")] * 9 + [waveform("demo-instruct")[: 20 * SAMPLE_RATE]] * 4)
    assert [count for count, _ in shapes] == [8, 1, 3, 1] and all(count * n <= most for count, n in shapes)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (" Sous-titrage ST' 501", "phantom"),
        (" Merci d'avoir regardé cette vidéo !", "phantom"),
        (" Zulu." * 12, "loop"),
    ],
)
def test_what_stays_a_phantom_is_flagged_and_not_speech(int8, monkeypatch, line, reason):
    temperatures = []

    def stubborn(states, prompt, **how):
        temperatures.append(how["temperature"])
        return [Hypothesis(int8.tokenizer(line, add_special_tokens=False).input_ids, -0.1, 0.0, cut=False)]

    monkeypatch.setattr(int8, "encode", lambda mel: mel)  # the audio does not matter
    monkeypatch.setattr(int8, "generate", stubborn)
    (((_, decoded),),) = decode(int8, [waveform("conf-full")], PLAIN)
    assert decoded.turns == () and [(f.text, f.reason) for f in decoded.flagged] == [(line.strip(), reason)]
    assert temperatures == [0.0, *PLAIN.temperatures]


def noise(kind: str) -> np.ndarray:
    """Ten seconds without a voice, at 16 kHz."""
    random, t = np.random.default_rng(7), np.arange(10 * SAMPLE_RATE) / SAMPLE_RATE
    if kind == "silence":
        return np.zeros_like(t, np.float32)
    if kind == "ring-back":  # France: 440 Hz, 1.5 s on, 3.5 s off
        return (0.3 * np.sin(2 * np.pi * 440 * t) * (t % 5 < 1.5)).astype(np.float32)
    if kind == "busy":
        return (0.3 * np.sin(2 * np.pi * 440 * t) * (t % 1 < 0.5)).astype(np.float32)
    if kind == "keys":  # DTMF
        high, low = (
            np.array([1209, 1336, 1477])[(t * 2).astype(int) % 3],
            np.array([697, 770, 852])[(t * 2).astype(int) % 3],
        )
        return (0.2 * (np.sin(2 * np.pi * high * t) + np.sin(2 * np.pi * low * t)) * (t % 0.5 < 0.2)).astype(np.float32)
    if kind == "hold music":  # arpeggios with a decay, and their octave
        notes = np.array([261.6, 329.6, 392.0, 523.3, 440.0, 349.2])[(t * 4).astype(int) % 6]
        strings = sum(np.sin(2 * np.pi * notes * k * t) / k for k in (1, 2, 3))
        return (0.2 * strings * np.exp(-4 * (t * 4 % 1))).astype(np.float32)
    if kind == "white noise":
        return random.normal(0, 0.05, t.size).astype(np.float32)
    hum = 0.1 * np.sin(2 * np.pi * 50 * t) + 0.05 * np.sin(2 * np.pi * 150 * t)
    return (hum + random.normal(0, 0.005, t.size)).astype(np.float32)


KINDS = ["silence", "ring-back", "busy", "keys", "hold music", "white noise", "mains hum"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_where_nobody_speaks(int8, kind):
    recording = read(prompt("conf-full"))
    *_, last = transcribe(replace(recording, waveform=noise(kind)[None]), int8, Options())
    assert last.transcript.turns == [] and last.transcript.text == ""


@pytest.mark.parametrize("kind", KINDS)
def test_speech_is_found_after_it(int8, kind):
    recording = read(prompt("conf-full"))
    quiet, spoken = noise(kind), recording.waveform[0]
    *_, last = transcribe(replace(recording, waveform=np.concatenate([quiet, spoken, quiet])[None]), int8, Options())
    assert "conférence est pleine" in last.transcript.text
    assert last.transcript.turns[0].start > 8.5 and last.transcript.turns[-1].end < 13.5


def test_a_clip_that_no_window_holds_is_an_error(int8):
    with pytest.raises(ValueError, match="30 s"):
        next(decode(int8, [np.zeros(31 * SAMPLE_RATE, np.float32)], PLAIN))


def test_language_is_detected(int8, float32, torch32):
    clip = waveform("conf-adminmenu-162")
    assert [detect_language(engine, clip) for engine in (int8, float32, torch32)] == ["fr"] * 3


def test_translation_is_english(int8):
    text = texts(int8, [waveform("conf-full")], replace(PLAIN, task="translate"))[0]
    assert text.startswith("This conf") and text.endswith("is full.")


def test_hot_words_are_heard(int8):
    """The base writes « diètre » for « dièse »; with the hot word it writes « dièse »."""
    clip = [waveform("agent-alreadyon")]
    assert "dièse" not in texts(int8, clip, Options())[0]
    assert "dièse" in texts(int8, clip, Options(hot_words="dièse, agent, numéro d'agent"))[0]


@pytest.mark.parametrize("precision", ["8bit", "4bit"])
def test_bitsandbytes_takes_less_memory_for_the_same_words(torch32, precision):
    small = load(choose(), "transformers", precision)
    assert texts(small, [waveform("conf-full")]) == ["Cette conférence est pleine."]
    assert small.memory < 0.55 * torch32.memory


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])  # that both engines have there, or one of them
def test_where_the_gpu_is_full_the_cpu_listens_and_says_why(monkeypatch, precision):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (100_000_000, 16_000_000_000))
    engine = load(choose(), precision=precision)  # as it would be asked of the GPU
    assert (engine.name, engine.device) == ("ctranslate2", "cpu") and engine.precision.startswith("int8")
    needed = r"the GPU has 100 MB free and 1\d{3} are needed, so the model runs on the CPU"
    assert re.fullmatch(needed, engine.reason.en)
    assert texts(engine, [waveform("conf-full")]) == ["Cette conférence est pleine."]


def test_a_gpu_that_fills_up_meanwhile_is_told(torch32, monkeypatch):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with torch32.exclusive() as whisper:
        monkeypatch.setattr(whisper.model.encoder, "forward", full)
    with pytest.raises(UserError, match="The GPU's memory is full"):
        texts(torch32, [waveform("conf-full")])


def test_beam_search_is_served_by_both(float32, torch32):
    clip, options = [waveform("conf-full")], replace(PLAIN, beam_size=3)
    assert texts(float32, clip, options) == texts(torch32, clip, options) == ["Cette conférence est pleine."]


def test_both_engines_end_a_beam_with_the_same_texts(float32, torch32, clips):
    """But for those that are all but as likely as others, where rounding decides."""
    found = []
    for engine in (float32, torch32):
        states, prompt_ids = engine.encode(engine.mel(clips[:3], 1000)), engine.prompt("fr")
        found.append(engine.beam(states, prompt_ids, size=4, max_tokens=60))
    for ours, theirs in zip(*found, strict=True):
        a, b = ({tuple(each.tokens): each.logprob for each in some} for some in (ours, theirs))
        both = a.keys() & b.keys()
        assert len(a) == len(b) == 4 and len(both) >= 2 and ours[0].tokens == theirs[0].tokens
        assert [a[tokens] for tokens in both] == pytest.approx([b[tokens] for tokens in both], abs=0.01)
        assert not any(each.cut for each in ours + theirs)


def test_a_beam_that_the_limit_cuts_says_so(float32, torch32, clips):
    for engine in (float32, torch32):
        states = engine.encode(engine.mel(clips[:1], 1000))
        (found,) = engine.beam(states, engine.prompt("fr"), size=2, max_tokens=4)
        assert all(each.cut and len(each.tokens) == 4 and -5 < each.logprob < 0 for each in found)


def test_where_greedy_is_unsure_what_a_beam_agrees_on_is_nearer_to_what_is_said(int8):
    spoken = [(text, path) for _, text, path, seconds in prompts(at_least=2.0) if seconds < 4.0][1::4]
    sounds = [read(path).waveform[0] for _, path in spoken]
    greedy, agreed = (
        dict(item for batch in decode(int8, sounds, replace(PLAIN, unsure_beam=size)) for item in batch)
        for size in (1, 10)
    )
    sure = {i for i, decoded in greedy.items() if math.log(decoded.turns[0].confidence) >= UNSURE_LOGPROB}
    assert sure and all(agreed[i] == greedy[i] for i in sure)
    changed = [i for i in greedy if agreed[i].text != greedy[i].text]
    said = [spoken[i][0] for i in changed]
    errors = [rates(said, [decoded[i].text for i in changed])["wer"] for decoded in (agreed, greedy)]
    assert len(changed) > 3 and errors[0] < errors[1]


def test_a_text_that_leaves_half_out_is_not_agreed_on(int8, monkeypatch):
    """As a whole it is likelier, as all short texts are."""
    whole, half = (
        int8.tokenizer(text, add_special_tokens=False).input_ids
        for text in (" Cette conférence est pleine pour le moment.", " Cette conférence.")
    )
    monkeypatch.setattr(int8, "generate", lambda *_, **__: [Hypothesis(whole, -0.5, 0.0, cut=False)])
    monkeypatch.setattr(int8, "beam", lambda *_, **__: [[Hypothesis(half, -0.1, 0.0, cut=False)] * 2])
    searched = replace(PLAIN, unsure_beam=2)
    assert texts(int8, [waveform("conf-full")], searched) == ["Cette conférence est pleine pour le moment."]


def test_a_long_clip_is_searched_by_a_beam_alone(int8, monkeypatch):
    """Greedy decoding is asked where there is probably no speech, and where a beam may have left out a sentence."""
    spoken = read(next(path for _, _, path, seconds in prompts(at_least=22.0) if seconds < 24.0)).waveform[0]
    line = np.random.default_rng(0).normal(0, 0.01, 15 * SAMPLE_RATE).astype(np.float32)
    greedy, beam = int8.generate, int8.beam
    heard = []

    def generate(states, prompt, **how):
        heard.append(states.shape[0])
        return greedy(states, prompt, **how)

    def half(states, prompt, **how):
        return [
            [replace(one, tokens=one.tokens[: len(one.tokens) // 3]) for one in some]
            for some in beam(states, prompt, **how)
        ]

    once = Options(temperatures=(0.0,))
    monkeypatch.setattr(int8, "generate", generate)
    texts(int8, [np.concatenate([waveform("conf-full")] * 8)], once)
    assert not heard
    expected = texts(int8, [spoken, line], replace(once, unsure_beam=1))
    heard.clear()
    monkeypatch.setattr(int8, "beam", half)
    assert texts(int8, [spoken, line], once) == expected and heard == [1, 1]


def test_workers_hear_batches_side_by_side_and_give_them_in_order():
    engine = load(choose(), "ctranslate2", threads=2)
    both = threading.Barrier(2, timeout=20)  # passed by two at once alone

    def work(at: int) -> int:
        both.wait()
        time.sleep(0.1 * (at == 0))  # the first is the last to be done
        return at

    assert engine.workers == 2 and list(engine.map_batches(work, range(6))) == list(range(6))


def test_batches_that_nobody_waits_for_are_not_heard():
    engine, begun = load(choose(), "ctranslate2", threads=1), []
    decoded = engine.map_batches(lambda at: begun.append(at) or time.sleep(0.05), range(100))
    next(decoded)
    decoded.close()
    time.sleep(0.3)
    assert len(begun) <= 3


def test_where_nobody_speaks_no_beam_looks_for_words(int8):
    greedy, wider = (texts(int8, without_speech(), Options(temperatures=(0.0,), unsure_beam=size)) for size in (1, 5))
    assert wider == greedy and sum(map(bool, wider)) < len(wider) / 4


def test_some_of_a_batch_are_heard_as_in_it(int8, torch32, clips):
    for engine in (int8, torch32):
        states, prompt_ids = engine.encode(engine.mel(clips[:5], 600)), engine.prompt("fr")
        asked = {"beam_size": 1, "temperature": 0.0, "max_tokens": 12}
        whole = engine.generate(states, prompt_ids, **asked)
        for places in ([4, 1, 2], [3]):
            some = engine.generate(engine.select(states, places), prompt_ids, **asked)
            assert [found.tokens for found in some] == [whole[at].tokens for at in places]


def test_a_temperature_warms_both_and_transformers_the_same_way_each_time(int8, torch32):
    asked = {"beam_size": 1, "max_tokens": 20}
    for engine in (int8, torch32):
        states = engine.encode(engine.mel([waveform("agent-alreadyon")], 600))
        cold, *warm = (
            engine.generate(states, engine.prompt("fr"), temperature=degree, **asked)[0].tokens
            for degree in (0, 2.0, 2.0)
        )
        assert cold not in warm
    assert warm[0] == warm[1]


def test_tokens_are_cut_at_their_timestamps():
    begin = 50364
    tokens = [begin, 1, 2, begin + 50, begin + 60, 3, begin + 100]
    assert segments(tokens, begin, 3.0) == [(0.0, 1.0, [1, 2]), (1.2, 2.0, [3])]
    assert segments([1, 2], begin, 3.0) == [(0.0, 3.0, [1, 2])]
    assert segments([begin, 1, begin + 400], begin, 3.0) == [(0.0, 3.0, [1])]
    assert segments([], begin, 3.0) == []
