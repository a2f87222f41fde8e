"""What the tests share: the embedded weights in both engines, once for the whole run, and no Hub."""

import atexit
import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("ALLO_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ["ALLO_OPENVINO"] = "0"  # what a machine has prepared changes no test

from typing import TYPE_CHECKING

import pytest

from tests.kit.pages import Server, unheard

if TYPE_CHECKING:
    from speech.engines import Engine

# Where no bytecode is written, each worker and each command that a test starts compiles the libraries again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Tests that run side by side share the cores, each worker with its part of them: more threads than cores wait for one
# another, and how many compute decides how sums are rounded. What starts the workers sets nothing, or they inherit it.
if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, len(os.sched_getaffinity(0)) // workers)))

# A cache of this run's own, with the models that are cached already: what the tests convert and score goes with them,
# and two runs side by side do not wait in one line for the device.
CACHE = Path(tempfile.mkdtemp(prefix="allo-tests-"))
os.environ["ALLO_CACHE"] = str(unheard(CACHE))
atexit.register(shutil.rmtree, CACHE, ignore_errors=True)


# The files that take longest go first, so that no core is left alone with one of them at the end; and those that wait
# for a page take turns with those that compute.
FIRST = [
    "ui/training/test_training_page",
    "trainer/train/test_run",
    "ui/trust/test_accessibility",
    "speech/decoding/test_decode",
    "ui/compare/test_compare_page",
    "trainer/train/test_loop",
    "ui/training/test_slices",
    "speech/test_transcribe",
    "ui/calls/test_calls_page",
    "speech/engines/test_shared_weights",
    "ui/dataset/test_dataset_page",
    "speech/models/test_adapter_kinds",
    "ui/test_page",
    "trainer/evaluation/test_evaluate",
    "ui/transcribe/test_live_page",
    "speech/engines/test_speculative",
    "ui/kit/test_zero_gpu",
    "speech/live/test_session",
    "ui/training/test_cloud_page",
    "test_space",
    "trainer/runs/test_background",
    "speech/models/test_choose",
    "trainer/evaluation/test_learning_curve",
    "corpus/test_hub",
    "trainer/hub/test_submit",
    "speech/models/test_adapters",
]
TOGETHER = "tests/ui/trust/"  # one worker has them all, with one server and one browser


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    rank = {here / f"{name}.py": place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """What shares a server goes to one worker; else each file goes where there is time for it."""
    from xdist.scheduler import LoadFileScheduling

    class ByServer(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return TOGETHER if nodeid.startswith(TOGETHER) else super()._split_scope(nodeid)

    return ByServer(config, log)


def pytest_collection_finish() -> None:
    """What the imported libraries hold, half a million objects, no collection of garbage looks through again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """A test that fails shows what its server printed, and what its pages complained of."""
    report = yield
    for server in {each for each in getattr(item, "funcargs", {}).values() if isinstance(each, Server)}:
        for log in (server.log, server.log.with_name("page.txt")):
            if report.failed and log.is_file():
                report.sections.append((log.name, log.read_text()[-4000:]))
    return report


@pytest.fixture(scope="session")
def int8() -> "Engine":
    """The CPU's default: CTranslate2, int8."""
    return _loaded("ctranslate2")


@pytest.fixture(scope="session")
def float32() -> "Engine":
    """CTranslate2 without rounding, to compare with transformers."""
    return _loaded("ctranslate2", "float32")


@pytest.fixture(scope="session")
def torch32() -> "Engine":
    return _loaded("transformers")


def _loaded(*which: str) -> "Engine":
    """Imported here, because the fast tests need no model and do not wait for torch."""
    from speech.engines import load
    from speech.models.choose import choose

    return load(choose(), *which)
