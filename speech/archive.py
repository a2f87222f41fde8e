"""Many recordings: those in folders, which of them are transcribed already, and which are this process's share.

    DIR/.allo/KEY.json      the transcript of a recording's content, as one request asked for it
    DIR/.allo/done-N.jsonl  process N's list of recordings whose transcripts are in DIR, so that nothing is read to skip

A copy or another format costs no second transcription, and a run that died goes on where it was.
"""

import hashlib
import json
import os
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

from common.messages import Message, UserError
from speech.audio.containers import SOUNDS
from transcripts.bundle import names
from transcripts.convert import keep
from transcripts.formats import json as whole
from transcripts.transcript import Transcript

LOOK = 5.0  # seconds between two looks at the folders
QUIET = 5.0  # seconds without a change after which a recording counts as finished, where new ones are waited for


class Recording(NamedTuple):
    path: Path
    name: str  # of its transcript in the output folder, without extension
    facts: tuple[int, int]  # size and time of change, in nanoseconds


class Work(Protocol):
    """How a recording is transcribed and written."""

    def prepare(self) -> None: ...  # before the first transcript
    def transcript(self, file: Path) -> Transcript: ...
    def rendered(self, transcript: Transcript) -> bytes: ...


class Share(NamedTuple):
    """Which process of how many this is: recordings are divided by their names, so that nobody has to agree."""

    process: int
    processes: int

    @classmethod
    def of_launch(cls) -> "Share":
        """As `accelerate launch` says it; each process on a machine also has its own GPU."""
        place = os.environ.get("LOCAL_RANK")
        if place is not None:
            visible = [gpu for gpu in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if gpu]
            os.environ["CUDA_VISIBLE_DEVICES"] = visible[int(place) % len(visible)] if visible else place
        return cls(int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1)))

    def has(self, recording: Recording) -> bool:
        return zlib.crc32(recording.name.encode()) % self.processes == self.process


class Outcome(NamedTuple):
    """What became of this process's share: how many transcripts were written, and how many were there."""

    done: int
    there: int
    refused: int


def recordings(sources: Iterable[str]) -> Iterator[Recording]:
    """The files that are named, and those in folders that are named: by their extension, hidden ones left out.

    Of one folder the names are its own paths; of several they begin with the folder's. Recordings of one folder that
    differ in their extension alone keep it.
    """
    sources = [Path(source) for source in sources]
    folders = [source for source in sources if source.is_dir()]
    first = dict(zip(folders, names(folders) if len(folders) > 1 else [""], strict=False))
    files = [source for source in sources if source not in first]
    for path, name in zip(files, names(files), strict=True):
        yield _recording(path, name)
    for folder, name in first.items():
        for here, below, found in os.walk(folder):
            below[:] = sorted(each for each in below if each[0] != ".")
            sounds = sorted(each for each in found if each[0] != "." and Path(each).suffix.lower() in SOUNDS)
            place = Path(name, Path(here).relative_to(folder))
            for each, own in zip(sounds, _apart(sounds), strict=True):
                yield _recording(Path(here, each), (place / own).as_posix())


def _recording(path: Path, name: str) -> Recording:
    try:
        facts = path.stat()
    except OSError:  # why it cannot be read is said where it is
        return Recording(path, name, (0, 0))
    return Recording(path, name, (facts.st_size, facts.st_mtime_ns))


def _apart(files: list[str]) -> list[str]:
    """A name for each file, without its extension where no other file has that name."""
    counted = Counter(Path(file).stem.casefold() for file in files)
    stems = (Path(file).stem for file in files)
    return names(f"{file if counted[stem.casefold()] > 1 else stem}.x" for file, stem in zip(files, stems, strict=True))


