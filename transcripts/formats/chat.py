"""TalkBank's CHAT: an utterance a sentence, with its time. What has a meaning in CHAT goes from the text."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from common.messages import Message, UserError
from transcripts.chat_markup import clean
from transcripts.encoding import as_text, one_line
from transcripts.tracks import of_track, track
from transcripts.transcript import Transcript, Turn
from transcripts.word_times import spans

EXTENSIONS = (".cha",)
SIGNATURE = re.compile(r"\A\s*@(?:UTF8|Begin|Font|PID|Window)\b")
HOLDS = frozenset({"text", "times", "speakers", "language"})

LANGUAGES = {"fr": "fra", "en": "eng", "es": "spa", "it": "ita", "de": "deu", "nl": "nld", "pt": "por", "ru": "rus"}
_MARKUP = str.maketrans(dict.fromkeys("[]<>(){}*^~_\x15•↑↓⌈⌉⌊⌋", " ") | {"«": "“", "»": "”"})
_SENTENCE = re.compile(r"(?<=[.?!…])(?<!\b[A-Z]\.)\s+(?![?!»])")


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    """A turn an utterance with something that was said; those without time lie between their neighbours."""
    from pylangacq import CHAT

    text = re.sub(r"•(\d+_\d+)•", "\x15\\1\x15", as_text(content, notes))
    try:
        chat = CHAT.from_strs([text], strict=False)
        header, utterances = chat.headers()[0], chat.utterances()
    except (ValueError, IndexError) as error:
        raise UserError(
            en=f"The CHAT file breaks off or is damaged ({error}): check it in CLAN.",
            fr=f"Le fichier CHAT est tronqué ou abîmé ({error}) : vérifiez-le dans CLAN.",
        ) from error
    if not utterances and "@Begin" not in text:
        raise UserError(
            en="The CHAT file has no utterance: a line such as *SPE: and a tab stands before each.",
            fr="Le fichier CHAT n'a aucun énoncé : une marque comme *SPE: et une tabulation précède chacun.",
        )
    if "@End" not in text:
        notes.append(
            Message(
                "The CHAT file has no @End: its end may be missing.",
                "Le fichier CHAT n'a pas de @End : sa fin manque peut-être.",
            )
        )
    names = {each.code: _name(each) for each in header.participants}
    said = [(each.participant, each.time_marks, clean(each.tiers[each.participant])) for each in utterances]
    times = _times([marks for _, marks, _ in said])
    if any(times) and not all(marks for _, marks, _ in said):
        notes.append(
            Message(
                en="Some utterances have no time: they were put between their neighbours.",
                fr="Certains énoncés n'ont pas de temps : ils ont été placés entre leurs voisins.",
            )
        )
    turns = [
        Turn(*time, text, **of_track(names.get(code, code)))
        for time, (code, _, text) in zip(times, said, strict=True)
        if text
    ]
    codes = {code: name for name, code in LANGUAGES.items()}
    languages = [codes.get(language, language) for language in header.languages]
    media = re.search(r"(?m)^@Media:\s*([^,\n]+)", text)
    return [Transcript.of_turns(turns, media[1].strip() if media else "", languages[0] if languages else "")]


def write(transcript: Transcript, options) -> bytes:
    said = [turn for turn in transcript.turns if turn.text.strip()]
    names = list(dict.fromkeys(track(turn) for turn in said))
    codes = {name: f"SP{number:02}" for number, name in enumerate(names, 1)}
    language = LANGUAGES.get(transcript.language, transcript.language or "und")
    people = ", ".join(f"{code} {_joined(name)} Participant" for name, code in codes.items())
    lines = ["@UTF8", "@Begin", f"@Languages:\t{language}", f"@Participants:\t{people}"]
    lines += [f"@ID:\t{language}|allo|{code}|||||Participant|||" for code in codes.values()]
    if media := _joined(PurePath(transcript.audio.path).stem):
        lines.append(f"@Media:\t{media}, audio")
    for turn in said:
        turn = replace(turn, text=turn.text.replace("@", " arobase " if language == "fra" else " at "))
        lines += [f"*{codes[track(turn)]}:\t{utterance}" for utterance in _utterances(turn, transcript.timed)]
    return ("\n".join([*lines, "@End"]) + "\n").encode()


def _utterances(turn: Turn, timed: bool) -> Iterator[str]:
    sentences = _SENTENCE.split(one_line(turn.text))
    for sentence, (start, end) in zip(sentences, spans(turn, sentences), strict=True):
        words = " ".join(sentence.translate(_MARKUP).rstrip(".?!… ").split())
        ending = sentence[len(sentence.rstrip(".?!…”» ")) :]
        mark = "?" if "?" in ending else "!" if "!" in ending else "+..." if "…" in ending or ".." in ending else "."
        first = round(start * 1000)
        time = f" \x15{first}_{max(round(end * 1000), first + 1)}\x15" if timed else ""
        if words:
            yield f"{words} {mark}{time}"


def _joined(name: str) -> str:
    """The name without the spaces and commas that would end it."""
    return "_".join(one_line(name).replace(",", " ").split())


def _name(participant) -> str:
    """The name without underscores, or the code where it has none."""
    return participant.name.replace("_", " ") or participant.code


def _times(marks: list[tuple[int, int] | None]) -> list[tuple[float, float]]:
    """Seconds of each utterance; those without time share what lies between their neighbours, and all are at 0 where
    none has one."""
    found: list[tuple[float, float]] = []
    for place, mark in enumerate(marks):
        if mark is None:
            start = found[-1][1] if found else 0.0
            ahead = next((step for step, each in enumerate(marks[place:]) if each), None)
            room = max(marks[place + ahead][0] / 1000 - start, 0.0) / ahead if ahead else 0.0
            found.append((start, start + room))
        else:
            found.append((mark[0] / 1000, mark[1] / 1000))
    return found
