"""Live transcription in a real browser: its microphone plays prompts, and the words are there before they are over."""

import subprocess
import wave
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from common.pcm import to_int16
from scoring.measures import score
from speech.audio.decode import SAMPLE_RATE
from tests.kit.pages import PATIENCE, chromium, serve, tracebacks, until, visit
from tests.kit.speech import prompts, spoken

SAID = [prompt for prompt in prompts(at_least=2.0) if prompt.seconds < 5][:3]
MUSIC = Path("/usr/share/asterisk/moh")  # Debian's asterisk-moh-opsound-wav


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("microphones")
    sound, _ = spoken(SAID, 1.0)
    with wave.open(str(folder / "16.wav"), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(to_int16(sound).tobytes())
    quiet = ["-af", "apad=pad_dur=60"]  # the browser plays it in a loop
    microphone(folder / "16.wav", folder / "prompts.wav", *quiet)
    microphone(next(iter(sorted(MUSIC.glob("*.wav")))), folder / "music.wav")
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


def test_words_appear_while_one_speaks_and_the_turns_are_right(server, folder):
    with (
        chromium(f"--use-file-for-fake-audio-capture={folder / 'prompts.wav'}") as browser,
        visit(browser, server, "fr-FR") as page,
    ):
        expect(page.locator("#who")).to_contain_text("whisper-base", timeout=PATIENCE)
        press(page)
        first = page.locator("#result .live-turns p").first
        expect(first).to_be_visible(timeout=PATIENCE)
        assert page.locator("#result .live-turns p").count() == 1  # the second prompt was not said yet
        expect(page.locator("#result .live-turns .final")).to_have_count(len(SAID), timeout=PATIENCE)
        expect(page.locator("#result .live-facts")).to_contain_text("retard")
        release(page)
        expect(page.locator("#result .turns")).to_be_visible(timeout=PATIENCE)
        heard = page.locator("#result [data-start]").all_inner_texts()
        said = [" ".join(prompt.text for prompt in SAID)]
        assert score(said, [" ".join(text.split("\n")[-1] for text in heard)]).wer < 50
        expect(
            page.locator(".downloads").first.get_by_role("link").or_(page.locator(".downloads button")).first
        ).to_be_visible()
        expect(page.locator("#recording audio, #recording [data-testid=waveform-recording]").first).to_be_attached()
    assert not tracebacks(server)


def test_hold_music_writes_nothing(server, folder):
    with (
        chromium(f"--use-file-for-fake-audio-capture={folder / 'music.wav'}") as browser,
        visit(browser, server, "fr-FR") as page,
    ):
        press(page)
        expect(page.locator("#result .live-facts")).to_be_visible(timeout=PATIENCE)
        page.wait_for_timeout(8_000)
        assert page.locator("#result .live-turns .final").count() == 0
        release(page)
        expect(page.locator("#result")).to_contain_text("Aucune parole", timeout=PATIENCE)


def test_who_leaves_in_mid_word_leaves_nothing(server, folder):
    root = server.log.parent
    with chromium(f"--use-file-for-fake-audio-capture={folder / 'prompts.wav'}") as browser:
        with visit(browser, server, "fr-FR") as page:
            press(page)
            until(lambda: list(root.rglob("direct.wav")), seconds=60)
            page.wait_for_timeout(2_000)
            before = set(root.rglob("direct.wav"))
        until(lambda: len(set(root.rglob("direct.wav"))) < len(before), seconds=60)
