"""The card of an adapter: README.md as the Hub reads it, in French and in English, from what a run wrote down.

It says only what the run's files hold: what was not measured has no line.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from common.files import write_text
from common.messages import Message
from speech.models.choose import EMBEDDED
from trainer.evaluation.forgetting import NAMES

HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
LICENCES = re.compile(r"cc0-1\.0|cc-by(-nc)?(-sa|-nd)?-[234]\.\d|mit|apache-2\.0")  # the Hub's names of the usual ones
MARKUP = re.compile(
    r"([\\`*_\[\]<>#|~$&@]|:(?=//)|(?<=www)\.)"
)  # inside a line: emphasis, links, HTML, tables, formulas
SPLITS = {
    "train": Message("training", "entraînement"),
    "validation": Message("validation", "validation"),
    "test": Message("test", "test"),
}


def card(config: dict, report: dict, allo: dict) -> str:
    """README.md of an adapter: `config` is the run's config.json, `report` its report.json, `allo` the allo.json.

    A run that was stopped has no report, {}: its card says what it was trained on, and that nothing was measured.
    """
    bodies = ["\n\n".join(_body(config, report, allo, language)) for language in ("fr", "en")]
    return f"---\n{_front_matter(report, allo).to_yaml()}\n---\n\n" + "\n\n---\n\n".join(bodies) + "\n"


def write(run: Path) -> None:
    """Puts the card of a run into its adapter's folder, over the one that peft left there."""
    told = {
        name: json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        for name, path in (
            ("config", run / "config.json"),
            ("report", run / "report.json"),
            ("allo", run / "adapter" / "allo.json"),
        )
    }
    write_text(run / "adapter" / "README.md", card(**told))


def hub_base(base: str | None) -> str | None:
    """The id under which the Hub knows a base; None for a folder, which is on one machine alone."""
    if base == EMBEDDED:
        return f"openai/{EMBEDDED}"
    return base if base and _on_the_hub(base) else None


def _on_the_hub(name: str) -> bool:
    """What is on this disk comes first, as where a model or a corpus is chosen."""
    return HUB_NAME.fullmatch(name) is not None and not Path(name).exists()


def escaped(text: str) -> str:
    """The text as Markdown shows it to the letter, on one line: what was said is no markup, no link and no HTML."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def _front_matter(report: dict, allo: dict) -> ModelCardData:
    corpus = _short(allo.get("corpus"))
    dataset, _, config = corpus.partition(":")
    on_the_hub = _on_the_hub(dataset)
    licence = allo.get("licence") or report.get("licence")
    known = licence is not None and LICENCES.fullmatch(licence) is not None
    return ModelCardData(
        library_name="peft",
        pipeline_tag="automatic-speech-recognition",
        base_model=hub_base(allo.get("base")),
        language=allo.get("language", "fr"),
        license=licence if known else "other" if licence else "unknown",
        license_name=licence if licence and not known else None,
        datasets=[dataset] if on_the_hub else None,
        tags=["lora", "whisper", "telephony", "allo"],
        metrics=["wer", "cer"],
        model_name=_title(allo),
        eval_results=_results(report.get("adapter"), dataset if on_the_hub else "other", dataset, config) or None,
    )


def _results(score: dict | None, kind: str, name: str, config: str) -> list[EvalResult]:
    """What the adapter reached on the test split, for the Hub's model-index."""
    return [
        EvalResult(
            task_type="automatic-speech-recognition",
            dataset_type=kind,
            dataset_name=name,
            dataset_config=config or None,
            dataset_split="test",
            metric_type=metric,
            metric_name=f"{metric.upper()} ({score['normaliser']})",
            metric_value=round(score[metric], 2),
        )
        for metric in ("wer", "cer")
        if score and score.get(metric) is not None
    ]


def _title(allo: dict) -> str:
    return f"Allô: LoRA of {_short(allo.get('base'))} for {_short(allo.get('corpus'))}"


def _short(name: str | None) -> str:
    """Of a Hub id all of it; of a folder its name, for the way to it is nobody's business."""
    if not name:
        return "?"
    return name if _on_the_hub(name.partition(":")[0]) else name.rstrip("/").rpartition("/")[2]


def _body(config: dict, report: dict, allo: dict, language: str) -> Iterator[str]:
    """The card's paragraphs in one language."""

    def say(en: str, fr: str) -> str:
        return Message(en, fr).to(language)

    yield f"# {escaped(_title(allo))}" if language == "fr" else "# In English"
    base, corpus = escaped(_short(allo.get("base"))), escaped(_short(allo.get("corpus")))
    yield say(
        en=f"A LoRA adapter that teaches the Whisper model {base} the telephone speech of {corpus}, made with Allô.",
        fr=f"Un adaptateur LoRA qui apprend au modèle Whisper {base} la parole téléphonique de {corpus}, "
        "fait avec Allô.",
    )
    yield from _warnings(report, language)
    yield from _measured(report, language)
    yield from _examples(report, language)
    yield from _forgotten(report, allo, language)
    yield say(en="## How it was made", fr="## Comment il a été fait")
    yield "\n".join(f"- {line}" for line in _facts(config, report, allo, language))
    yield say(en="## Use", fr="## Utilisation")
    yield say(
        en="`NAME` is the address of this page, or the adapter's folder.",
        fr="`NOM` est l'adresse de cette page, ou le dossier de l'adaptateur.",
    )
    model = EMBEDDED if allo.get("base") == EMBEDDED else hub_base(allo.get("base")) or "BASE"
    yield f"    python -m speech transcribe FILE --model {model} --adapter {say(en='NAME', fr='NOM')}"
    yield say(en="## Limits", fr="## Limites")
    yield "\n".join(f"- {line}" for line in _limits(report, allo, language))


