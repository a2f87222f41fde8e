"""axe finds nothing serious or critical on any tab."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from bench import accidents
from tests.kit.pages import PATIENCE, visit

expect.set_options(timeout=15_000)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
GRAVE = ("serious", "critical")
TABS = {"fr-FR": ["Transcrire", "Appels", "Corpus", "Comparer", "Entraîner"]}
TABS["en-US"] = ["Transcribe", "Calls", "Corpus", "Compare", "Train"]


@contextmanager
def filled(browser, server, locale: str, folder: Path) -> Iterator[Page]:
    """A page with a transcript in its first two tabs, of which one language has the sound, a corpus and a training."""
    with visit(browser, server, locale) as page:
        tabs = TABS[locale]
        page.get_by_role("button", name="Laissez un message").click()
        expect(page.locator("#result .facts")).to_be_visible(timeout=PATIENCE)
        page.get_by_role("tab", name=tabs[1]).click()
        if locale == "fr-FR":
            page.get_by_role("button", name="deux canaux").click()
        else:
            page.locator("#call-files input[type=file]").set_input_files(accidents.work(folder))
        expect(page.locator("#call-queue li.done")).to_be_visible(timeout=2 * PATIENCE)
        page.get_by_role("tab", name=tabs[2]).click()
        expect(page.locator("#samples-table tbody tr").first).to_be_visible(timeout=PATIENCE)
        page.get_by_role("tab", name=tabs[4]).click()
        expect(page.locator("#gain .verdict")).to_be_visible(timeout=PATIENCE)
        yield page


@pytest.mark.parametrize(("locale", "theme"), [("fr-FR", "light"), ("en-US", "dark")])
def test_axe_finds_nothing_grave(browser, server, locale, theme, tmp_path):
    """Colours do not hang on the language, nor names on the theme: two of the four show both."""
    with filled(browser, server, locale, tmp_path) as page:
        page.evaluate(f"document.body.classList.toggle('dark', {json.dumps(theme == 'dark')})")
        found = []
        for tab in TABS[locale]:
            page.get_by_role("tab", name=tab).click()
            page.wait_for_timeout(400)  # it fades in
            found += [f"{tab}: {line}" for line in violations(page)]
    assert found == []


def violations(page: Page) -> list[str]:
    """What axe finds, without the moderate and the minor."""
    options = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": RULES}}
    answer = Axe().run(page, options=options).response
    return [
        f"{each['id']} {node['target']} {node['html'][:150]} {node['failureSummary'][-200:]}"
        for each in answer["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]
