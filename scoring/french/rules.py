"""Rules that rewrite a text: patterns with what stands in their place, applied one after another."""

import re
from collections.abc import Callable, Iterable

Rule = tuple[re.Pattern, str | Callable[[re.Match], str]]


def compiled(*rules: tuple[str, str | Callable[[re.Match], str]]) -> list[Rule]:
    """No pattern may take more than a bounded look around each place: texts are long, and not all are speech."""
    return [(re.compile(pattern), replacement) for pattern, replacement in rules]


def rewritten(text: str, rules: Iterable[Rule]) -> str:
    """The text after all rules, in their order."""
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text
