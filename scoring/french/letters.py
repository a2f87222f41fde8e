"""Acronyms and spelled names: S.N.C.F., S N C F, S, N, C, F and SNCF are one word."""

import re

from scoring.french.rules import Rule, compiled

CLITICS = frozenset("cdjlmnst" + "ay")  # « n y a », « j t ai »: what is left of words, not letters that were spelled


def _joined(found: re.Match) -> str:
    return re.sub(r"[\W_]", "", found[0]) + " "


def _spelled(found: re.Match) -> str:
    """A row of letters in lower case, where it is no row of clitics; a verb or « y a » beside it stays outside."""
    letters = re.findall(r"[^\W_]", found[0])
    start, end = 0, len(letters)
    while found.start() > 0 and start < end and letters[start] in "ay":
        start += 1
    while found.end() < len(found.string) and start < end and letters[end - 1] in "ay":
        end -= 1
    row = letters[start:end]
    if CLITICS.issuperset(row) or (len(row) == 2 and row[0] in CLITICS):
        return found[0]
    return " ".join([*letters[:start], "".join(row), *letters[end:]])


DOTTED: list[Rule] = compiled(
    (r"(?<![\w.])[^\W\d_](?:\.-?[^\W\d_])+(?!\w)\.?", _joined),  # S.N.C.F, J.-C.
    (r"(?<![\w.])(?!M\. )[A-Z]\.(?: [A-Z]\.)+", _joined),  # S. N. C. F.
)
CAPITALS: list[Rule] = compiled(
    (r"(?<!\w)(?<!\w-)[A-Z](?:(?:, ?| |-)[A-Z](?![\w'.]))+(?!-\w)", _joined),  # S N C F, S-N-C-F, S, N, C, F
)
SPELLED: list[Rule] = compiled((r"(?<!\w)[a-z](?:[^\w']{1,3}[a-z](?![\w']))+", _spelled))
