"""Each new best adapter onto the Hub while the training goes on: a machine that is wiped keeps nothing of it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.utils import disable_progress_bars

from common.messages import Message, UserError
from trainer.hub.publish import FILES, claimed, publish, refusals, token_from_environment
from trainer.settings import Settings


def check(settings: Settings) -> None:
    """Raises UserError where nothing could be pushed, before anything is trained; makes the repository."""
    if settings.push_to:
        api = HfApi(token=token_from_environment())
        with refusals(settings.push_to):
            claimed(api, settings.push_to, settings.push_private)


@contextmanager
def pushing(adapter: Path, settings: Settings, tell: Callable[[Message], None]) -> Iterator[Callable[[], None]]:
    """Gives what is to be called when there is a new best adapter. At the end it waits for what is on its way.

    The training does not: a thread pushes. What comes while it does is pushed next, the last of it alone. A push that
    fails is told in a line, and the next adapter is tried again.
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
            on_its_way[:] = [thread.submit(_pushed, adapter, settings, tell)]

        yield push


def _pushed(adapter: Path, settings: Settings, tell: Callable[[Message], None]) -> None:
    """A copy, since a better one may come meanwhile."""
    repository = settings.push_to
    try:
        token = token_from_environment()
        with tempfile.TemporaryDirectory() as folder, refusals(repository):
            for name in FILES:
                shutil.copyfile(adapter / name, Path(folder) / name)
            repository = publish(Path(folder), repository, token, settings.push_private)
    except UserError as refusal:
        tell(Message(en=f"not pushed: {refusal.message.en}", fr=f"non poussé : {refusal.message.fr}"))
    else:
        tell(
            Message(
                en=f"the best adapter so far is in {repository}", fr=f"le meilleur adaptateur est dans {repository}"
            )
        )
