"""JSON: ours holds everything; that of Whisper and its kin is read.

Those are openai-whisper, the API's verbose_json, WhisperX and faster-whisper.
"""

import json
import math
import re
from dataclasses import fields, replace

from common.messages import Message, UserError
from transcripts.encoding import as_json
from transcripts.transcript import Alternative, AudioFacts, Channel, Flagged, Line, Sound, Transcript, Turn, Word

EXTENSIONS = (".json",)
KINDS = {float: float, int: int, str: str, str | None: str}  # of fields, and what makes a value one
SIGNATURE = re.compile(r"\A\s*\{\s*\"")
HOLDS = frozenset(
    {"text", "times", "speakers", "channels", "words", "confidence", "language", "flagged", "turns", "sounds"}
)


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    found = as_json(content, notes)
    try:
        if isinstance(found, dict) and "turns" in found:
            return [_ours(found)]
        if isinstance(found, dict) and "segments" in found:
            return [_whisper(found)]
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise UserError(
            en=f"The JSON is no transcript ({type(error).__name__}: {error}): each turn wants start, end and text.",
            fr=f"Ce JSON n'est pas une transcription ({type(error).__name__} : {error}) : il faut start, end et "
            "text à chaque tour de parole.",
        ) from error
    raise UserError(
        en="The JSON is no transcript: it has neither turns (Allô's) nor segments (Whisper's).",
        fr="Ce JSON n'est pas une transcription : il n'a ni turns (Allô) ni segments (Whisper).",
    )


def write(transcript: Transcript, options) -> bytes:
    return (json.dumps(transcript.to_dict(), ensure_ascii=False, indent=2) + "\n").encode()


def _ours(found: dict) -> Transcript:
    """As Allô writes it; of a simulated call the JSON names the recording and no more of it."""
    turns = [
        replace(
            _made(
                Turn, turn | {"start": float(turn["start"]), "end": float(turn["end"]), "text": str(turn["text"] or "")}
            ),
            words=tuple(map(_word, turn.get("words") or ())),
        )
        for turn in found["turns"]
    ]
    audio, line = found.get("audio", ""), found.get("line")
    if isinstance(audio, dict):  # the page's API names the recording and hides its path
        facts = AudioFacts("", 0.0, 0, 1, "")
        facts = replace(facts, **_known(AudioFacts, {"path": audio.get("name", "")} | audio))
    else:
        facts = Transcript.of_turns(turns, str(audio)).audio
    return Transcript(
        facts,
        found.get("language") or "",
        found.get("model") or "",
        found.get("adapter"),
        found.get("engine") or "",
        turns,
        [_made(Flagged, flagged) for flagged in found.get("flagged") or ()],
        float(found.get("seconds_taken") or 0.0),
        _made(Line, line | {"channels": tuple(_made(Channel, each) for each in line["channels"])}) if line else None,
        found.get("speakers_sure"),
        [_made(Sound, sound) for sound in found.get("sounds") or ()],
    )


def _word(found: dict) -> Word:
    alternatives = tuple(_made(Alternative, each) for each in found.get("alternatives") or ())
    return replace(_made(Word, found), alternatives=alternatives)


def _made(kind: type, values: dict):
    return kind(**_known(kind, values))


def _known(kind: type, values: dict) -> dict:
    """The values that a class has, each of its kind: other programs, and later versions, write more."""
    given = ((field, values.get(field.name)) for field in fields(kind))
    return {
        field.name: KINDS[field.type](value) if field.type in KINDS else value
        for field, value in given
        if value is not None
    }


def _whisper(found: dict) -> Transcript:
    segments = found["segments"]
    loose = [] if any(segment.get("words") for segment in segments) else found.get("words") or []  # verbose_json's
    turns = []
    for segment in segments:
        start, end = float(segment["start"]), float(segment["end"])
        words = segment.get("words") or [w for w in loose if start <= (float(w["start"]) + float(w["end"])) / 2 < end]
        confidence = min(1.0, math.exp(segment["avg_logprob"])) if segment.get("avg_logprob") is not None else 1.0
        text = " ".join(str(segment["text"]).split())
        turns.append(
            Turn(start, end, text, confidence, speaker=segment.get("speaker"), words=_words(words, start, end))
        )
    return Transcript.of_turns((turn for turn in turns if turn.text), language=str(found.get("language") or ""))


def _words(words: list[dict], start: float, end: float) -> tuple[Word, ...]:
    """WhisperX leaves a word that it could not align without times: it stands between its neighbours."""
    found = []
    for place, word in enumerate(words):
        before = found[-1].end if found else start
        after = next((float(w["start"]) for w in words[place + 1 :] if "start" in w), end)
        sure = next((float(word[key]) for key in ("probability", "score", "confidence") if word.get(key)), 1.0)
        text = str(word.get("word", word.get("text", ""))).strip()
        found.append(
            Word(
                float(word.get("start", before)),
                float(word.get("end", after)),
                text,
                sure if math.isfinite(sure) else 1.0,
            )
        )
    return tuple(found)
