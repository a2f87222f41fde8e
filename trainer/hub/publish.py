"""Publishes an adapter and its card on the Hub: at the user's request, or each new best one of a training."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import disable_progress_bars
from safetensors import SafetensorError, safe_open

from common.hub import UNANSWERED, offline
from common.messages import Message, UserError
from trainer.hub.card import hub_base
from trainer.settings import Hub

FILES = ("adapter_config.json", "adapter_model.safetensors", "allo.json", "README.md")


def publish(adapter: Path, repository: str, token: str, private: bool = False) -> str:
    """Publishes an adapter in one commit, in a new repository or as a new version; gives the repository's whole id.

    Raises UserError where a file is missing, the Hub is out of reach or does not take the token, and where the
    repository is somebody else's or holds something else.
    """
    operations = [CommitOperationAdd(name, content) for name, content in _files(adapter).items()]
    with refusals(repository):
        api = HfApi(token=token)
        name = claimed(api, repository, private)
        api.create_commit(name, operations, commit_message="Adapter and card, by Allô")
    return name


def claimed(api: HfApi, repository: str, private: bool) -> str:
    """Makes the repository where there is none; gives its whole id. Raises UserError where it cannot be written."""
    me = api.whoami()
    owners = {me["name"], *(organisation["name"] for organisation in me.get("orgs", []))}
    owner, _, _ = repository.rpartition("/")
    if owner and owner not in owners:
        raise _not_yours(repository)
    name = api.create_repo(repository, private=private or None, exist_ok=True).repo_id
    there = api.model_info(name)
    if private and not there.private:
        raise UserError(
            en=f"{name} exists and is public: name another repository, or make it private on the Hub.",
            fr=f"{name} existe et est public : nommez un autre dépôt, ou rendez-le privé sur le Hub.",
        )
    held = {file.rfilename for file in there.siblings or []} & set(FILES)
    if held and "allo.json" not in held:
        raise UserError(
            en=f"{name} exists and holds something else ({', '.join(sorted(held))}): name another repository.",
            fr=f"{name} existe et contient autre chose ({', '.join(sorted(held))}) : nommez un autre dépôt.",
        )
    return name


def token_from_environment() -> str:
    """HF_TOKEN: a token on the command line would show in the list of processes and in the shell's history."""
    if offline():
        raise UserError(
            en="ALLO_OFFLINE is set: unset it to reach the Hub.",
            fr="ALLO_OFFLINE est réglé : enlevez-le pour atteindre le Hub.",
        )
    token = os.environ.get("HF_TOKEN", "").strip()
    if not token:
        raise UserError(
            en="There is no token: set HF_TOKEN to one that may write, from your settings on the Hub.",
            fr="Il n'y a pas de jeton : réglez HF_TOKEN sur un jeton qui peut écrire, de vos réglages sur le Hub.",
        )
    return token


@contextmanager
def refusals(repository: str) -> Iterator[None]:
    """Turns what the Hub's client raises into a UserError."""
    try:
        yield
    except UserError:
        raise
    except HFValidationError as error:
        raise UserError(
            en=f"{repository!r} is no name of a repository: write OWNER/NAME, of letters, digits, dots and dashes.",
            fr=f"{repository!r} n'est pas un nom de dépôt : écrivez PROPRIÉTAIRE/NOM, en lettres, chiffres, points et "
            "tirets.",
        ) from error
    except HfHubHTTPError as error:
        raise _refused(repository, error) from error
    except ValueError as error:  # a card that the Hub finds faulty
        raise UserError(
            en=f"The Hub does not take {repository} ({_line(str(error))}): mend the card, README.md.",
            fr=f"Le Hub n'accepte pas {repository} ({_line(str(error))}) : corrigez la fiche, README.md.",
        ) from error
    except (*UNANSWERED, RuntimeError) as error:  # a RuntimeError is an upload that broke off
        raise UserError(
            en=f"The Hub is out of reach or broke off, {repository} has no new version: try again.",
            fr=f"Le Hub est hors d'atteinte ou s'est interrompu, {repository} n'a pas de nouvelle version : réessayez.",
        ) from error


