"""The compare tab in a real browser: the embedded base against adapters that change a little of what it says."""

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from corpus.prompts import prompt
from scoring.measures import score_clips
from tests.kit.pages import PATIENCE, chromium, pick, serve, tracebacks, unheard, visit, write
from tests.kit.plain_adapter import plain_adapter

expect.set_options(timeout=15_000)  # two cores may be busy with the model
SAID = "La personne que vous désirez joindre n'est pas à son bureau. Je vais essayer de la localiser pour vous."


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def server(tmp_path_factory, runs):
    """The page beside four adapters: one, the same twice as strong, one of another base, one half copied."""
    adapter = plain_adapter(runs / "essai" / "adapter")
    plain_adapter(runs / "fort" / "adapter", strength=0.04)
    for name in ("autre", "moitié"):
        shutil.copytree(adapter, runs / name / "adapter")
    card = runs / "autre" / "adapter" / "allo.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"revision": "0123456789abcdef"}))
    (runs / "moitié" / "adapter" / "adapter_model.safetensors").unlink()
    settings = {"ALLO_CACHE": str(unheard(tmp_path_factory.mktemp("cache"))), "ALLO_RUNS": str(runs)}
    with serve(tmp_path_factory.mktemp("server"), **settings) as server:
        yield server


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    microphone = tmp_path_factory.mktemp("recordings") / "microphone.wav"
    padded = ["-af", "apad=pad_dur=1", "-ar", "48000", str(microphone)]
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", prompt("followme/status"), *padded], check=True)
    with chromium(f"--use-file-for-fake-audio-capture={microphone}") as browser:
        yield browser


@pytest.fixture(scope="module")
def regular(browser, server):
    """Who stays on the page."""
    with visit(browser, server, "fr-FR") as page:
        yield look(page)


@pytest.fixture
def french(regular):
    """The same, once what the test before compared is put away."""
    if (clear := regular.locator("#compared-recording").get_by_role("button", name="Effacer")).is_visible():
        clear.click()
        expect(regular.locator("#compared .columns")).to_have_count(0)
    regular.locator("#reference textarea").fill("")
    for box in ("À l’aveugle", "À travers une ligne téléphonique"):
        regular.get_by_label(box).uncheck()
    choose(regular, "B", "essai")
    return regular


@pytest.fixture
def newcomer(browser, server):
    with visit(browser, server, "fr-FR") as page:
        yield look(page)


def look(page: Page) -> Page:
    page.get_by_role("tab", name=re.compile("Comparer|Compare")).first.click()
    expect(page.locator("#compared")).to_contain_text(re.compile("côte à côte|side by side"), timeout=PATIENCE)
    choose(page, "B", "essai")
    return page


def choose(page: Page, column: str, name: str) -> None:
    """A model or an adapter for a column, by its name."""
    field = page.locator(f"#model-{column} input")
    field.fill(name)
    field.press("Enter")
    field.blur()


def drop(page: Page, name: str) -> None:
    page.locator("#compared-recording input[type=file]").set_input_files(prompt(name))
    expect(page.locator("#compared-recording #duration")).to_be_visible()


def take(page: Page, number: int) -> None:
    page.get_by_role("button", name="Un extrait d’un corpus").click()
    write(page.get_by_label("Numéro", exact=True), str(number))
    page.get_by_role("button", name="Prendre").click()
    expect(page.locator("#reference textarea")).not_to_have_value("")


def begin(page: Page) -> None:
    """What an earlier comparison showed is put away, so that it is not taken for the next one's."""
    page.locator("#compared .columns").evaluate_all("shown => shown.forEach(each => each.remove())")
    page.get_by_role("button", name="Comparer", exact=True).click()


def compare(page: Page, columns: int = 2) -> Locator:
    begin(page)
    expect(page.locator("#compared .columns article")).to_have_count(columns, timeout=PATIENCE)
    return page.locator("#compared .columns article")


def refused(page: Page) -> Locator:
    page.get_by_role("button", name="Comparer", exact=True).click()
    alert = page.locator("#compared [role=alert]")
    expect(alert).to_be_visible(timeout=PATIENCE)
    return alert


def fact(column: Locator, name: str) -> str:
    return column.locator(".facts div").filter(has=column.page.get_by_text(name, exact=True)).locator("dd").inner_text()


def test_what_cannot_be_compared_is_said(french):
    expect(refused(french)).to_contain_text("parlez dans le micro ou déposez un fichier")
    drop(french, "activated")
    sentences = {
        "whisper-base": "Les colonnes A et B sont les mêmes",
        "autre": "a été entraîné sur whisper-base (0123456789abcdef)",
        "moitié": "n’a pas de adapter_model.safetensors",
        "/etc": "n’est ni un",
        "tests": "n’est ni un",
        "quelqu-un/rien": "quelqu-un/rien",
    }
    for name, sentence in sentences.items():
        choose(french, "B", name)
        expect(refused(french)).to_contain_text(sentence)
        assert "/tmp" not in french.locator("#compared").inner_text()
    choose(french, "B", "essai")
    compare(french)


