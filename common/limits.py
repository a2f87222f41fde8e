"""What visitors may ask for at most: each limit with its reason, and the environment variable that changes it."""

import os

from common.messages import UserError

CORES = os.cpu_count() or 1
LIMITS = {
    # Hours of a recording: loaded whole, as a corpus does, they take 0.6 GB a channel.
    "ALLO_MAX_HOURS": 2.5,
    # MB of a file: 2.5 hours of two channels, 48 kHz and 16 bits, are 1,730.
    "ALLO_MAX_MB": 2000,
    # MB that an address may send in an hour: 200 calls of ten minutes are 2,000, and everybody's stay for an hour.
    "ALLO_MB_AN_HOUR": 10_000,
    # Recordings in a visitor's calls: a drop of thousands would be drawn row by row, and kept on the disk.
    "ALLO_MAX_CALLS": 200,
    # Transcriptions at once: one fills the engine's batches, so that more finish no sooner, and each holds its sound.
    "ALLO_AT_ONCE": 4,
    # Transcriptions that wait for their turn: whoever comes later would wait longer than anybody does.
    "ALLO_QUEUE": 40,
    # Transcriptions of one visitor, at work and waiting: a program that sends a folder leaves room for others.
    "ALLO_PER_VISITOR": 10,
    # Visitors who all speak at once without a pause: four on two cores have their words within a second and a half,
    # beside a file as well (see "Live" in bench/README.md), and the engine of a processor uses four cores.
    "ALLO_LIVE_VISITORS": 2 * min(4, CORES),
    # MB of weights that the page keeps loaded: beside the page's own engine, one to compare it with.
    "ALLO_MEMORY_MB": 4000,
}


def limit(variable: str) -> float:
    """The limit that holds: the environment's, else the default. Raises UserError for what is no positive number."""
    given = os.environ.get(variable, "").strip()
    if not given:
        return LIMITS[variable]
    try:
        value = float(given)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UserError(
            en=f"{variable} is {given!r}: give a number above 0, or leave it out for {LIMITS[variable]:g}.",
            fr=f"{variable} vaut {given!r} : donnez un nombre supérieur à 0, ou retirez-la pour {LIMITS[variable]:g}.",
        )
    return value


def count(variable: str) -> int:
    """The same of a limit that counts things: whole, and at least 1."""
    return max(1, int(limit(variable)))


def check() -> None:
    """Raises UserError where a variable holds no limit: at the start, and not with the first visitor."""
    for variable in LIMITS:
        limit(variable)