def _refused(repository: str, error: HfHubHTTPError) -> UserError:
    status = error.response.status_code
    if status == 401:
        return UserError(
            en="The Hub does not know the token in HF_TOKEN: make one that may write in your settings there.",
            fr="Le Hub ne connaît pas le jeton de HF_TOKEN : créez-en un qui peut écrire dans vos réglages.",
        )
    if status == 402:
        return UserError(
            en="The Hub asks for payment (402): add credit or a plan to the account, then try again.",
            fr="Le Hub demande un paiement (402) : ajoutez du crédit ou un abonnement au compte, puis réessayez.",
        )
    if status in (403, 409):
        return _not_yours(repository)
    reason = _line(error.server_message or str(error))
    return UserError(
        en=f"The Hub refused {repository} ({status}): {reason}",
        fr=f"Le Hub a refusé {repository} ({status}) : {reason}",
    )


def _not_yours(repository: str) -> UserError:
    return UserError(
        en=f"{repository} is not yours to write with this HF_TOKEN: name one of your own, or set a token that may.",
        fr=f"{repository} n'est pas à vous avec ce HF_TOKEN : nommez un dépôt à vous, ou réglez un jeton qui peut "
        "y écrire.",
    )


def _line(text: str) -> str:
    return " ".join(text.split())[:200]


def _files(adapter: Path) -> dict[str, bytes | Path]:
    missing = [name for name in FILES if not (adapter / name).is_file()]
    if missing:
        raise UserError(
            en=f"The adapter {adapter} has no {', '.join(missing)}: name the folder `adapter` of a finished run.",
            fr=f"L'adaptateur {adapter} n'a pas de {', '.join(missing)} : nommez le dossier `adapter` d'un "
            "entraînement fini.",
        )
    try:
        with safe_open(adapter / "adapter_model.safetensors", "numpy"):  # its header tells its length
            return {name: adapter / name for name in FILES} | {"adapter_config.json": _with_its_base(adapter)}
    except (SafetensorError, ValueError) as error:
        raise UserError(
            en=f"The files of the adapter {adapter} are cut short or damaged: copy it again.",
            fr=f"Les fichiers de l'adaptateur {adapter} sont coupés ou abîmés : copiez-le à nouveau.",
        ) from error


def _with_its_base(adapter: Path) -> bytes:
    """peft's file with the base's id on the Hub: a folder of this machine is of no use elsewhere."""
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    base = hub_base(json.loads((adapter / "allo.json").read_text(encoding="utf-8")).get("base"))
    return json.dumps(config | {"base_model_name_or_path": base}, indent=2).encode()


def check_pushing(settings: Hub) -> None:
    """Makes the repository that a training pushes to. Raises UserError where nothing could be pushed."""
    if settings.push_to:
        api = HfApi(token=token_from_environment())
        with refusals(settings.push_to):
            claimed(api, settings.push_to, settings.push_private)


@contextmanager
def pushing(adapter: Path, settings: Hub, say: Callable[[Message], None]) -> Iterator[Callable[[], None]]:
    """Gives what to call after a new best adapter is saved; at the end it waits for the push on its way.

    A thread pushes, and the training does not wait. Of the adapters saved meanwhile the last one is pushed next. A push
    that fails is reported in a line, and the next adapter is tried again.
    """
    if not settings.push_to:
        yield lambda: None
        return
    disable_progress_bars()
    on_its_way: list[Future] = []
    with ThreadPoolExecutor(1, "push") as thread:

        def push() -> None:
            for before in on_its_way:
                before.cancel()  # only where it has not begun
            on_its_way[:] = [thread.submit(_push, adapter, settings, say)]

        yield push


def _push(adapter: Path, settings: Hub, say: Callable[[Message], None]) -> None:
    """Publishes a copy, since a better adapter may be saved meanwhile."""
    repository = settings.push_to
    try:
        token = token_from_environment()
        with tempfile.TemporaryDirectory() as folder, refusals(repository):
            for name in FILES:
                shutil.copyfile(adapter / name, Path(folder) / name)
            repository = publish(Path(folder), repository, token, settings.push_private)
    except UserError as refusal:
        say(Message(en=f"not pushed: {refusal.message.en}", fr=f"non poussé : {refusal.message.fr}"))
    else:
        say(
            Message(
                en=f"the best adapter so far is in {repository}", fr=f"le meilleur adaptateur est dans {repository}"
            )
        )
