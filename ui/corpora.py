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

from speech.said import Refusal, Said
from ui.words import WORDS

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
        from speech.doubt import plain

        return self.corpus.rows["text"].map(plain)


_opening: OrderedDict[tuple[Source, int], Future[Opened]] = OrderedDict()
_lock = threading.Lock()
_openers = ThreadPoolExecutor(KEPT, "corpus")


def sources() -> list[str]:
    """The names to choose from, the default's first. Asks once whether the Hub answers."""
    from corpus.prompts import NAME

    return list(dict.fromkeys([_default(), NAME, *_local()]))


def adapters() -> list[str]:
    """The adapters under ALLO_CORPORA."""
    return list(_adapters())


def opened(source: Source) -> Opened:
    """The corpus, loaded once for all visitors. Raises Refusal."""
    path = _local().get(source.name)
    key = source, _changed(path) if path else 0
    with _lock:
        if key not in _opening:
            _opening[key] = _openers.submit(_open, source, path)
        _opening.move_to_end(key)
        while len(_opening) > KEPT:
            _opening.popitem(last=False)
        opening = _opening[key]
    try:
        return opening.result()
    except Refusal:
        with _lock:
            _opening.pop(key, None)  # the Hub may answer next time
        raise


def adapter(name: str) -> str:
    """The adapter as `speech.models.choose` takes it. Raises Refusal for what a visitor may not name."""
    path = _adapters().get(name)
    return str(path) if path else _hub_id(name, "no_adapter")


def for_visitors(said: Said) -> Said:
    """The sentence without what only the command line has: paths, of which the names remain, and its options."""
    from speech.cache import cache_folder

    for folder in filter(None, [_root(), cache_folder()]):
        said = Said(*(text.replace(f"{folder}{os.sep}", "") for text in said))
    return Said(*(re.sub(r" \(--\w+\)", "", text) for text in said))


def _open(source: Source, path: Path | None) -> Opened:
    import corpus
    from corpus.describe import describe

    if path:
        named = str(path)
    elif source.name == _default():
        named = None  # so that it comes with the reason why it is the default
    else:
        named = source.name if source.name in sources() else _hub_id(source.name, "no_source")
    found = corpus.load(named, audio=source.audio or None, text=source.text or None, unit=source.unit)
    opened = Opened(found, describe(found, audio=False))
    _openers.submit(lambda: opened.texts)  # fifteen thousand take a third of a second: before they are searched
    return opened


def _hub_id(name: str, refusal: str) -> str:
    """The name, if it can be of the Hub only: what is on this disk would be opened first, and is not for visitors."""
    if not HUB_ID.fullmatch(name) or Path(name).exists() or Path(name.partition(":")[0]).exists():
        raise Refusal(*WORDS[refusal])
    return name


def _default() -> str:
    import corpus

    return corpus.default().source


def _root() -> Path | None:
    named = os.environ.get("ALLO_CORPORA")
    return Path(named).expanduser() if named else None


def _local() -> dict[str, Path]:
    """The folders and files under ALLO_CORPORA, by their names."""
    from corpus.files import FILES

    root = _root()
    if root is None or not root.is_dir():
        return {}
    return {
        path.name: path
        for path in sorted(root.iterdir())
        if not path.name.startswith(".")
        and (path.suffix in FILES if path.is_file() else path.is_dir() and not (path / ADAPTER).is_file())
    }


def _adapters() -> dict[str, Path]:
    """The adapters in folders under ALLO_CORPORA, and in those of its training runs."""
    root = _root()
    if root is None or not root.is_dir():
        return {}
    found = [file.parent for depth in ("*", "*/*") for file in sorted(root.glob(f"{depth}/{ADAPTER}"))]
    return {path.relative_to(root).as_posix(): path for path in found}


def _changed(path: Path) -> int:
    """When the folder or its metadata, or the file, was last written, in nanoseconds."""
    from corpus.files import METADATA

    return max(file.stat().st_mtime_ns for file in (path, *(path / name for name in METADATA)) if file.exists())
