"""The same audio heard by several engines, one after the other, and what each heard as columns of HTML."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from common.messages import UserError
from ui.compare import verdict
from ui.kit.engine_pool import Setting, loaded, settled
from ui.kit.format import clock, number, percent
from ui.kit.i18n import message, say, typeset

if TYPE_CHECKING:
    from speech.audio.decode import Recording
    from speech.engines import Engine
    from speech.transcribe import TranscriptionProgress
    from transcripts.transcript import Flagged

LETTERS = "ABC"


class Asked(NamedTuple):
    """A column, before it was heard."""

    called: str  # for people
    setting: Setting


@dataclass(frozen=True)
class Heard:
    """What a column heard."""

    called: str
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
    heard: tuple[Heard, ...]  # the columns that are done


def hear(recording: "Recording", columns: Sequence[Asked], whole: bool) -> Iterator[Stage]:
    """Each column in its turn; the last stage has them all. `whole`: a clip of a corpus, heard as it is scored there.

    Raises UserError where two columns are the same, or one cannot be loaded.
    """
    from speech.decoding.decode import Options
    from speech.transcribe import transcribe

    refuse_twins(columns)
    done: tuple[Heard, ...] = ()
    for at, column in enumerate(columns):
        yield Stage(at, None, done)
        engine = loaded(column.setting).engine.with_own_counts()
        options = Options(margin=engine.margin, voice_activity=not whole)
        started = time.perf_counter()
        for progress in transcribe(recording, engine, options):
            yield Stage(at, progress, done)
        taken = time.perf_counter() - started
        done += (_heard(column, engine, progress.transcript, taken),)
    yield Stage(len(columns), None, done)


def refuse_twins(columns: Sequence[Asked]) -> None:
    """Raises UserError where two columns are the same."""
    settings = [settled(column.setting) for column in columns]
    for at, setting in enumerate(settings):
        if setting in settings[:at]:
            twins = {"a": LETTERS[settings.index(setting)], "b": LETTERS[at]}
            raise UserError(*message("columns_same", **twins))


def _heard(column: Asked, engine: "Engine", transcript, taken: float) -> Heard:
    weights = [(turn.confidence, len(turn.text.split())) for turn in transcript.turns]
    words = sum(count for _, count in weights)
    return Heard(
        called=column.called,
        setting=column.setting,
        model=engine.model,
        adapter=engine.adapter,
        text=" ".join(transcript.text.split()),
        flagged=tuple(transcript.flagged),
        seconds=taken,
        audio_seconds=transcript.audio.seconds,
        tokens=len(engine.tokenizer(transcript.text, add_special_tokens=False).input_ids),
        confidence=sum(share * count for share, count in weights) / words if words else None,
        engine=engine.name,
        precision=engine.precision,
        device=engine.device,
        assistant=engine.assistant,
        drafted=engine.drafted,
        accepted=engine.accepted,
    )


def running(stage: Stage, columns: Sequence[Asked], reader: str, blind: bool) -> str:
    """The column in hand, under a bar over all of them."""
    name = LETTERS[stage.at] if blind else escape(columns[stage.at].called)
    if stage.progress is None:
        said, share = say(reader, "column_loading", name=name), 0.0
    else:
        done, total = stage.progress.seconds_done, stage.progress.seconds_total
        said = say(reader, "column_listening", name=name, done=clock(done), total=clock(total))
        share = done / total if total else 1.0
    value = (stage.at + share) / len(columns)
    bar = f' value="{value:.3f}" max="1"' if value else ""
    return f'<div class="running" role="status"><progress{bar}></progress><span>{said}</span></div>'


def shown(heard: Sequence[Heard], reference: str, reader: str, letters: Sequence[str] = LETTERS) -> str:
    """The verdict, the columns with their letters, and the legend of their marks."""
    from scoring.measures import judge

    texts, names = [each.text for each in heard], [f"<b>{escape(name)}</b>" for name in called(heard)]
    quick = verdict.faster(names, [each.seconds for each in heard], reader)
    if is_said(reference):
        found, clips = verdict.judged(reference, texts), judge([reference] * len(texts), texts)
        line = verdict.line(names, found, [clip.wer for clip in clips], reader)
    else:
        found, clips = verdict.differing(texts), [None] * len(texts)
        line = verdict.line_without_reference(found, reader)
    articles = "".join(
        _column(*column, reader) for column in zip(letters, called(heard), heard, found, clips, strict=False)
    )
    return (
        f'<p class="verdict" role="status">{line} {quick}</p><div class="columns">{articles}</div>'
        f"{verdict.legend(found, reader)}"
    )


def veiled(heard: Sequence[Heard], reader: str) -> str:
    """The texts alone, under letters: who said what, and how well, is told after the choice."""
    found = verdict.differing([each.text for each in heard])
    articles = "".join(
        f"<article><h3><i>{letter}</i></h3>{_text(each, reader)}{verdict.shown(words, reader)}</article>"
        for letter, each, words in zip(LETTERS, heard, found, strict=False)
    )
    return (
        f'<p class="verdict" role="status">{say(reader, "blind_question")}</p><div class="columns">{articles}</div>'
        f"{verdict.legend(found, reader)}"
    )


def is_said(reference: str) -> bool:
    """The reference has words, as they are scored."""
    from scoring.french import normalise

    return bool(normalise(reference))


def called(heard: Sequence[Heard]) -> list[str]:
    """The columns' names, with their engine, precision and assistant where these are what tells them apart."""
    names = [each.called for each in heard]
    alike = len(set(names)) < len(names) or len({_how(each) for each in heard}) > 1
    return [f"{each.called} ({_how(each)})" if alike else each.called for each in heard]


