"""TalkBank's transcripts as a person would write them.

They are in CHAT (its manual: talkbank.org/0info/manuals/CHAT.html), with the punctuation set apart. What was said is
kept, repeats and hesitations too, for the recording has them; what was not said (comments, events, pauses, overlaps,
omitted words) goes. Half-said words are written whole. A sentence starts with a capital; a space stands before ? ! : ;
as is usual in French.
"""

import re
from collections.abc import Callable

HYPHENATED = {  # compounds that CHAT joins by underscores and people by hyphens; the others take spaces
    *("après_midi", "au_dessous", "au_dessus", "au_delà", "c'est_à_dire", "ci_dessous", "ci_dessus", "est_ce"),
    *("grand_mère", "grand_père", "là_bas", "là_dedans", "là_dessous", "là_dessus", "là_haut", "peut_être"),
    *("quelques_uns", "quelques_unes", "rendez_vous", "vis_à_vis", "week_end"),
}
CA_MARKS = "↑↓⇗↗→↘⇘∞≈≋≡∙⌈⌉⌊⌋∆∇⁎⁇◉▁▔☺♋Ϋ∲∮§↻ʔ∬∾⤆⤇≠ˈˌː\u0332\u0323"  # of conversation analysis: pitch, voice, overlap
CONTROLS = "".join(map(chr, [*range(32), 127]))
FILLERS = "euh|heu|hum|hm|mm|mhm|ah|oh|eh|ben|bah|hein"

Replacement = str | Callable[[re.Match], str]


def _repeated(match: re.Match) -> str:
    return " ".join([match[1] or match[2]] * min(int(match[3]), 20))


def _compound(match: re.Match) -> str:
    words = match[0].replace("+", "_").replace("’", "'")
    return words.replace("_", "-" if words.lower() in HYPHENATED else " ")


RULES: tuple[tuple[str, str, Replacement], ...] = (
    # First, characters of which one must be there: most utterances have few, and those pass five times as fast.
    #
    # what stands around an utterance, and how it begins
    ("%", r"(?m)^%.*$", ""),  # %mor: a tier about the line
    ("*", r"(?m)^\*[A-Z0-9]{1,7}:", ""),  # *SPE: the speaker
    ("\x15•", r"[\x15•]\d+_\d+[\x15•]", " "),  # its time, between two bullets
    (CONTROLS, rf"[{CONTROLS}]", " "),
    ("+", r'\+"/?\.|(?<!\S)\+[.<^,"]|(?<!\S)\+\+', " "),  # linkers; the bare +. divides one utterance in two
    # marks on words or <groups of words>
    ("[", r"(?:<[^<>]*>|(?<![^\s<>])[^\s<>]+)\s*\[: ([^\]]*)\]", r"\1"),  # chais [: je sais]: as it is written
    ("[", r"(?:<([^<>]*)>|(?<![^\s<>])([^\s<>]+))\s*\[x\s*(\d+)\]", _repeated),  # oui [x 3]
    ("[", r"\[[^\]]*\]", " "),  # [/] [//] [=! rit] [% note] [?] [*] [>] [+ exc] [- eng]
    ("<>", r"[<>]", " "),
    # how an utterance ends
    ("+", r"\+(?:\.\.\.|//?\.|…)", " ... "),  # it trails off, is interrupted, or breaks itself off
    ("+", r"\+(?:\.\.|//?|!)\?", " ? "),
    # what is no word
    ("(", r"\((?:\.{1,3}|\d+(?:[:.]\d*)*)\)", " "),  # pauses: (.) (..) (...) (1.5)
    ("↫", r"↫[^↫]*↫", ""),  # stuttered sounds
    ("&", rf"(?<!\w)&-?((?i:{FILLERS}))(?![\w:])", r" \1"),  # &-euh was said
    ("&", r"(?<!\w)&-", " "),
    ("&", r"&\*\w+:\S*", " "),  # the listener's word, &*INV:mhm
    ("&", r"&[=~]\S*|(?<!\w)&\S+", " "),  # &=rit, &+fragm, &~bla; not AT&T
    (
        "xywXYW",
        r"(?<![\w'’])(?:[xX]{2,3}|[yY]{2,3}|[wW]{3})(?:@\S+)?(?![\w'’])",
        " ",
    ),  # not understood, or not transcribed
    ("0", r"^\s*0\s*\.?\s*$|(?<!\S)0(?=[^\W\d]+(?!\w*\d))\S+", " "),  # an act without a word, an omitted word; not 0h30
    ("/#|-h", r"(?<!\S)(?:[/#|-]+|#\d+(?:_\d+)?|[·.]?h{2,})(?!\S)", " "),  # old pauses, breaths
    # inside of words
    ("@", r"(?<=\w)@(?:[a-z]{1,3})?(?:[:$]\S*?)?(?=[\s,?!]|\.(?:\s|$)|$)", ""),  # word@s:eng, miaou@o; not an e-mail
    ("⌈⌉⌊⌋", r"[⌈⌉⌊⌋][1-9₁-₉](?!\d)", ""),  # ⌈2 oui ⌉2: which overlaps belong together
    (CA_MARKS, rf"[{CA_MARKS}]", ""),
    ("°", r"(?<!\d)°", ""),
    ("(", r"\((\w[\w'’-]*)\)", r"\1"),  # (i)l, a(v)ec
    (":", r"(?<=[^\W\d]):+(?=[^\W\d]|[\s,.?!]|$)", ""),  # ou:i
    ("^", r"(?<=\w)\^(?=\w)", ""),
    ("_+", r"(?<![\w'’])[\w'’]+(?:[_+][\w'’]+)+", _compound),
    # punctuation
    ("‡„", r"\s*[‡„]", ","),
    ("“", r"\s*“\s*", " « "),
    ("”", r"\s*”", " »"),
    ("'’", r"(?<=\w)\s*['’]\s*(?=\w)", "'"),
    ("-", r"(?<=\w) -(?=\w)", "-"),
    (".…", r"\.(?:\s*\.)+|…", "..."),
    (",", r",(?:\s*,)*", ", "),
    (",", r",\s*(?=[.?!:;]|$)", ""),
    (".,", r"\s+(?=[.,])", ""),
    ("?!", r"(?<!\.)\.\s*(?=[?!])", ""),
    ("?!:;", r"([?!;]|:(?!\d))", r" \1"),
    ("?!", r"([?!])(?:\s+\1)+", r"\1"),
    ("?!", r"\s([?!])\s+([?!])", r" \1\2"),
    (",.;:?!", r"^[\s,.;:?!]+(?=\w|«)", ""),
)
_COMPILED = [(frozenset(needed), re.compile(pattern), replacement) for needed, pattern, replacement in RULES]
_STARTS = re.compile(r"(?:^|(?<!\.)[.?!] )[«\s]*[^\W\d_]")


def clean(text: str) -> str:
    """The utterance as people write; empty where nothing of it was said or understood. Clean text stays as it is."""
    text = " ".join(text.split())  # patterns go over long spaces again and again
    there = set(text)
    for needed, pattern, replacement in _COMPILED:
        if not needed.isdisjoint(there):
            text, changes = pattern.subn(replacement, text)
            if changes:
                there = set(text)
    if not re.search(r"\w", text):
        return ""
    return _STARTS.sub(lambda start: start[0].upper(), " ".join(text.split()))
