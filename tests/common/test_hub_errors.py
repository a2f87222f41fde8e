"""The Hub's errors become one sentence each, and a Hub that did not answer is asked again."""

from types import SimpleNamespace

import httpx2
import pytest
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from common import hub
from common.hub import hub_errors
from common.messages import Message, UserError


def answer(status: int) -> httpx2.Response:
    return httpx2.Response(status, request=httpx2.Request("GET", "http://hub"))


@pytest.mark.parametrize(
    ("error", "offline", "en", "fr"),
    [
        (
            GatedRepoError("", response=answer(403)),
            "",
            "The adapter a/b is gated",
            "L'adaptateur a/b est à accès restr",
        ),
        (
            RepositoryNotFoundError("", response=answer(404)),
            "",
            "There is no adapter 'a/b' on",
            "'a/b' n'existe pas sur",
        ),
        (HFValidationError("bad"), "1", "There is no adapter 'a/b' on", "'a/b' n'existe pas sur"),
        (LocalEntryNotFoundError("gone"), "1", "ALLO_OFFLINE is set", "ALLO_OFFLINE est défini"),
        (OfflineModeIsEnabled("off"), "1", "ALLO_OFFLINE is set", "ALLO_OFFLINE est défini"),
        (LocalEntryNotFoundError("gone"), "", "out of reach", "hors d'atteinte"),
        (HfHubHTTPError("", response=answer(429)), "", "refused by the Hub (429)", "refusé par le Hub (429)"),
        (HfHubHTTPError("", response=answer(502)), "", "out of reach", "hors d'atteinte"),
        (httpx2.ReadTimeout("slow"), "", "out of reach", "hors d'atteinte"),
        (
            OSError(28, "No space left on device", "/x"),
            "1",
            "cannot be stored (No space",
            "ne peut être enregistré (No space",
        ),
        (PermissionError(13, "Permission denied", "/x"), "", "name another folder in HF_HOME", "dossier dans HF_HOME"),
    ],
)
def test_each_error_is_one_sentence(monkeypatch, error, offline, en, fr):
    monkeypatch.setenv("ALLO_OFFLINE", offline)
    with (
        pytest.raises(UserError) as refused,
        hub_errors(Message("adapter", "L'adaptateur"), "a/b", Message("name a folder", "nommez un dossier")),
    ):
        raise error
    assert en in refused.value.message.en and fr in refused.value.message.fr
    assert refused.value.message.en.endswith(".") and "a/b" in refused.value.message.fr


@pytest.mark.parametrize("error", [UserError("mine", "mien"), KeyError("bug"), ZeroDivisionError()])
def test_an_error_of_ours_passes(error):
    with pytest.raises(type(error)) as raised, hub_errors(Message("model", "Le modèle"), "a/b", Message("", "")):
        raise error
    assert raised.value is error


def test_a_no_is_remembered_for_a_minute_and_a_yes_for_good(monkeypatch):
    answers, clock = [False, False, True], SimpleNamespace(now=1000.0)
    monkeypatch.setattr(hub.time, "monotonic", lambda: clock.now)
    reach = hub._Reach()
    monkeypatch.setattr(reach, "_ask", lambda: answers.pop(0))
    assert not reach() and not reach() and len(answers) == 2
    clock.now += 61
    assert not reach() and len(answers) == 1
    clock.now += 59
    assert not reach() and len(answers) == 1
    clock.now += 2
    assert reach() and reach() and not answers