def _how(heard: Heard) -> str:
    draft = heard.assistant and f"+ {heard.assistant}"
    return ", ".join(filter(None, (heard.engine, heard.precision, heard.device.upper(), draft)))


def _column(letter: str, name: str, heard: Heard, found: verdict.Judged, clip, reader: str) -> str:
    rates = ""
    if clip is not None:
        edits = f"{clip.substitutions} / {clip.deletions} / {clip.insertions}"
        facts = [
            (percent(clip.wer, reader), "wer_fact"),
            (percent(clip.cer, reader), "cer_fact"),
            (edits, "edits_fact"),
        ]
        rates = _list(facts, reader, "rates")
    facts = [
        (f"{number(heard.seconds, reader, 2)} s", "taken_fact"),
        (number(heard.seconds / heard.audio_seconds, reader, 2) if heard.audio_seconds else "–", "speed_fact"),
        (number(heard.tokens, reader, 0), "tokens_fact"),
        (percent(heard.confidence and 100 * heard.confidence, reader) or "–", "confidence_fact"),
    ]
    if heard.drafted:
        facts.append((percent(100 * heard.accepted / heard.drafted, reader), "accepted_fact"))
    return (
        f"<article><h3><i>{letter}</i> {escape(name)}</h3>{_text(heard, reader)}{verdict.shown(found, reader)}{rates}"
        f'{_list(facts, reader, "")}<p class="how">{escape(_how(heard))}</p></article>'
    )


def _text(heard: Heard, reader: str) -> str:
    flagged = "".join(
        f"<li>« {escape(each.text)} » ({say(reader, f'flagged_{each.reason}')})</li>" for each in heard.flagged
    )
    aside = f'<aside class="flagged"><p>{say(reader, "flagged")}</p><ul>{flagged}</ul></aside>' if flagged else ""
    text = escape(typeset(heard.text)) or f"<i>{say(reader, 'nothing_heard')}</i>"
    return f'<p class="text" lang="fr">{text}</p>{aside}'


def _list(facts: Sequence[tuple[str, str]], reader: str, kind: str) -> str:
    items = "".join(f"<div><dd>{escape(value)}</dd><dt>{say(reader, key)}</dt></div>" for value, key in facts)
    return f'<dl class="facts {kind}">{items}</dl>'
