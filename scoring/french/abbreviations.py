"""Abbreviations, and capitals that lost their accent: M., Me, n°, tél., « A demain »."""

from scoring.french.numbers import NUMBER_WORDS
from scoring.french.rules import Rule, compiled

NAME = "(?=[A-ZÉÈ][^\\W\\d_])"
NUMBER = "|".join(sorted(NUMBER_WORDS))
# After À in a text that is all capitals, where « a joint la conférence » may be meant.
AFTER_TO = (
    "demain|bientôt|tout|toute|toutes|plus|la|votre|vos|ce|cet|cette|quel|quelle|partir|cause|propos|côté|droite|gauche"
)

# Where capitals tell abbreviations from words, and À at the beginning of a sentence from a.
CASED: list[Rule] = compiled(
    (rf"\bMM ?\. ?(?=[^\W\d_]{{2}})|\bMM {NAME}", "messieurs "),
    (rf"(?<![A-Z] )(?<!\d )\bM {NAME}", "monsieur "),
    (rf"\bMe {NAME}", "maître "),
    (rf"\b(?:Pr\.?|Prof\.) {NAME}", "professeur "),
    (
        r"(?:^|(?<!\b[A-Z]\. )(?<!MM\. )(?<=[.!?…:;«–—-] ))A\.? (?!(?i:comme|et|ou|puis|t|eu|majuscule|minuscule)\b)"
        rf"(?!(?i:{NUMBER})\b(?!(?:[ -][^\W\d_]+){{0,3}}[ -](?i:heures?|euros?|ans|pour)\b))"
        r"(?!(?!(?i:côté|volonté|proximité|égalité)\b)\w{1,20}(?i:é(?:e|s|es)?)\b)"
        rf"(?=\w[a-zà-ÿ]|(?i:{AFTER_TO})\b|[ldLD]'|\d[\d.,]{{0,12}} ?(?:[hH]|:|€|%|km|ans|euro|pour))",
        "à ",
    ),
)
LOWER: list[Rule] = compiled(
    (r"\baujourd[ '-]*hui\b", "aujourd'hui"),
    (r"(?<!\d)(?<!\d )(?<!\w\. )(?<!['-])\bm ?\. ?(?=[^\W\d_]{2}|[a-z]\.? [^\W\d_]{2})", "monsieur "),
    (r"\bn ?°(s?) ?", r" numéro\1 "),
    (r"\bno\.? ?(?=\d)", "numéro "),
    (r"\bart\. ?(?=\d)", "article "),
    (r"§ ?(?=\d)", " paragraphe "),
    (r"\bp\. ?(?=\d)", "page "),
    (r"\benv\. ?(?=\d)", "environ "),
    (r"\bchap\. ?(?=\w)", "chapitre "),
    (r"\bav\.? (?=jc\b)", "avant "),
    (r"\bap\.? (?=jc\b)", "après "),
    (r"\bt[ée]l ?[.:] ?", "téléphone "),
    (r"\bb[âa]t\. ?(?=\w)", "bâtiment "),
    (r"\bpl\. ?(?=\w)", "place "),
    (r"\bboul\. ?(?=\w)", "boulevard "),
    (r"\b(?:p\. ?)?ex\. ?(?=\w)", "par exemple "),
    (r"(?<=me|\de) {1,2}s\.(?= |$)", " siècle "),
)
