"""The Job of the training tab in a real browser, on a ZeroGPU Space's page and the tests' own Hub."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from common.cache import cache_folder
from tests.kit.adapters import published, small_base
from tests.kit.hub_writes import Hub, serve_with_space
from tests.kit.pages import PATIENCE, chromium, pick, serve, tracebacks, visit, write


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Hub:
    with serve_with_space(tmp_path_factory.mktemp("repositories")) as running:
        yield running


@pytest.fixture(scope="module")
def adapter(tmp_path_factory) -> Path:
    return published(small_base(tmp_path_factory.mktemp("base")), tmp_path_factory.mktemp("adapter"))


@pytest.fixture(scope="module")
def server(tmp_path_factory, hub):
    home = tmp_path_factory.mktemp("home")
    settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(home / "hf"), "HF_HUB_DISABLE_XET": "1", "ALLO_OFFLINE": "0"}
    settings |= {"ALLO_CACHE": str(cache_folder()), "ALLO_RUNS": str(home / "runs"), "SPACES_ZERO_GPU": "1"}
    with serve(home, **settings) as server:
        yield server


def rented(page: Page) -> Page:
    page.get_by_role("tab", name="Entraîner").first.click()
    expect(page.locator("#place")).to_contain_text("ZeroGPU", timeout=PATIENCE)
    write(page.locator("#rent").get_by_label("Jeton"), "hf_ada")  # it opens by itself where nothing else is possible
    return page


def press(page: Page, name: str) -> None:
    page.locator("#rent").get_by_role("button", name=name, exact=True).click()


def test_a_job_is_priced_started_followed_cancelled_and_fetched(server, hub, adapter):
    with chromium() as browser, visit(browser, server, "fr-FR") as page:
        notice, followed = rented(page).locator("#rent-told"), page.locator("#rented")
        page.locator("#start-training").click()
        expect(page.locator("#asked").get_by_role("alert")).to_contain_text("ZeroGPU")
        press(page, "Voir le prix")
        expect(notice.get_by_role("alert")).to_contain_text("Nommez un dépôt")
        write(page.locator("#rent").get_by_label("Dépôt"), "ada/best")
        page.locator("#rent").get_by_label("Limite de temps").fill("30m")
        page.locator("#rent").get_by_label("Space").fill("ada/allo")
        press(page, "Voir le prix")
        expect(notice).to_contain_text("0,50 USD")
        assert not hub.jobs
        press(page, "Lancer le Job")
        expect(followed).to_contain_text("Le Job attend sa machine", timeout=PATIENCE)
        hub.stage, hub.log = "RUNNING", ["trainer: step 1", "trainer: <b>step 2</b>"]
        expect(followed).to_contain_text("Le Job est en cours", timeout=PATIENCE)
        expect(followed).to_contain_text("<b>step 2</b>")

        page.reload()
        rented(page)
        press(page, "Retrouver mon Job")
        expect(followed).to_contain_text("Le Job est en cours", timeout=PATIENCE)
        press(page, "Annuler le Job")
        expect(followed).to_contain_text("Le Job a été annulé", timeout=PATIENCE)
        expect(page.locator("#rent").get_by_role("button", name="Annuler le Job")).to_be_hidden()

        hub.stage = "COMPLETED"
        for path in adapter.iterdir():
            (hub.root / "ada/best" / path.name).write_bytes(path.read_bytes())
        press(page, "Retrouver mon Job")
        press(page, "Récupérer l’adaptateur")
        expect(notice).to_contain_text(re.compile("best est ici"), timeout=PATIENCE)
        page.get_by_role("tab", name="Comparer").first.click()
        pick(page.get_by_role("combobox", name="B", exact=True), "best")
    assert len(hub.jobs) == 1 and hub.jobs[0]["secrets"] == {"HF_TOKEN": "hf_ada"}
    assert "hf_ada" not in server.log.read_text() and tracebacks(server) == []
