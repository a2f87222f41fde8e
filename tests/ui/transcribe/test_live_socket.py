"""The WebSocket of live transcription: real voices, found by loudness, and a recogniser that reads off the sound who
speaks."""

import gc
import random
import threading
import time
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from common.pcm import to_int16
from speech.audio.decode import SAMPLE_RATE
from speech.decoding.decode import DecodedClip
from speech.live import session as live
from speech.live import turns
from tests.kit.pages import until
from tests.kit.speech import Loudness, prompts, spoken
from transcripts.transcript import Turn, Word
from ui.kit import sound
from ui.transcribe import live_session, live_socket

pytestmark = pytest.mark.fast

VOICES = [prompt for prompt in prompts(at_least=1.5) if prompt.seconds < 3][:10]
MARK = 0.004  # of full scale, by which a visitor's number shifts the sound: voices swing around zero
CHUNK = 3200  # bytes: a tenth of a second


class Recogniser:
    """An engine as far as a live session asks for one; it writes the number of the visitor who speaks."""

    model, adapter, name, margin, languages = "numbers", None, "numbers", 1.0, ["fr"]

    def ahead(self):
        return self


def numbers(_, clips: list[np.ndarray], *__) -> list:
    seconds = len(clips[0]) / SAMPLE_RATE
    word = Word(0.0, seconds, str(round(float(np.mean(clips[0])) / MARK)), 0.9)
    return [[(0, DecodedClip((Turn(0.0, seconds, word.text, 0.9, words=(word,)),)))]]


@pytest.fixture
def client(monkeypatch, tmp_path):
    monkeypatch.setattr(live, "decode", numbers)
    monkeypatch.setattr(turns, "SpeechDetector", Loudness)
    monkeypatch.setattr(live_socket, "loaded", lambda _: SimpleNamespace(engine=Recogniser()))
    monkeypatch.setattr(sound, "get_upload_folder", lambda: str(tmp_path))
    monkeypatch.setenv("ALLO_LIVE_VISITORS", "10")
    with TestClient(Starlette(routes=[live_socket.ROUTE])) as client:
        yield client


def voice(number: int, times: int = 1) -> bytes:
    sound, _ = spoken([VOICES[number]] * times, 0.7)
    return to_int16(sound + number * MARK).tobytes()


def connected(client, query: str = "rate=16000"):
    return client.websocket_connect(f"/live?{query}")


def until_done(socket) -> list[dict]:
    lines = []
    while not lines or lines[-1]["kind"] not in ("done", "error"):
        lines.append(socket.receive_json())
    return lines


def begun(keep: bool = True) -> live_session.VisitorSession:
    return live_socket.begin("fr", "transcribe", "", None, keep)


