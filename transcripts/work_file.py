"""A call's work in one JSON file: what the machine wrote and the journal of what people did to it, without the sound.

    {"allo": "work", "version": 1, "sound": {"name", "sha256"}, "machine": {transcript}, "entries": [...]}
The names of the parties and what is marked as right are entries of the journal, see `transcripts.edits`.
"""

import json
import re
from dataclasses import dataclass

from common.messages import UserError
from transcripts.edits import Journal
from transcripts.encoding import as_text
from transcripts.formats import reading
from transcripts.transcript import Transcript

VERSION = 1
MARK = re.compile(r'"allo"\s*:\s*"work"')  # an editor may have saved the file in another order or encoding
ENDING = ".travail.json"


@dataclass(frozen=True)
class Work:
    name: str  # of the recording
    sound: str  # sha256 of the recording's bytes, in hex; empty where nobody had it
    machine: Transcript
    journal: Journal


def is_work(content: bytes) -> bool:
    return bool(MARK.search(as_text(content, [])))


def write(work: Work) -> bytes:
    head = {"allo": "work", "version": VERSION, "sound": {"name": work.name, "sha256": work.sound}}
    return json.dumps(head | body(work), ensure_ascii=False).encode()


def body(work: Work) -> dict:
    return {"machine": work.machine.to_dict(), "entries": work.journal.entries}


def read(content: bytes) -> Work:
    """The work in a file's bytes. Raises UserError for one that is cut short, of another version, or damaged."""
    try:
        found = json.loads(as_text(content, []))
    except (ValueError, RecursionError) as error:
        raise UserError(
            en="The work file is cut short or damaged: take the whole file, as Allô saved it.",
            fr="Le fichier de travail est tronqué ou abîmé : reprenez le fichier entier, tel qu'Allô l'a enregistré.",
        ) from error
    version = found.get("version") if isinstance(found, dict) else VERSION
    if isinstance(version, int) and version != VERSION:
        raise UserError(
            en=f"The work file has version {version}, and this page reads version {VERSION}: open it in the Allô "
            "that saved it.",
            fr=f"Le fichier de travail est de la version {version}, et cette page lit la version {VERSION} : ouvrez-le "
            "dans l'Allô qui l'a enregistré.",
        )
    try:
        machine = reading(json.dumps(found["machine"]), "json")
        sound = found["sound"]
        return Work(str(sound["name"]), str(sound["sha256"]), machine, Journal(machine.turns, found["entries"]))
    except (KeyError, TypeError, ValueError, UserError) as error:
        raise UserError(
            en="Something in the work file is not as Allô writes it: take an earlier copy of it.",
            fr="Le contenu du fichier de travail n'est pas tel qu'Allô l'écrit : reprenez-en une copie antérieure.",
        ) from error
