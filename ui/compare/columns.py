"""The same audio transcribed by several engines, one after the other, and their results as columns of HTML."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from common.messages import UserError
from ui.compare import verdict
from ui.kit.engine_pool import Setting, loaded, resolved
from ui.kit.format import clock, number, percent
from ui.kit.html import render
from ui.kit.i18n import message, say

if TYPE_CHECKING:
    from scoring.measures import Clip
    from speech.engines import Engine
    from speech.transcribe import Source, TranscriptionProgress
    from transcripts.transcript import Flagged

LETTERS = "ABC"


class Column(NamedTuple):
    """What is asked of a column."""

    name: str  # for people
    setting: Setting


@dataclass(frozen=True)
class ColumnResult:
    """What a column transcribed."""

    name: str
    setting: Setting
    model: str
    adapter: str | None
    text: str
    flagged: tuple["Flagged", ...]  # that the model gave and nobody said
    seconds: float  # of work, without the loading
    audio_seconds: float
    tokens: int  # of the text
    confidence: float | None  # 0 to 1, the mean over its words; None where there are none
    engine: str
    precision: str
    device: str
    assistant: str | None
    drafted: int  # tokens that the assistant proposed, and those that were taken
    accepted: int


class Stage(NamedTuple):
    """How far a comparison has come."""

    at: int  # the column in hand
    progress: "TranscriptionProgress | None"  # None while its model is loading
    results: tuple[ColumnResult, ...]  # of the columns that are done; of all so far where they go on together
    together: bool = False


def transcribe_columns(source: "Source", columns: Sequence[Column], whole: bool) -> Iterator[Stage]:
    """Each column in its turn; the last stage has them all. `whole`: without voice activity, as a corpus is scored.

    Raises UserError where two columns are the same, or one cannot be loaded.
    """
    from speech.decoding.decode import Options
    from speech.transcribe import transcribe

    refuse_twins(columns)
    done: tuple[ColumnResult, ...] = ()
    for at, column in enumerate(columns):
        yield Stage(at, None, done)
        engine = loaded(column.setting).engine.with_own_counts()
        options = Options(margin=engine.margin, voice_activity=not whole)
        started = time.perf_counter()
        for progress in transcribe(source, engine, options):
            yield Stage(at, progress, done)
        taken = time.perf_counter() - started
        done += (result(column, engine, progress.transcript, taken),)
    yield Stage(len(columns), None, done)


def refuse_twins(columns: Sequence[Column]) -> None:
    """Raises UserError where two columns are the same."""
    settings = [resolved(column.setting) for column in columns]
    for at, setting in enumerate(settings):
        if setting in settings[:at]:
            twins = {"a": LETTERS[settings.index(setting)], "b": LETTERS[at]}
            raise UserError(*message("columns_same", **twins))


def result(column: Column, engine: "Engine", transcript, taken: float) -> ColumnResult:
    """What the column is so far."""
    weights = [(turn.confidence, len(turn.text.split())) for turn in transcript.turns]
    words = sum(count for _, count in weights)
    return ColumnResult(
        name=column.name,
        setting=column.setting,
        model=engine.model,
        adapter=engine.adapter,
        text=" ".join(transcript.text.split()),
        flagged=tuple(transcript.flagged),
        seconds=taken,
        audio_seconds=transcript.audio.seconds,
        tokens=len(engine.vocabulary.ids(transcript.text)),
        confidence=sum(share * count for share, count in weights) / words if words else None,
        engine=engine.name,
        precision=engine.precision,
        device=engine.device,
        assistant=engine.assistant,
        drafted=engine.drafted,
        accepted=engine.accepted,
    )


def running(stage: Stage, columns: Sequence[Column], reader: str, blind: bool) -> Markup:
    """The column in hand, or all of them where they go on together, under a bar over all."""
    name = f"{stage.at + 1} / {len(columns)}" if blind else columns[stage.at].name
    if stage.together:
        name = str(len(columns)) if blind else " + ".join(each.name for each in columns)
    if stage.progress is None:
        text, share = say(reader, "column_loading", name=name), 0.0
    else:
        done, total = stage.progress.seconds_done, stage.progress.seconds_total
        text = say(reader, "column_running", name=name, done=clock(done), total=clock(total))
        share = done / total if total else 1.0
    share = share if stage.together else (stage.at + share) / len(columns)
    return render("kit/running.html", reader, text=text, share=share or None)


def shown(results: Sequence[ColumnResult], reference: str, reader: str, signs: Sequence[str] = LETTERS) -> Markup:
    """The verdict, the columns under their letters or other signs, and the legend of their marks."""
    from scoring.measures import score_clips

    texts, names = [each.text for each in results], [Markup("<b>{}</b>").format(name) for name in names_of(results)]
    quick = verdict.faster(names, [each.seconds for each in results], reader)
    if is_said(reference):
        found, clips = verdict.mark(reference, texts), score_clips([reference] * len(texts), texts)
        line = verdict.line(names, found, [clip.wer for clip in clips], reader)
    else:
        found, clips = verdict.mark_differences(texts), [None] * len(texts)
        line = verdict.line_without_reference(found, reader)
    columns = [
        {"sign": sign, "name": name, "result": each, "words": verdict.shown(words, reader)}
        | _figures(each, clip, reader)
        for sign, name, each, words, clip in zip(signs, names_of(results), results, found, clips, strict=False)
    ]
    verdicts, legend = Markup("{} {}").format(line, quick), verdict.legend(found, reader)
    return render("compare/columns.html", reader, verdict=verdicts, columns=columns, legend=legend)


def veiled(results: Sequence[ColumnResult], reader: str) -> Markup:
    """The texts alone, under numbers: which model wrote which, and how well, is shown after the choice."""
    found = verdict.mark_differences([each.text for each in results])
    columns = [
        {"sign": at, "name": "", "result": each, "words": verdict.shown(words, reader), "rates": [], "figures": []}
        for at, (each, words) in enumerate(zip(results, found, strict=True), start=1)
    ]
    question, legend = say(reader, "blind_question"), verdict.legend(found, reader)
    return render("compare/columns.html", reader, verdict=question, columns=columns, legend=legend)


def is_said(reference: str) -> bool:
    """The reference has words, as they are scored."""
    from scoring.french import normalise

    return bool(normalise(reference))


def names_of(results: Sequence[ColumnResult]) -> list[str]:
    """The columns' names, with their engine, precision and assistant where these are what tells them apart."""
    names = [each.name for each in results]
    alike = len(set(names)) < len(names) or len({_how(each) for each in results}) > 1
    return [f"{each.name} ({_how(each)})" if alike else each.name for each in results]


def _how(result: ColumnResult) -> str:
    draft = result.assistant and f"+ {result.assistant}"
    return ", ".join(filter(None, (result.engine, result.precision, result.device.upper(), draft)))


def _figures(result: ColumnResult, clip: "Clip | None", reader: str) -> dict:
    """The rates by the reference, where there is one, and what the column took."""
    rates = []
    if clip is not None:
        edits = f"{clip.substitutions} / {clip.deletions} / {clip.insertions}"
        rates = [
            (percent(clip.wer, reader), "wer_fact"),
            (percent(clip.cer, reader), "cer_fact"),
            (edits, "edits_fact"),
        ]
    speed = number(result.seconds / result.audio_seconds, reader, 2) if result.audio_seconds else "–"
    figures = [
        (f"{number(result.seconds, reader, 2)} s", "taken_fact"),
        (speed, "speed_fact"),
        (number(result.tokens, reader, 0), "tokens_fact"),
        (percent(result.confidence and 100 * result.confidence, reader) or "–", "confidence_fact"),
    ]
    if result.drafted:
        figures.append((percent(100 * result.accepted / result.drafted, reader), "accepted_fact"))
    return {"rates": rates, "figures": figures, "how": _how(result)}
