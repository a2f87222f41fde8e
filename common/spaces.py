"""What kind of Space this is, by the platform's variables."""

import os


def zero_gpu() -> bool:
    """ZeroGPU: a GPU is lent for calls of at most a minute, and to no process in the background."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
