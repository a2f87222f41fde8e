"""SegLST, of the CHiME challenges and meeteval: a JSON list of segments, for many recordings at once."""

import json
import re
from pathlib import PurePath

from common.messages import Message, UserError
from transcripts.encoding import as_json
from transcripts.lines import by_recording
from transcripts.tracks import of_track, track
from transcripts.transcript import Transcript, Turn

EXTENSIONS = (".seglst.json", ".seglst")
SIGNATURE = re.compile(r"\A\s*\[\s*[{\]]")
HOLDS = frozenset({"text", "times", "speakers", "channels", "confidence", "turns"})


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    segments = as_json(content, notes)
    try:
        return by_recording((str(each.get("session_id", "")), _turn(each)) for each in segments)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise UserError(
            en=f"This is no SegLST ({error}): each segment wants session_id, speaker, start_time, end_time and words.",
            fr=f"Ce n'est pas du SegLST ({error}) : il faut session_id, speaker, start_time, end_time et words dans "
            "chaque segment.",
        ) from error


def write(transcript: Transcript, options) -> bytes:
    """The keys of the format, and two more of ours: channel and confidence."""
    segments = [
        {
            "session_id": PurePath(transcript.audio.path).stem or "call",
            "speaker": track(turn),
            "start_time": round(turn.start, 3),
            "end_time": round(turn.end, 3),
            "words": turn.text,
            "channel": turn.channel,
            "confidence": round(turn.confidence, 3),
        }
        for turn in transcript.turns
    ]
    return (json.dumps(segments, ensure_ascii=False, indent=1) + "\n").encode()


def _turn(segment: dict) -> Turn:
    about = {"channel": int(segment.get("channel", 0)), **of_track(str(segment.get("speaker") or ""))}
    times = float(segment["start_time"]), float(segment["end_time"])
    return Turn(*times, str(segment["words"]), float(segment.get("confidence", 1.0)), **about)
