"""The training tab in a real browser: short trainings of the embedded weights, killed, stopped and gone on with."""

import json
import os
import re
import signal
import uuid

import httpx
import pytest
from playwright.sync_api import Page, expect

from corpus.prompts import NAME
from tests.kit.pages import PATIENCE, ROOT, chromium, serve, tracebacks, unheard, until, visit, write
from tests.kit.training import prompt_calls
from tests.kit.training_page import fill, look, press, run_of
from trainer.runs import background, folder

expect.set_options(timeout=20_000)  # two cores are busy with the training
LOCALES = ROOT / "assets/locales"
SOON = 10_000  # milliseconds, in which nothing wrong is shown any more
LITTLE = ["steps=6", "batch_size=4", "evaluations=2", "logging_steps=1", "checkpoint_steps=1", "validation_clips=2"]
LITTLE += ["report_clips=2", "forgetting_clips=0"]
LONG = [setting for setting in LITTLE if not setting.startswith("steps")] + ["steps=400"]


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Where runs and corpora lie, also for this process, which reads the run folders as the page does."""
    corpora, corpus = tmp_path_factory.mktemp("corpora"), prompt_calls(tmp_path_factory.mktemp("corpus"))
    (corpora / "petit").symlink_to(corpus)
    table = (corpus / "metadata.csv").read_text().replace("file_name,text", "piste,paroles")
    (corpora / "impair").mkdir()
    (corpora / "impair" / "metadata.csv").write_text(table)
    for clip in corpus.glob("*.wav"):
        (corpora / "impair" / clip.name).write_bytes(clip.read_bytes())
    settings = {"ALLO_RUNS": str(tmp_path_factory.mktemp("runs")), "ALLO_CORPORA": str(corpora)}
    settings |= {"ALLO_CACHE": str(unheard(tmp_path_factory.mktemp("cache"))), "OMP_NUM_THREADS": "1"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        yield settings
        for name in background.names():
            background.stop(name)


@pytest.fixture(scope="module")
def server(tmp_path_factory, places):
    with serve(tmp_path_factory.mktemp("server"), **places) as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def patient(browser, server):
    """Who stays on the page and tries again."""
    with visit(browser, server, "fr-FR") as page:
        yield look(page)


def name_the_columns(page: Page) -> None:
    field = page.locator("#train").get_by_label("Corpus").first
    field.fill("impair")
    field.press("Enter")
    expect(page.locator("#learns").get_by_role("alert")).to_contain_text("piste")
    page.locator("#train").get_by_role("button", name="Colonnes inhabituelles").click()
    write(page.locator("#train").get_by_label("Colonne de l’audio"), "piste")
    write(page.locator("#train").get_by_label("Colonne du texte"), "paroles")
    page.locator("#train").get_by_label("Colonne du texte").press("Tab")
    expect(page.locator("#learns")).to_contain_text("train 18")


def start(page: Page, button: str = "Démarrer") -> None:
    press(page, button)
    name = page.get_by_label("Nom de l’entraînement").input_value()
    expect(run_of(page, name)).to_have_attribute("aria-current", "true", timeout=2 * PATIENCE)


def state(name: str) -> dict:
    return folder.state(background.folder_of(name))


def delete(page: Page, name: str) -> None:
    run_of(page, name).click()
    press(page, "Supprimer")
    press(page, "Supprimer, adaptateur compris")
    expect(run_of(page, name)).to_have_count(0)
    assert not background.folder_of(name).exists()


def pressed(server, name: str, times: int, **headers: str) -> str:
    """What the API answers to so many presses on Start by one page."""
    config = httpx.get(f"{server.address}/config", trust_env=False).json()
    button = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "start-training")
    event = next(each for each in config["dependencies"] if [button, "click"] in each["targets"])
    form = [name, "petit", "whisper-base", "quick", 10, 8, 8, 0, ["q_proj"], 1e-3, 0.1, 8, 1, "short", "steps=400", ""]
    form += ["", "", "segment"]
    asked = {"data": ["", "", *form], "fn_index": event["id"], "session_hash": uuid.uuid4().hex}
    with httpx.Client(base_url=f"{server.address}/gradio_api", headers=headers, trust_env=False, timeout=60) as client:
        for _ in range(times):
            assert client.post("/queue/join", json=asked).status_code == 200
        return client.get("/queue/data", params={"session_hash": asked["session_hash"]}).text


def test_a_stranger_starts_nothing(server):
    refused = httpx.get(server.address, headers={"Host": "rebound.example"}, trust_env=False)
    assert refused.status_code == 421
    answer = pressed(server, "inconnu", 1, Origin="https://elsewhere.example")
    assert "ALLO_PASSWORD" in answer and "process_completed" in answer
    assert background.names() == []


def test_fifty_presses_are_one_training(server):
    answer = pressed(server, "cinquante", 50)
    events = [json.loads(line.removeprefix("data: ")) for line in answer.splitlines() if line]
    started = {event["event_id"] for event in events if "cinquante has started" in json.dumps(event)}
    ended = {event["event_id"] for event in events if event["msg"] == "process_completed"}
    assert (len(started), len(ended)) == (1, 50)
    assert background.names() == ["cinquante"]
    background.stop("cinquante")
    until(lambda: state("cinquante")["status"] == "cancelled", seconds=60)
    background.delete("cinquante")


def tour() -> list[list[str]]:
    """What each step of the README's five minutes names, tabs and buttons, as the page in French calls them."""
    section = (ROOT / "README.md").read_text().split("## Five minutes")[1].split("\n## ")[0]
    steps = [re.findall(r"\*+([^*]+)\*+", step) for step in re.split(r"^\d\. ", section, flags=re.MULTILINE)[1:]]
    english, french = (json.loads((LOCALES / f"{reader}.json").read_text()) for reader in ("en", "fr"))
    keys = {text: key for key, text in english.items()}
    return [[french.get(keys.get(name), name) for name in step] for step in steps]