class Archive:
    """An output folder, and what is in it already of one request."""

    def __init__(self, folder: Path, request: Mapping, form: Mapping, share: Share):
        """`request`: all that a transcript depends on; `form`: all that its file depends on beside it."""
        self.folder, self.kept, self.share = folder, folder / ".allo", share
        self.request, self.form = _digest(request), _digest([request, form])
        self.list = self.kept / f"done-{share.process}.jsonl"
        self.transcript = lru_cache(maxsize=64)(self._transcript)  # copies come together
        self._contents: dict[tuple, str] = {}  # links to one file are read once
        lines = [line for path in self.kept.glob("done-*.jsonl") for line in _lines(path)]
        self.done = {line["path"]: line for line in sorted(lines, key=lambda line: line["at"])}  # the last on each

    def has(self, recording: Recording, target: Path) -> bool:
        """Whether the recording's transcript is there, as it is asked for."""
        line, now = self.done.get(str(recording.path.absolute())), self._line(recording, target)
        return line is not None and line | {"at": now["at"]} == now and target.exists()

    def key(self, recording: Recording) -> str:
        """The name of its transcript: the hash of its content, and of what is asked. Raises UserError."""
        try:
            found = recording.path.stat()
            which = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
            if which not in self._contents:
                with recording.path.open("rb") as file:
                    self._contents[which] = hashlib.file_digest(file, "sha256").hexdigest()[:32]
        except OSError as error:
            raise UserError(
                en=f"The recording {recording.path} cannot be read ({error.strerror}): check its name and its rights.",
                fr=f"L'enregistrement {recording.path} ne peut être lu ({error.strerror}) : vérifiez son nom et ses "
                "droits.",
            ) from error
        return f"{self._contents[which]}-{self.request}"

    def _transcript(self, key: str) -> Transcript | None:
        """The transcript of that content, where it was made before."""
        try:
            [found] = whole.read((self.kept / f"{key}.json").read_bytes(), [])
        except (FileNotFoundError, UserError):  # damaged, it is made again
            return None
        return found

    def keep(self, key: str, transcript: Transcript) -> None:
        keep(self.kept / f"{key}.json", whole.write(transcript, None))
        self.transcript.cache_clear()

    def note(self, recording: Recording, target: Path) -> None:
        """Writes down that the recording's transcript is there."""
        line = self._line(recording, target)
        self.done[line["path"]] = line
        with self.list.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(line))  # a line that was cut short before ends here

    def _line(self, recording: Recording, target: Path) -> dict:
        path = str(recording.path.absolute())
        facts = {"facts": [*recording.facts], "form": self.form, "target": target.name}
        return {"path": path, **facts, "at": time.time()}


def run(
    archive: Archive,
    sources: list[str],
    extension: str,
    work: Work,
    log: Callable[[Message], None],
    watch: bool = False,
) -> Outcome:
    """Transcribes what is not transcribed yet. A recording that is refused is logged and does not stop the others.

    With `watch` it looks again every LOOK seconds, for recordings that are finished, until it is interrupted. Raises
    UserError where there is no recording, or the request cannot be served.
    """
    done, there, refused = 0, set(), set()
    try:
        for found in _looks(sources, watch):
            for recording in filter(archive.share.has, found):
                target = archive.folder / (recording.name + extension)
                if archive.has(recording, target):
                    there.add(recording)
                elif recording not in refused and not (watch and _is_growing(recording)):
                    if why := _one(archive, recording, target, work):
                        log(why)
                        refused.add(recording)
                    else:
                        done += 1
    except KeyboardInterrupt:
        if not watch:
            raise
    return Outcome(done, len(there), len(refused))


def _looks(sources: list[str], watch: bool) -> Iterator[list[Recording]]:
    """What there is, once, or again and again. Raises UserError where there is nothing to do."""
    found = list(recordings(sources))
    if not found and not watch:
        raise UserError(
            en=f"There is no recording in {', '.join(sources)}: name a folder that holds some, or add --watch.",
            fr=f"Il n'y a aucun enregistrement dans {', '.join(sources)} : nommez un dossier qui en contient, ou "
            "ajoutez --watch.",
        )
    yield found
    while watch:
        time.sleep(LOOK)
        yield list(recordings(sources))


def _one(archive: Archive, recording: Recording, target: Path, work: Work) -> Message | None:
    """Writes the recording's transcript; gives why there is none."""
    try:
        key = archive.key(recording)
    except UserError as refusal:
        return refusal.message
    transcript = archive.transcript(key)
    if transcript is None:
        work.prepare()
        try:
            transcript = work.transcript(recording.path)
        except UserError as refusal:
            return refusal.message
        archive.keep(key, transcript)
    keep(target, work.rendered(replace(transcript, audio=replace(transcript.audio, path=str(recording.path)))))
    archive.note(recording, target)
    return None


def _is_growing(recording: Recording) -> bool:
    return time.time() - recording.facts[1] / 1e9 < QUIET


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]


def _lines(path: Path) -> Iterator[dict]:
    for line in path.read_text(encoding="utf-8").splitlines():
        with suppress(ValueError):  # it was cut short
            yield json.loads(line)
