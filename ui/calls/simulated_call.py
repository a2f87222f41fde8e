"""A call to try the page with, made of the telephone prompts."""

from pathlib import Path

MANNER = {"seconds": 75.0, "codec": "ulaw", "snr": 25.0, "overlap": 0.3, "seed": 7}  # of corpus.simulate


def available() -> bool:
    """The prompts are installed."""
    from corpus import prompts

    return prompts.SOUNDS.is_dir() and prompts.TEXTS.is_file()


def call(folder: Path, name: str, mono: bool) -> Path:
    """The recording, in a folder of that name. Raises UserError."""
    import corpus
    from corpus.prompts import NAME
    from corpus.simulate import simulate

    (made,) = simulate(corpus.load(NAME), folder, mono=mono, **MANNER)
    return made.replace(folder / name)