def test_ten_visitors_join_and_leave_and_nobody_reads_anothers_words(client):
    chance, wrong = random.Random(0), []
    plans = [(number, chance.random() * 0.5, chance.random() < 0.3) for number in range(10)]

    def visit(number: int, wait: float, leaves: bool) -> None:
        time.sleep(wait)
        sound = voice(number)
        with connected(client) as socket:
            assert socket.receive_json() == {"kind": "ready", "received": 0}
            sent = len(sound) // 2 if leaves else len(sound)
            for at in range(0, sent, CHUNK):
                socket.send_bytes(sound[at : at + CHUNK])
            if leaves:
                return
            socket.send_text("end")
            texts = {line["text"] for line in until_done(socket) if line["kind"] != "done"}
        if texts != {str(number)}:
            wrong.append((number, texts))

    threads = [threading.Thread(target=visit, args=plan) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    until(lambda: live_session._sessions == {}, seconds=20)  # an exchange's session ends with its connection


def test_who_sends_faster_than_words_come_waits(client, monkeypatch):
    decoding, behind = threading.Event(), []

    def slowly(*asked):
        decoding.wait()
        return numbers(*asked)

    monkeypatch.setattr(live, "decode", slowly)
    monkeypatch.setattr(live_socket, "BEHIND", 5.0)
    sound, session = voice(2), begun()
    with connected(client, f"rate=16000&session={session.token}") as socket:
        socket.receive_json()
        socket.send_text("lost " + "9" * 5000)  # nobody has lost as much: it is passed over
        for _ in range(20):
            socket.send_bytes(sound)
        for _ in range(10):
            time.sleep(0.1)
            behind.append(session.behind)
        decoding.set()
        socket.send_text("end")
        finals = [line["text"] for line in until_done(socket) if line["kind"] == "final"]
    assert 2 < behind[-1] < 5 + len(sound) / 2 / SAMPLE_RATE and set(finals) == {"2"} and len(finals) == 20
    live_session.take(session.token).leave()


def test_what_a_broken_connection_did_not_bring_is_sent_again(client):
    sound, session = voice(3, times=2), begun()
    half = len(sound) // 2 + 1  # in the middle of a sample
    query = f"rate=16000&session={session.token}"
    with connected(client, query) as socket:
        socket.receive_json()
        socket.send_bytes(sound[:half])
        first = socket.receive_json()
        socket.close(1006)
    with connected(client, query) as socket:
        received = socket.receive_json()["received"]
        assert received == half
        socket.send_bytes(sound[received:])
        socket.send_text("end")
        lines = until_done(socket)
    finals = [line["text"] for line in lines if line["kind"] == "final"]
    assert first["text"] == "3" and finals == ["3", "3"]
    transcript = live_session.take(session.token).result()
    assert transcript.text.split() == finals
    assert transcript.audio.seconds == pytest.approx(len(sound) / 2 / SAMPLE_RATE, abs=0.01)
    session.leave()
    assert not session.path.exists()


def test_who_leaves_in_mid_word_frees_the_sessions_memory(client):
    session = begun()
    with connected(client, f"rate=16000&session={session.token}") as socket:
        socket.receive_json()
        socket.send_bytes(voice(6)[: -8 * CHUNK])  # its pause, and a little more, is missing
        socket.receive_json()  # a first word
        socket.close(1001)
    kept, path = weakref.ref(session), session.path
    del session
    until(lambda: gc.collect() >= 0 and kept() is None, seconds=20)
    assert not path.exists()


def test_lost_sound_is_silence_and_moves_no_time(client):
    sound, lost = voice(2), 2 * SAMPLE_RATE * 3  # three seconds
    with connected(client) as socket:
        socket.receive_json()
        for message in (sound, f"lost {lost}", sound, "end"):
            socket.send_bytes(message) if isinstance(message, bytes) else socket.send_text(message)
        starts = [line["start"] for line in until_done(socket) if line["kind"] == "final"]
    assert starts[1] - starts[0] == pytest.approx((len(sound) + lost) / 2 / SAMPLE_RATE, abs=0.1)


def test_both_sides_of_a_call_at_an_exchanges_rate(client):
    """A-law at 8 kHz, the first visitor on the left and then another on the right."""
    import av

    left, right = (np.frombuffer(voice(number), "<i2")[::2] for number in (1, 5))
    sides = np.zeros((len(left) + len(right), 2), "<i2")
    sides[: len(left), 0], sides[len(left) :, 1] = left, right
    encoder = av.CodecContext.create("pcm_alaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 8000, "stereo", "s16"
    frame = av.AudioFrame.from_ndarray(sides.reshape(1, -1), "s16", "stereo")
    frame.sample_rate = 8000
    sound = b"".join(bytes(packet) for packet in encoder.encode(frame))
    with connected(client, "codec=alaw&channels=2&split=1") as socket:
        socket.receive_json()
        for at in range(0, len(sound), 777):
            socket.send_bytes(sound[at : at + 777])
        socket.send_text("end")
        finals = [(line["channel"], line["text"]) for line in until_done(socket) if line["kind"] == "final"]
    assert finals == [(0, "1"), (1, "5")]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("rate=12", "The rate is 12"),
        ("rate=fast", "are numbers"),
        ("channels=6", "6 channels"),
        ("codec=mp3", "'mp3'"),
        ("session=0123", "load the page again"),
        ("language=xx", "does not know the language"),
        ("task=sing", "no task 'sing'"),
    ],
)
def test_what_cannot_be_served_is_said(client, query, said):
    with connected(client, query) as socket:
        lines = [socket.receive_json()]
        if lines[0]["kind"] == "ready":
            lines = until_done(socket)
        assert lines[-1]["kind"] == "error" and said in lines[-1]["en"] and lines[-1]["fr"]


def test_one_visitor_too_many_is_told_so(client, monkeypatch):
    monkeypatch.setenv("ALLO_LIVE_VISITORS", "1")
    with connected(client) as first, connected(client) as second:
        assert first.receive_json()["kind"] == "ready"
        assert "speaking live here already" in second.receive_json()["en"]
    with connected(client) as third:  # there is room again
        assert third.receive_json()["kind"] == "ready"


def test_a_page_from_elsewhere_is_refused_on_this_machine(client):
    with client.websocket_connect("/live", headers={"host": "localhost", "origin": "https://else.example"}) as socket:
        assert "another address" in socket.receive_json()["en"]


def test_an_engine_that_breaks_is_said_and_what_was_said_before_stays(client, monkeypatch):
    def broken(*_):
        raise RuntimeError("the weights are gone")

    session = begun()
    with connected(client, f"rate=16000&session={session.token}") as socket:
        socket.receive_json()
        sound = voice(4)
        socket.send_bytes(sound)
        while socket.receive_json()["kind"] != "final":
            pass
        monkeypatch.setattr(live, "decode", broken)
        socket.send_bytes(sound)
        assert until_done(socket)[-1]["kind"] == "error"
    session.leave()
