"""ELAN's EAF: a tier of annotations a speaker, with the words on a tier that hangs from it. Times are milliseconds."""

import re
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from urllib.parse import quote, unquote
from xml.etree import ElementTree

from common.messages import Message, UserError
from transcripts.encoding import one_line
from transcripts.tracks import of_track, tracks, with_words
from transcripts.transcript import Transcript, Turn, Word

EXTENSIONS = (".eaf",)
SIGNATURE = re.compile(r"<ANNOTATION_DOCUMENT\b")
HOLDS = frozenset({"text", "times", "speakers", "words", "turns"})

WORDS = "words"  # the linguistic type of the tiers of words
_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    """A turn an annotation of each tier that hangs from no other, by its participant, or by its name without one.

    Of the tiers that hang from others, those of words are read and the rest is left out.
    """
    eaf = _parsed(content)
    times = _times(eaf.timeslots)
    turns: list[Turn] = []
    for name, (spans, _, about, _) in eaf.tiers.items():
        if about.get("PARENT_REF"):
            if about.get("LINGUISTIC_TYPE_REF") != WORDS:
                notes.append(
                    Message(
                        en=f"The tier {name!r} hangs from another one, and was left out.",
                        fr=f"La ligne {name!r} dépend d'une autre, et a été laissée de côté.",
                    )
                )
            continue
        found = [Turn(*span, **of_track(about.get("PARTICIPANT") or name)) for span in _spans(spans, times)]
        words = [
            Word(*span, 1.0)
            for spans, _, child, _ in eaf.tiers.values()
            if child.get("PARENT_REF") == name and child.get("LINGUISTIC_TYPE_REF") == WORDS
            for span in _spans(spans, times)
        ]
        turns += with_words(found, words)
    media = eaf.media_descriptors[0].get("MEDIA_URL", "") if eaf.media_descriptors else ""
    return [Transcript.of_turns(sorted(turns, key=lambda turn: turn.start), PurePath(unquote(media)).name)]


def write(transcript: Transcript, options) -> bytes:
    from pympi.Elan import Eaf, to_string

    eaf = Eaf(author="Allô")
    eaf.remove_tier("default")
    eaf.add_linguistic_type(WORDS, "Included_In")
    if media := PurePath(transcript.audio.path).name:
        eaf.add_linked_file(quote(media), f"./{quote(media)}", "audio/x-wav")
    names: set[str] = set()
    for name, turns in tracks(turn for turn in transcript.turns if turn.text.strip()):
        tier = _free(name, names)
        eaf.add_tier(tier, part=name)
        _annotate(eaf, tier, turns)
        if words := [word for turn in turns for word in turn.words]:
            child = _free(f"{tier} - {WORDS}", names)
            eaf.add_tier(child, WORDS, parent=tier, part=name)
            _annotate(eaf, child, words)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + to_string(eaf).encode()


def _annotate(eaf, tier: str, spans: list[Turn] | list[Word]) -> None:
    """Each lasts a millisecond at least, and starts where the one before has ended, or later."""
    end = 0
    for span in spans:
        start = max(round(span.start * 1000), end)
        end = max(round(span.end * 1000), start + 1)
        eaf.add_annotation(tier, start, end, one_line(span.text))


def _free(name: str, names: set[str]) -> str:
    """The name, with a number if a tier has it: ELAN's tiers have names of their own."""
    number, free = 1, name
    while free in names:
        number += 1
        free = f"{name} ({number})"
    names.add(free)
    return free


def _parsed(content: bytes):
    """pympi's Eaf. Raises UserError for a file that is damaged or none of ELAN's."""
    from pympi import Eaf

    try:
        document = ElementTree.fromstring(content)
        if document.tag != "ANNOTATION_DOCUMENT":
            raise ValueError(f"<{document.tag}>")
        document.attrib = {"VERSION": "3.0", _SCHEMA: ""} | document.attrib  # other programs leave them out
        with TemporaryDirectory() as folder:  # pympi reads from a path alone
            file = Path(folder) / "call.eaf"
            ElementTree.ElementTree(document).write(file, encoding="UTF-8")
            return Eaf(file, suppress_version_warning=True)
    except (ElementTree.ParseError, RecursionError, LookupError, AttributeError, ValueError, TypeError) as error:
        raise UserError(
            en=f"The EAF breaks off or is damaged ({error}): save it again in ELAN.",
            fr=f"Le fichier EAF est tronqué ou abîmé ({error}) : enregistrez-le de nouveau dans ELAN.",
        ) from error


def _times(slots: dict[str, int | None]) -> dict[str, float]:
    """Seconds of the time slots; those without lie evenly between their neighbours, whose order is that of time."""
    import numpy as np

    known = [(place, time) for place, time in enumerate(slots.values()) if time is not None] or [(0, 0)]
    places, milliseconds = zip(*known, strict=True)
    times = np.interp(range(len(slots)), places, milliseconds) / 1000
    return dict(zip(slots, map(float, times), strict=True))


def _spans(annotations: dict, times: dict[str, float]) -> list[tuple[float, float, str]]:
    found = ((times[start], times[end], " ".join(text.split())) for start, end, text, _ in annotations.values())
    return sorted(span for span in found if span[2])
