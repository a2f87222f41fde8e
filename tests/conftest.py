"""What the tests share: the embedded weights in both engines, once for the whole run, and no Hub."""

import os

os.environ.setdefault("ALLO_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import pytest

from speech.engines import Engine, load
from speech.models import choose


@pytest.fixture(scope="session")
def int8() -> Engine:
    """The CPU's default: CTranslate2, int8."""
    return load(choose(), "ctranslate2")


@pytest.fixture(scope="session")
def float32() -> Engine:
    """CTranslate2 without rounding, to compare with transformers."""
    return load(choose(), "ctranslate2", "float32")


@pytest.fixture(scope="session")
def torch32() -> Engine:
    return load(choose(), "transformers")
