"""What tests do in the training tab of a page in French."""

from playwright.sync_api import Locator, Page, expect

from tests.kit.pages import PATIENCE, write


def look(page: Page) -> Page:
    page.get_by_role("tab", name="Entraîner").first.click()
    expect(page.get_by_label("Nom de l’entraînement")).not_to_have_value("", timeout=PATIENCE)
    return page


def fill(page: Page, name: str, settings: list[str]) -> None:
    field = page.locator("#train").get_by_label("Corpus").first
    field.fill("petit")
    field.press("Enter")
    expect(page.locator("#learns")).to_contain_text("train 18")
    page.get_by_label("Nom de l’entraînement").fill(name)
    if not page.get_by_label("Autres réglages").is_visible():
        page.get_by_role("button", name="Tous les réglages").click()
    write(page.get_by_label("Autres réglages"), "\n".join(settings))


def run_of(page: Page, name: str) -> Locator:
    return page.locator(f'#runs [data-run="{name}"]')


def press(page: Page, name: str, tab: str = "#train") -> None:
    page.locator(tab).get_by_role("button", name=name, exact=True).click()
