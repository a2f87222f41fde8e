"""Publishes an adapter and its card on the Hub: at the user's request, or each new best one of a training."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.utils import disable_progress_bars
from safetensors import SafetensorError, safe_open

from common.hub_writes import not_yours, refusals, token_from_environment
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
        raise not_yours(repository)
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
