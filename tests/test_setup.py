"""The set-up holds together: the Space's card, the pins, what is installed. No network."""

import importlib
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parent.parent
NAMED_BY_THE_USER = [
    "gradio",
    "transformers",
    "peft",
    "torchaudio",
    "bitsandbytes",
    "accelerate",
    "datasets",
    "evaluate",
    "jiwer",
    "huggingface_hub",
]
CARD_TEXTS = [
    "title",
    "emoji",
    "colorFrom",
    "colorTo",
    "sdk",
    "sdk_version",
    "python_version",
    "app_file",
    "license",
    "short_description",
]
REGISTRIES = [  # in pieces, so that this file does not name them either
    ".".join(pieces) for pieces in [("pypi", "org"), ("pythonhosted", "org"), ("download", "pytorch", "org")]
]


@pytest.fixture(scope="module")
def card() -> dict:
    _, front_matter, _ = (ROOT / "README.md").read_text().split("---\n", 2)
    return yaml.safe_load(front_matter)


def requirements(name: str) -> list[str]:
    lines = (ROOT / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_card_has_what_a_space_needs(card):
    assert {key: type(card.get(key)) for key in CARD_TEXTS} == dict.fromkeys(CARD_TEXTS, str)
    assert card["sdk"] == "gradio"
    assert card["hf_oauth"] is True
    assert card["suggested_hardware"] == "zero-a10g"
    assert card["models"] and card["datasets"] and card["tags"]


def test_card_is_short_enough_for_the_hub(card):
    assert len(card["short_description"]) <= 60


def test_card_names_a_file_that_is_there(card):
    assert (ROOT / card["app_file"]).is_file()


def test_installed_gradio_is_the_cards(card):
    assert version("gradio") == card["sdk_version"]


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-offline.txt", "requirements-openvino.txt", "requirements-dev.txt"]
)
def test_installed_is_what_is_pinned(name):
    pins = [line.split()[0].split("==") for line in requirements(name)]
    assert {package: version(package) for package, _ in pins} == dict(pins)


def test_space_chooses_gradio_and_pydantic_itself():
    packages = {line.split("==")[0] for line in requirements("requirements.txt")}
    assert packages.isdisjoint({"gradio", "pydantic"})


def test_offline_model_is_pinned_by_hash():
    assert all("--hash=sha256:" in line for line in requirements("requirements-offline.txt"))


@pytest.mark.parametrize("package", NAMED_BY_THE_USER)
def test_package_named_by_the_user_imports(package):
    importlib.import_module(package)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_no_file_names_a_registry():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert ROOT / "Makefile" in files
    named = {
        (file.name, registry)
        for file in files
        if file.is_file()
        for registry in REGISTRIES
        if registry.encode() in file.read_bytes()
    }
    assert not named
