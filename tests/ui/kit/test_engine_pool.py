"""The engines of the page: what failed is tried again, and a Hub that was silent at the start is asked again."""

from types import SimpleNamespace

import pytest

from common.messages import UserError
from speech.models.choose import BY_SETTING, SILENT_HUB
from ui.kit import corpus_field, engine_pool
from ui.kit.engine_pool import Loaded, Setting


def loaded(reason) -> Loaded:
    return Loaded(SimpleNamespace(reason=reason, model=reason.en), SimpleNamespace())


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(engine_pool.time, "monotonic", lambda: clock.now)
    return clock


@pytest.mark.parametrize("error", [UserError("no", "non"), RuntimeError("out of luck"), OSError(5, "I/O")])
def test_a_page_engine_that_failed_is_loaded_again_after_a_minute(monkeypatch, clock, error):
    answers = iter([error, loaded(BY_SETTING)])

    def load(setting):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(engine_pool, "_load", load)
    page = engine_pool._PageEngine()
    assert page().exception() is error
    clock.now += 61
    assert page().result().choice.reason == BY_SETTING
    clock.now += 61
    assert page().result().choice.reason == BY_SETTING  # and it is loaded no more


def test_a_page_engine_without_the_hub_is_replaced_once_the_hub_answers(monkeypatch, clock):
    answers = iter([loaded(SILENT_HUB), loaded(BY_SETTING)])
    monkeypatch.setattr(engine_pool, "_load", lambda setting: next(answers))
    hub = SimpleNamespace(answers=False)
    monkeypatch.setattr(engine_pool, "hub_in_reach", lambda: hub.answers)
    page = engine_pool._PageEngine()
    for _ in range(3):  # asked in vain
        assert page().result().choice.reason == SILENT_HUB
        clock.now += 61
        page()
        page._next and page._next.result()
    hub.answers = True
    page()
    clock.now += 61
    page()
    page._next and page._next.result()
    assert page().result().choice.reason == BY_SETTING


@pytest.mark.parametrize("error", [UserError("no", "non"), MemoryError(), OSError(28, "full")])
def test_an_engine_or_a_corpus_that_failed_is_tried_again(monkeypatch, error):
    tries = []

    def fail(*asked):
        tries.append(asked)
        raise error

    monkeypatch.setattr(engine_pool, "_load", fail)
    monkeypatch.setattr(engine_pool, "resolved", lambda setting: setting)
    monkeypatch.setattr(corpus_field, "_open", fail)
    for _ in range(2):
        with pytest.raises(type(error)):
            engine_pool.loaded(Setting("someone/else"))
        with pytest.raises(type(error)):
            corpus_field.opened(corpus_field.Source("nobody/nothing"))
    assert len(tries) == 4
