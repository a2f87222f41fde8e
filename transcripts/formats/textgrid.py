"""Praat's TextGrid: a tier of intervals a speaker, and one of words, « Marie - words », as forced aligners name it."""

import io
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from common.messages import Message, UserError
from transcripts.encoding import as_text, one_line
from transcripts.tracks import from_words, of_track, tracks, with_words
from transcripts.transcript import Transcript, Turn, Word

EXTENSIONS = (".textgrid",)
SIGNATURE = re.compile(r'\A\s*(?:File type = "ooTextFile|ooBinaryFile)')
HOLDS = frozenset({"text", "times", "speakers", "words", "turns"})
SHORTEST = 0.001  # seconds: an interval has to last

_HEADER = re.compile(r"\A.*?(?=^[ \t]*(?:xmin = )?-?[\d.]+[ \t]*$)", re.MULTILINE | re.DOTALL)
_SMALL = re.compile(r"^([ \t]*(?:\w+ = )?)(\d[\d.]*e-\d+)[ \t]*$", re.MULTILINE)  # Praat writes 1e-05, pympi reads 05


def read(content: bytes, notes: list[Message]) -> list[Transcript]:
    """A turn an interval with text, in the long, the short and the binary form.

    A tier of words without one of turns gives turns that pauses part. Points and tiers of phones are left out.
    """
    tiers = {}
    for tier in _grid(content, notes).get_tiers():
        if tier.tier_type == "IntervalTier":
            spans = ((start, end, " ".join(text.split())) for start, end, text in tier.get_intervals(sort=True))
            tiers.setdefault(tier.name.strip(), []).extend(span for span in spans if span[2])
        else:
            notes.append(_left_out(tier.name))
    turns: list[Turn] = []
    for name, spans in tiers.items():
        speaker, kind = _named(name)
        if kind == "phones":
            notes.append(_left_out(name))
        elif kind == "words":
            words = [Word(start, end, text, 1.0) for start, end, text in sorted(spans)]
            if speaker not in tiers:
                turns += from_words(words, **of_track(speaker))
        else:
            words = [Word(*span, 1.0) for span in sorted(tiers.get(f"{name} - words", ()))]
            turns += with_words([Turn(*span, **of_track(name)) for span in sorted(spans)], words)
    return [Transcript.of_turns(sorted(turns, key=lambda turn: turn.start))]


def write(transcript: Transcript, options) -> bytes:
    from pympi import TextGrid

    end = max([transcript.audio.seconds, SHORTEST, *(turn.end + SHORTEST for turn in transcript.turns)])
    grid = TextGrid(xmin=0, xmax=end)
    for name, turns in tracks(turn for turn in transcript.turns if turn.text.strip()):
        _add(grid, name, turns)
        if words := [word for turn in turns for word in turn.words]:
            _add(grid, f"{name} - words", words)
    with TemporaryDirectory() as folder:  # pympi writes to a path alone
        file = Path(folder) / "call.TextGrid"
        grid.to_file(file)
        return file.read_bytes()


def _add(grid, name: str, spans: list[Turn] | list[Word]) -> None:
    """Adds a tier, in which each interval starts where the one before has ended, or later."""
    tier = grid.add_tier(name.replace('"', '""'))  # pympi doubles the quotes of texts alone
    end = 0.0
    for span in spans:
        start = max(span.start, end)
        end = max(span.end, start + SHORTEST)
        tier.add_interval(start, end, one_line(span.text), check=False)


def _grid(content: bytes, notes: list[Message]):
    """pympi's TextGrid, of a file in any encoding. Raises UserError."""
    from pympi import TextGrid

    grid = TextGrid(xmax=1.0)
    if not content.startswith(b"ooBinaryFile"):
        text = _HEADER.sub('File type = "ooTextFile"\nObject class = "TextGrid"\n\n', as_text(content, notes), count=1)
        content = _SMALL.sub(lambda found: f"{found[1]}{float(found[2]):.9f}", text).encode()
    try:
        grid.from_file(io.BytesIO(content), "utf-8")
    except Exception as error:  # pympi checks little, and raises this very class where it does
        raise UserError(
            en="The TextGrid breaks off or is damaged: save it again in Praat.",
            fr="Le TextGrid est tronqué ou abîmé : enregistrez-le de nouveau dans Praat.",
        ) from error
    return grid


def _named(tier: str) -> tuple[str, str]:
    """The speaker and the kind of a tier: "words", "phones", or "" for turns."""
    speaker, _, kind = tier.rpartition(" - ")
    if kind in ("words", "phones"):
        return speaker, kind
    return ("", tier) if tier in ("words", "phones") else (tier, "")


def _left_out(tier: str) -> Message:
    return Message(
        en=f"The tier {tier!r} holds no words that were said, and was left out.",
        fr=f"La ligne {tier!r} ne contient pas de paroles, et a été laissée de côté.",
    )
