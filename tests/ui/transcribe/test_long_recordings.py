"""Hours of sound in the first tab and in Compare take the memory of minutes."""

import tracemalloc
import wave
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest

from speech.audio.decode import SAMPLE_RATE
from ui.compare import columns, tab
from ui.compare.columns import Column
from ui.kit import engine_pool
from ui.kit.engine_pool import Loaded, Setting, transcribe_recording

MINUTES = 30
WHOLE = MINUTES * 60 * SAMPLE_RATE * 2 * 4  # bytes of both channels, as float32


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("long") / "long.wav"
    hum = (np.sin(np.arange(2 * 8000 * 60) / 40) * 300).astype("<i2").tobytes()  # no voice
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        for _ in range(MINUTES):
            file.writeframes(hum)
    return str(path)


@pytest.fixture
def engine(monkeypatch, int8):
    page = Loaded(SimpleNamespace(model="m", weights="w"), int8)
    for module in (engine_pool, columns):
        monkeypatch.setattr(module, "loaded", lambda setting: page)
    monkeypatch.setattr(columns, "resolved", lambda setting: setting)


def in_the_first_tab(path: str):
    return transcribe_recording(path, "fr", "transcribe", True, "", setting=Setting())


def compared(path: str, phone: bool):
    source, _ = tab._source(path, None, phone)
    return columns.transcribe_columns(source, [Column("base", Setting())], whole=False)


@pytest.mark.parametrize(
    "work",
    [in_the_first_tab, lambda path: compared(path, False), lambda path: compared(path, True)],
    ids=["transcribe", "compare", "compare by telephone"],
)
def test_a_long_recording_is_never_whole_in_memory(long_recording, engine, work):
    """As far as its third minute: who reads it whole has done so by then."""
    list(islice(work(long_recording), 2))  # what is imported on the way, torch for a telephone line, is no sound
    tracemalloc.start()
    for steps, _ in enumerate(work(long_recording)):
        if steps > 3:
            break
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < WHOLE / 4
