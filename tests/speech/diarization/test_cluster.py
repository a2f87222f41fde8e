"""Who speaks on one line: real voices of different people mixed into one channel, and told apart again."""

import random
import sys
import warnings
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import httpx2
import numpy as np
import pytest
import torch
from huggingface_hub.errors import GatedRepoError
from pyannote.core import Annotation, Segment
from pyannote.metrics.diarization import DiarizationErrorRate

from common.messages import UserError
from corpus.prompts import SOUNDS, prompts
from speech.audio.decode import SAMPLE_RATE, read
from speech.diarization import embeddings
from speech.diarization.cluster import Diarizer, Span, assign
from speech.diarization.embeddings import choose
from transcripts.transcript import Turn, Word

JUNE, ALLISON, CARLO = "fr_CA_f_June", "en_US_f_Allison", "it_IT_m_Carlo"
Message = tuple[float, float, str]  # start, end, who


@cache
def clips(who: str) -> list[np.ndarray]:
    """Prompts of one to five seconds that all voices have, without the silence at their ends."""
    names = [found.name for found in prompts(at_least=1.0) if found.seconds < 5]
    paths = [SOUNDS.with_name(who) / f"{name}.wav" for name in names[::9]]
    return [_voiced(read(path).waveform[0]) for path in paths if path.is_file()]


def _voiced(clip: np.ndarray) -> np.ndarray:
    loud = np.flatnonzero(np.abs(clip) > 0.02)
    return clip[loud[0] : loud[-1]]


def call(parties: list[str], seconds: float, seed: int) -> tuple[np.ndarray, list[Message]]:
    """A mono call in which the parties take turns, with many turns of less than a second."""
    drawn, at, parts, said = random.Random(seed), 0.2, [], []
    while at < seconds:
        for who in parties:
            clip = drawn.choice(clips(who))
            if drawn.random() < 0.4:
                clip = clip[: round(drawn.uniform(0.6, 1.0) * SAMPLE_RATE)]
            parts.append((round(at * SAMPLE_RATE), clip))
            said.append((at, at + len(clip) / SAMPLE_RATE, who))
            at = said[-1][1] + drawn.uniform(0.05, 0.7)
    mixed = np.zeros(max(start + len(clip) for start, clip in parts) + SAMPLE_RATE, np.float32)
    for start, clip in parts:
        mixed[start : start + len(clip)] += clip
    return mixed, said


def diarized(waveform: np.ndarray, said: list[Message], count: int | None, block: float = 20.0) -> Diarizer:
    """The call given in blocks, with the stretches in which somebody speaks: pauses under 0.3 s are none."""
    stretches = []
    for start, end, _ in said:
        if stretches and start - stretches[-1][1] < 0.3:
            stretches[-1][1] = end
        else:
            stretches.append([start, end])
    voices, at = Diarizer(count), 0.0
    while at < len(waveform) / SAMPLE_RATE:
        until = max([at + block, *(end for start, end in stretches if start < at + block)])
        here = [(start - at, end - at) for start, end in stretches if at <= start < until]
        voices.add(waveform[round(at * SAMPLE_RATE) : round(until * SAMPLE_RATE)], at, here)
        at = until
    return voices


def error_rate(said: list[Message], spans: list[Span]) -> float:
    """In percent, with a quarter of a second around each change that does not count."""
    with warnings.catch_warnings(action="ignore"):  # of the part that is rated, which is not given
        return 100 * DiarizationErrorRate(collar=0.5)(
            _annotation(said), _annotation([(s.start, s.end, s.speaker) for s in spans])
        )


def _annotation(said: list) -> Annotation:
    annotation = Annotation()
    for number, (start, end, who) in enumerate(said):
        annotation[Segment(start, end), number] = who
    return annotation


@pytest.fixture(scope="module")
def two() -> tuple[np.ndarray, list[Message]]:
    return call([JUNE, ALLISON], 50, seed=5)


@pytest.fixture(scope="module")
def two_heard(two) -> Diarizer:
    return diarized(*two, None)


def test_two_women_are_told_apart(two, two_heard):
    spans = two_heard.spans()
    assert {span.speaker for span in spans} == {0, 1} and spans[0].speaker == 0
    assert error_rate(two[1], spans) < 6
    assert 0.6 < two_heard.confidence() <= 1
    assert all(0.5 <= span.confidence <= 1 and span.start < span.end for span in spans)


def test_short_turns_are_given_to_who_says_them(two, two_heard):
    """Half of them follow the other's voice so closely that there is no pause between."""
    short = [(start, end, [JUNE, ALLISON].index(who)) for start, end, who in two[1] if end - start < 1.05]

    def share(start: float, end: float, speaker: int) -> float:
        spans = [span for span in two_heard.spans() if span.speaker == speaker]
        return sum(max(0.0, min(end, s.end) - max(start, s.start)) for s in spans) / (end - start)

    assert len(short) > 5 and np.mean([share(*turn) > 0.5 for turn in short]) > 0.6


