"""Addresses of the Web and of mail, as they are read aloud: jean.dupont@orange.fr, www.rts.ch, exemple.fr/aide."""

import re

from scoring.french.rules import Rule, compiled

# Known without a www before them: words as « de » or « me » follow a full stop too.
DOMAINS = {"fr", "com", "org", "net", "eu", "ch", "be", "ca", "lu", "mc", "io", "bzh", "biz", "edu", "tv", "uk"}
ADDRESS = r"(?<![\w.+@-])[\w.+-]*(?:@[\w-]+)?(?:\.[\w-]+)+(?:/[\w-]+(?:\.[\w-]+)*)*/?"
SIGNS = {".": " point ", "@": " arobase ", "-": " tiret ", "_": " underscore ", "/": " slash ", "+": " plus "}


def _aloud(found: re.Match) -> str:
    """The address with its signs in words; what is none as it was."""
    name = found[0].partition("/")[0]
    known = "@" in name or name.startswith("www.") or name.rpartition(".")[2] in DOMAINS
    if not known or not re.search(r"[^\W\d]", name):
        return found[0]
    return "".join(SIGNS.get(sign, sign) for sign in found[0].removesuffix("/")) + " "


LOWER: list[Rule] = compiled(
    (r"\bhttps?://", ""),
    (r"(?<=\w) ?@ ?(?=\w)", "@"),
    (r"\bwww ?\. ?(?=\w)", "www."),
    (rf"((?:@|\bwww\.)[\w-]+) ?\. ?(?=(?:{'|'.join(sorted(DOMAINS))})\b)", r"\1."),
    (ADDRESS, _aloud),
)
