"""The page's sentences: the same ones in both languages, each of them said somewhere, and typeset."""

import ast
import json
import re
from pathlib import Path
from string import Formatter

import pytest
from transformers.models.whisper.tokenization_whisper import LANGUAGES as WHISPERS

from ui.kit import i18n

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[3]
REPORT = ROOT / "assets/templates/scores/calls_page.html"  # of a command, with sentences of its own
SOURCES = [*ROOT.glob("ui/**/*.py"), *({*ROOT.glob("assets/templates/**/*.html")} - {REPORT})]
READ = {code: json.loads((i18n.FOLDER / f"{code}.json").read_text(encoding="utf-8")) for code in ("en", "fr")}
WORD = re.compile(r"""["']([a-z_0-9]+)["']""")
SAID = re.compile(r"""\b(?:say\(\w+, |say\(|label\(|message\()["']([a-z_0-9]+)["'](?! [~+])""")


def placeholders(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text)} - {None}


def said() -> tuple[set[str], list[str]]:
    """The strings of ui/ that may be keys, and patterns of those that are put together."""
    words, patterns = set(), []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            words |= set(WORD.findall(text))
            patterns += [f"{start}[a-z_0-9]+" for start in re.findall(r"""["']([a-z_0-9]+_)["'] ~""", text)]
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
                words |= set(WORD.findall(node.value))  # a short template
            elif isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(part.value) if isinstance(part, ast.Constant) else "[a-z_0-9]+" for part in node.values
                ]
                pattern = "".join(parts)
                if re.search(r"[a-z]{2,}_|_[a-z]{2,}", pattern.replace("[a-z_0-9]+", "")):
                    patterns.append(pattern)
    return words, patterns


def test_both_languages_have_the_same_sentences():
    english, french = READ["en"], READ["fr"]
    assert list(english) == list(french)
    assert [key for key in english if placeholders(english[key]) != placeholders(french[key])] == []
    assert [key for key in english if not english[key].strip() or not french[key].strip()] == []


def test_every_sentence_is_said_somewhere():
    words, patterns = said()
    one = re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
    keys = [key for key in READ["en"] if not key.startswith("language_of_")]
    assert [key for key in keys if key not in words and not one.fullmatch(key)] == []


def test_every_key_that_is_asked_for_is_there():
    asked = {key for path in SOURCES for key in SAID.findall(path.read_text(encoding="utf-8"))}
    assert len(asked) > 100
    assert asked - set(READ["en"]) == set()


def test_the_languages_are_whispers():
    assert set(i18n.LANGUAGES) == set(WHISPERS)
    assert i18n.language_name("de", "fr") == "Allemand"
    assert i18n.language_name("de", "en") == "German"
    assert i18n.language_name("xx", "fr") == "xx"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_apostrophes_are_curly_and_negative_numbers_have_a_minus_sign(language):
    assert [key for key, text in READ[language].items() if re.search(r"\w'|'\w", text)] == []
    assert [key for key, text in READ[language].items() if re.search(r"(?<![\w-])-\d", text)] == []


def test_french_spaces_do_not_break():
    assert i18n.typeset("« Non » : 5 % ?") == "«\u00a0Non\u00a0»\u00a0: 5\u00a0%\u00a0?"
    assert i18n.typeset("l'appel d'aujourd'hui") == "l’appel d’aujourd’hui"
    assert i18n.say("fr", "confidence", percent="72") == "confiance 72\u00a0%"
