"""JSON: ours holds everything; that of Whisper and its kin is read.

Those are openai-whisper, the API's verbose_json, WhisperX and faster-whisper.
"""

import json
import math
import re

from common.messages import Message, UserError
from transcripts.encoding import as_text
from transcripts.transcript import AudioFacts, Channel, Flagged, Line, Transcript, Turn, Word

EXTENSIONS = (".json",)
SIGNATURE = re.compile(r"\A\s*\{\s*\"")
HOLDS = frozenset({"text", "times", "speakers", "channels", "words", "confidence", "language", "flagged", "turns"})


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    try:
        found = json.loads(as_text(content, notes))
    except json.JSONDecodeError as error:
        raise UserError(
            en=f"The JSON breaks off or is damaged at line {error.lineno} ({error.msg}): make the file again.",
            fr=f"Le JSON est tronqué ou abîmé à la ligne {error.lineno} ({error.msg}) : refaites le fichier.",
        ) from error
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
        Turn(
            float(turn["start"]),
            float(turn["end"]),
            str(turn["text"]),
            float(turn.get("confidence", 1.0)),
            int(turn.get("channel", 0)),
            turn.get("speaker"),
            tuple(Word(**word) for word in turn.get("words", ())),
        )
        for turn in found["turns"]
    ]
    audio, line = found.get("audio", ""), found.get("line")
    return Transcript(
        AudioFacts(**audio) if isinstance(audio, dict) else Transcript.of_turns(turns, audio).audio,
        found.get("language", ""),
        found.get("model", ""),
        found.get("adapter"),
        found.get("engine", ""),
        turns,
        [Flagged(**flagged) for flagged in found.get("flagged", ())],
        float(found.get("seconds_taken", 0.0)),
        Line(**line | {"channels": tuple(Channel(**channel) for channel in line["channels"])}) if line else None,
        found.get("speakers_sure"),
    )


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
        sure = next((word[key] for key in ("probability", "score", "confidence") if word.get(key) is not None), 1.0)
        text = str(word.get("word", word.get("text", ""))).strip()
        found.append(Word(float(word.get("start", before)), float(word.get("end", after)), text, float(sure)))
    return tuple(found)
