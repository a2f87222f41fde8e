"""The Hugging Face Hub: whether it may be asked, whether it answers, and its errors as sentences."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2  # huggingface_hub's client, whose errors pass through it
from huggingface_hub import HfApi, set_client_factory
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils._http import default_client_factory

from common.messages import Message, UserError

HUB_DEFAULT = "openai/whisper-small"
HUB_PATIENCE = 2.0  # seconds a try, and huggingface_hub tries twice
HUB_SILENCE = 60.0  # seconds without a byte after which any request is given up; huggingface_hub would wait for ever
ASK_AGAIN = 60.0  # seconds after which a Hub that did not answer is asked again
NOT_THERE = (HFValidationError, RepositoryNotFoundError)
UNANSWERED = (httpx2.HTTPError, OSError)  # whatever went wrong; huggingface_hub's own errors are OSErrors


def _client() -> httpx2.Client:
    client = default_client_factory()
    client.timeout = HUB_SILENCE
    return client


set_client_factory(_client)


def offline() -> bool:
    """Whether ALLO_OFFLINE forbids to ask the Hub."""
    return os.environ.get("ALLO_OFFLINE", "") not in ("", "0")


class _Reach:
    """Whether the Hub answers: a yes is remembered for good, a no for ASK_AGAIN seconds.

    A Hub that does not answer costs twice HUB_PATIENCE.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._answers, self._ask_at = False, 0.0

    def __call__(self) -> bool:
        with self._lock:
            if not self._answers and time.monotonic() >= self._ask_at:
                self._answers = self._ask()
                self._ask_at = time.monotonic() + ASK_AGAIN
            return self._answers

    @staticmethod
    def _ask() -> bool:
        try:
            HfApi().model_info(HUB_DEFAULT, timeout=HUB_PATIENCE)
        except UNANSWERED:
            return False
        return True


hub_in_reach = _Reach()


@contextmanager
def hub_errors(subject: Message, instead: Message) -> Iterator[None]:
    """Turns what fetching from the Hub raises into a UserError.

    `subject` begins the sentence ("The model someone/whisper"), `instead` ends it ("name a folder").
    """
    try:
        yield
    except UserError:
        raise
    except (*NOT_THERE, *UNANSWERED) as error:
        wrong, mend = _explained(error)
        raise UserError(
            en=f"{subject.en} {wrong.en}: {mend.en.format(instead=instead.en)}.",
            fr=f"{subject.fr} {wrong.fr} : {mend.fr.format(instead=instead.fr)}.",
        ) from error


def _explained(error: Exception) -> tuple[Message, Message]:
    """What is wrong, as the rest of a sentence, and what to do, where {instead} stands for another choice."""
    if isinstance(error, GatedRepoError):
        return (
            Message("is gated", "est à accès restreint"),
            Message(
                "accept its terms on the Hub and set HF_TOKEN", "acceptez ses conditions sur le Hub et réglez HF_TOKEN"
            ),
        )
    if isinstance(error, NOT_THERE):
        return (
            Message("is not on the Hub", "n'est pas sur le Hub"),
            Message(
                "check its name, set HF_TOKEN if it is private, or {instead}",
                "vérifiez son nom, réglez HF_TOKEN si l'accès est privé, ou {instead}",
            ),
        )
    if isinstance(error, LocalEntryNotFoundError) and offline():
        return (
            Message("is not in the cache and ALLO_OFFLINE is set", "n'est pas dans le cache et ALLO_OFFLINE est réglé"),
            Message("unset it, or {instead}", "enlevez ce réglage, ou {instead}"),
        )
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return (
            Message(f"cannot be stored ({error.strerror})", f"ne peut être enregistré ({error.strerror})"),
            Message(
                "make room, or name another folder in HF_HOME",
                "libérez de la place, ou nommez un autre dossier dans HF_HOME",
            ),
        )
    if (
        isinstance(error, HfHubHTTPError)
        and error.response is not None
        and error.response.status_code in (401, 403, 429)
    ):
        status = error.response.status_code
        return (
            Message(f"is refused by the Hub ({status})", f"est refusé par le Hub ({status})"),
            Message(
                "check HF_TOKEN, try again later, or {instead}", "vérifiez HF_TOKEN, réessayez plus tard, ou {instead}"
            ),
        )
    return (
        Message("cannot be fetched, the Hub is out of reach", "ne peut être téléchargé, le Hub est hors d'atteinte"),
        Message("try again later, or {instead}", "réessayez plus tard, ou {instead}"),
    )