def _warnings(report: dict, language: str) -> Iterator[str]:
    found = [_said(leak, language) for leak in report.get("leaks", [])]
    found += [_said(warning, language) for warning in report.get("warnings", [])]
    for line in dict.fromkeys(found):
        yield f"> ⚠️ {line}"


def _measured(report: dict, language: str) -> Iterator[str]:
    """Before and after on the test split, in both windows."""
    yield Message("## What it brings", "## Ce qu'il apporte").to(language)
    if not report.get("adapter"):
        yield Message(
            "Nothing was measured: the training has no report, or no clips to test on.",
            "Rien n'a été mesuré : l'entraînement n'a pas de rapport, ou pas d'extraits de test.",
        ).to(language)
        return
    rows = [(Message("each in its own window", "chacun dans sa fenêtre"), report)]
    if report.get("full_window"):
        rows.append((Message("both in the window of 30 s", "les deux dans la fenêtre de 30 s"), report["full_window"]))
    head = Message(
        "| WER on the test split, in % | before | after |", "| WER sur la partition de test, en % | avant | après |"
    )
    lines = [head.to(language), "|---|---|---|"]
    for label, scores in rows:
        lines.append(
            f"| {label.to(language)} | {_rate(scores['base'], language)} | {_rate(scores['adapter'], language)} |"
        )
    yield "\n".join(lines)
    yield " ".join(_beside(report, language))


def _beside(report: dict, language: str) -> Iterator[str]:
    """The sentences beside the table."""
    score, base = report["adapter"], report["base"]
    yield Message(
        en=f"In brackets the interval of 95 %; {score['words']} words, normaliser {escaped(score['normaliser'])}.",
        fr=f"Entre crochets l'intervalle à 95 % ; {score['words']} mots, normalisation {escaped(score['normaliser'])}.",
    ).to(language)
    if score.get("cer") is not None and base.get("cer") is not None:
        before, after = (_number(each["cer"], language) for each in (base, score))
        yield Message(
            en=f"Character error rate: {before} % before, {after} % after.",
            fr=f"Taux d'erreur de caractères : {before} % avant, {after} % après.",
        ).to(language)
    if report.get("p_value") is not None:
        chance = report["p_value"]
        shown = f"= {_number(chance, language, 4)}" if chance >= 0.0001 else f"< {_number(0.0001, language, 4)}"
        yield Message(
            en=f"Were both equally good, a difference like this one would come by chance with p {escaped(shown)}.",
            fr=f"S'ils étaient également bons, un tel écart viendrait du hasard avec p {escaped(shown)}.",
        ).to(language)
    if report.get("fixed") is not None and report.get("broken") is not None:
        yield Message(
            en=f"Clips that had errors and have none now: {report['fixed']}; the reverse: {report['broken']}.",
            fr=f"Extraits qui avaient des erreurs et n'en ont plus : {report['fixed']} ; l'inverse : "
            f"{report['broken']}.",
        ).to(language)


def _examples(report: dict, language: str) -> Iterator[str]:
    titles = {
        "fixed": Message("### Clips that it mended", "### Extraits qu'il a réparés"),
        "broken": Message("### Clips that it broke", "### Extraits qu'il a abîmés"),
    }
    head = Message("| said | heard before | heard after |", "| dit | entendu avant | entendu après |").to(language)
    for kind, title in titles.items():
        found = report.get("examples", {}).get(kind, [])
        if found:
            yield title.to(language)
            rows = [" | ".join(escaped(clip[part]) for part in ("reference", "base", "adapter")) for clip in found]
            yield "\n".join([head, "|---|---|---|", *(f"| {row} |" for row in rows)])


def _forgotten(report: dict, allo: dict, language: str) -> Iterator[str]:
    found = _sets(report)
    if not found:
        return
    yield Message("## What it forgot", "## Ce qu'il a oublié").to(language)
    yield Message(
        "On what it was not trained on: word error rate, and of sounds without speech the share that got a text, in %.",
        "Sur ce qu'il n'a pas appris : taux d'erreur de mots, et pour les sons sans parole la part qui a eu "
        "un texte, en %.",
    ).to(language)
    if held_by := ", ".join(NAMES[name].to(language) for name in allo.get("held_by", ())):
        yield Message(
            f"Other sentences of the same voices held it to what its base hears: {held_by}.",
            f"D'autres phrases des mêmes voix l'ont tenu à ce qu'entend sa base : {held_by}.",
        ).to(language)
    lines = [Message("| | before | after | lost |", "| | avant | après | perdu |").to(language), "|---|---|---|---|"]
    for label, figures in found:
        numbers = " | ".join(_number(figures[part], language) for part in ("before", "after", "lost"))
        lines.append(f"| {label.to(language)} | {numbers} |")
    yield "\n".join(lines)


