"""The Hub: whether it is asked at all, whether it answers, and the files that a model has there."""

import os
from functools import lru_cache
from pathlib import Path

import httpx2  # huggingface_hub's client, whose errors pass through it
from huggingface_hub import HfApi, set_client_factory
from huggingface_hub.utils._http import default_client_factory

HUB_DEFAULT = "openai/whisper-small"
HUB_PATIENCE = 2.0  # seconds a try, and huggingface_hub tries twice
HUB_SILENCE = 60.0  # seconds without a byte after which any request is given up; huggingface_hub would wait for ever
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
SMALL_FILES = ("*.json", "*.txt")


def _client() -> httpx2.Client:
    client = default_client_factory()
    client.timeout = HUB_SILENCE
    return client


set_client_factory(_client)


def offline() -> bool:
    return os.environ.get("ALLO_OFFLINE", "") not in ("", "0")


@lru_cache(maxsize=1)
def hub_in_reach() -> bool:
    """Asked once a process; a Hub that does not answer costs twice HUB_PATIENCE."""
    try:
        HfApi().model_info(HUB_DEFAULT, timeout=HUB_PATIENCE)
    except (httpx2.HTTPError, OSError):  # huggingface_hub's own errors are OSErrors
        return False
    return True


def weight_files(folder: Path) -> list[Path]:
    return [path for pattern in WEIGHTS for path in sorted(folder.glob(pattern))]
