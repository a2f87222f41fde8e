"""The card of an adapter: README.md as the Hub reads it, in French and in English, from what a run wrote down.

The text is in assets/adapter_card.md. It says only what the run's files hold: what was not measured has no line.
"""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from common.files import write_text
from common.messages import Message
from speech.models.choose import EMBEDDED
from trainer.evaluation.forgetting import NAMES, text_without_speech, word_error_rates

TEMPLATE = Path(__file__).parents[2] / "assets" / "adapter_card.md"
HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
LICENCES = re.compile(r"cc0-1\.0|cc-by(-nc)?(-sa|-nd)?-[234]\.\d|mit|apache-2\.0")  # the Hub's names of the usual ones
MARKUP = re.compile(
    r"([\\`*_\[\]<>#|~$&@]|:(?=//)|(?<=www)\.)"
)  # inside a line: emphasis, links, HTML, tables, formulas
TRAINING = {
    "steps": Message("steps", "pas"),
    "epochs": Message("epochs", "époques"),
    "seconds": Message("seconds of training", "secondes d'entraînement"),
    "clips_per_second": Message("clips a second", "extraits par seconde"),
    "peak_memory_mb": Message("MB of memory at most", "Mo de mémoire au plus"),
    "trainable": Message("trainable weights", "poids entraînés"),
    "parameters": Message("weights in all", "poids en tout"),
}


def card(config: dict, report: dict, allo: dict) -> str:
    """README.md of an adapter: `config` is the run's config.json, `report` its report.json, `allo` the allo.json.

    A run that was stopped has no report, {}: its card says what it was trained on, and that nothing was measured.
    """
    forgotten = report.get("forgetting") or {}
    rendered = ModelCard.from_template(
        _front_matter(report, allo),
        template_path=str(TEMPLATE),
        config=config,
        report=report,
        allo=allo,
        title=_title(allo),
        base=escaped(_short(allo.get("base"))),
        corpus=escaped(_short(allo.get("corpus"))),
        model=EMBEDDED if allo.get("base") == EMBEDDED else hub_base(allo.get("base")) or "BASE",
        licence=allo.get("licence") or report.get("licence"),
        warnings=dict.fromkeys(map(_message, [*report.get("leaks", []), *report.get("warnings", [])])),
        windows={"own": report} | ({"full": report["full_window"]} if report.get("full_window") else {}),
        examples={kind: report.get("examples", {}).get(kind, []) for kind in ("fixed", "broken")},
        sets=[(NAMES.get(name, Message(name, name)), each) for name, each in word_error_rates(forgotten).items()],
        without_speech=text_without_speech(forgotten),
        replayed=[NAMES[name] for name in allo.get("held_by", ())],
        settings=_settings(allo.get("settings") or {}),
        training=_training(report.get("training") or {}),
        text=escaped,
        number=number,
        rate=_rate,
        chance=partial(_chance, report.get("p_value")),
    )
    return re.sub(r"\n{3,}", "\n\n", str(rendered)).strip() + "\n"


def write(run: Path) -> None:
    """Puts the card of a run into its adapter's folder, in place of the one that peft left there."""
    stored = {
        name: json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        for name, path in (
            ("config", run / "config.json"),
            ("report", run / "report.json"),
            ("allo", run / "adapter" / "allo.json"),
        )
    }
    write_text(run / "adapter" / "README.md", card(**stored))


def hub_base(base: str | None) -> str | None:
    """The id under which the Hub knows a base; None for a folder, which is on one machine alone."""
    if base == EMBEDDED:
        return f"openai/{EMBEDDED}"
    return base if base and _on_the_hub(base) else None


def escaped(text: str) -> str:
    """The text as Markdown shows it to the letter, on one line: nothing in it is markup, a link or HTML."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def number(value: float, language: str, digits: int = 1) -> str:
    """A figure with the decimal mark of a language."""
    text = str(value) if isinstance(value, int) else f"{value:.{digits}f}"
    return text.replace(".", ",") if language == "fr" else text


def _on_the_hub(name: str) -> bool:
    """A name of the Hub that is none on this disk, which comes first where a model or a corpus is chosen."""
    return HUB_NAME.fullmatch(name) is not None and not Path(name).exists()


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
    return f"Allô : LoRA de {_short(allo.get('base'))} pour {_short(allo.get('corpus'))}"


def _short(name: str | None) -> str:
    """Of a Hub id all of it; of a folder its name, since its path is private."""
    if not name:
        return "?"
    return name if _on_the_hub(name.partition(":")[0]) else name.rstrip("/").rpartition("/")[2]


def _message(value: Any) -> Message:
    """A sentence as a run writes it, in this version or an earlier one: {"en", "fr"}, a pair, or one language."""
    if isinstance(value, dict):
        return Message(value["en"], value["fr"])
    return Message(value, value) if isinstance(value, str) else Message(*value)


def _settings(settings: dict) -> str:
    shown = {key: ", ".join(value) if isinstance(value, list) else value for key, value in settings.items()}
    return "; ".join(escaped(f"{key} {value}") for key, value in shown.items() if value is not None)


def _training(facts: dict) -> list[Message]:
    """What training.json measured, each as a name and a number."""
    known = [(name, facts[key]) for key, name in TRAINING.items() if facts.get(key) is not None]
    return [Message(f"{name.en} {number(value, 'en')}", f"{name.fr} {number(value, 'fr')}") for name, value in known]


def _chance(p_value: float, language: str) -> str:
    if p_value < 0.0001:
        return f"< {number(0.0001, language, 4)}"
    return f"= {number(p_value, language, 4)}"


def _rate(score: dict, language: str) -> str:
    """A WER with its interval."""
    if score.get("wer") is None:
        return "–"
    rate = number(score["wer"], language)
    if not score.get("interval"):
        return rate
    low, high = (number(end, language) for end in score["interval"])
    return f"{rate} \\[{low} – {high}\\]"
