"""The dataset tab in a real browser: the telephone prompts by the embedded weights, and a folder's corpus."""

import csv
import json
import re
import shutil

import pytest
from playwright.sync_api import Page, expect

from corpus import load
from corpus.prompts import prompt
from corpus.simulate import simulate
from tests.kit.pages import PATIENCE, chromium, pick, serve, tracebacks, unheard, visit, write
from trainer.__main__ import main

expect.set_options(timeout=15_000)  # two cores may be busy with the model
MARKUP = "<b onclick=alert(1)>allô</b> ${1+1} {{2}}"  # a text that a page might take for its own


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The page with the models that are cached already, no evaluations yet, and one corpus to offer."""
    cache = unheard(tmp_path_factory.mktemp("cache"))
    corpora = tmp_path_factory.mktemp("corpora")
    (corpora / "appels").mkdir()
    for name in ("activated", "added", "vm-intro"):
        shutil.copy(prompt(name), corpora / "appels")
    lines = ["file_name,dit,call,accent", f'activated.wav,"{MARKUP}",a,belge', "added.wav,ajouté,b,québécois"]
    (corpora / "appels" / "metadata.csv").write_text("\n".join([*lines, "gone.wav,perdu,c,belge"]) + "\n")
    simulate(load("phone-prompts"), corpora / "conversations", seconds=15.0)
    settings = {"ALLO_CACHE": str(cache), "ALLO_CORPORA": str(corpora)}
    with serve(tmp_path_factory.mktemp("server"), **settings) as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def scored(browser, server):
    """Eight prompts are transcribed, which the visitor sees coming, and stays on the page."""
    with visit(browser, server, "fr-FR") as page:
        look(page)
        page.locator("#dataset").get_by_label("Combien").fill("8")
        page.get_by_role("button", name="Noter des extraits au hasard").click()
        expect(page.locator("#progress progress")).to_be_visible()
        expect(page.get_by_role("button", name="Annuler")).to_be_visible()
        expect(page.locator("#progress")).to_contain_text("8 extraits notés", timeout=PATIENCE)
        expect(page.get_by_role("button", name="Annuler")).not_to_be_visible()
        yield page


@pytest.fixture(scope="module")
def regular(browser, server):
    """Who stays on the page, and scores nothing of the first corpus."""
    with visit(browser, server, "fr-FR") as page:
        yield look(page)


@pytest.fixture
def french(regular):
    """The same, once the search before is over."""
    regular.get_by_label("Chercher").fill("")
    return regular


@pytest.fixture
def newcomer(browser, server):
    with visit(browser, server, "fr-FR") as page:
        yield look(page)


def look(page: Page) -> Page:
    page.get_by_role("tab", name=re.compile("Corpus|Dataset")).first.click()
    expect(page.locator("#samples-table tbody tr")).to_have_count(50, timeout=PATIENCE)
    return page


def name_corpus(page: Page, name: str) -> None:
    field = page.get_by_label("Corpus").first
    field.fill(name)
    field.press("Enter")


def open_folder(page: Page) -> None:
    name_corpus(page, "appels")
    expect(page.get_by_role("alert")).to_contain_text("file_name, dit, call, accent")
    page.get_by_role("button", name="Colonnes inhabituelles").click()
    write(page.get_by_label("Colonne du texte"), "dit")
    page.get_by_role("button", name="Ouvrir").click()
    expect(page.locator("#where")).to_have_text("1–2 sur 2")


def fact(page: Page, name: str) -> str:
    return page.locator("#figures .facts div").filter(has=page.get_by_text(name, exact=True)).locator("dd").inner_text()


def test_corpus_is_told_in_figures_and_bars_and_a_row_opened_by_the_keyboard(french):
    description = french.locator("#corpus")
    for what in ("505", "22 min", "cc-by-sa-3.0", "ALLO_OFFLINE est défini", "June Wallack"):
        expect(description).to_contain_text(what)
    expect(french.locator("#where")).to_have_text("1–50 sur 505")
    bars = french.locator("#drawn .bars tr td:last-child").all_inner_texts()
    assert sum(map(int, bars)) == 505
    expect(french.locator("#drawn .series")).to_have_text(re.compile("train.*validation.*test", re.DOTALL))
    french.get_by_role("button", name="Écouter l’extrait 2", exact=True).press("Enter")
    expect(french.locator("#sample .id")).to_have_text("added")


def test_search_looks_past_accents_and_pages_turn(french):
    french.get_by_role("button", name="Suivants").click()
    expect(french.locator("#where")).to_have_text("51–100 sur 505")
    french.get_by_label("Chercher").fill("ACTIVE")
    expect(french.locator("#where")).to_have_text(re.compile(r"\b1–(\d+) sur \1\b"))
    rows = french.locator("#samples-table tbody tr")
    expect(rows.first).to_contain_text("activé")
    assert 1 < rows.count() < 50
    french.get_by_label("Chercher").fill("zzzz")
    expect(french.locator("#samples-table")).to_contain_text("Aucun extrait ne correspond")


def test_whole_calls_are_scored_read_and_sent(french, server):
    name_corpus(french, "conversations")
    french.get_by_label("Appels", exact=True).check()
    rows = french.locator("#calls-table tbody tr")
    expect(rows).to_have_count(1)
    rows.first.click()
    expect(french.locator("#call")).to_contain_text("Cet appel n’est pas encore noté")
    french.locator("#call li").first.click()
    expect(french.locator("#turn-player")).to_be_visible()
    french.get_by_role("button", name="Noter les appels").click()
    expect(french.locator("#calls-progress")).to_contain_text("1 appels notés", timeout=PATIENCE)
    expect(rows.first).to_contain_text("%")
    expect(french.locator("#calls-figures")).to_contain_text("cpWER")
    rows.first.click()
    expect(french.locator("#call .aligned").first).to_be_visible()
    with french.expect_download() as download:
        french.get_by_role("link", name="Page à envoyer").or_(
            french.get_by_role("button", name="Page à envoyer")
        ).first.click()
    text = download.value.path().read_text(encoding="utf-8")
    assert "Les confusions" in text or "cpWER" in text
    french.get_by_label("Extraits", exact=True).check()
    expect(french.locator("#samples-table tbody tr").first).to_be_visible()


def test_folder_is_opened_by_its_name_and_its_texts_are_only_texts(french):
    open_folder(french)
    expect(french.locator("#samples-table tbody .text").first).to_have_text(MARKUP)
    expect(french.locator("#corpus")).to_contain_text("1 ligne laissée de côté")
    french.locator("#samples-table tbody tr").first.click()
    expect(french.locator("#sample")).to_contain_text(MARKUP)
    expect(french.locator("#sample .meta")).to_contain_text("belge")
    assert "/appels" not in french.content()


def test_path_of_the_server_is_refused(french):
    for path, name in (("/etc/passwd", "passwd"), ("ui/page.py", "ui/page.py"), ("../main/tests", "tests")):
        name_corpus(french, path)
        expect(french.get_by_role("alert").first).to_contain_text(f"{name} » n’est ni un corpus de la liste")
        for emptied in ("#where", "#figures", "#drawn", "#samples-table"):
            expect(french.locator(emptied)).to_have_text("")
    french.get_by_role("button", name="Noter des extraits au hasard").click()
    expect(french.locator("#progress")).to_contain_text("Aucun corpus n’est ouvert")


def test_page_says_what_the_command_says(scored, capsys):
    expect(scored.locator("#figures .facts")).to_be_visible()
    main(["evaluate", "--corpus", "phone-prompts", "--split", "all", "--sample", "8", "--json"])
    printed = json.loads(capsys.readouterr().out)
    shown = [f"{printed[key]:.1f}".replace(".", ",") for key in ("wer", "cer", "raw_wer", "basic_wer")]
    assert [
        fact(scored, name).split("\N{NO-BREAK SPACE}")[0] for name in ("WER", "CER", "WER brut", "WER Basic")
    ] == shown
    low, high = (f"{bound:.1f}".replace(".", ",") for bound in printed["interval"])
    assert fact(scored, "intervalle à 95 %") == f"{low}–{high}\N{NO-BREAK SPACE}%"
    assert fact(scored, "S / D / I") == "{substitutions} / {deletions} / {insertions}".format(**printed)
    expect(scored.locator("#figures")).to_contain_text("8 extraits notés sur 505")
    expect(scored.locator("#figures")).to_contain_text(printed["normaliser"])


def test_worst_sample_is_found_heard_and_read(scored):
    scored.get_by_role("button", name="WER", exact=True).click()
    expect(scored.locator("th.wer")).to_have_attribute("aria-sort", "descending")
    rates = [float(rate.rstrip(" %\N{NO-BREAK SPACE}").replace(",", ".")) for rate in worst_rates(scored)]
    assert len(rates) == 8 and rates == sorted(rates, reverse=True) and rates[0] > 0
    scored.locator("#samples-table tbody tr").first.click()
    shown = scored.locator("#sample")
    expect(shown.locator(".aligned").locator("del, ins").first).to_be_visible()
    expect(shown.locator(".marks")).to_be_visible()
    expect(shown.locator(".meta")).to_contain_text(re.compile(r"0:\d\d,\d{3}"))
    expect(shown).to_contain_text("June Wallack")
    expect(scored.locator("#player #duration")).to_have_text(re.compile(r"0:\d\d"))


def worst_rates(page: Page) -> list[str]:
    return [rate for rate in page.locator("#samples-table td.wer").all_inner_texts() if rate]


def test_scored_samples_alone_and_their_errors_by_duration(scored):
    pick(scored.get_by_label("Montrer").first, "notés")
    expect(scored.locator("#where")).to_have_text("1–8 sur 8")
    pick(scored.get_by_label("Graphique").first, "WER par durée (secondes)")
    expect(scored.locator("#drawn .bars")).to_contain_text("%")


def test_export_has_the_scored_samples(scored, tmp_path):
    with scored.expect_download() as download:
        scored.get_by_text("↓ CSV · whisper-base").click()
    assert download.value.suggested_filename == "phone-prompts-whisper-base.csv"
    download.value.save_as(tmp_path / "scores.csv")
    with open(tmp_path / "scores.csv", newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    assert len(rows) == 8 and rows[0]["id"] == "dictate/record"
    assert rows[0]["reference"] == "enregistrer"


def test_page_of_a_phone_does_not_scroll_sideways(scored, browser, server):
    with visit(browser, server, "en-US") as page:
        page.set_viewport_size({"width": 390, "height": 844})
        look(page)
        expect(page.locator("#figures .facts")).to_be_visible()
        page.locator("#samples-table tbody tr").nth(3).click()
        expect(page.locator("#player #duration")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_who_comes_back_finds_the_job_others_wait_and_what_was_heard_is_kept(scored, newcomer, browser, server):
    newcomer.get_by_role("button", name="Noter la sélection").click()
    expect(newcomer.locator("#progress")).to_contain_text("extraits sur 505")
    with visit(browser, server, "fr-FR") as other:
        open_folder(look(other))
        other.get_by_role("button", name="Noter des extraits au hasard").click()
        expect(other.locator("#progress")).to_contain_text("attend la fin d’une autre notation")
        other.get_by_role("button", name="Annuler").click()
        expect(other.locator("#progress")).to_contain_text("annulé avant d’avoir commencé")
    with visit(browser, server, "fr-FR") as back:
        look(back)
        expect(back.locator("#progress")).to_contain_text(re.compile(r"[1-9]\d extraits sur 505"), timeout=PATIENCE)
        back.get_by_role("button", name="Annuler").click()
        expect(back.locator("#progress")).to_contain_text("arrêté à", timeout=PATIENCE)
    expect(newcomer.locator("#progress")).to_contain_text("arrêté à")
    expect(newcomer.locator("#figures")).to_contain_text(re.compile(r"([1-9]\d|\d{3}) extraits notés sur 505"))


def test_nothing_broke(server):
    assert tracebacks(server) == []
