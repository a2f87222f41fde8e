"""A transcript in the formats of OpenAI's API."""

import math
import zlib

from starlette.responses import JSONResponse, PlainTextResponse, Response

from transcripts.formats import write
from transcripts.transcript import Transcript, Turn
from ui.kit.i18n import language_name


def answer(transcript: Transcript, format: str, task: str, granularities: tuple[str, ...]) -> Response:
    if format in ("srt", "vtt"):
        return PlainTextResponse(write(transcript, format))
    text = " ".join(turn.text for turn in transcript.turns)
    if format == "text":
        return PlainTextResponse(f"{text}\n")
    usage = {"type": "duration", "seconds": math.ceil(transcript.audio.seconds)}
    if format == "json":
        return JSONResponse({"text": text, "usage": usage})
    spoken = "en" if task == "translate" else transcript.language
    found = {
        "task": task,
        "language": language_name(spoken, "en").lower(),
        "duration": round(transcript.audio.seconds, 3),
        "text": text,
    }
    if "segment" in granularities:
        found["segments"] = [_segment(place, turn) for place, turn in enumerate(transcript.turns)]
    if "word" in granularities:
        words = [word for turn in transcript.turns for word in turn.words]
        found["words"] = [
            {"word": word.text.strip(), "start": round(word.start, 3), "end": round(word.end, 3)} for word in words
        ]
    return JSONResponse(found | {"usage": usage})


def _segment(place: int, turn: Turn) -> dict:
    """A turn with OpenAI's keys. Its tokens are not kept, and what is no speech was left out by voice activity."""
    encoded = turn.text.encode()
    return {
        "id": place,
        "seek": round(100 * turn.start),
        "start": round(turn.start, 3),
        "end": round(turn.end, 3),
        "text": turn.text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": round(math.log(max(turn.confidence, 1e-6)), 4),
        "compression_ratio": round(len(encoded) / len(zlib.compress(encoded)), 4) if encoded else 0.0,
        "no_speech_prob": 0.0,
    }
