"""The score of calls as one HTML file to send: figures, and every turn with its errors. It needs no server, no script.

Errors are told by colour and by a mark of their own: said → written, a line through what is missing, a + before what is
too much.
"""

from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from common.messages import Message
from scoring import french
from scoring.calls.diarization import COLLAR
from scoring.calls.score import CallsScore, by_minute, details, worst_minute
from scoring.details import SHOWN

TEMPLATES = Path(__file__).parents[2] / "assets/templates/scores"
NARROW, NO_BREAK = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"


def page(score: CallsScore, language: str, title: str) -> str:
    """The whole file as text; `language` is fr or en, and `title` the name of what is scored."""
    return _template().render(
        language=language,
        title=title,
        score=score,
        calls=[(call, details(call.turns, score.names), by_minute(call), worst_minute(call)) for call in score.calls],
        word=lambda key, **values: WORDS[key].to(language).format(**values),
        percent=partial(percent, language=language),
        interval=lambda measure: interval(score.interval(measure), language),
        normaliser=french.NAME,
        collar=number(score.collar, language),
        forgiven=number(COLLAR, language),
        shown=SHOWN,
        clock=clock,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return environment.get_template("calls_page.html")


def number(seconds: float, language: str) -> str:
    return f"{seconds:g}".replace(".", "," if language == "fr" else ".")


def percent(rate: float | None, language: str) -> str:
    if rate is None:
        return "–"
    text = f"{rate:.1f}{NO_BREAK}%"
    return text.replace(".", ",") if language == "fr" else text


def interval(found: tuple[float, float] | None, language: str) -> str:
    if found is None:
        return ""
    low, high = (percent(each, language) for each in found)
    return f"95{NO_BREAK}%{NARROW}: {low} – {high}" if language == "fr" else f"95%: {low} to {high}"


def clock(seconds: float) -> str:
    """1:23, or 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


WORDS = {
    "heading": Message("Calls scored", "Appels notés"),
    "calls": Message("calls", "appels"),
    "call": Message("Call", "Appel"),
    "words": Message("words", "mots"),
    "words_said": Message("words said", "mots prononcés"),
    "cpwer": Message("errors, each speaker's words (cpWER)", "d’erreurs, mots de chaque locuteur (cpWER)"),
    "tcpwer": Message("errors, within {seconds} s (tcpWER)", "d’erreurs, à {seconds} s près (tcpWER)"),
    "orcwer": Message("errors, whoever spoke (ORC-WER)", "d’erreurs, quel que soit le locuteur (ORC-WER)"),
    "der": Message(
        "of speech missed, invented or another's (DER)", "de parole manquée, inventée ou mal attribuée (DER)"
    ),
    "forgiving": Message("of it but for {seconds} s around borders", "hors des {seconds} s autour des limites"),
    "numbers": Message("numbers right", "nombres justes"),
    "names": Message("names right", "noms justes"),
    "minute": Message("minute", "minute"),
    "worst": Message("worst minute", "pire minute"),
    "speakers": Message("speakers found, said", "locuteurs trouvés, réels"),
    "confusions": Message("The commonest confusions", "Les confusions les plus fréquentes"),
    "said": Message("said", "prononcé"),
    "written": Message("written", "transcrit"),
    "times": Message("times", "fois"),
    "nothing": Message("(nothing)", "(rien)"),
    "by_minute": Message("Errors by minute", "Erreurs par minute"),
    "substituted": Message("said → written", "prononcé → transcrit"),
    "missing": Message("missing", "manquant"),
    "too_much": Message("too much", "en trop"),
    "legend": Message("Errors are shown so:", "Les erreurs sont montrées ainsi\N{NO-BREAK SPACE}:"),
    "nobody": Message("nobody", "personne"),
    "normaliser": Message(
        "Both sides are compared in words, in lower case and without punctuation; normaliser:",
        "Les deux côtés sont comparés mot à mot, en minuscules et sans ponctuation. Normaliseur\N{NO-BREAK SPACE}:",
    ),
}
