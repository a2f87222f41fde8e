"""References and hypotheses of calls: files or folders in any format of `transcripts.formats`, call by call."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

from common.messages import Message, UserError
from transcripts import formats
from transcripts.transcript import Transcript

Tell = Callable[[Message], None]
ABOUT = re.compile(r"readme|licen[cs]e|notice", re.IGNORECASE)


class Written(NamedTuple):
    """A transcript and where it comes from."""

    name: str  # of the call
    file: Path
    transcript: Transcript


class Pair(NamedTuple):
    """What was said in a call, and what each system wrote of it."""

    name: str
    reference: Transcript
    hypotheses: tuple[Transcript, ...]


def pairs(reference: Path, hypotheses: Sequence[Path], tell: Tell) -> list[Pair]:
    """The calls that the reference and every hypothesis have, by their names; files of one recording are one call.

    `tell` is given a sentence for each file or call that is left out. Raises UserError where no call is left.
    """
    sides = [_side(path, tell) for path in (reference, *hypotheses)]
    if all(path.is_file() and len(side) == 1 for path, side in zip((reference, *hypotheses), sides, strict=True)):
        first, *others = (next(iter(side.values())) for side in sides)
        return [Pair(first.name, first.transcript, tuple(other.transcript for other in others))]
    wanted, *given = sides
    found = []
    for key, said in wanted.items():
        written = [side.pop(key, None) for side in given]
        missing = [path for path, one in zip(hypotheses, written, strict=True) if one is None]
        if missing:
            tell(_without(said.name, missing[0]))
        else:
            found.append(Pair(said.name, said.transcript, tuple(one.transcript for one in written)))
    for path, side in zip(hypotheses, given, strict=True):
        for other in side.values():
            if _key(other.name) not in wanted:
                tell(_unasked(other.name, path, reference))
    if not found:
        raise UserError(
            en=f"{reference} and {hypotheses[0]} have no call in common: give both the same names.",
            fr=f"{reference} et {hypotheses[0]} n'ont aucun appel en commun : donnez-leur les mêmes noms.",
        )
    return found


def _side(path: Path, tell: Tell) -> dict[str, Written]:
    """The calls of a file or a folder by the key of their names. Raises UserError where there is none."""
    if not path.exists():
        raise UserError(
            en=f"{path} is not there: name a transcript, or a folder of them.",
            fr=f"{path} n'existe pas : nommez une transcription, ou un dossier qui en contient.",
        )
    found: dict[str, list[Written]] = {}
    for written in _apart(path, list(_read(path, tell))) if path.is_dir() else _in_file(path, tell):
        found.setdefault(_key(written.name), []).append(written)
    twice = [several for several in found.values() if len(several) > 1]
    for several in twice:
        tell(_twice(several))
    one_each = {key: several[0] for key, several in found.items() if len(several) == 1}
    if not one_each:
        if twice:
            raise UserError(*_twice(twice[0]))
        raise UserError(
            en=f"{path} has no transcript that can be read: name a folder with some ({', '.join(formats.FORMATS)}).",
            fr=f"{path} n'a aucune transcription lisible : nommez un dossier qui en contient "
            f"({', '.join(formats.FORMATS)}).",
        )
    return one_each


def _read(folder: Path, tell: Tell) -> Iterator[Written]:
    """All transcripts in a folder; `tell` is given why one cannot be read."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and formats.format_for(file) and not ABOUT.match(file.name) and file.name[0] != ".":
            try:
                yield from _in_file(file, tell)
            except UserError as refusal:
                tell(refusal.message)


def _apart(folder: Path, found: list[Written]) -> list[Written]:
    """Calls of one name in several sub-folders are called after these as well: monday/call-1, tuesday/call-1."""
    places: dict[str, set[Path]] = {}
    for written in found:
        places.setdefault(_key(written.name), set()).add(written.file.parent)
    return [
        written._replace(name=(written.file.parent.relative_to(folder) / written.name).as_posix())
        if len(places[_key(written.name)]) > 1
        else written
        for written in found
    ]


def _in_file(file: Path, tell: Tell) -> list[Written]:
    """A file of one recording is named by itself, one of several by what it calls them. Raises UserError."""
    notes: list[Message] = []
    found = formats.read_all(file, notes=notes)
    for note in notes:
        tell(Message(*(f"{file}: {said}" for said in note)))
    if len(found) == 1:
        return [Written(_stem(file), file, found[0])]
    return [Written(PurePath(each.audio.path).stem, file, each) for each in found]


def _stem(file: Path) -> str:
    endings = [end for module in formats.FORMATS.values() for end in module.EXTENSIONS]
    ending = max((end for end in endings if file.name.lower().endswith(end)), key=len, default="")
    return file.name[: len(file.name) - len(ending)]


def _key(name: str) -> str:
    return "_".join(unicodedata.normalize("NFC", name).casefold().split())


def _twice(several: Sequence[Written]) -> Message:
    files = ", ".join(str(each.file) for each in several[:3])
    return Message(
        en=f"{several[0].name} has two transcripts ({files}), so it is left out: keep one of them.",
        fr=f"{several[0].name} a deux transcriptions ({files}) et reste donc de côté : gardez-en une.",
    )


def _without(name: str, path: Path) -> Message:
    return Message(
        en=f"{name} is not in {path}, so it is left out: give it the name of its reference.",
        fr=f"{name} n'est pas dans {path} et reste donc de côté : donnez-lui le nom de sa référence.",
    )


def _unasked(name: str, path: Path, reference: Path) -> Message:
    return Message(
        en=f"{name} of {path} has no reference in {reference}: it is not scored.",
        fr=f"{name} de {path} n'a pas de référence dans {reference} : il n'est pas noté.",
    )
