"""A whole training in slices, through the platform's own package, asked for by the page of a real browser."""

import json

import pytest
from playwright.sync_api import expect

from corpus.prompts import prompt
from tests.kit.pages import PATIENCE, chromium, serve, tracebacks, until, visit
from tests.kit.training import prompt_calls, tiny_whisper
from tests.kit.training_page import fill, look, press, run_of
from tests.kit.zero_gpu import LENT, platform
from trainer.runs import folder as runs

SLICE = 60  # seconds, of which four steps take all
SERVED = f"""{LENT}
import signal
from pathlib import Path
from trainer.train.loop import LoraTrainer

step, killed = LoraTrainer.training_step, Path(os.environ["ALLO_RUNS"], "..", "killed")

def hurried(trainer, *more):
    at = trainer.state.global_step
    if at - trainer.__dict__.setdefault("began", at) == 3:
        trainer.stop.request()
    if at == 9 and not killed.exists():
        killed.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return step(trainer, *more)

LoraTrainer.training_step = hurried
import app
app.main()
"""
SETTINGS = ["steps=12", "batch_size=4", "evaluations=2", "logging_steps=1", "checkpoint_steps=5", "generation_length=4"]
SETTINGS += ["report_clips=2", "forgetting_clips=0", "validation_clips=2"]


@pytest.fixture(scope="module")
def lender():
    with platform(quota=0) as lender:
        yield lender


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    names = ("ALLO_RUNS", "ALLO_CORPORA", "ALLO_MODEL")
    places = {name: tmp_path_factory.mktemp("place") / name.lower() for name in names}
    (places["ALLO_CORPORA"] / "petit").mkdir(parents=True)
    prompt_calls(places["ALLO_CORPORA"] / "petit")
    tiny_whisper(places["ALLO_MODEL"])
    return places


@pytest.fixture(scope="module")
def server(tmp_path_factory, lender, places):
    settings = {name: str(path) for name, path in places.items()}
    settings |= {"SPACES_ZERO_GPU": "true", "SPACES_ZERO_DEVICE_API_URL": lender.url, "OMP_NUM_THREADS": "1"}
    with serve(tmp_path_factory.mktemp("server"), program=("-c", SERVED), **settings) as server:
        yield server


@pytest.fixture(scope="module")
def page(server):
    with chromium() as browser, visit(browser, server, "fr-FR", model="allo_model") as page:
        yield page


def test_the_rest_is_transcribed_on_the_cpu_where_the_visitor_says_so(page, lender):
    lender.quota = 3
    page.get_by_role("button", name="Laissez un message").click()
    expect(page.locator("#result")).to_contain_text("3 s restantes ; il se renouvelle dans 3:00:00", timeout=PATIENCE)
    page.get_by_role("button", name="Réessayer sur le GPU").click()
    expect(page.locator("#result")).to_contain_text("3 s restantes")
    page.get_by_role("button", name="Continuer sur le processeur").click()
    expect(page.locator("#result .facts")).to_contain_text("facteur temps réel", timeout=PATIENCE)
    expect(page.locator("#result")).not_to_contain_text("restantes")


def test_a_comparison_asks_as_well_and_two_presses_at_once_are_one(page, lender, server):
    lender.quota = 3
    page.get_by_role("tab", name="Comparer").click()
    expect(page.locator("#compared")).to_contain_text("côte à côte", timeout=PATIENCE)
    other = page.locator("#model-B input")
    other.fill("whisper-base")
    other.press("Enter")
    page.locator("#compared-recording input[type=file]").set_input_files(prompt("vm-intro"))
    page.get_by_role("button", name="Comparer", exact=True).click()
    expect(page.locator("#compared")).to_contain_text("3 s restantes ; il se renouvelle dans 3:00:00", timeout=PATIENCE)
    page.get_by_role("button", name="Réessayer sur le GPU").click()
    page.get_by_role("button", name="Continuer sur le processeur").click()
    expect(page.locator("#compared .columns")).to_contain_text("allo_model", timeout=PATIENCE)
    expect(page.locator("#compared")).not_to_contain_text("restantes")
    expect(page.get_by_role("button", name="Comparer", exact=True)).to_be_visible()
    assert tracebacks(server) == []


def test_a_training_goes_on_by_itself_after_a_quota_a_reload_and_a_death(page, server, lender, places):
    folder = places["ALLO_RUNS"] / "essai"
    lender.quota = SLICE + 5  # enough for one slice
    fill(look(page), "essai", SETTINGS)
    press(page, "Démarrer")
    expect(page.locator("#pressed")).to_contain_text("5 s restantes", timeout=2 * PATIENCE)
    expect(page.locator("#pressed")).to_contain_text("Rien n’est perdu : « Reprendre »")
    expect(run_of(page, "essai")).to_contain_text("en pause")
    assert runs.state(folder)["step"] == 4
    page.reload()
    look(page)
    expect(page.locator("#run")).to_contain_text("En pause après le pas 4 sur 12")
    lender.quota = 300
    press(page, "Reprendre")
    until(lambda: (folder / runs.TRAINED).exists(), seconds=120)
    steps = [line["step"] for line in runs.metrics(folder) if "loss" in line]
    assert steps == list(range(1, 13)) and (folder.parents[1] / "killed").exists()
    expect(page.locator("#pressed")).to_contain_text("Plus de GPU à demander", timeout=PATIENCE)
    expect(run_of(page, "essai")).to_contain_text("terminé", timeout=2 * PATIENCE)
    assert json.loads((folder / "report.json").read_text())["training"]["steps"] == 12
    assert tracebacks(server) == []