def test_a_monologue_stays_one_voice():
    waveform, said = call([JUNE], 30, seed=2)
    voices = diarized(waveform, said, None)
    assert {span.speaker for span in voices.spans()} == {0} and voices.confidence() > 0.6
    turn = Turn(1.0, 2.0, "Bonjour", 0.9, speaker="A")
    assert assign([turn], voices.spans()) == [replace(turn, speaker=None)]


@pytest.mark.parametrize("name", ["followme/status", "dictate/play_help", "dir-instr", "vm-opts", "confbridge-pin-bad"])
def test_a_short_message_stays_one_voice(name):
    """One half of its few pieces is always a little unlike the other."""
    waveform = read(SOUNDS / f"{name}.wav").waveform[0]
    spans = diarized(waveform, [(0.0, len(waveform) / SAMPLE_RATE, JUNE)], None).spans()
    assert {span.speaker for span in spans} == {0}


def test_three_voices_are_found():
    waveform, said = call([JUNE, ALLISON, CARLO], 40, seed=3)
    spans = diarized(waveform, said, None).spans()
    assert {span.speaker for span in spans} == {0, 1, 2} and error_rate(said, spans) < 8


def test_a_number_that_is_given_is_kept():
    waveform, said = call([JUNE], 8, seed=4)
    assert {span.speaker for span in diarized(waveform, said, 2).spans()} == {0, 1}
    assert {span.speaker for span in diarized(waveform, said, 1).spans()} == {0}


@pytest.mark.parametrize("count", [0, -1, 9])
def test_a_number_that_cannot_be_is_refused(count):
    with pytest.raises(UserError, match=f"{count} speakers"):
        Diarizer(count)


def test_nothing_said_is_nobody():
    voices = Diarizer(None)
    voices.add(np.zeros(SAMPLE_RATE, np.float32), 0.0, [])
    assert voices.spans() == [] and voices.confidence() == 1
    assert assign([Turn(0, 1, "Oui", 0.9)], []) == [Turn(0, 1, "Oui", 0.9)]


def test_no_sound_is_kept(two, two_heard):
    held = sum(array.nbytes for kept in vars(two_heard).values() if isinstance(kept, list) for array in kept)
    assert held < two[0].nbytes / 10


# Turns and spans


SPANS = [Span(0, 2, 0, 1), Span(2, 3, 1, 1), Span(3.2, 6, 0, 1), Span(6, 9, 1, 1)]


def said(start: float, *words: str, seconds: float = 0.5) -> Turn:
    placed = tuple(Word(start + seconds * i, start + seconds * (i + 1), text, 0.9) for i, text in enumerate(words))
    return Turn(start, placed[-1].end, " ".join(words), 0.8, words=placed)


def test_a_turn_of_two_voices_is_cut_between_its_words():
    turn = said(1.0, "Bonjour", "madame.", "Oui", "bonjour.", "Voilà")
    parts = assign([turn], SPANS)
    assert [(part.speaker, part.text) for part in parts] == [
        ("A", "Bonjour madame."),
        ("B", "Oui bonjour."),
        ("A", "Voilà"),
    ]
    assert [(part.start, part.end) for part in parts] == [(1.0, 2.0), (2.0, 3.0), (3.0, 3.5)]
    assert tuple(word for part in parts for word in part.words) == turn.words


def test_a_word_is_not_cut_off_its_sentence():
    """Its time is a little early, so that it lies where the other one spoke."""
    turn = said(1.6, "Cette", "conférence", "est", "verrouillée.")
    assert [(part.speaker, part.text) for part in assign([turn, said(7, "Bien")], [*SPANS[:1], Span(2, 9, 1, 1)])] == [
        ("A", turn.text),
        ("A", "Bien"),
    ]
    answered = said(1.0, "Vous", "venez?", "Oui")
    assert [part.text for part in assign([answered], SPANS)] == ["Vous venez?", "Oui"]


def test_a_turn_of_one_voice_stays_as_it_is():
    turn = said(6.5, "Au", "revoir")
    assert assign([turn], SPANS) == [replace(turn, speaker="A")]  # nobody else speaks in a turn


def test_letters_are_in_the_order_of_the_turns():
    turns = [said(6.5, "Au", "revoir"), said(0.5, "Allô"), said(4, "Merci")]
    assert [(turn.text, turn.speaker) for turn in assign(turns, SPANS)] == [
        ("Allô", "A"),
        ("Merci", "A"),
        ("Au revoir", "B"),
    ]


def test_a_turn_without_words_goes_to_who_has_most_of_it():
    assert [turn.speaker for turn in assign([Turn(0, 1, "Allô", 1), Turn(1.5, 3.2, "Oui ?", 1)], SPANS)] == ["A", "B"]


def test_a_turn_where_nobody_was_heard_goes_to_the_nearest():
    turns = assign([Turn(0, 1, "Allô", 1), Turn(9.5, 10, "Voilà", 1), said(3.0, "Hum", seconds=0.1)], SPANS)
    assert [(turn.text, turn.speaker) for turn in turns] == [("Allô", "A"), ("Hum", "B"), ("Voilà", "B")]


# Which network, and why


