"""The corpora that visitors may open: the default's, the prompts, those under ALLO_CORPORA, datasets of the Hub.

A visitor never names a path of this machine: a folder or a file is opened by its name under ALLO_CORPORA alone.
"""

import os
import re
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from common.messages import UserError
from ui.kit.i18n import message

if TYPE_CHECKING:
    import pandas as pd

    from corpus import Corpus

KEPT = 4  # corpora in memory, the last ones used
HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*(:\w[\w.-]*)?")
ADAPTER = "adapter_config.json"


class Source(NamedTuple):
    """What a visitor asked for."""

    name: str
    audio: str = ""  # the column, where its name is unusual
    text: str = ""
    unit: str = "segment"


@dataclass(frozen=True, eq=False)
class Opened:
    corpus: "Corpus"
    facts: dict  # of corpus.describe

    @cached_property
    def texts(self) -> "pd.Series":
        """The texts in plain letters, to be searched."""
        from speech.decoding.hallucinations import plain

        return self.corpus.rows["text"].map(plain)


_opening: OrderedDict[tuple[Source, int], Future[Opened]] = OrderedDict()
_lock = threading.Lock()
_openers = ThreadPoolExecutor(KEPT, "corpus")


def sources() -> list[str]:
    """The names to choose from, the default's first. Asks once whether the Hub answers."""
    from corpus.prompts import NAME

    return list(dict.fromkeys([_default(), NAME, *_local()]))


def opened(source: Source) -> Opened:
    """The corpus, loaded once for all visitors. Raises UserError."""
    path = _local().get(source.name)
    key = source, _changed(path) if path else 0
    with _lock:
        if key not in _opening:
            _opening[key] = _openers.submit(_open, source, path)
        _opening.move_to_end(key)
        while len(_opening) > KEPT:
            _opening.popitem(last=False)
        opening = _opening[key]
    if opening.exception():
        with _lock:
            if _opening.get(key) is opening:
                del _opening[key]  # the next visitor tries again
    return opening.result()


def hub_id(name: str, refusal: str) -> str:
    """The name, if it can be of the Hub only: what is on this disk would be opened first, and is not for visitors."""
    if not HUB_ID.fullmatch(name) or Path(name).exists() or Path(name.partition(":")[0]).exists():
        raise UserError(*message(refusal if name else "nothing_named", name=name))
    return name


def root() -> Path:
    """`ALLO_CORPORA`, else `corpora` where the server was started: corpora for visitors, and adapters beside them."""
    return Path(os.environ.get("ALLO_CORPORA") or "corpora").expanduser()


def runs() -> Path:
    """The folder of the runs whose adapters are for visitors."""
    from trainer.runs import background

    return background.runs_folder()


def _open(source: Source, path: Path | None) -> Opened:
    import corpus
    from corpus.describe import describe

    if path:
        named = str(path)
    elif source.name == _default():
        named = None  # so that it comes with the reason why it is the default
    else:
        named = source.name if source.name in sources() else hub_id(source.name, "no_source")
    found = corpus.load(named, audio=source.audio or None, text=source.text or None, unit=source.unit)
    opened = Opened(found, describe(found, audio=False))
    _openers.submit(lambda: opened.texts)  # fifteen thousand take a third of a second: before they are searched
    return opened


def _default() -> str:
    import corpus

    return corpus.default().source


def _local() -> dict[str, Path]:
    """The folders and files under ALLO_CORPORA, by their names."""
    from corpus import corrections
    from corpus.layouts.folder import FILES

    folder = root()
    if not folder.is_dir():
        return {}
    return {
        path.name: path
        for path in sorted(folder.iterdir())
        if not path.name.startswith(".")
        and not path.name.endswith(corrections.ENDING)
        and (path.suffix in FILES if path.is_file() else path.is_dir() and not (path / ADAPTER).is_file())
    }


def _changed(path: Path) -> int:
    """When the folder or its metadata, or the file, was last written, in nanoseconds."""
    from corpus.layouts.folder import METADATA

    return max(file.stat().st_mtime_ns for file in (path, *(path / name for name in METADATA)) if file.exists())
