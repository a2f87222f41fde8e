"""Live transcription in a real browser: its microphone plays prompts, and the words are there before they are over."""

import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from common.pcm import to_int16
from scoring.measures import score
from speech.audio.decode import SAMPLE_RATE
from tests.kit.pages import PATIENCE, chromium, serve, tracebacks, until, visit
from tests.kit.speech import prompts, spoken

LONG = next(prompt for prompt in prompts(at_least=8.0) if prompt.seconds < 11)  # even a busy machine is faster
SHORT = [prompt for prompt in prompts(at_least=2.0) if prompt.seconds < 5][:2]
SAID = [LONG, *SHORT]
SOCKETS = """  // those of the page, so that a test can cut them
window.sockets = [];
window.WebSocket = class extends WebSocket { constructor(...given) { super(...given); sockets.push(this); } };
"""
MADE = """() => {  // a microphone that a test turns up, mutes and unplugs, and the page's own end of it
  const Own = AudioContext;
  window.AudioContext = class extends Own { constructor() { super(); window.taken = this; } };
  navigator.mediaDevices.getUserMedia = async () => {
    const audio = new Own(), voice = new OscillatorNode(audio), level = new GainNode(audio, {gain: 30});
    const {stream} = voice.connect(level).connect(new MediaStreamAudioDestinationNode(audio));
    voice.start();
    window.level = level.gain;
    [window.track] = stream.getAudioTracks();
    return stream;
  };
}"""
ASKING = "() => { navigator.mediaDevices.getUserMedia = () => new Promise(answer => { window.answer = answer; }); }"
MUSIC = Path("/usr/share/asterisk/moh")  # Debian's asterisk-moh-opsound-wav


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("microphones")
    sound, _ = spoken(SAID, 1.0)
    with wave.open(str(folder / "16.wav"), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(to_int16(sound).tobytes())
    play(folder, folder / "16.wav", "-af", "apad=pad_dur=60")
    return folder


def play(folder: Path, source: Path, *how: str) -> None:
    """What the browser's microphone plays, in a loop, from the next press on."""
    ffmpeg = ["ffmpeg", "-v", "error", "-y", "-i", source, *how, "-ar", "48000", folder / "microphone.wav"]
    subprocess.run(ffmpeg, check=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def browser(folder):
    with chromium(f"--use-file-for-fake-audio-capture={folder / 'microphone.wav'}") as browser:
        yield browser


@pytest.fixture(scope="module")
def speaking(server, browser):
    browser("fr-FR").add_init_script(SOCKETS)
    with visit(browser, server, "fr-FR") as page:
        yield page


def press(page: Page) -> None:
    page.get_by_role("button", name="Parler en direct").click()


def release(page: Page) -> None:
    page.locator("#live").get_by_role("button", name="Arrêter").click()


def test_words_appear_while_one_speaks_and_the_turns_are_right(speaking, server, tmp_path):
    press(speaking)
    turns = speaking.locator("#result .live-turns")
    expect(turns.locator(".open .tentative, .open .committed").first).to_be_visible(timeout=PATIENCE)
    speaking.evaluate("sockets.at(-1).close(4000)")  # the connection breaks off in mid-word, and nothing is lost
    expect(turns.locator(".final")).to_have_count(len(SAID), timeout=PATIENCE)
    expect(speaking.locator("#live")).to_contain_text("retard")
    live_text = turns.locator(".final .committed").all_inner_texts()
    release(speaking)
    shown = speaking.locator("#result .turns")
    expect(shown).to_be_visible(timeout=PATIENCE)
    for prompt, text in zip(SAID, live_text, strict=True):
        assert score([prompt.text], [text]).wer < 60  # each turn is that prompt, whose text has typing errors
    assert score([" ".join(prompt.text for prompt in SAID)], [" ".join(live_text)]).wer < 40
    with speaking.expect_download() as download:
        speaking.locator(".downloads").get_by_text("TXT").click()
    download.value.save_as(tmp_path / "direct.txt")
    assert " ".join(live_text).split() == (tmp_path / "direct.txt").read_text().split()
    assert not tracebacks(server)


def test_the_sound_goes_on_to_the_compare_tab(speaking):
    speaking.get_by_role("button", name="Comparer sur ce son").click()
    recording = speaking.locator("#compared-recording")
    expect(recording.locator("[data-testid=waveform-Enregistrement], #waveform, audio").first).to_be_attached()
    expect(recording.locator("#duration")).to_be_visible()
    expect(speaking.get_by_role("tab", name="Comparer")).to_have_attribute("aria-selected", "true")
    speaking.get_by_role("tab", name="Transcrire").click()


def test_a_recording_is_followed_live_each_side_by_itself(speaking, tmp_path):
    left, right = (spoken([prompt], 0.5)[0] for prompt in SHORT)
    sides = np.zeros((len(left) + len(right), 2), np.float32)
    sides[: len(left), 0], sides[len(left) :, 1] = left, right
    with wave.open(str(tmp_path / "call.wav"), "wb") as file:
        file.setparams((2, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(to_int16(sides).tobytes())
    speaking.locator("#live input[type=file]").set_input_files(tmp_path / "call.wav")
    expect(speaking.locator("#result .live-turns b")).to_have_text(["A", "B"], timeout=PATIENCE)
    shown = speaking.locator("#result .turns")  # it stops by itself
    expect(shown).to_be_visible(timeout=PATIENCE)
    assert list(dict.fromkeys(each[-1] for each in shown.locator("b").all_inner_texts())) == ["A", "B"]


def test_who_leaves_in_mid_word_leaves_nothing(speaking, server):
    before = set(server.log.parent.rglob("direct.wav"))
    press(speaking)
    expect(speaking.locator("#result .live-turns .open").first).to_be_visible(timeout=PATIENCE)
    assert set(server.log.parent.rglob("direct.wav")) > before
    speaking.goto("about:blank")
    until(lambda: set(server.log.parent.rglob("direct.wav")) <= before, seconds=30)


def test_hold_music_writes_nothing(server, browser, folder):
    play(folder, min(MUSIC.glob("*.wav")))
    with visit(browser, server, "fr-FR") as page:
        press(page)
        expect(page.locator("#live")).to_contain_text("0:06", timeout=PATIENCE)
        assert page.locator("#result .live-turns .final").count() == 0
        release(page)
        expect(page.locator("#result")).to_contain_text("Aucune parole", timeout=PATIENCE)
        assert not tracebacks(server)


def test_a_page_without_a_microphone_says_so(server, browser):
    """Refused by the visitor, absent, and over plain http from another machine, where browsers give none."""
    with visit(browser, server, "fr-FR") as page:
        alert = page.locator("#live").get_by_role("alert")
        for name, said in (("NotAllowedError", "refuse le micro"), ("NotFoundError", "branchez-en un")):
            failing = f"async () => {{ throw new DOMException('', '{name}') }}"
            page.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = {failing} }}")
            press(page)
            expect(alert).to_contain_text(said)
            expect(page.get_by_role("button", name="Parler en direct")).to_be_visible()
        page.add_init_script("Object.defineProperty(window, 'isSecureContext', {value: false})")
        page.reload()
        expect(alert).to_contain_text("ouvrez-la en https", timeout=PATIENCE)


def test_a_microphone_that_fails_in_mid_word_is_told_in_one_sentence(server, browser):
    """Clipped, silent, paused by the browser as for a telephone call, unplugged; or never allowed."""
    with visit(browser, server, "fr-FR") as page:
        alert = page.locator("#live").get_by_role("alert")
        page.evaluate(MADE)
        press(page)
        expect(alert).to_contain_text("sature")
        page.evaluate("level.value = 0")
        expect(alert).to_contain_text("aucun son", timeout=PATIENCE)
        page.evaluate("() => { level.value = 0.1; taken.resume = () => {}; return taken.suspend(); }")
        expect(alert).to_contain_text("suspendu")
        page.wait_for_timeout(1000)
        page.evaluate("AudioContext.prototype.resume.call(taken)")
        expect(alert).to_contain_text("de son ont été perdues", timeout=PATIENCE)
        page.evaluate("track.dispatchEvent(new Event('ended'))")
        expect(page.get_by_role("button", name="Parler en direct")).to_be_visible(timeout=PATIENCE)
        expect(alert).to_contain_text("débranché")  # and it stays
        page.evaluate(ASKING)
        press(page)
        release(page)
        expect(page.get_by_role("button", name="Parler en direct")).to_be_visible()
        page.evaluate("answer(new MediaStream([track.clone()].map(one => window.track = one)))")
        until(lambda: page.evaluate("track.readyState") == "ended", seconds=10)
        expect(page.locator("#live [data-remark]")).to_have_text("")
