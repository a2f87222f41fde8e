"""Calls whose visitor gets no GPU any more wait until the visitor decides."""

import asyncio

import gradio as gr
import pytest

from speech.transcribe import TranscriptionProgress
from transcripts.transcript import Transcript, Turn
from ui.calls import queue_html, transcription
from ui.calls.call import DONE, HELD, WAITING, CallOptions
from ui.calls.session import CallSession
from ui.kit import zero_gpu

pytestmark = pytest.mark.fast
SPENT = "You have exceeded your free ZeroGPU quota (20s requested vs. 3s left). Try again in 3:00:00. "


@pytest.fixture
def session(monkeypatch, tmp_path) -> CallSession:
    """Two calls of two pieces each; the GPU is refused after the first piece of the first."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    calls = []

    def on_gpu(requests):
        calls.append(requests)
        if len(calls) in (2, 3):
            error = gr.Error(SPENT)
            error.title = "ZeroGPU quota exceeded"
            raise error
        return ["decoded on the GPU"]

    def pieces(path, options, quota):
        for done in (1.0, 2.0):
            while quota.lend(["windows"]) is None and not quota.on_cpu:
                yield progress(done - 1)
            yield progress(done)

    def progress(done: float):
        return TranscriptionProgress(done, 2.0, Transcript.of_turns([Turn(0, done, "allô", 0.9, 0, "A")], "x.wav"))

    monkeypatch.setattr(zero_gpu, "_on_gpu", on_gpu)
    monkeypatch.setattr(transcription, "transcribe_call", pieces)
    session = CallSession()
    for name in ("un.wav", "deux.wav"):
        (tmp_path / name).write_bytes(name.encode())
        session.add(tmp_path / name, CallOptions()).sound = tmp_path / name
    return session


def work(session: CallSession) -> list[str]:
    async def to_the_end():
        return [changed async for changed in transcription.transcribe_waiting(session)]

    asyncio.run(to_the_end())
    return [call.status for call in session.calls]


def test_the_rest_goes_to_the_cpu_or_to_the_gpu_as_the_visitor_decides(session):
    assert work(session) == [HELD, WAITING]
    first = session.calls[0]
    assert first.share == 0.5 and [turn.text for turn in first.turns] == ["allô"]
    shown = queue_html.rows(session.calls, first, "fr").replace("\N{NO-BREAK SPACE}", " ")
    assert "3 s restantes ; il se renouvelle dans 3:00:00" in shown and shown.count('data-act="on_cpu"') == 1
    assert work(session) == [HELD, WAITING]  # the page was loaded again: nobody is asked twice
    session.quota.decide(on_cpu=False)
    assert work(session) == [HELD, WAITING]  # not renewed yet
    session.quota.decide(on_cpu=True)
    assert work(session) == [DONE, DONE]


def test_a_renewed_quota_goes_on(session):
    work(session)
    session.quota.decide(on_cpu=False)
    work(session)
    session.quota.decide(on_cpu=False)
    assert work(session) == [DONE, DONE] and session.quota.refusal is None
