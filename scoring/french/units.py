"""Units, their abbreviations and signs: km/h, Go, 1m80, 12,90 €/mois, °, %."""

from scoring.french.numbers import cardinal
from scoring.french.rules import Rule, compiled

# A unit after a number: its abbreviation or its name, singular or plural, becomes the name, plural unless one is one.
UNITS = {
    "h": "heure",
    "hr": "heure",
    "min": "minute",
    "mn": "minute",
    "sec": "seconde",
    "ms": "milliseconde",
    "km": "kilomètre",
    "dm": "décimètre",
    "cm": "centimètre",
    "mm": "millimètre",
    "kg": "kilo",
    "kilogramme": "kilo",
    "mg": "milligramme",
    "μg": "microgramme",
    "hl": "hectolitre",
    "dl": "décilitre",
    "cl": "centilitre",
    "ml": "millilitre",
    "ha": "hectare",
    "ko": "kilooctet",
    "kb": "kilooctet",
    "kbit": "kilooctet",
    "kilobit": "kilooctet",
    "mo": "méga",
    "mb": "méga",
    "mbit": "méga",
    "mega": "méga",
    "mégaoctet": "méga",
    "mégabit": "méga",
    "go": "giga",
    "gb": "giga",
    "gbit": "giga",
    "gigaoctet": "giga",
    "gigabit": "giga",
    "to": "téra",
    "tb": "téra",
    "tera": "téra",
    "téraoctet": "téra",
    "kv": "kilovolt",
    "kw": "kilowatt",
    "mw": "mégawatt",
    "va": "voltampère",
    "kva": "kilovoltampère",
    "wh": "wattheure",
    "kwh": "kilowattheure",
    "mwh": "mégawattheure",
    "mah": "milliampèreheure",
    "hz": "hertz",
    "khz": "kilohertz",
    "mhz": "mégahertz",
    "ghz": "gigahertz",
    "db": "décibel",
    "kcal": "kilocalorie",
    "hpa": "hectopascal",
    "tr": "tour",
    "eur": "euro",
    "usd": "dollar",
    "chf": "franc",
    "fr": "franc",
    "gbp": "livre",
    "ct": "centime",
    "mds": "milliard",
    "md": "milliard",
    "mrd": "milliard",
}
UNITS |= {name: name for name in UNITS.values() if name != "hertz"}
UNITS |= {name: name for name in ("mètre", "gramme", "litre", "tonne", "degré", "volt", "watt", "ampère", "jour")}
MONEY = {"euro", "dollar", "franc", "livre"}
PARTS = {"centime": MONEY, "minute": {"heure"}, "seconde": {"minute"}, "centimètre": {"mètre"}}  # of what
UNSAID = {"celsius": {"degré"}, "centigrade": {"degré"}, "suisse": {"franc"}}  # 25 °C, CHF 20

# What an amount may be for: « 12,90 €/mois » is par mois, « un euro vingt la minute » par minute.
PER = {
    "h": "heure",
    "min": "minute",
    "mn": "minute",
    "s": "seconde",
    "sec": "seconde",
    "j": "jour",
    "sem": "semaine",
    "pers": "personne",
    "kg": "kilo",
    "g": "gramme",
    "l": "litre",
    "km": "kilomètre",
    "m": "mètre",
    "m2": "mètre carré",
    "m3": "mètre cube",
    "t": "tonne",
    "kwh": "kilowattheure",
}
# fmt: off
PER |= {name: name for name in (
    *PER.values(), "an", "année", "mois", "trimestre", "semestre", "nuit", "appel", "sms", "message", "page", "unité",
    "pièce", "ligne", "séance", "repas", "adulte", "enfant", "heures", "jours",
)}
# fmt: on
FEMININE = (
    "h|min|mn|sec|fois|carte|facture|option|place|chambre|adresse|offre|demande|réponse|agence|commande|pièce|part|"
    "bouteille|voiture|maison|clé|copie|photo|lettre|voix|vie|date|rue|ville|étape|touche|erreur|heure|minute|seconde|"
    r"personne|semaine|année|journée|nuit|page|ligne|livre|tonne|\w{2,12}(?:tion|sion|ité|ance|ette|aine|ure)"
)
CURRENCY = r"€|\$|£|(?:euros?|eur|dollars?|usd|gbp|chf|francs?|frs?|f|livres?)(?!\w)"

