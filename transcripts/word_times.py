"""When the words of a turn's text start and end."""

from collections.abc import Sequence

from transcripts.transcript import Turn


def moments(turn: Turn, texts: Sequence[str]) -> list[tuple[float, float]]:
    """Start and end of each text, which together are the turn's.

    By the turn's words where they are its text, letter for letter; else in proportion to the letters.
    """
    letters = "".join(filter(str.isalnum, turn.text))
    knots = [(turn.start, turn.end, len(letters))]
    if letters == "".join(filter(str.isalnum, "".join(word.text for word in turn.words))):
        knots = [(word.start, word.end, sum(map(str.isalnum, word.text))) for word in turn.words]
    times = [(turn.start, turn.start)]  # of each letter: its start and its end
    for start, end, count in knots:
        step = (end - start) / count if count else 0.0
        times += [(start + step * i, start + step * (i + 1)) for i in range(count)]
    at, found = 1, []
    for text in texts:
        count = sum(map(str.isalnum, text))
        found.append((times[at][0], times[at + count - 1][1]) if count else (times[at - 1][1],) * 2)
        at += count
    return found


def spans(turn: Turn, texts: Sequence[str]) -> list[tuple[float, float]]:
    """What `moments` gives, but the first starts with the turn and the last ends with it."""
    times = moments(turn, texts)
    times[0] = turn.start, times[0][1]
    times[-1] = times[-1][0], turn.end
    return times
