"""Personal data masked in a transcript: in its text and in the words of it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

from speech.privacy.find import find
from speech.privacy.kinds import CODE
from transcripts.transcript import Transcript, Turn, Word

Span = tuple[int, int, str]  # of characters, with its kind
LEAST_IN_A_PATH = 3  # letters of a part of a name that is hidden there without its capital


def mask(transcript: Transcript, names: Iterable[str] = ()) -> Transcript:
    """The transcript with the kind of each personal datum between brackets in its place: [téléphone], [e-mail]...

    The words inside become one word with the times of all and the lowest confidence; no word has alternatives. What
    was flagged, the keys that were pressed, the speakers' names and the file's name are masked as well, since they are
    exported too. `names` are people's, to mask too.
    """
    names = tuple(names)
    texts, spoken = spans_of(transcript.turns, names)
    speakers = _speakers(transcript.turns, names)
    turns = [
        replace(
            turn,
            text=_masked(turn.text, text),
            speaker=speakers.get(turn.speaker),
            words=_masked_words(turn.words, words),
        )
        for turn, text, words in zip(transcript.turns, texts, spoken, strict=True)
    ]
    flagged = [replace(each, text=masked_text(each.text, names)) for each in transcript.flagged]
    path = Path(transcript.audio.path)
    audio = transcript.audio
    if path.name:
        parts = (part for name in names for part in name.split() if len(part) >= LEAST_IN_A_PATH)
        audio = replace(audio, path=str(path.with_name(masked_text(path.name, (*names, *parts)))))
    sounds = [replace(sound, text=f"[{CODE}]") if sound.kind == "keys" else sound for sound in transcript.sounds]
    return replace(transcript, turns=turns, flagged=flagged, audio=audio, sounds=sounds)


def _speakers(turns: Sequence[Turn], names: tuple[str, ...]) -> dict[str, str]:
    """What each speaker is called; those who become the same are told apart by a number."""
    called: dict[str, str] = {}
    for speaker in dict.fromkeys(turn.speaker for turn in turns if turn.speaker):
        name = masked_text(speaker, names)
        twins = sum(other.startswith(name) for other in called.values())
        called[speaker] = f"{name} {twins + 1}" if name != speaker and twins else name
    return called


def spans_of(turns: Sequence[Turn], names: tuple[str, ...]) -> tuple[list[list[Span]], list[list[Span]]]:
    """For each turn, what is hidden in its text, and in its words with a space between.

    They are the same until a turn is corrected by hand: then the words are searched by themselves, and also lose what
    stands in the place of what was found in the text.
    """
    transcribed = [replace(turn, text=_joined(turn.words)) if turn.words else turn for turn in turns]
    in_texts = _by_turn(turns, names)
    corrected = [turn.text != other.text for turn, other in zip(turns, transcribed, strict=True)]
    in_words = _by_turn(transcribed, names) if any(corrected) else list(in_texts)
    for place, (turn, other) in enumerate(zip(turns, transcribed, strict=True)):
        if corrected[place]:
            carried = [_carried(span, turn.text, other.text) for span in in_texts[place]]
            in_words[place] = _united([*in_words[place], *carried])
    return in_texts, in_words


def _by_turn(turns: Sequence[Turn], names: tuple[str, ...]) -> list[list[Span]]:
    spans: list[list[Span]] = [[] for _ in turns]
    for hidden in find(turns, names):
        spans[hidden.turn].append(hidden[1:])
    return spans


def _joined(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _carried(span: Span, text: str, other: str) -> Span:
    """The place in `other` of what stands at `span` in `text`."""
    start, end, kind = span
    steps = SequenceMatcher(None, text, other, autojunk=False).get_opcodes()
    same, first, _, at, until = next(step for step in steps if step[1] <= start < step[2])
    begin = at + start - first if same == "equal" else at
    same, first, _, at, until = next(step for step in steps if step[1] < end <= step[2])
    return begin, at + end - first if same == "equal" else until, kind


def _united(spans: Iterable[Span]) -> list[Span]:
    united: list[Span] = []
    for start, end, kind in sorted(spans):
        if united and start < united[-1][1]:
            united[-1] = united[-1][0], max(end, united[-1][1]), united[-1][2]
        elif start < end:
            united.append((start, end, kind))
    return united


def _masked(text: str, spans: Sequence[Span]) -> str:
    for start, end, kind in reversed(spans):
        text = f"{text[:start]}[{kind}]{text[end:]}"
    return text


def masked_text(text: str, names: tuple[str, ...]) -> str:
    """A text masked by itself."""
    return _masked(text, [hidden[1:] for hidden in find([Turn(0.0, 0.0, text, 1.0)], names)])


def _places(words: Sequence[Word]) -> list[tuple[int, int]]:
    """Where each word stands in `_joined`."""
    places, at = [], 0
    for word in words:
        places.append((at, at + len(word.text)))
        at += len(word.text) + 1
    return places


def groups(words: Sequence[Word], spans: Sequence[Span]) -> list[tuple[int, int, list[Span]]]:
    """(first word, word after the last, spans) of each row of words that spans touch."""
    places = _places(words)
    rows: list[tuple[int, int, list[Span]]] = []
    for span in spans:
        touched = [number for number, (start, end) in enumerate(places) if start < span[1] and span[0] < end]
        if not touched:
            continue
        if rows and touched[0] < rows[-1][1]:
            first, _, held = rows[-1]
            rows[-1] = first, touched[-1] + 1, [*held, span]
        else:
            rows.append((touched[0], touched[-1] + 1, [span]))
    return rows


def _masked_words(words: tuple[Word, ...], spans: Sequence[Span]) -> tuple[Word, ...]:
    kept, at, places = [], 0, _places(words)
    for first, after, held in groups(words, spans) if words else ():
        start = places[first][0]
        text = _masked(_joined(words[first:after]), [(s - start, e - start, kind) for s, e, kind in held])
        inside = words[first:after]
        times = min(word.start for word in inside), max(word.end for word in inside)
        kept += [*words[at:first], Word(*times, text, min(word.confidence for word in inside))]
        at = after
    # an alternative may be the number itself, or another piece of it
    return tuple(replace(word, alternatives=()) for word in (*kept, *words[at:]))
