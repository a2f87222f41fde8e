"""The Hugging Face Hub: whether it may be asked, whether it answers, and its errors as sentences."""

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import httpx2  # huggingface_hub's client, whose errors pass through it
from huggingface_hub import HfApi, set_client_factory
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, RepositoryNotFoundError
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


def model_files(repository: str) -> dict[str, int]:
    """The files of a model's repository, and their sizes in bytes. Raises what the Hub's client raises."""
    found = HfApi().model_info(repository, files_metadata=True, timeout=2 * HUB_PATIENCE)
    return {file.rfilename: file.size or 0 for file in found.siblings or []}


def check_size(kind: Message, name: str, sizes: Iterable[int], limit: int) -> None:
    """Raises UserError before more than `limit` bytes are fetched: anybody may name a repository."""
    total = sum(sizes)
    if total > limit:
        share = round(total / 1e9), round(limit / 1e9)
        raise UserError(
            en="The {} {} holds {} GB, and no more than {} are fetched: name another one.".format(
                kind.en, name, *share
            ),
            fr="{} {} contient {} Go, et pas plus de {} ne sont téléchargés : nommez-en un autre.".format(
                kind.fr, name, *share
            ),
        )


@contextmanager
def hub_errors(kind: Message, name: str, instead: Message) -> Iterator[None]:
    """Turns what fetching from the Hub raises into a UserError.

    `kind` is the subject of the sentence, in French with its article ("model", "Le modèle"), and `name` its name.
    `instead` ends the sentence: what else may be named ("name a folder").
    """
    try:
        yield
    except UserError:
        raise
    except (*NOT_THERE, *UNANSWERED) as error:
        wrong, mend = _explained(error, instead)
        if isinstance(error, NOT_THERE) and not isinstance(error, GatedRepoError):
            en, fr = f"There is no {kind.en} {name!r}", f"{kind.fr} {name!r}"
        else:
            en, fr = f"The {kind.en} {name}", f"{kind.fr} {name}"
        raise UserError(en=f"{en} {wrong.en}: {mend.en}.", fr=f"{fr} {wrong.fr} : {mend.fr}.") from error


def _explained(error: Exception, instead: Message) -> tuple[Message, Message]:
    """The rest of the sentence: what is wrong, and how to mend it."""
    status = error.response.status_code if isinstance(error, HfHubHTTPError) and error.response is not None else None
    if isinstance(error, GatedRepoError):
        wrong = "is gated", "est à accès restreint"
        mend = "accept its terms on the Hub and set HF_TOKEN", "acceptez ses conditions sur le Hub et réglez HF_TOKEN"
    elif isinstance(error, NOT_THERE):
        wrong = "on the Hub", "n'existe pas sur le Hub"
        mend = (
            f"check its name, set HF_TOKEN if it is private, or {instead.en}",
            f"vérifiez son nom, réglez HF_TOKEN si l'accès est privé, ou {instead.fr}",
        )
    elif isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        wrong = f"cannot be stored ({error.strerror})", f"ne peut être enregistré ({error.strerror})"
        mend = (
            "make room, or name another folder in HF_HOME",
            "libérez de la place, ou nommez un autre dossier dans HF_HOME",
        )
    elif offline():
        wrong = (
            "cannot be fetched, the Hub is out of reach (ALLO_OFFLINE is set)",
            "ne peut être téléchargé, le Hub est hors d'atteinte (ALLO_OFFLINE est défini)",
        )
        mend = f"unset it, or {instead.en}", f"enlevez ce réglage, ou {instead.fr}"
    elif status in (401, 403, 429):
        wrong = f"is refused by the Hub ({status})", f"est refusé par le Hub ({status})"
        mend = (
            f"check HF_TOKEN, try again later, or {instead.en}",
            f"vérifiez HF_TOKEN, réessayez plus tard, ou {instead.fr}",
        )
    else:
        wrong = (
            "cannot be fetched, the Hub is out of reach",
            "ne peut être téléchargé, le Hub est hors d'atteinte",
        )
        mend = f"try again later, or {instead.en}", f"réessayez plus tard, ou {instead.fr}"
    return Message(*wrong), Message(*mend)
