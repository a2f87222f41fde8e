"""The form of a training as the arguments of the command, and what that would cost."""

import asyncio
import json
import os
import shlex
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from common.messages import Message, UserError
from ui.kit import adapter_shelf, corpus_field
from ui.kit.corpus_field import Source
from ui.kit.engine_pool import loading
from ui.kit.errors import for_visitors
from ui.kit.events import written
from ui.kit.format import clock, number
from ui.kit.html import facts, join, legend, note, sentence
from ui.kit.i18n import message, say
from ui.kit.zero_gpu import LENT
from ui.scores.figures_html import leaks

NOTEBOOK = ("rank", "alpha", "dropout", "modules", "learning_rate", "warmup_steps", "batch_size", "epochs", "window")
MINUTES_LENT = 3  # on ZeroGPU: with the loading of each slice they fit in a free account's five of a day
LOCALES = {"fr": "fr_FR.UTF-8", "en": "C.UTF-8"}  # a subprocess says its refusal in the visitor's language


class Form(NamedTuple):
    """The fields of the tab, as the visitor left them; those of NOTEBOOK as in trainer.settings."""

    name: str | None
    corpus: str | None
    base: str | None
    preset: str
    minutes: float | None  # None: no such end
    rank: float | None
    alpha: float | None
    dropout: float | None
    modules: list[str]
    learning_rate: float | None
    warmup_steps: float | None
    batch_size: float | None
    epochs: float | None
    window: str
    others: str | None  # key=value, one a line
    push_to: str | None  # where each new best adapter goes on the Hub
    audio: str | None  # the corpus's columns, where their names are unusual
    text: str | None
    unit: str  # of TalkBank


def of_preset(name: str) -> list:
    """The values that a preset gives minutes and the fields of NOTEBOOK."""
    from trainer.presets import preset

    settings = preset(name).to_dict()
    if LENT and settings["minutes"]:
        settings["minutes"] = MINUTES_LENT
    return [settings[key] for key in ("minutes", *NOTEBOOK)]


def arguments(form: Form) -> list[str]:
    """Those of `python -m trainer train` for this form. Raises UserError for what cannot be asked."""
    from trainer.presets import preset

    settings = preset(form.preset).to_dict()
    fields = [f"{key}={_text(getattr(form, key))}" for key in ("minutes", *NOTEBOOK)]
    theirs = [f"{key}={_text(settings[key])}" for key in ("minutes", *NOTEBOOK)]
    changes = [field for field, its in zip(fields, theirs, strict=True) if field != its]
    changes += [line.strip() for line in (form.others or "").splitlines() if line.strip()]
    changes += [f"push_to={repository}"] if (repository := (form.push_to or "").strip()) else []
    preset(form.preset, changes)
    asked = _source(form.corpus, form.audio, form.text, form.unit)
    opened = corpus_field.opened(asked)
    source = Path(opened.corpus.source)
    named = str(source.resolve()) if source.exists() else opened.corpus.source
    usual = Source._field_defaults
    columns = [word for key in usual if (value := getattr(asked, key)) != usual[key] for word in (f"--{key}", value)]
    return ["--corpus", named, *columns, "--model", _model(form.base), "--preset", form.preset, *_sets(changes)]


def arguments_of(config: dict) -> list[str]:
    """The same of a run, from its config.json."""
    from trainer.presets import PRESETS
    from trainer.settings import from_dict

    preset, settings = PRESETS[config["preset"]].to_dict(), from_dict(config["settings"]).to_dict()
    pairs = {key: value for key, value in settings.items() if preset[key] != value}
    named = [(f"--{key}", config[key]) for key in ("corpus", "audio", "text", "unit", "model", "preset")]
    changes = [f"{key}={_text(value)}" for key, value in pairs.items()]
    return [word for pair in named if pair[1] for word in pair] + _sets(changes)


def command(name: str, arguments: list[str]) -> str:
    """What a reader can type for the same; the way to a folder on this machine is left out."""
    words = [for_visitors(Message(word, word)).en for word in arguments]
    return shlex.join(["python", "-m", "trainer", "train", *words, "--output", f"runs/{name}"])


async def ask(words: list[str], reader: str, **settings: str) -> str:
    """What a command of ours prints; it is killed where the visitor does not wait. Raises UserError where it fails."""
    from trainer.runs.background import GENTLE, ROOT

    process = await asyncio.create_subprocess_exec(
        *GENTLE,
        *words,
        cwd=ROOT,
        env=os.environ | {"LC_ALL": LOCALES[reader]} | settings,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        printed, log = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        last = (log.decode(errors="replace").strip().splitlines() or [""])[-1].removeprefix("trainer: ")
        raise UserError(last, last) if process.returncode == 2 else UserError(*message("command_failed"))
    return printed.decode()


def cost(printed: str, before: int, reader: str) -> str:
    """The estimate that `python -m trainer train --estimate --json` printed; `before`: trainings that are queued."""
    known = json.loads(printed)
    memory = f"{number(known['memory'], reader, 0)} / {number(known['memory_free'], reader, 0)}"
    figures = [
        (f"≈\N{NO-BREAK SPACE}{clock(known['seconds'])}", "estimate_time"),
        (number(known["steps"], reader, 0), "estimate_steps"),
        (number(known["epochs"], reader), "epochs_fact"),
        (f"{memory}\N{NO-BREAK SPACE}{say(reader, 'megabytes')}", "estimate_memory"),
        (f"{number(known['trainable'] / 1e6, reader, 2)} M", "estimate_trainable"),
    ]
    if known["cost"] is not None:
        figures.append((f"≈\N{NO-BREAK SPACE}{number(known['cost'], reader, 2)} USD", "estimate_cost"))
    device = say(
        reader,
        "estimate_device",
        device=known["device"].upper(),
        weights=known["weights"],
        seconds=number(known["seconds_a_step"], reader, 2),
        split=", ".join(f"{name} {number(count, reader, 0)}" for name, count in known["split"].items()),
        minutes=number(known["train_seconds"] / 60, reader),
    )
    notes = [say(reader, "memory_short")] if known["memory"] > known["memory_free"] else []
    notes += [say(reader, "would_wait", count=str(before))] if before else []
    return join([facts(figures, reader), legend(device), *map(note, notes)])


def learned_from(name: str | None, audio: str | None, text: str | None, unit: str, reader: str) -> str:
    """The clips of each split of a corpus. Raises UserError."""
    opened = corpus_field.opened(_source(name, audio, text, unit))
    known = opened.facts
    splits = Markup(", ").join(
        Markup("<b>{}</b> {} ({} min)").format(
            split, number(part["rows"], reader, 0), number(part["seconds"] / 60, reader)
        )
        for split, part in known["splits"].items()
    )
    licence = known["licence"] or say(reader, "unknown")
    return legend(sentence(reader, "learns_from", splits=splits, licence=licence)) + leaks(opened, reader)


def _source(name: str | None, audio: str | None, text: str | None, unit: str) -> Source:
    return Source(written(name) or corpus_field.sources()[0], (audio or "").strip(), (text or "").strip(), unit)


def _model(name: str | None) -> str:
    page = loading().result().choice.model
    return page if written(name) in ("", page) else adapter_shelf.model(written(name))


def _sets(changes: list[str]) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


def _text(value: object) -> str:
    """As the command takes it."""
    from trainer.settings import ALL_LINEAR

    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return ",".join(sorted(value, key=lambda word: (*ALL_LINEAR, word).index(word)))
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
