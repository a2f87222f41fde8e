"""Nothing that a visitor says, types or names is left: not on the disk, not in a log, not in a training's folder."""

import os
import shutil
import tempfile
import time
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.kit.pages import PATIENCE, serve, tracebacks, visit, write

PROMPTS = Path("/usr/share/asterisk/sounds/fr_CA_f_June")
TOKEN = "hf_Vq7xZorglubNeDoitResterNullePart42"
WORDS = {
    **{
        "recording": "zorglubien",
        "hot words": "quetzalcoatlique",
        "call": "mirabellissime",
        "sent": "ornithorynquesque",
    },
    **{"correction": "rumpelstilzien", "party": "abracadabrantin", "masked name": "tintinnabulard"},
    **{"search": "schtroumpfissime", "reference": "gallimatiesque", "repository": "palimpsestueux/secret"},
    **{"prompt": "borborygmatique", "custom corpus": "amphigourique/rien"},
}
TYPED = [WORDS[each] for each in ("hot words", "search", "reference", "masked name", "prompt")]
DISTINCT = [*WORDS.values(), TOKEN, "palimpsestueux", "amphigourique"]


@pytest.fixture
def private(places, tmp_path, monkeypatch):
    """A server of its own, with a folder for all that it could write."""
    home = tmp_path / "home"
    home.mkdir()
    for name, source in places.items():
        if name != "GRADIO_TEMP_DIR":
            shutil.copytree(source, tmp_path / name, symlinks=True)
    settings = {name: str(tmp_path / name) for name in places}
    settings |= {"HOME": str(home), "TMPDIR": str(home), "HF_HOME": os.environ.get("HF_HOME", str(home / "hf"))}
    (tmp_path / "log").mkdir()
    with serve(tmp_path / "log", **settings) as server:
        yield server, tmp_path


def recording(folder: Path, word: str) -> Path:
    """A prompt in a file that is called after the word."""
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy(PROMPTS / "tt-allbusy.wav", folder / f"{word}.wav"))


def left_of(words: list[str], *folders: Path) -> list[str]:
    """Where they stand, in a file or in its name."""
    found = []
    for path in (path for folder in folders for path in folder.rglob("*") if not path.is_symlink()):
        content = path.read_bytes() if path.is_file() else b""
        found += [f"{word} in {path}" for word in words if word in str(path) or word.encode() in content]
    return found


def test_nothing_is_left(private, browser, tmp_path_factory):
    server, folder = private
    mine = tmp_path_factory.mktemp("mine")
    before = time.time()
    with visit(browser, server, "fr-FR") as page:
        transcribe(page, recording(mine, WORDS["recording"]))
        correct_a_call(page, recording(mine, WORDS["call"]))
        look_into_a_corpus(page)
        compare(page)
        train(page)
    send(server.address, recording(mine, WORDS["sent"]))
    server.log.with_name("page.txt").unlink(missing_ok=True)  # which the test's own browser wrote
    others = [each for each in folder.iterdir() if each.name != "GRADIO_TEMP_DIR"]  # where recordings may wait an hour
    assert left_of(DISTINCT, *others) == []
    assert left_of([TOKEN, *TYPED], folder) == []
    assert not tracebacks(server)
    server.process.terminate()
    server.process.wait(30)
    assert left_of(DISTINCT, folder) == []
    elsewhere = [path for path in Path(tempfile.gettempdir()).glob("*") if path.stat().st_mtime > before]
    assert [path for path in elsewhere if any(word in path.name for word in DISTINCT)] == []


def transcribe(page: Page, file: Path) -> None:
    write(page.get_by_label("Mots attendus").first, WORDS["hot words"])
    page.locator("#recording input[type=file]").set_input_files(file)
    expect(page.locator("#result .facts")).to_be_visible(timeout=PATIENCE)


def correct_a_call(page: Page, file: Path) -> None:
    page.get_by_role("tab").nth(1).click()
    page.locator("#call-files input[type=file]").set_input_files(file)
    expect(page.locator("#call-queue li.done")).to_be_visible(timeout=PATIENCE)
    text = page.locator("#call-dialogue li p").first
    text.click()
    page.keyboard.press("Control+A")
    page.keyboard.type(WORDS["correction"])
    page.keyboard.press("Enter")
    name = page.locator("#call-timeline .party input").first
    if name.count():
        name.fill(WORDS["party"])
        name.press("Enter")
    page.locator("#call-search :is(input, textarea)").fill(WORDS["search"])
    page.get_by_role("button", name="Masquer les données").click()
    write(page.get_by_label("Noms à masquer aussi"), WORDS["masked name"])
    page.get_by_label("Noms à masquer aussi").press("Enter")
    page.locator("#calls").get_by_text("↓ TXT").wait_for()


def look_into_a_corpus(page: Page) -> None:
    page.get_by_role("tab").nth(2).click()
    expect(page.locator("#samples-table tbody tr").first).to_be_visible(timeout=PATIENCE)
    field = page.get_by_label("Corpus").first
    field.fill(WORDS["custom corpus"])
    field.press("Enter")
    expect(page.get_by_role("alert").first).to_be_visible(timeout=PATIENCE)


def compare(page: Page) -> None:
    page.get_by_role("tab").nth(3).click()
    write(page.get_by_label("Ce qui a été dit").first, WORDS["reference"])


def train(page: Page) -> None:
    page.get_by_role("tab").nth(4).click()
    page.get_by_role("button", name="Publier sur le Hub").first.click(timeout=PATIENCE)
    write(page.get_by_label("Dépôt").first, WORDS["repository"])
    write(page.get_by_label("Jeton qui peut écrire").first, TOKEN)
    page.locator("#publish").click()
    expect(page.get_by_role("alert").first).to_be_visible(timeout=PATIENCE)


def send(address: str, file: Path) -> None:
    """By the API, with the token as the key that somebody gives by mistake."""
    form = {
        "data": {"model": "whisper-1", "prompt": WORDS["prompt"]},
        "files": {"file": (file.name, file.read_bytes())},
    }
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False) as client:
        assert client.post("/v1/audio/transcriptions", **form, timeout=120).status_code == 200
        assert client.post("/v1/audio/transcriptions", data={"model": WORDS["prompt"]}).status_code == 400