# Where capitals tell a unit from a word or a letter: 16 A, 5 g and the 5G.
CASED: list[Rule] = compiled(
    (r"(?<=\d) ?A(?=$|[.,;:!?)/-]| (?:max|maxi|maximum|en|sur|et|ou|pour|par|à)\b)", " ampère "),
    (r"(?<=\d) ?V(?![\w'])", " volt "),
    (r"(?<!\w)(?<!\b[Ll]a )(\d) g(?![\w'])", r"\1 gramme "),
    (r"(?<![\w.,])([017-9])g(?![\w'])", r"\1 gramme "),
)
# Before anything else is made of the digits.
RATES: list[Rule] = compiled(
    (r"(?<=\d) ?([kmg])bps\b", r" \1b par seconde "),
    (
        rf"(\d(?: ?[€$£])?(?: ?[^\W\d_]{{1,12}})?) ?/ ?({'|'.join(sorted(PER, key=len, reverse=True))})(?!\w)",
        lambda found: f"{found[1]} par {PER[found[2]]} ",
    ),
)
MONEY_SIGNS: list[Rule] = compiled(
    (r"(?<=\d) ?[x×] ?(?=\d)|(?<=\d) ?[x×](?![\w'])", " fois "),
    (r"(?<![^\W\d_])km ?/? ?h\b", " km heure"),
    (r"(?<!\w)(?<!\d )(€|\$|£|chf|eur|usd|gbp|fr\.) ?(\d+(?:[.,]\d+)?)(?![.,]?\d)", r"\2 \1"),
    (r"(?<=\d)[.,](?:[–—]|--?)(?!\d)", ""),  # 20.– francs
    (rf"(?<![\d.,])(\d{{1,15}})[.,](\d\d) ?({CURRENCY})", lambda found: _amount(*found.groups())),
    (r"(?<=\d) ?k ?€", " mille euros "),
    (r"(?<=\d) ?m(?= ?€| ?d'euros)", " millions "),
    (r"(?<=\d) ?m(?:r?ds?|ia)(?= ?€| ?d'euros)", " milliards "),
)
# Units of one letter, which a clitic (s'est, m'a, l'a) or a network (4G) must not pass for, and signs.
SIGNS: list[Rule] = compiled(
    (r"(?<=\d) ?[x×] ?(?=\d)|(?<=\d) ?[x×](?![\w'])", " fois "),
    (r"(?<![^\W\d_])km ?/? ?h\b", " km heure"),
    (r"(?<=\d) ?m(?:²|2)(?!\w)", " mètres carrés "),
    (r"(?<=\d) ?m(?:³|3)(?!\w)", " mètres cubes "),
    (
        r"(?<=\d) ?([kcd]m)([23])(?!\w)",
        lambda found: f" {UNITS[found[1]]}s {'carrés' if found[2] == '2' else 'cubes'} ",
    ),
    (r"(\d)m(\d\d)(?!\d)", r"\1 mètre \2"),
    (r"(?<=\d) ?m(?![\w'])", " mètre "),
    (r"(?<=\d) ?s(?![\w'])", " seconde "),
    (r"(?<=\d) ?l(?![\w'])", " litre "),
    (r"(?<=\d) ?t(?![\w'])", " tonne "),
    (r"(?<=\d) ?v(?![\w'])", " volt "),
    (r"(?<=\d) ?w(?![\w'])", " watt "),
    (r"(?<=\d) ?f(?![\w'])", " franc "),
    (r"(?<=\d) ?j(?![\w'])", " jour "),
    (r"(?<=\d\d) ?g(?![\w'])", " gramme "),
    (r"(?<=\d) ?(?:cts|c€)(?!\w)", " centimes "),
    (r"(?<=\d) ?kgs\b", " kilo "),
    (r"(?<=\d) ?° ?f\b", " degré fahrenheit "),
    (r"(?<=\d) ?° ?c\b|°", " degré "),
    (rf"(?<![\d.,])1(?= ?(?:{FEMININE})s?(?![^\W\d_]))", "une "),
    (r"%", " pour cent "),
    (r"‰", " pour mille "),
    (r"€", " euro "),
    (r"\$", " dollar "),
    (r"£", " livres "),
)


def _amount(whole: str, parts: str, currency: str) -> str:
    """5,05 € as cinq euros cinq; the hundredths in words, so that no other number joins them."""
    if int(whole) == 0 and int(parts):
        return f" {cardinal(int(parts))} centimes "
    return f" {int(whole)} {currency} {cardinal(int(parts)) if int(parts) else ''} "


def unit_of(word: str) -> str:
    """The name of the unit that the word is, in the singular; "" where it is none."""
    return UNITS.get(word) or UNITS.get(word.removesuffix("s"), "")
