"""The calls tab in a real browser: real weights, calls made of real telephone prompts, and what is kept of them."""

import json
import os
import re
import subprocess
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pysubs2
import pytest
from gradio import Request
from gradio_client import Client, handle_file
from playwright.sync_api import Locator, Page, Route, expect

import corpus
from bench import accidents
from common.messages import UserError
from corpus import prompts
from corpus.simulate import simulate
from scoring.measures import score
from speech.audio.decode import SAMPLE_RATE, read
from tests.kit.pages import PATIENCE, chromium, serve, tracebacks, visit
from transcripts import work_file
from transcripts.edits import Journal
from transcripts.formats import read as transcript
from transcripts.transcript import Alternative, Transcript, Turn, Word
from transcripts.work_file import Work
from ui.calls import corrected_turns, session, transcription
from ui.calls.call import CallOptions
from ui.calls.session import CallSession, session_of

SAID = "Rappelez-moi au zéro six douze trente-quatre cinquante-six soixante-dix-huit, merci & 1 < 2"
NAME = 'Marie & "fils"'
ODD = "l'été « à deux » #1 %41.wav"


@pytest.fixture(scope="module")
def call(tmp_path_factory) -> tuple[Path, dict]:
    """A call of two channels in mu-law, and what is said in it."""
    folder = tmp_path_factory.mktemp("calls")
    (path,) = simulate(corpus.load(prompts.NAME), folder, seconds=24, codec="ulaw", snr=30, overlap=0, seed=3)
    return path, json.loads(path.with_suffix(".json").read_text())


@pytest.fixture(scope="module")
def short(tmp_path_factory) -> Path:
    """One of twelve seconds, for what needs no more than four turns."""
    how = {"seconds": 12, "codec": "ulaw", "snr": 30, "overlap": 0, "seed": 5}
    (path,) = simulate(corpus.load(prompts.NAME), tmp_path_factory.mktemp("short"), **how)
    return path


