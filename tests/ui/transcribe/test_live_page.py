"""Live transcription in a real browser: its microphone plays prompts, and the words are there before they are over."""

import subprocess
import wave
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from common.pcm import to_int16
from speech.audio.decode import SAMPLE_RATE
from tests.kit.pages import PATIENCE, chromium, serve, tracebacks, visit
from tests.kit.speech import prompts, spoken

SAID = [prompt for prompt in prompts(at_least=2.0) if prompt.seconds < 5][:3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("microphones")
    sound, _ = spoken(SAID, 1.0)
    with wave.open(str(folder / "16.wav"), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(to_int16(sound).tobytes())
    quiet = ["-af", "apad=pad_dur=60"]  # the browser plays it in a loop
    microphone(folder / "16.wav", folder / "prompts.wav", *quiet)
    return folder


def microphone(source: Path, target: Path, *how: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, *how, "-ar", "48000", target], check=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("server")) as server:
        yield server


def press(page: Page) -> None:
    page.locator("#live").get_by_role("button", name="Enregistrer").click()


def release(page: Page) -> None:
    page.locator("#live").get_by_role("button", name="Arrêter").first.click()


def test_words_appear_while_one_speaks_and_stay_when_one_stops(server, folder):
    with (
        chromium(f"--use-file-for-fake-audio-capture={folder / 'prompts.wav'}") as browser,
        visit(browser, server, "fr-FR") as page,
    ):
        expect(page.locator("#who")).to_contain_text("whisper-base", timeout=PATIENCE)
        press(page)
        expect(page.locator("#result .live-turns p").first).to_be_visible(timeout=PATIENCE)
        expect(page.locator("#result .live-facts")).to_contain_text("retard")
        expect(page.locator("#result .live-turns .final").first).to_be_visible(timeout=PATIENCE)
        release(page)
        expect(page.locator("#result .turns")).to_be_visible(timeout=PATIENCE)
        expect(page.locator("#result .turns")).to_contain_text("votre", timeout=PATIENCE)
    assert not tracebacks(server)
