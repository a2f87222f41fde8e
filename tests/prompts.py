"""The prompts under the name that the tests and the bench know them by."""

from corpus.prompts import Prompt, prompt, prompts

__all__ = ["Prompt", "prompt", "prompts"]
