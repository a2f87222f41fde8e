"""One thing said in the two languages of the page, and the refusal that carries it."""

import os
from typing import NamedTuple


class Message(NamedTuple):
    """A sentence in English and in French; the reader's language decides which is shown."""

    en: str
    fr: str

    def to(self, language: str) -> str:
        """The sentence for a reader whose browser asks for `language` ("fr", "fr-CA", "en"...)."""
        return self.fr if language.lower().startswith("fr") else self.en


class UserError(ValueError):
    """A request that cannot be served: one sentence that says what is wrong and how to mend it."""

    def __init__(self, en: str, fr: str):
        super().__init__(en)
        self.message = Message(en, fr)


def locale_language() -> str:
    """What the reader of a command line asks for ("fr_FR.UTF-8", "en"...)."""
    return os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "en"
