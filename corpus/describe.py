"""A corpus in figures: its hours, splits, lengths, calls, speakers, licence and leaks, and what was left out of it."""

import pandas as pd

from corpus.splits import leaks, rank
from corpus.table import Corpus

LENGTHS = (0, 1, 2, 3, 5, 8, 12, 20, 30)  # seconds; the last bin has no end: Whisper's window ends there
LISTED = 20  # of the rows that were left out


def describe(corpus: Corpus, audio: bool = True) -> dict:
    """Gives what `python -m corpus describe --json` prints: seconds of audio, counts of clips.

    With `audio`, the bytes of all clips are compared between the splits, which reads the whole corpus.
    """
    rows = corpus.rows
    by_split = sorted(rows.groupby("split")["seconds"], key=lambda part: rank(part[0]))
    found = leaks(rows, corpus.clips, corpus.places) if audio else corpus.leaks
    return {
        "name": corpus.name,
        "source": corpus.source,
        "reason": corpus.reason._asdict(),
        "licence": corpus.licence,
        "rows": len(rows),
        "seconds": round(float(rows["seconds"].sum()), 3),
        "splits": {name: {"rows": len(part), "seconds": round(float(part.sum()), 3)} for name, part in by_split},
        "columns": list(rows.columns),
        "durations": {
            "edges": list(LENGTHS),
            "clips": {name: durations(part) for name, part in by_split},
            "shortest": float(rows["seconds"].min()),
            "median": float(rows["seconds"].median()),
            "longest": float(rows["seconds"].max()),
        },
        "over_30_seconds": int((rows["seconds"] > 30).sum()),
        "calls": int(rows["call"].nunique()),
        "speakers": int(rows["speaker"].nunique()),
        "languages": sorted(rows["language"].dropna().unique()),
        "leaks": [leak.to_dict() for leak in found],
        "left_out": {
            "count": len(corpus.left_out),
            "first": [{"row": where, **reason._asdict()} for where, reason in corpus.left_out[:LISTED]],
        },
        "notes": [note._asdict() for note in corpus.notes],
        "fingerprint": corpus.fingerprint,
    }


def durations(seconds: pd.Series) -> list[int]:
    """Counts the clips that last as long as each of LENGTHS and less than the next."""
    bins = pd.cut(seconds, [*LENGTHS, float("inf")], right=False)
    return bins.value_counts(sort=False).tolist()


def report(facts: dict, language: str = "en") -> str:
    """Writes the facts of `describe` for people to read, the sentences in `language`."""
    language = "fr" if language.startswith("fr") else "en"
    lengths, left_out = facts["durations"], facts["left_out"]
    lines = [
        f"{facts['name']}: {facts['rows']} clips, {_clock(facts['seconds'])}",
        f"licence: {facts['licence'] or '-'}",
        f"calls: {facts['calls']}, speakers: {facts['speakers']}, languages: {', '.join(facts['languages']) or '-'}",
        *(f"{name}: {part['rows']} clips, {_clock(part['seconds'])}" for name, part in facts["splits"].items()),
        f"lengths: {lengths['shortest']:.2f} to {lengths['longest']:.2f} s, median {lengths['median']:.2f} s, "
        f"{facts['over_30_seconds']} over 30 s",
        "clips of at least (s):  " + "".join(f"{edge:>6}" for edge in lengths["edges"]),
        *(f"  {name:<22}" + "".join(f"{n:>6}" for n in counts) for name, counts in lengths["clips"].items()),
        f"columns: {', '.join(facts['columns'])}",
        *(f"note: {note[language]}" for note in facts["notes"]),
        *(f"leak: {leak[language]}" for leak in facts["leaks"]),
        f"left out: {left_out['count']}",
        *(f"  {row['row']}: {row[language]}" for row in left_out["first"]),
    ]
    return "\n".join(lines) + "\n"


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02} min {seconds:02} s"