def test_the_tour_of_the_readme_ends_with_an_adapter(browser, server):
    [sample], [calls, simulated], [dataset, score], [train, minutes, begin], [use, compare] = tour()
    with visit(browser, server, "fr-FR") as page:
        page.get_by_role("button", name=sample).click()
        expect(page.locator("#result .turns button").first).to_be_visible(timeout=PATIENCE)
        page.get_by_role("tab", name=calls).click()
        press(page, simulated, "#calls")
        expect(page.locator("#call-dialogue li p").first).to_be_visible(timeout=2 * PATIENCE)
        page.get_by_role("tab", name=dataset).click()
        expect(page.locator("#samples-table tbody tr").first).to_be_visible(timeout=PATIENCE)
        page.locator("#dataset").get_by_label("Combien").fill("2")
        press(page, score, "#dataset")
        expect(page.locator("#progress")).to_contain_text("2 extraits notés", timeout=2 * PATIENCE)
        page.get_by_role("tab", name=train).click()
        look(page)
        expect(page.locator("#runs")).to_contain_text("Pas encore d’entraînement")
        expect(page.locator("#train").get_by_label("Corpus").first).to_have_value(NAME)
        fill(page, "court", LITTLE)
        name_the_columns(page)
        page.get_by_label(minutes).fill("1")
        start(page, begin)
    with visit(browser, server, "fr-FR") as page:  # the page was closed, and the training goes on
        follow_to_its_report(look(page))
        take_away_and_publish(page)
        press(page, use)
        expect(page.locator("#adapter input")).to_have_value("court")
        page.get_by_role("tab", name=calls).click()
        expect(page.locator("#call-adapter input")).to_have_value("court")
        look(page)
        press(page, compare)
        expect(page.get_by_role("combobox", name="B", exact=True)).to_have_value("court", timeout=PATIENCE)
        look(page)
        delete(page, "court")


