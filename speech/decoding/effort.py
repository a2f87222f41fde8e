"""How wide a transcription searches where greedy decoding is unsure: efforts by name, for a command line or a page."""

from common.messages import UserError

EFFORTS = {"fast": 1, "balanced": 5, "careful": 10}  # the size of that beam; bench/efforts.py measures what it gains
EFFORT = "balanced"  # as few wrong words as "careful" on calls of three seeds (bench/README.md)


def beam_of(effort: str) -> int:
    """The beam of an effort. Raises UserError for an unknown one."""
    if effort not in EFFORTS:
        known = ", ".join(EFFORTS)
        raise UserError(
            en=f"There is no effort {effort!r}: choose one of {known}.",
            fr=f"L'effort {effort!r} n'existe pas : choisissez parmi {known}.",
        )
    return EFFORTS[effort]