@pytest.fixture(scope="module")
def corpora(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("corpora")


@pytest.fixture(scope="module")
def server(tmp_path_factory, corpora):
    with serve(tmp_path_factory.mktemp("server"), ALLO_CORPORA=str(corpora)) as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def french(browser, server):
    with visit(browser, server, "fr-FR") as page:
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("tab", name="Appels").click()
        yield page
        page.evaluate(FORGOTTEN)


# What one test corrects is not there for the next one.
FORGOTTEN = """() => new Promise(done => {
  const asked = indexedDB.deleteDatabase('allo');
  asked.onsuccess = asked.onerror = asked.onblocked = done;
})"""


def drop(page: Page, *files: Path) -> None:
    page.locator("#call-files input[type=file]").set_input_files(files)


def rows(page: Page, status: str) -> Locator:
    return page.locator(f"#call-queue li.{status}")


def turns(page: Page, voice: int | None = None) -> Locator:
    return page.locator("#call-dialogue li" + ("" if voice is None else f".voice-{voice}"))


def download(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.locator("#calls").get_by_text(button).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def correct(page: Page, turn: Locator, text: str) -> None:
    turn.locator("p").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(turn).to_have_class(re.compile("checked"))


def test_a_call_is_read_heard_corrected_taken_away_kept_and_masked(french, server, call, corpora, tmp_path):
    path, reference = call
    drop(french, path)
    expect(rows(french, "done")).to_have_count(1, timeout=2 * PATIENCE)
    for voice, speaker in enumerate("AB"):
        said = " ".join(turn["text"] for turn in reference["turns"] if turn["speaker"] == speaker)
        assert score([said], [" ".join(turns(french, voice).locator("p").all_inner_texts())]).cer < 40
    expect(french.locator("#call-line")).to_contain_text("la bande du téléphone")
    expect(french.locator("#call-timeline rect.voice-1").first).to_be_visible()
    expect(french.locator("#call-timeline .facts")).to_contain_text("interruptions")

    last = turns(french).last
    last.locator(".time").click()
    start, end = (float(last.get_attribute(f"data-{name}")) for name in ("start", "end"))
    expect(last).to_have_class(re.compile("now"))
    french.evaluate("document.querySelector('#call-player audio').pause()")
    played = french.evaluate("document.querySelector('#call-player audio').currentTime")
    assert start > 0 and start <= played < end + 1
    turns(french).first.locator(".who").click()
    assert french.evaluate("document.querySelector('#call-player audio').currentTime") < start

    side = last.get_attribute("class").split()[0]
    correct(french, last, SAID)
    field = french.locator(f"#call-timeline .party.{side} input")
    field.fill(NAME)
    field.press("Enter")
    expect(french.locator(f".dialogue .{side} b").first).to_have_text(NAME)
    subtitles = pysubs2.load(str(download(french, "↓ SRT", tmp_path)))
    said = " ".join(" ".join(cue.plaintext for cue in subtitles).split())  # long turns are cut in several cues
    assert said.endswith(f"{NAME} : {SAID}")
    assert all(text in said for text in turns(french).locator("p").all_inner_texts())
    with french.expect_download() as elan:
        french.get_by_label("Autre format").select_option("ELAN EAF")
    assert transcript(elan.value.path(), "eaf").turns[-1].text == SAID
    french.get_by_title("Échanger les noms").click()
    other = "voice-1" if side == "voice-0" else "voice-0"
    expect(french.locator(f"#call-timeline .party.{other} input")).to_have_value(NAME)
    french.locator("#call-search :is(input, textarea)").fill("RAPPELEZ-MOI AU ZERO")
    expect(french.locator("#call-dialogue li:visible")).to_have_count(1)
    french.locator("#call-search :is(input, textarea)").fill("")

    keep = french.locator("#call-keep")
    keep.get_by_role("button", name="Garder ce que").click()
    french.get_by_role("button", name="Garder 1 tour").click()
    expect(french.locator("#call-answer").get_by_role("alert")).to_contain_text("sans l’accord")
    assert not (corpora / corrected_turns.NAME).exists()
    keep.get_by_label("sont d’accord").check()
    french.get_by_role("button", name="Garder 1 tour").click()
    expect(french.locator("#call-answer")).to_contain_text("Gardés : 1")
    kept = corpus.load(str(corpora / corrected_turns.NAME))
    assert kept.rows["text"].tolist() == [SAID]
    assert kept.clip(0).std() > 0.01

    french.get_by_role("button", name="Masquer les données").click()
    french.get_by_label("Les masquer, ici").check()
    expect(last.locator("p")).to_contain_text("[téléphone]")
    expect(last.locator("p")).not_to_have_attribute("contenteditable", re.compile(""))
    assert "douze" not in download(french, "↓ TXT", tmp_path).read_text()
    expect(french.get_by_role("button", name="Aucun tour")).to_be_disabled()
    french.get_by_role("button", name="Préparer le son masqué").click()
    masked = read(download(french, "-masque.wav", tmp_path)).waveform
    whole = read(path).waveform
    silenced = (np.abs(masked).max(axis=0) == 0) & (np.abs(whole).max(axis=0) > 0.01)
    where = np.flatnonzero(silenced) / SAMPLE_RATE
    assert masked.shape == whole.shape and len(where) and start - 0.6 < where.min() < where.max() < end + 0.6
    assert not tracebacks(server)


def test_each_file_of_a_queue_is_for_itself(french, server, tmp_path):
    (tmp_path / "notes.wav").write_text("This is a note, not a recording.\n")
    (tmp_path / "twin").mkdir()
    convert(prompts.prompt("tt-allbusy"), tmp_path / ODD)
    convert(prompts.prompt("followme/status"), tmp_path / "twin" / ODD)
    drop(french, tmp_path / ODD, tmp_path / "notes.wav", tmp_path / "twin" / ODD, tmp_path / ODD)
    expect(french.locator("#call-queue").get_by_role("alert")).to_contain_text("venu deux fois")
    expect(rows(french, "done")).to_have_count(2, timeout=2 * PATIENCE)
    expect(french.locator("#call-queue").get_by_role("alert")).to_contain_text("venu deux fois")  # it waits to be read
    expect(rows(french, "failed")).to_contain_text("« notes.wav » n’est pas un enregistrement")
    expect(turns(french).first).to_contain_text("présentement occupés")
    rows(french, "done").last.click()
    expect(turns(french).first).to_contain_text("la localiser", timeout=PATIENCE)
    names = zipfile.ZipFile(download(french, "ZIP de tous les appels", tmp_path)).namelist()
    assert len(names) == len(set(names)) == 13 and "_allo.csv" in names
    rows(french, "failed").get_by_title("Effacer").click()
    expect(french.locator("#call-queue li")).to_have_count(2)
    expect(french.locator("#call-queue").get_by_role("alert")).to_have_count(0)
    assert not tracebacks(server)


def convert(source: Path, target: Path) -> None:
    subprocess.run(["ffmpeg", "-y", "-loglevel", "error", "-i", source, "-c:a", "pcm_alaw", target], check=True)


def test_cancelled_while_it_is_heard(french, call):
    drop(french, call[0])
    rows(french, "running").get_by_title("Annuler").click(timeout=PATIENCE)
    expect(rows(french, "cancelled")).to_contain_text("annulé à")
    french.get_by_role("button", name="Tout effacer").click()
    expect(french.locator("#call-queue li")).to_have_count(0)
    expect(french.locator("#call-dialogue .invitation")).to_be_visible()


def saved(page: Page) -> None:
    expect(page.locator("#call-dialogue .saved")).to_have_text("Enregistré", timeout=30_000)
    expect(turns(page).locator("nth=0")).not_to_have_class(re.compile("pending"))


def texts(page: Page) -> list[str]:
    return turns(page).locator("p").all_text_contents()


def test_no_accident_loses_a_correction(browser, server, tmp_path):
    """It is loaded again or cut off; bench/accidents.py has two hundred of these, and kills the server."""
    visits = browser("en-US")

    def unanswered(asked: Route) -> None:
        asked.abort() if "work_of" in asked.request.post_data else asked.fallback()

    visits.route("**/component_server/", unanswered)
    desk = accidents.Desk(browser, server, tmp_path)
    desk.correct("entered")
    visits.unroute_all()
    accidents.close(desk)  # before the page knew more of the call than what it shows
    desk.check()
    for accident in (accidents.reload, accidents.reload, accidents.cut):
        accidents.happen(desk, accident)
    assert accidents.taken(desk) == desk.texts
    desk.page.evaluate(FORGOTTEN)
    desk.page.close()
    assert not tracebacks(server)


def test_corrections_come_back_with_their_recording(french, browser, server, short, tmp_path):
    asked = []
    french.on("dialog", lambda dialog: asked.append(dialog.type))
    drop(french, short)
    expect(rows(french, "done")).to_have_count(1, timeout=2 * PATIENCE)
    correct(french, turns(french).first, "Un.")
    correct(french, turns(french).nth(1), "Deux.")
    saved(french)
    turns(french).nth(1).locator("p").click()  # of a page that nobody has touched, browsers ask nothing
    french.reload()
    expect(turns(french).nth(1).locator("p")).to_have_text("Deux.", timeout=PATIENCE)
    assert "beforeunload" in asked
    work = download(french, "↓ Fichier de travail", tmp_path)
    corrected = texts(french)

    with visit(browser, server, "fr-FR") as other:  # another visit: this one's server has been started anew
        other.on("dialog", lambda dialog: dialog.accept())
        other.get_by_role("tab", name="Appels").click()
        expect(other.locator("#call-kept li")).to_contain_text(short.name)
        drop(other, short)
        expect(rows(other, "done")).to_contain_text("vos corrections sont revenues", timeout=10_000)
        assert texts(other) == corrected
        turns(other).first.locator("p").click()
        other.keyboard.press("Control+z")
        other.keyboard.press("Control+z")
        expect(turns(other).first).not_to_have_class(re.compile("checked"))
        other.get_by_role("button", name="Tout effacer").click()
        expect(other.locator("#call-queue li")).to_have_count(0)
        drop(other, work)
        expect(other.locator("#call-player")).to_contain_text("déposez aussi l’enregistrement")
        assert texts(other) == corrected
    assert not tracebacks(server)


# What browsers do in some private windows.
REFUSED = """['indexedDB', 'localStorage', 'sessionStorage'].forEach(name => Object.defineProperty(window, name, {
  get() { throw new DOMException('refused', 'SecurityError'); },
}))"""


def test_what_the_browser_refuses_to_store_is_said_and_saved_by_the_server(browser, server, tmp_path):
    page = browser("fr-FR").new_page()
    page.add_init_script(REFUSED)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(server.address)
    page.get_by_role("tab", name="Appels").click()
    drop(page, accidents.work(tmp_path))
    correct(page, turns(page).first, "Un.")
    expect(page.locator("#call-dialogue .saved")).to_contain_text("refuse de garder vos corrections")
    expect(turns(page).first).not_to_have_class(re.compile("pending"))
    work = download(page, "↓ Fichier de travail", tmp_path)
    assert work_file.read(work.read_bytes()).journal.turns[0].text == "Un."
    page.close()


def test_a_doubtful_word_is_replaced_by_what_it_could_be(french, tmp_path):
    others = tuple(Alternative(text, 0.2) for text in ("maux, dits", "<b>", ""))
    words = [Word(at, at + 1, text, 0.9) for at, text in enumerate(("un", "mot", "🙂", "dit"))]
    words[1] = replace(words[1], confidence=0.1, alternatives=others)
    spoken = [Turn(0, 4, "un mot 🙂 dit", 0.9, 0, "A", tuple(words)), Turn(4, 5, "oui", 0.9, 1, "B")]
    work = tmp_path / "mots.travail.json"
    work.write_bytes(work_file.write(Work("mots.wav", "", Transcript.of_turns(spoken), Journal(spoken))))
    drop(french, work)
    text, offered, press = turns(french).first.locator("p"), french.locator(".others li"), french.keyboard.press
    text.focus()
    press("F3")
    expect(offered).to_have_text(["1 maux, dits", "2 <b>", "3 (rien)"])
    press("2")
    expect(text).to_have_text("un <b> 🙂 dit")
    for key in ("Control+z", "Home", "F3", "F3", "ArrowUp", "Enter"):
        press(key)
    expect(text).to_have_text("un maux, dits 🙂 dit")
    for key in ("Control+z", "F3", "Escape"):
        press(key)
    expect(offered).to_have_count(0)
    press("F3")
    offered.last.click()
    expect(text).to_have_text("un 🙂 dit")


def test_the_two_sides_of_a_call_are_one(french, tmp_path):
    said = {"a-in": "activated", "a-out": "added", "b_r": "tt-allbusy", "c_t": "vm-intro"}
    for name, prompt in said.items():
        convert(prompts.prompt(prompt), tmp_path / f"{name}.wav")
    drop(french, *sorted(tmp_path.glob("*.wav")))
    expect(french.locator("#call-queue")).to_contain_text("sont les deux côtés d’un appel")
    assert french.locator("#call-queue .name").all_inner_texts() == ["a.wav", "b_r.wav", "c_t.wav"]
    french.get_by_role("button", name="Tout effacer").click()
    expect(french.locator("#call-queue li")).to_have_count(0)


def test_corrected_by_keys_alone(french, short):
    drop(french, short)
    expect(rows(french, "done")).to_have_count(1, timeout=2 * PATIENCE)
    machine, press = texts(french), french.keyboard.press
    at = next(place for place, text in enumerate(machine) if len(text.split()) > 2)
    turns(french).nth(at).locator("p").focus()
    for key in ("Home", "Control+ArrowRight", "Alt+Enter"):  # split after the first word
        press(key)
    expect(turns(french)).to_have_count(len(machine) + 1)
    press("F4")
    other = {"A": "B", "B": "A"}[turns(french).nth(at).get_attribute("data-speaker")]
    expect(turns(french).nth(at + 1)).to_have_attribute("data-speaker", other)
    for key in ("Control+z", "Home", "Backspace"):  # the speaker, and the split
        press(key)
    assert texts(french)[at].split() == machine[at].split()
    press("Control+i")
    french.keyboard.type("Un tour de plus")
    press("Control+Enter")
    expect(turns(french).nth(at + 1)).to_have_class(re.compile("checked"))
    focused = "[...document.querySelectorAll('[data-turn] p')].indexOf(document.activeElement)"
    assert french.evaluate(focused) == at + 2
    press("Shift+Enter")
    press("Control+Shift+Backspace")
    expect(turns(french)).to_have_count(len(machine))
    press("F2")
    assert french.evaluate("getSelection().toString()").strip()
    press("F8")
    assert not french.evaluate("document.querySelector('#call-player audio').paused")
    press("Alt+ArrowDown")
    assert french.evaluate("document.querySelector('#call-player audio').playbackRate") == 0.9
    press("F8")
    press("F1")
    expect(french.locator("dialog.keys")).to_be_visible()
    press("Escape")
    stops = "document.querySelectorAll('.dialogue [tabindex=\"0\"]').length"
    assert french.evaluate(stops) == 3  # a text, its time and its ✓, of all turns
    saved(french)
    took = french.evaluate(MOMENT)
    assert took < 50, took


def test_what_is_typed_stays_whatever_the_server_draws(french, tmp_path):
    """A call that is shown is drawn again for what happens to others; slow answers come when all has changed."""
    drop(french, accidents.work(tmp_path))
    expect(turns(french)).to_have_count(accidents.TURNS)
    turns(french).nth(2).locator("p").focus()
    for key in ("Home", "Control+ArrowRight", "Alt+Enter"):  # the page has a turn more than any drawing
        french.keyboard.press(key)
    french.keyboard.press("Control+a")
    french.keyboard.type("à moitié")
    (tmp_path / "rien.wav").write_bytes(b"no sound")
    drop(french, tmp_path / "rien.wav")
    expect(rows(french, "failed")).to_have_count(1)
    french.keyboard.type(" tapé")
    assert texts(french)[2:5] == ["tour", "à moitié tapé", "tour numéro 3"]
    french.keyboard.press("Control+Enter")
    saved(french)
    expect(turns(french).nth(3)).to_have_class(re.compile("checked"))

    answers = []

    def slowly(asked: Route) -> None:
        answers.append(asked) if "save_edits" in asked.request.post_data else asked.fallback()

    french.route("**/component_server/", slowly)
    correct(french, turns(french).nth(5), "Cinq.")
    correct(french, turns(french).nth(6), "Six.")
    name = french.locator("#call-timeline [data-speaker=A]")
    name.fill("Marie")
    name.blur()
    drop(french, accidents.work(tmp_path, "autre", 32 * "cd"))
    expect(turns(french)).to_have_count(accidents.TURNS)
    expect(name).to_have_value("")
    rows(french, "done").nth(0).click()
    expect(turns(french)).to_have_count(accidents.TURNS + 1)
    correct(french, turns(french).nth(7), "Sept.")
    for answer in answers:
        answer.continue_()
    french.unroute_all()
    saved(french)
    wanted = ["tour", "à moitié tapé", "tour numéro 3", "Cinq.", "Six.", "Sept."]
    expect(turns(french).locator("p").nth(5)).to_have_text("Cinq.")
    assert texts(french)[2:8] == wanted
    expect(name).to_have_value("Marie")
    taken = transcript(download(french, "↓ JSON", tmp_path)).turns
    assert [turn.text for turn in taken[2:8]] == wanted and taken[0].speaker == "Marie"


# Milliseconds in which a key answers among 500 turns.
MOMENT = """() => {
  const list = document.querySelector('.dialogue'), row = list.lastElementChild;
  for (let i = 0; i < 500; i++) list.append(row.cloneNode(true));
  const key = new KeyboardEvent('keydown', {key: 'Enter', bubbles: true});
  list.children[100].querySelector('p').focus();
  const before = performance.now();
  document.activeElement.dispatchEvent(key);
  return performance.now() - before;
}"""


def test_a_program_asks_for_a_call(server, short):
    client = Client(server.address, verbose=False, headers={"Accept-Language": "fr"})
    answer = client.predict(handle_file(short), channels="split", names="Jean", mask=True, api_name="/call")
    assert {turn["speaker"] for turn in answer["turns"]} == {"A", "B"}
    assert answer["audio"]["name"] == short.name and "téléphone" in answer["verdict"][0]


# What needs no browser


@pytest.fixture
def own(monkeypatch, tmp_path) -> CallSession:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return CallSession()


def test_a_file_that_is_gone_is_said(own, tmp_path):
    with pytest.raises(UserError, match="not there any more"):
        own.add(tmp_path / "gone.wav", CallOptions())
    file = tmp_path / "there.wav"
    convert(prompts.prompt("tt-allbusy"), file)
    call = own.add(file, CallOptions())
    assert call.path != file and call.path.is_file()
    call.path.unlink()
    with pytest.raises(UserError, match="not there any more"):
        next(transcription.transcribe_call(call.path, call.options))


def test_what_shows_no_sign_of_life_is_deleted(own, tmp_path):
    forgotten, killed = recorded(session_of(Request(session_hash="a")), tmp_path), recorded(own, tmp_path)
    session.sweep()
    assert forgotten.folder.exists() and killed.folder.exists()
    old = time.time() - session.LIFETIME - 1
    forgotten.seen = old
    for folder in (forgotten.folder, killed.folder):
        os.utime(folder, (old, old))
    session.sweep()
    assert not forgotten.folder.exists() and not killed.folder.exists()
    assert session_of(Request(session_hash="a")) is not forgotten


def test_a_tab_that_is_loaded_again_finds_its_calls_for_some_minutes(own, tmp_path):
    token = "ab" * 16
    visit = recorded(session.resume(token, Request(session_hash="c")), tmp_path)
    assert session.resume(token, Request(session_hash="d")) is visit  # the page before is told to be gone later
    session.leave(Request(session_hash="c"))
    visit.seen -= session.GRACE + 1
    session.sweep()
    assert visit.calls and session.of_tab(token) is visit
    session.leave(Request(session_hash="d"))
    assert session.resume(token, Request(session_hash="e")) is visit
    session.leave(Request(session_hash="e"))
    visit.seen -= session.GRACE + 1
    session.sweep()
    assert not visit.folder.exists() and session.of_tab(token) is None
    assert session.resume("guessed", Request(session_hash="f")) is not session.resume("", Request(session_hash="g"))


def recorded(session: CallSession, folder: Path) -> CallSession:
    convert(prompts.prompt("tt-allbusy"), folder / "there.wav")
    session.add(folder / "there.wav", CallOptions())
    return session