def _facts(config: dict, report: dict, allo: dict, language: str) -> Iterator[str]:
    def say(en: str, fr: str) -> str:
        return Message(en, fr).to(language)

    licence = allo.get("licence") or report.get("licence")
    named = escaped(licence) if licence else say("unknown", "inconnue")
    corpus = escaped(_short(allo.get("corpus")))
    yield say(f"data: {corpus}; licence: {named}", f"données : {corpus} ; licence : {named}")
    parts = [
        f"{SPLITS[name].to(language) if name in SPLITS else escaped(name)} {count}"
        for name, count in report.get("split", {}).items()
    ]
    if parts:
        yield say("clips: ", "extraits : ") + ", ".join(parts)
    if allo.get("split_hash"):
        yield say("split: ", "partition : ") + f"`{allo['split_hash']}`"
    revision = ", ".join(
        f"{label} `{value}`"
        for label, value in (
            (say("revision", "révision"), allo.get("revision")),
            (say("weights", "poids"), allo.get("weights")),
        )
        if value
    )
    yield say("base: ", "base : ") + escaped(_short(allo.get("base"))) + (f", {revision}" if revision else "")
    if allo.get("margin") is not None:
        seconds = _number(allo["margin"], language)
        yield say(f"window: the clip and {seconds} s after it", f"fenêtre : l'extrait et {seconds} s après lui")
    if config.get("preset"):
        yield say("preset: ", "préréglage : ") + escaped(str(config["preset"]))
    if allo.get("settings"):
        shown = {key: ", ".join(value) if isinstance(value, list) else value for key, value in allo["settings"].items()}
        settings = "; ".join(escaped(f"{key} {value}") for key, value in shown.items() if value is not None)
        yield say("settings: ", "paramètres : ") + settings
    yield from _training(report.get("training") or {}, language)


def _training(facts: dict, language: str) -> Iterator[str]:
    names = {
        "steps": Message("steps", "pas"),
        "epochs": Message("epochs", "époques"),
        "seconds": Message("seconds of training", "secondes d'entraînement"),
        "clips_per_second": Message("clips a second", "extraits par seconde"),
        "peak_memory_mb": Message("MB of memory at most", "Mo de mémoire au plus"),
        "trainable": Message("trainable weights", "poids entraînés"),
        "parameters": Message("weights in all", "poids en tout"),
    }
    found = [
        f"{label.to(language)} {_number(facts[key], language)}"
        for key, label in names.items()
        if facts.get(key) is not None
    ]
    if found:
        yield Message("training: ", "entraînement : ").to(language) + ", ".join(found)


def _limits(report: dict, allo: dict, language: str) -> Iterator[str]:
    licence = allo.get("licence") or report.get("licence")
    if licence:
        yield Message(
            en=f"The data's licence, {escaped(licence)}, goes with the adapter"
            + (": no commercial use." if "-nc" in licence else "."),
            fr=f"La licence des données, {escaped(licence)}, suit l'adaptateur"
            + (" : pas d'usage commercial." if "-nc" in licence else "."),
        ).to(language)
    yield Message(
        "It fits its own base alone, in that revision.", "Il ne va qu'avec sa propre base, dans cette révision."
    ).to(language)
    if report.get("adapter"):
        yield Message(
            "The figures are of this corpus's test split; other lines and other speakers were not measured.",
            "Les chiffres sont ceux de la partition de test de ce corpus ; d'autres lignes et d'autres locuteurs n'ont "
            "pas été mesurés.",
        ).to(language)
    if not report.get("forgetting"):
        yield Message("What it forgot was not measured.", "Ce qu'il a oublié n'a pas été mesuré.").to(language)


def _sets(report: dict) -> list[tuple[Message, dict]]:
    """What the forgetting check measured: each set's name in both languages, and its figures."""
    found = report.get("forgetting") or {}
    return [(NAMES.get(name, Message(name, name)), figures) for name, figures in found.items()]


def _rate(score: dict, language: str) -> str:
    """A WER with its interval."""
    if score.get("wer") is None:
        return "–"
    rate = _number(score["wer"], language)
    if not score.get("interval"):
        return rate
    low, high = (_number(end, language) for end in score["interval"])
    return f"{rate} \\[{low} – {high}\\]"


def _number(value: Any, language: str, digits: int = 1) -> str:
    text = str(value) if isinstance(value, int) else f"{value:.{digits}f}"
    return text.replace(".", ",") if language == "fr" else text


def _said(value: Any, language: str) -> str:
    """A sentence as a run writes it: in one language, or {"en", "fr"}, or a pair."""
    if isinstance(value, dict):
        value = Message(value["en"], value["fr"]).to(language)
    elif not isinstance(value, str):
        value = Message(*value).to(language)
    return escaped(value)