def follow_to_its_report(page: Page) -> None:
    expect(run_of(page, "court")).to_have_attribute("aria-current", "true")
    expect(page.locator("#run")).to_contain_text(re.compile(r"Pas \d+ sur 6"), timeout=PATIENCE)
    expect(page.locator("#run polyline").first).to_be_visible(timeout=2 * PATIENCE)  # it has two points by then
    expect(page.locator("#run")).to_contain_text("extraits par seconde")
    expect(page.locator("#command")).to_contain_text("--audio piste --text paroles --model")
    expect(page.locator("#command")).to_contain_text("--set report_clips=2 ")
    assert "/petit" not in page.locator("#train").inner_text()  # no way to a folder of this machine
    expect(run_of(page, "court")).to_contain_text("terminé", timeout=2 * PATIENCE)
    expect(page.locator("#run circle")).to_have_count(6 + 2)
    report = json.loads((background.folder_of("court") / "report.json").read_text())
    rate = f"{report['adapter']['wer']:.1f}".replace(".", ",")
    expect(page.locator("#gain table").first).to_contain_text(f"{rate}\N{NO-BREAK SPACE}%")


def take_away_and_publish(page: Page) -> None:
    page.get_by_role("button", name="Télécharger l’adaptateur").click()
    press(page, "Préparer le fichier")
    with page.expect_download() as download:
        page.get_by_text("↓ court.zip").click()
    assert download.value.suggested_filename == "court.zip"
    page.get_by_role("button", name="Publier sur le Hub").first.click()
    write(page.locator("#publish-box").get_by_label("Dépôt"), "ada/allo")
    write(page.locator("#publish-box").get_by_label("Jeton"), "hf_secret")
    page.locator("#publish").click()
    expect(page.get_by_role("alert")).to_contain_text("ALLO_OFFLINE est défini")


@pytest.mark.parametrize(
    ("name", "minutes", "settings", "said"),
    [
        ("../../x", "10", "", "n’est pas un nom d’entraînement"),
        ("essai", "0", "", "Le réglage minutes vaut 0"),
        ("essai", "10080", "", "Le réglage minutes vaut 10080"),
        ("essai", "10", "rang=3", "Le réglage 'rang' n’existe pas"),
    ],
)
def test_what_cannot_be_is_one_sentence(patient, name, minutes, settings, said):
    fill(patient, name, [settings])
    patient.get_by_label("Minutes").fill(minutes)
    press(patient, "Démarrer")
    expect(patient.locator("#asked").get_by_role("alert")).to_contain_text(said)
    assert background.names() == []


def test_nothing_broke(server):
    assert tracebacks(server) == []


def test_stopped_resumed_killed_and_found_by_a_new_server(patient, browser, server, places, tmp_path):
    """The last of them: it is their server that is killed."""
    fill(patient, "long", LONG)
    start(patient)
    expect(patient.locator("#run")).to_contain_text(re.compile(r"Pas \d+ sur 400"), timeout=2 * PATIENCE)
    fill(patient, "second", LONG)
    press(patient, "Démarrer")
    expect(run_of(patient, "second")).to_contain_text("en file", timeout=PATIENCE)
    expect(patient.locator("#run")).to_contain_text("entraînements avant lui : 1")
    press(patient, "Arrêter")
    expect(run_of(patient, "second")).to_contain_text("arrêté")
    server.process.kill()
    server.process.wait()
    patient.close()
    reached = state("long")["step"]
    with serve(tmp_path, ALLO_PASSWORD="sésame", **places) as again, visit(browser, again, "fr-FR") as page:
        look(page)
        expect(run_of(page, "long")).to_have_attribute("aria-current", "true")
        until(lambda: state("long")["step"] > reached, seconds=60)  # it goes on without its server
        os.kill(state("long")["pid"], signal.SIGKILL)
        expect(run_of(page, "long")).to_contain_text("échoué", timeout=SOON)
        expect(page.locator("#run").get_by_role("alert")).to_contain_text("poursuivez avec « Reprendre »")
        died = state("long")["step"]
        press(page, "Reprendre")
        expect(page.locator("#pressed").get_by_role("alert")).to_contain_text("Il faut pour cela le mot de passe")
        page.get_by_label("Mot de passe").fill("sésame")
        press(page, "Reprendre")
        expect(run_of(page, "long")).to_contain_text("en cours", timeout=PATIENCE)
        assert state("long")["step"] >= died - 1  # also while it loads
        until(lambda: state("long")["step"] > died, seconds=90)
        press(page, "Arrêter")
        expect(run_of(page, "long")).to_contain_text("arrêté", timeout=PATIENCE)
        for name in ("long", "second"):
            delete(page, name)
        assert "Traceback" not in again.log.read_text()
