"""WebVTT subtitles, the Web's: the speaker as a voice, two lines of at most 42 characters."""

import html
import re
from collections.abc import Iterator

from common.messages import Message, UserError
from transcripts.clock import clock, seconds
from transcripts.encoding import as_text
from transcripts.subtitles import cues
from transcripts.transcript import Transcript, Turn

EXTENSIONS = (".vtt", ".webvtt")
SIGNATURE = re.compile(r"\A\s*WEBVTT(?:[ \t][^\n]*)?(?:\n|\Z)")
HOLDS = frozenset({"text", "times", "speakers"})

_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]++([^<>\n]*)>")
_MARKUP = re.compile(r"<[^<>\n]*>")


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    """A turn a cue, by its voice, without other markup; a cue whose times cannot be read is refused."""
    import webvtt
    from webvtt.errors import MalformedCaptionError, MalformedFileError

    text = as_text(content, notes).lstrip()
    try:
        captions = webvtt.from_string(text, strict=True)
    except (MalformedFileError, MalformedCaptionError) as error:
        raise UserError(
            en=f"This is no WebVTT ({error}): it begins with WEBVTT, and times are 00:01:02.345 --> 00:01:04.000.",
            fr=f"Ce n'est pas du WebVTT ({error}) : il commence par WEBVTT, et les temps s'écrivent "
            "00:01:02.345 --> 00:01:04.000.",
        ) from error
    turns = [
        Turn(seconds(caption.start), seconds(caption.end), said, speaker=name)
        for caption in captions
        for name, said in _voices(caption.raw_text)
    ]
    return [Transcript.of_turns(turns)]


def write(transcript: Transcript, options) -> bytes:
    found = ["WEBVTT\n"]
    for turn in transcript.turns:
        voice = f"<v {_escaped(' '.join(turn.speaker.split()))}>" if turn.speaker else ""
        for cue in cues(turn, whole=options.whole):
            times = f"{clock(cue.start)} --> {clock(cue.end)}"
            found.append("\n".join([times, voice + "\n".join(map(_escaped, cue.lines)), ""]))
    return "\n".join(found).encode()


def _voices(text: str) -> Iterator[tuple[str | None, str]]:
    """Each voice of a cue and what it says, without markup."""
    before, *rest = _VOICE.split(text)
    for name, said in zip(["", *rest[::2]], [before, *rest[1::2]], strict=True):
        if said := _plain(_MARKUP.sub("", said)):
            yield _plain(name) or None, said


def _plain(text: str) -> str:
    return " ".join(html.unescape(text).split())


def _escaped(text: str) -> str:
    """WebVTT reads & and < as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