def installed(monkeypatch, *packages: str, real=embeddings.distribution) -> None:
    def distribution(name: str):
        if name not in packages:
            raise PackageNotFoundError(name)
        return real("resemblyzer")

    monkeypatch.setattr(embeddings, "distribution", distribution)


def test_without_pyannote_the_package_of_weights_is_taken():
    network = choose()
    assert network.name == "resemblyzer" and network.reason.en == "pyannote.audio is not installed"


@pytest.mark.parametrize(
    "offline, token, access, reason",
    [
        (True, "hf_x", None, "ALLO_OFFLINE is set"),
        (False, None, None, "there is no HF_TOKEN"),
        (False, "hf_x", "gated", "gives no access to pyannote/"),
        (False, "hf_x", "down", "the Hub does not answer"),
        (False, "hf_x", "silent", "the Hub does not answer"),
    ],
)
def test_why_pyannote_is_not_taken(monkeypatch, offline, token, access, reason):
    def auth_check(repository: str):
        request = httpx2.Request("GET", "https://huggingface.co")
        if access == "down":
            raise httpx2.ConnectError("no route", request=request)
        raise GatedRepoError("gated", response=httpx2.Response(403, request=request))

    installed(monkeypatch, "pyannote.audio", "resemblyzer")
    monkeypatch.setattr(embeddings, "offline", lambda: offline)
    monkeypatch.setattr(embeddings, "get_token", lambda: token)
    monkeypatch.setattr(embeddings, "hub_in_reach", lambda: access != "silent")
    monkeypatch.setattr(embeddings, "auth_check", auth_check)
    network = choose()
    assert network.name == "resemblyzer" and reason in network.reason.en


def test_a_hub_that_was_silent_is_asked_again(monkeypatch):
    answers = iter([False, True])
    installed(monkeypatch, "pyannote.audio", "resemblyzer")
    monkeypatch.setattr(embeddings, "offline", lambda: False)
    monkeypatch.setattr(embeddings, "get_token", lambda: "hf_x")
    monkeypatch.setattr(embeddings, "hub_in_reach", lambda: next(answers))
    monkeypatch.setattr(embeddings, "auth_check", lambda repository: None)
    monkeypatch.setattr(embeddings, "_pyannote", lambda: None)
    assert [choose().name, choose().name] == ["resemblyzer", embeddings.PYANNOTE]


def test_weights_that_are_not_those_of_the_package_are_not_loaded(monkeypatch, tmp_path):
    embeddings._resemblyzer.cache_clear()
    other = tmp_path / "pretrained.pt"
    other.write_bytes(b"of somebody else")
    monkeypatch.setattr(embeddings, "_package_file", lambda package, name: other)
    with pytest.raises(UserError, match=r"not the file of resemblyzer 0\.1\.4"):
        choose()


def test_pyannote_is_taken_where_it_may_be_had(monkeypatch):
    installed(monkeypatch, "pyannote.audio", "resemblyzer")
    monkeypatch.setattr(embeddings, "offline", lambda: False)
    monkeypatch.setattr(embeddings, "get_token", lambda: "hf_x")
    monkeypatch.setattr(embeddings, "hub_in_reach", lambda: True)
    monkeypatch.setattr(embeddings, "auth_check", lambda repository: None)
    monkeypatch.setattr(embeddings, "_pyannote", lambda: None)
    assert choose().name == embeddings.PYANNOTE


def test_what_pyannote_finds_is_read(monkeypatch):
    """Its output as its 4.0 documents it: a vector each speaker, in the order of the labels; NaN for one too short."""
    found = _annotation([(0.5, 2.0, "X"), (2.5, 4.0, "Y"), (4.1, 4.2, "Z")])
    vectors = np.array([[3.0, 4.0], [0.0, 2.0], [np.nan, np.nan]])
    outputs = [
        SimpleNamespace(speaker_diarization=a, exclusive_speaker_diarization=a, speaker_embeddings=v)
        for a, v in ((found, vectors), (_annotation([]), None))
    ]
    asked = []

    class Pipeline:
        @classmethod
        def from_pretrained(cls, name, token):
            asked.append(name)
            return lambda audio: asked.append(audio["waveform"].shape) or outputs.pop(0)

    monkeypatch.setitem(sys.modules, "pyannote.audio", SimpleNamespace(Pipeline=Pipeline))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    listen = embeddings._pyannote.__wrapped__()
    pieces = listen(np.zeros(5 * SAMPLE_RATE, np.float32), [])
    assert asked == [embeddings.PYANNOTE, (1, 5 * SAMPLE_RATE)]
    assert pieces.times.tolist() == [[0.5, 2.0], [2.5, 4.0]]
    assert pieces.vectors == pytest.approx(np.array([[0.6, 0.8], [0.0, 1.0]]))
    assert len(listen(np.zeros(SAMPLE_RATE, np.float32), []).times) == 0


def test_with_no_network_at_all_one_sentence_says_what_to_do(monkeypatch):
    installed(monkeypatch)
    with pytest.raises(UserError, match=r"pip install --no-deps -r requirements-offline\.txt"):
        choose()