def test_without_a_reference_the_columns_are_held_against_one_another(french):
    drop(french, "vm-intro")
    base, adapter = compare(french).all()
    assert base.locator(".rates").count() == 0
    same = base.locator(".words").inner_text() == adapter.locator(".words").inner_text()
    words = "ont entendu les mêmes mots" if same else "Les colonnes diffèrent"
    expect(french.locator("#compared .verdict")).to_contain_text(words)
    assert (french.locator("#compared .other").count() == 0) is same
    french.locator("#reference textarea").press_sequentially("laissez un message")
    expect(french.locator("#compared .rates")).to_have_count(2)


def test_adapter_that_is_removed_while_in_use_is_told(french, runs):
    drop(french, "activated")
    choose(french, "B", "fort")
    compare(french)
    shutil.move(runs / "fort", runs / "parti")
    try:
        expect(refused(french)).to_contain_text("n’est ni un")
    finally:
        shutil.move(runs / "parti", runs / "fort")


def test_many_are_compared_and_the_clips_worth_hearing_play(french):
    french.get_by_role("button", name="Les colonnes A et B sur tout un corpus").click()
    many = french.locator("#many")
    write(many.get_by_label("Combien"), "8")
    french.get_by_role("button", name="Comparer sur le corpus").click()
    summary = french.locator("#many-summary")
    expect(summary.locator(".verdict")).to_contain_text("p = ", timeout=3 * PATIENCE)
    expect(summary.locator(".both tr")).to_have_count(3)
    expect(summary).to_contain_text("8 extraits notés sur 505")
    buttons = summary.locator("button")
    assert buttons.count() > 0
    buttons.first.click()
    expect(french.locator("#many-clip .columns article")).to_have_count(2)
    expect(french.locator("#many #duration")).to_be_visible()


def test_two_visitors_at_once_get_each_their_own(french, browser, server):
    def verdicts(page: Page) -> list[str]:
        return page.locator("#compared .columns .text").all_inner_texts()

    with visit(browser, server, "fr-FR") as other:
        look(other)
        choose(other, "B", "fort")
        for page, name in ((french, "conf-full"), (other, "agent-loginok")):
            drop(page, name)
        alone = []
        for page in (french, other):
            compare(page)
            alone.append(verdicts(page))
        for page in (french, other):
            begin(page)
        for page, before in zip((french, other), alone, strict=True):
            expect(page.locator("#compared .columns article")).to_have_count(2, timeout=PATIENCE)
            assert verdicts(page) == before


def test_sample_comes_with_its_words_and_a_line_is_heard_and_seen(french):
    take(french, 505)
    plain = [fact(column, "confiance") for column in compare(french).all()]
    french.get_by_label("À travers une ligne téléphonique").check()
    expect(french.locator("#line img")).to_have_count(2)
    before, after = (picture.get_attribute("src") for picture in french.locator("#line img").all())
    assert before != after
    begin(french)
    expect(french.locator("#compared progress")).to_be_visible()
    expect(french.locator("#compared .columns .rates")).to_have_count(2, timeout=PATIENCE)
    through = [fact(column, "confiance") for column in french.locator("#compared .columns article").all()]
    assert all(a != b for a, b in zip(plain, through, strict=True))  # another sound, which both columns got


def test_blind_names_nobody_before_the_choice(french, tmp_path):
    french.get_by_label("À l’aveugle").check()
    drop(french, "vm-intro")
    columns = compare(french)
    shown = french.locator("#compared").inner_text()
    assert "whisper" not in shown and "essai" not in shown and columns.locator(".facts").count() == 0
    french.get_by_role("button", name="2", exact=True).click()
    expect(columns.nth(0)).to_contain_text("whisper-base")
    expect(columns.nth(1)).to_contain_text("essai")
    signs = columns.locator("h2 i").all_inner_texts()
    expect(french.locator("#tally li")).to_have_count(2)
    with french.expect_download() as download:
        french.get_by_text("CSV de vos choix").click()
    download.value.save_as(tmp_path / "choix.csv")
    with open(tmp_path / "choix.csv", newline="", encoding="utf-8-sig") as lines:
        (vote,) = csv.DictReader(lines, delimiter=";")
    assert sorted(signs) in (["A = 1", "B = 2"], ["A = 2", "B = 1"])
    assert vote["chosen"] == ("whisper-base" if signs == ["A = 2", "B = 1"] else "essai")
    assert vote["chosen"] == vote["model_b"] and vote["audio"] == "vm-intro.wav"


