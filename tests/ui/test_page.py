"""The page in a real browser whose microphone is fed a file, and its API: real weights, real telephone prompts."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pysubs2
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from playwright.sync_api import Page, expect

from tests.kit.pages import PATIENCE, chromium, serve, until, visit

expect.set_options(timeout=15_000)  # two cores may be busy with the model

PROMPTS = Path("/usr/share/asterisk/sounds/fr_CA_f_June")
SAID = {  # what whisper-base, too, makes of the prompt
    "followme/status": "la localiser pour vous",
    "tt-allbusy": "votre appel est important pour nous",
    "vm-intro": "raccrocher",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """Recordings made from the prompts, and a file that is none."""
    folder = tmp_path_factory.mktemp("recordings")
    status = PROMPTS / "followme/status.wav"
    ffmpeg(status, "-af", "apad=pad_dur=1", "-ar", "48000", folder / "microphone.wav")
    ffmpeg(PROMPTS / "tt-allbusy.wav", "-c:a", "pcm_mulaw", folder / "mulaw.wav")
    ffmpeg(status, "-ar", "22050", folder / "appel.mp3")
    subprocess.run(["sox", status, "-e", "gsm-full-rate", folder / "gsm.wav"], check=True)
    # 60 windows, which three and a half seconds of silence keep apart: they are decoded 1, 8 and 51 together
    long = [PROMPTS / "vm-nobodyavail.wav", folder / "long.wav", "pad", "0", "3.5", "repeat", "59"]
    subprocess.run(["sox", *long], check=True)
    (folder / "notes.wav").write_text("This is a note, not a recording.\n")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("server"), "--share", ready="public link") as server:
        yield server


@pytest.fixture(scope="module")
def browser(files):
    with chromium(f"--use-file-for-fake-audio-capture={files / 'microphone.wav'}") as browser:
        yield browser


@pytest.fixture(scope="module")
def reader(browser, server):
    """Who stays on the page, and gives it no recording but the samples."""
    with visit(browser, server, "fr-FR") as page:
        yield page


@pytest.fixture
def french(browser, server):
    with visit(browser, server, "fr-FR") as page:
        yield page


@pytest.fixture
def english(browser, server):
    with visit(browser, server, "en-US") as page:
        yield page


def ffmpeg(source: Path, *rest) -> None:
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", source, *rest], check=True)


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def drop(page: Page, file: Path) -> None:
    page.locator("#recording input[type=file]").set_input_files(file)


def expect_words(page: Page, words: str) -> None:
    expect(page.locator("#result .turns")).to_contain_text(re.compile(words, re.IGNORECASE), timeout=PATIENCE)


def test_page_speaks_french(reader):
    expect(reader).to_have_title("Allô")
    expect(reader.get_by_role("tab", name="Transcrire")).to_be_visible()
    expect(reader.locator("#result")).to_contain_text("Parlez, ou déposez un enregistrement")
    expect(reader.get_by_label("Langue parlée").first).to_have_value("Français")
    expect(reader.locator("#who")).to_contain_text("ALLO_OFFLINE est défini")


def test_every_tab_keeps_its_name(reader):
    for name in ("Corpus", "Appels", "Transcrire"):
        reader.get_by_role("tab", name=name).click()
        expect(reader.get_by_role("tab")).to_have_text(["Transcrire", "Appels", "Corpus", "Comparer", "Entraîner"])


def test_no_recording_is_said(reader):
    reader.get_by_role("button", name="Transcrire").click()
    expect(reader.get_by_role("alert")).to_contain_text("parlez dans le micro ou déposez un fichier")


def test_sample_is_written_down_and_taken_away(reader, tmp_path):
    reader.get_by_role("button", name="Laissez un message").click()
    expect_words(reader, SAID["vm-intro"])
    downloads = reader.locator(".downloads").locator("visible=true")
    expect(downloads).to_be_visible()
    shown = reader.locator("#result .turns li p").all_inner_texts()
    for format in ("srt", "vtt"):
        with reader.expect_download() as download:
            downloads.get_by_text(format.upper()).click()
        assert download.value.suggested_filename == f"vm-intro.{format}"
        download.value.save_as(tmp_path / f"vm-intro.{format}")
        cues = pysubs2.load(str(tmp_path / f"vm-intro.{format}"))
        said = " ".join(cue.plaintext for cue in cues).split()  # long turns are cut in several cues
        assert said == " ".join(shown).split()
        assert all(0 <= cue.start < cue.end <= 7_500 for cue in cues)


def test_click_on_a_segment_leads_there(reader):
    reader.get_by_role("button", name="Tous occupés").click()
    expect_words(reader, SAID["tt-allbusy"])
    last = reader.locator("#result .facts ~ .turns li").last
    last.click(timeout=PATIENCE)
    start = f"0:{int(float(last.get_attribute('data-start'))):02}"
    assert start != "0:00"
    expect(reader.locator("#recording #time")).to_have_text(start)


@pytest.mark.parametrize(("name", "prompt"), [("mulaw.wav", "tt-allbusy"), ("appel.mp3", "followme/status")])
def test_dropped_file_is_written_down(french, files, name, prompt):
    drop(french, files / name)
    expect_words(french, SAID[prompt])
    expect(french.locator("#result .facts")).to_contain_text("facteur temps réel", timeout=PATIENCE)


def test_page_speaks_english(english):
    expect_english(english)
    english.get_by_role("tab", name="Calls").click()
    english.get_by_role("link", name="Français").click()
    expect(english.get_by_role("tab", name="Appels")).to_have_attribute("aria-selected", "true", timeout=PATIENCE)
    expect(english.locator("#who")).to_contain_text("ALLO_OFFLINE est défini", timeout=PATIENCE)
    expect(english.locator("html")).to_have_attribute("lang", "fr")
    english.get_by_role("link", name="English").click()
    english.get_by_role("tab", name="Transcribe").click(timeout=PATIENCE)
    expect_english(english)


def expect_english(english: Page) -> None:
    expect(english.get_by_role("tab", name="Transcribe")).to_be_visible()
    expect(english.locator("#result")).to_contain_text("Speak, or drop a recording")
    expect(english.get_by_label("Spoken language").first).to_have_value("French")
    expect(english.locator("#who")).to_contain_text("ALLO_OFFLINE is set")


def test_what_is_not_audio_is_said_and_the_page_goes_on(french, files, server):
    drop(french, files / "notes.wav")
    expect(french.get_by_role("alert")).to_contain_text("« notes.wav » n’est pas un enregistrement")
    french.locator("#recording").get_by_role("button", name="Effacer").click()
    drop(french, files / "mulaw.wav")
    expect_words(french, SAID["tt-allbusy"])
    assert "Traceback" not in server.log.read_text()


def test_player_plays_what_browsers_do_not(french, files):
    drop(french, files / "gsm.wav")
    expect_words(french, SAID["followme/status"])
    expect(french.locator("#recording #duration")).to_have_text("0:06")


def test_phone_does_not_scroll_sideways(french, files):
    french.set_viewport_size({"width": 390, "height": 844})
    drop(french, files / "mulaw.wav")
    expect(french.locator("#result .facts")).to_be_visible(timeout=PATIENCE)
    french.wait_for_timeout(500)  # the waveform is drawn
    assert french.evaluate("document.documentElement.scrollWidth") == 390


def test_stop_keeps_what_was_done_and_frees_the_machine(french, files, server):
    process = psutil.Process(server.process.pid)
    french.get_by_role("radio", name="rapide").locator("visible=true").check()
    idle = cpu_seconds(process)
    drop(french, files / "long.wav")
    expect(french.locator("#result .turns li").nth(9)).to_be_visible(timeout=2 * PATIENCE)
    transcribed = cpu_seconds(process)
    french.locator("#stop").click()
    expect(french.locator("#result .note")).to_contain_text("Arrêté après")
    expect(french.get_by_role("button", name="Transcrire")).to_be_visible()
    kept = french.locator("#result .turns li").count()
    until(lambda: process.cpu_percent(1) < 30, seconds=120)
    # those in hand, a batch of the 51, and not the four more that are left
    assert cpu_seconds(process) - transcribed < 2.5 * (transcribed - idle)
    assert french.locator("#result .turns li").count() == kept > 0


def test_microphone_is_written_down(french):
    recorder = french.locator("#recording")
    recorder.get_by_label("Record audio").click()
    recorder.get_by_role("button", name="Enregistrer").click()
    french.wait_for_timeout(6_500)  # the prompt lasts 5.5 s
    recorder.get_by_role("button", name="Arrêter").first.click()
    expect_words(french, SAID["followme/status"])


def test_model_is_shown_from_inside(reader):
    reader.get_by_role("button", name="Le modèle, vu de l’intérieur").click()
    inside = reader.locator("#model")
    expect(inside).to_contain_text("72,6 M", timeout=PATIENCE)
    expect(inside).to_contain_text("<|startoftranscript|><|fr|><|transcribe|>")
    expect(inside).to_contain_text("WhisperDecoderLayer")
    reader.get_by_label("en anglais").check()
    expect(inside).to_contain_text("<|startoftranscript|><|fr|><|translate|>")


def test_clients_get_each_their_own_words(server):
    def ask(prompt: str) -> dict:
        client = Client(server.address, verbose=False)
        return client.predict(handle_file(PROMPTS / f"{prompt}.wav"), api_name="/transcribe")

    with ThreadPoolExecutor() as visitors:
        answers = dict(zip(SAID, visitors.map(ask, SAID), strict=True))
    for prompt, answer in answers.items():
        assert SAID[prompt] in " ".join(turn["text"] for turn in answer["turns"]).lower()
        assert answer["audio"]["name"] == f"{Path(prompt).name}.wav"
        assert answer["language"] == "fr"


def test_client_is_told_what_is_wrong(server, files):
    client = Client(server.address, verbose=False, headers={"Accept-Language": "fr"})
    with pytest.raises(AppError, match="n'est pas un enregistrement"):
        client.predict(handle_file(files / "notes.wav"), api_name="/transcribe")


def test_two_doors_for_programs_that_explain_themselves(server):
    tools = httpx.get(f"{server.address}/gradio_api/mcp/schema", trust_env=False).json()
    assert [tool["name"] for tool in tools] == ["transcribe", "call"]
    assert "French telephone call" in tools[0]["description"]
    assert "telephone call" in tools[1]["description"]
    assert [list(tool["inputSchema"]["required"]) for tool in tools] == [["audio"], ["audio"]]


def test_share_without_a_network_says_so(server):
    assert "No public link could be had" in server.log.read_text()
