"""Which corpus: the Hub's, a folder's, a file's, or the telephone prompts. The choice is made here alone."""

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from common.hub import hub_in_reach, offline
from common.messages import Message, UserError
from corpus.corrections import corrected
from corpus.hub import TALKBANK, open_dataset
from corpus.layouts.folder import FILES, open_path
from corpus.layouts.raw import NAMED
from corpus.prompts import NAME, open_prompts
from corpus.table import Corpus, build
from transcripts import chat_markup

UNITS = ("segment", "switch")


class Choice(NamedTuple):
    source: str  # as `load` takes it
    reason: Message


def default() -> Choice:
    """TalkBank's French telephone calls with the Hub in reach, else the telephone prompts."""
    if offline():
        return Choice(NAME, Message(en="ALLO_OFFLINE is set", fr="ALLO_OFFLINE est défini"))
    if not hub_in_reach():
        return Choice(NAME, Message(en="the Hub does not answer", fr="le Hub ne répond pas"))
    return Choice(TALKBANK, Message(en="the Hub is in reach", fr="le Hub répond"))


def load(
    source: str | os.PathLike | None = None,
    *,
    audio: str | None = None,
    text: str | None = None,
    unit: str = "segment",
    limit: int | None = None,
    token: str | None = None,
    language: str = "fr",
    clean: bool | None = None,
) -> Corpus:
    """The corpus in `source`: a folder, a CSV, JSON lines or parquet file, phone-prompts, or a dataset of the Hub
    ("owner/name", "owner/name:config"); what is on this disk comes first. Without a source it is the default's.

    `audio` and `text` name the columns where their names are unusual; `limit` takes the first rows (and fetches from
    the Hub the files that hold them). `unit` (segment or switch) and `language` are of diabolocom/talkbank_4_stt.
    A file of corrections beside a source on this disk is applied (`corrections`).
    `clean` has the texts read as CHAT (`transcripts.chat_markup`) or left as they came; without it, TalkBank's are.
    Raises UserError where there is no such corpus, or no row that can be used.
    """
    if unit not in UNITS:
        raise UserError(
            en=f"There is no unit {unit!r}: choose segment or switch.",
            fr=f"L'unité {unit!r} n'existe pas : choisissez segment ou switch.",
        )
    if limit is not None and limit < 1:
        raise UserError(
            en=f"The first {limit} rows are none: ask for 1 at least.",
            fr=f"Les {limit} premières lignes ne sont rien : demandez-en au moins 1.",
        )
    named, reason = (os.fspath(source), NAMED) if source is not None else default()
    if named == NAME:
        raw = open_prompts(reason)
    elif named and os.path.exists(path := os.path.expanduser(named)):
        raw = open_path(Path(path), audio, text)
    elif re.fullmatch(r"\w[\w.-]*/[\w.-]+(:[\w.-]+)?", named) and Path(named).suffix not in FILES:
        raw = open_dataset(named, audio, unit, limit, token, language, reason)
    else:
        raise UserError(
            en=f"There is no corpus {named!r}: name a folder, a file, a dataset of the Hub (owner/name), or {NAME}.",
            fr=f"Le corpus {named!r} n'existe pas : nommez un dossier, un fichier, un jeu de données du Hub "
            f"(propriétaire/nom), ou {NAME}.",
        )
    if clean is not None:
        raw = replace(raw, clean=chat_markup.clean if clean else None)
    return corrected(build(raw, text, limit))