def test_microphone_is_compared_word_by_word(french):
    french.get_by_label("Record audio").last.click()
    french.get_by_role("button", name="Enregistrer").click()
    french.wait_for_timeout(6_500)  # the prompt lasts 5.5 s
    french.get_by_role("button", name="Arrêter").first.click()
    expect(french.locator("#compared-recording #duration")).to_be_visible()
    french.locator("#reference textarea").fill(SAID)
    base, adapter = compare(french).all()
    expect(base.locator("h2")).to_contain_text("whisper-base")
    expect(adapter.locator("h2")).to_contain_text("essai")
    texts = [column.locator(".text").inner_text() for column in (base, adapter)]
    assert "localiser pour vous" in texts[0].lower()
    for column, clip in zip((base, adapter), score_clips([SAID] * 2, texts), strict=True):
        assert fact(column, "WER") == f"{clip.wer:.1f} %".replace(".", ",").replace(" ", "\N{NO-BREAK SPACE}")
        assert fact(column, "S / D / I") == f"{clip.substitutions} / {clip.deletions} / {clip.insertions}"
        assert column.locator(".words del").count() == clip.edits
        assert column.locator(".words").locator("ins, span").count() == clip.words - clip.substitutions - clip.deletions
    colours = adapter.locator(".words").locator("ins.fixed, del.broken, del.wrong")
    assert colours.count() > 0
    made_up = adapter.locator("del.broken[title*='pas dit']").count()  # these have no place in the base's words
    assert base.locator("ins.broken").count() == adapter.locator("del.broken").count() - made_up
    expect(french.locator("#compared .verdict")).to_contain_text("WER")
    told_apart = adapter.locator(".words").locator("ins.fixed, del.broken").count() > 0
    legend = "souligné : juste ici" if told_apart else "faux dans les deux"
    expect(french.locator("#compared .marks")).to_contain_text(legend)


def test_a_call_is_heard_with_an_adapter(french):
    french.get_by_role("tab", name="Appels").click()
    adapter, row = french.locator("#call-adapter input"), french.locator("#call-queue li")
    adapter.fill("essai")
    adapter.press("Enter")
    french.locator("#call-files input[type=file]").set_input_files(prompt("followme/status"))
    expect(row).to_have_class(re.compile("done"), timeout=PATIENCE)
    expect(french.locator("#call-line")).to_contain_text("Transcrit avec l’adaptateur essai.")
    adapter.fill("parti")
    adapter.press("Enter")
    row.get_by_title("Retranscrire").click()
    expect(row).to_contain_text("n’est ni un", timeout=PATIENCE)


def test_assistant_says_the_same_and_how_often_it_was_right(newcomer):
    drop(newcomer, "activated")
    newcomer.get_by_role("button", name="Moteur, précision, assistant").click()
    newcomer.get_by_label("Des réglages différents").check()
    choose(newcomer, "B", "whisper-base")
    for column in range(2):
        pick(newcomer.get_by_label("Moteur", exact=True).locator("visible=true").nth(column), "transformers")
    assistant = newcomer.get_by_label("Assistant", exact=True).locator("visible=true").nth(1)
    write(assistant, "whisper-base")
    assistant.press("Enter")
    alone, helped = compare(newcomer).all()
    assert alone.locator(".text").inner_text() == helped.locator(".text").inner_text()
    assert fact(helped, "d’ébauches retenues") == "100,0\N{NO-BREAK SPACE}%"
    expect(helped.locator("h2")).to_contain_text("transformers, float32, CPU, + whisper-base")


def test_adapters_are_listed_renamed_and_taken_off_a_visitors_list(newcomer, browser, server):
    newcomer.get_by_role("button", name="Adaptateurs, et mémoire occupée").click()
    box = newcomer.locator("#adapters")
    expect(box.locator("tr")).to_have_count(5)
    expect(box).to_contain_text("incomplet")
    expect(newcomer.locator("#memory")).to_contain_text("whisper-base")
    write(box.get_by_label("Adaptateur"), "essai")
    box.get_by_label("Adaptateur").press("Enter")
    write(box.get_by_label("Nouveau nom"), "<b>Le mien</b>")
    box.get_by_role("button", name="Renommer").click()
    expect(box.locator("table")).to_contain_text("<b>Le mien</b> essai")
    box.get_by_label("Adaptateur").fill("autre")
    box.get_by_label("Adaptateur").press("Enter")
    box.get_by_role("button", name="Retirer de ma liste").click()
    expect(box.locator("tr")).to_have_count(4)
    with visit(browser, server, "en-US") as other:
        look(other)
        other.get_by_role("button", name="Adapters, and the memory in use").click()
        expect(other.locator("#adapters tr")).to_have_count(5)
        expect(other.locator("#adapters")).not_to_contain_text("Le mien")


def test_page_of_a_phone_does_not_scroll_sideways(browser, server):
    with visit(browser, server, "en-US") as page:
        page.set_viewport_size({"width": 390, "height": 844})
        look(page)
        drop(page, "vm-intro")
        page.get_by_label("A third column").check()
        choose(page, "C", "fort")
        page.get_by_role("button", name="Compare", exact=True).click()
        expect(page.locator("#compared .columns article")).to_have_count(3, timeout=PATIENCE)
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_nothing_broke(server):
    assert tracebacks(server) == []
