"""The first tab: a recording in, its transcript out."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import gradio as gr
from gradio.processing_utils import audio_is_playable

from common.messages import UserError
from speech.decoding.effort import EFFORT
from transcripts.formats import write
from ui.kit import adapter_shelf, sound, transcript_html
from ui.kit.engine_pool import transcribe_recording
from ui.kit.errors import refused, refused_to_program
from ui.kit.events import AT_ONCE, POLL, PRIVATE, QUEUED, Press
from ui.kit.fields import adapter_field, adapters, decision, effort_field, efforts, languages
from ui.kit.html import alert
from ui.kit.i18n import label, message, reader_of, say
from ui.kit.theme import WAVE
from ui.kit.zero_gpu import Held, Quota
from ui.server.queue import Busy, in_turn, line, sentence, visitor_of
from ui.transcribe import live, model_inside

PROMPTS = Path("/usr/share/asterisk/sounds/fr_CA_f_June")  # Debian's asterisk-core-sounds-fr-wav
SAMPLES = {
    "tt-allbusy": "Tous occupés",
    "followme/status": "Pas à son bureau",
    "vm-intro": "Laissez un message",
    "dir-instr": "Est-ce la bonne personne ?",
    "demo-instruct": "Visite guidée (1 min 11)",
}
COPY = """() => {
  const turns = [...document.querySelectorAll('#result .turns p')];
  navigator.clipboard?.writeText(turns.map(turn => turn.innerText).join('\\n'));
}"""
FORMATS = ("txt", "srt", "vtt", "json")


class Parts(NamedTuple):
    """What the page needs of the tab: `welcomed` is put in the visitor's language by `welcome` when the page loads."""

    welcomed: tuple
    adapter: gr.Dropdown
    recording: gr.Audio
    compare: gr.Button  # takes the recording to the compare tab


def tab() -> Parts:
    with gr.Tab(label("transcribe"), elem_id="transcribe"), gr.Row(elem_classes="desk"):
        with gr.Column(scale=5, min_width=320):
            microphone = live.recorder()
            recording = gr.Audio(
                label=label("recording"),
                sources=["upload", "microphone"],
                type="filepath",
                format=None,
                editable=False,
                elem_id="recording",
                elem_classes="recorder",
                **WAVE,
            )
            with gr.Row():
                start = gr.Button(label("transcribe"), variant="primary", elem_id="start")
                stop = gr.Button(label("stop"), variant="stop", visible=False, elem_id="stop")
            adapter = adapter_field("adapter")
            with gr.Row(elem_classes="settings"):
                language = gr.Dropdown(languages("fr"), value="fr", label=label("language"), scale=2, min_width=120)
                task = gr.Radio(_tasks("fr"), value="transcribe", label=label("task"), scale=3, min_width=220)
            with gr.Group(elem_classes="settings"):
                hot_words = gr.Textbox("", label=label("hot_words"), placeholder=label("hot_words_hint"), max_lines=2)
                timestamps = gr.Checkbox(True, label=label("timestamps"))
                effort = effort_field()
            picked, clicks = _samples(recording)
        with gr.Column(scale=7, min_width=320):
            decide = decision()
            text = gr.HTML(apply_default_css=False, js_on_load=transcript_html.SEEK, elem_id="result")
            progress, held, recording_now, said = gr.State(), gr.State(), gr.State(False), gr.State()
            on_cpu, on_gpu = gr.State(True), gr.State(False)
            with gr.Row(visible=False, elem_classes="downloads") as downloads:
                copy = gr.Button(label("copy_text"), size="sm", min_width=60)
                files = [gr.DownloadButton(f"↓ {name.upper()}", size="sm", min_width=60) for name in FORMATS]
                compare = gr.Button(label("live_compare"), size="sm", min_width=60, elem_id="compare-this")
            model_inside.accordion(language, task, timestamps)
        program, answer = gr.Button(visible=False), gr.JSON(visible=False)  # for gradio_client and MCP

    asked = [recording, language, task, timestamps, hot_words, adapter, effort]
    triggers = [recording.upload, recording.stop_recording, picked.change, start.click]
    recording.start_recording(lambda: True, None, recording_now, **AT_ONCE)
    gr.on([recording.stop_recording, recording.clear, recording.upload], lambda: False, None, recording_now, **AT_ONCE)
    begin = {"fn": _begin, "inputs": None, "outputs": [start, stop, downloads, decide.row], **PRIVATE}
    written, ended = [text, progress, held], [start, stop, downloads, decide.row, text, *files]
    begun = gr.on(triggers, **begin)
    works = [begun.then(_transcribe, [*asked, recording_now], written, **QUEUED, **PRIVATE)]
    for button, chosen in ((decide.on_cpu, on_cpu), (decide.on_gpu, on_gpu)):
        works.append(button.click(**begin).then(_go_on, [held, chosen], written, **QUEUED, **PRIVATE))
    playable = []
    for working in works:
        working.success(_finish, [progress, held], ended, **PRIVATE)
        playable.append(working.success(_playable, [recording, progress], recording, **PRIVATE))
        working.failure(_interrupted, progress, ended, **PRIVATE)
    gr.on([stop.click, recording.clear, *clicks], None, cancels=works)
    # it would come back in the place of a recording that is gone, or of the next one
    gr.on([recording.clear, recording.upload, recording.start_recording, *clicks], None, cancels=playable)
    copy.click(_copied, None, None, js=COPY, **AT_ONCE)
    text.seek(_seek, None, recording, queue=False, **PRIVATE)
    spoken = live.wire(microphone, [language, task, hot_words, adapter], text, downloads, said, recording)
    spoken.success(_live_text, said, [downloads, text, *files], **PRIVATE)
    program.click(transcribe, asked, answer, api_name="transcribe", **QUEUED)
    return Parts((language, task, effort, text, adapter, microphone), adapter, recording, compare)


def welcome(reader: str) -> tuple[gr.Dropdown, gr.Radio, gr.Radio, str, gr.Dropdown, str]:
    """The parts that are welcomed, for this reader."""
    return (
        gr.Dropdown(languages(reader)),
        gr.Radio(_tasks(reader)),
        gr.Radio(efforts(reader)),
        transcript_html.invitation(reader),
        adapters(reader),
        live.drawn(reader),
    )


async def transcribe(
    audio: str,
    language: str,
    task: str,
    timestamps: bool,
    hot_words: str,
    adapter: str = "",
    effort: str = EFFORT,
    request: gr.Request = None,
) -> dict:
    """Transcribes a recording, a French telephone call above all.

    Args:
        audio: the recording: WAV of any telephone kind, mp3, m4a, ogg, flac, webm, amr, or a video.
        language: the code of the language that is spoken ("fr"), or "auto" to detect it.
        task: "transcribe", or "translate" into English.
        timestamps: whether the text comes in timed segments.
        hot_words: names and words to expect, separated by commas.
        adapter: the name of an adapter of this page, or of one on the Hub; none: the page's model as it is.
        effort: how wide it searches where it is unsure: "fast", "balanced" or "careful".
    Returns:
        The transcript: language, model, turns with start, end, text and confidence, seconds taken, real-time factor.
    """

    def last_piece():
        setting = adapter_shelf.with_adapter(adapter)
        pieces = transcribe_recording(audio, language, task, timestamps, hot_words, effort, setting)
        return deque(pieces, maxlen=1).pop()

    try:
        last = await in_turn(visitor_of(request), last_piece)
    except UserError as refusal:
        raise refused_to_program(refusal, reader_of(request)) from refusal
    answer = last.transcript.to_dict()
    answer["audio"]["name"] = answer["audio"].pop("path")  # gradio's client fetches whatever has a path
    return answer


def _samples(recording: gr.Audio) -> tuple[gr.State, list[Callable]]:
    """Recordings to click: a state that changes once the one that was clicked is there, and the clicks themselves."""
    picked = gr.State(0)
    found = {PROMPTS / f"{name}.wav": said for name, said in SAMPLES.items() if (PROMPTS / f"{name}.wav").is_file()}
    if not found:
        return picked, []
    examples = gr.Examples(
        [[str(path)] for path in found],
        recording,
        label=label("samples"),
        elem_id="samples",
        example_labels=list(found.values()),
        api_visibility="private",
    )
    examples.load_input_event.success(lambda clicks: clicks + 1, picked, picked, **PRIVATE)
    return picked, [examples.dataset.click]


def _begin() -> tuple:
    return gr.Button(visible=False), gr.Button(visible=True), gr.Row(visible=False), gr.Row(visible=False)


async def _transcribe(
    path: str | None,
    language: str,
    task: str,
    timestamps: bool,
    hot_words: str,
    adapter: str | None,
    effort: str,
    recording_now: bool,
    request: gr.Request,
) -> AsyncIterator[tuple]:
    quota = Quota()

    def pieces():
        if not path and recording_now:
            raise UserError(*message("still_recording"))
        setting = adapter_shelf.with_adapter(adapter)
        yield from transcribe_recording(path, language, task, timestamps, hot_words, effort, setting, quota)

    reader = reader_of(request)
    yield transcript_html.running(None, 0, 0, reader), None, None
    try:
        async for so_far in _written(Held(pieces(), quota), request):
            yield so_far
    except UserError as refusal:
        yield refused(refusal, reader), None, None


async def _go_on(held: Held | None, on_cpu: bool, request: gr.Request) -> AsyncIterator[tuple]:
    """What was held, once the visitor has decided; where the line is full, it is held still."""
    if held is None:
        return
    reader = reader_of(request)
    yield transcript_html.waiting(say(reader, "transcribing"), reader), gr.skip(), held
    try:
        async for so_far in _written(held, request, on_cpu):
            yield so_far
    except Busy as busy:
        gr.Warning(busy.message.to(reader))
    except UserError as refusal:
        yield refused(refusal, reader), None, None


async def _written(work: Held, request: gr.Request, on_cpu: bool | None = None) -> AsyncIterator[tuple]:
    """Yields the text so far, the TranscriptionProgress that it comes from, and at the end the work if it is held.

    `on_cpu`: what the visitor has decided. Raises UserError.
    """
    reader = reader_of(request)
    with line.enter(visitor_of(request)) as ticket:
        while place := ticket.place():
            yield transcript_html.waiting(sentence(place, reader), reader), gr.skip(), gr.skip()
            await asyncio.sleep(POLL)
        if on_cpu is not None:
            work.quota.decide(on_cpu)
        async for progress in work.newer():
            done, total = progress.seconds_done, progress.seconds_total
            shown = transcript_html.running(progress.transcript, done, total, reader)
            yield shown, progress, work if work.waits else None


def _finish(progress, held: Held | None, request: gr.Request) -> tuple:
    """Shows the transcript, all of it or the part done, with the files to take away."""
    buttons = gr.Button(visible=True), gr.Button(visible=False)
    row = gr.Row(visible=held is not None and held.waits)
    if progress is None:  # what _transcribe said last stays
        return *buttons, gr.Row(visible=False), row, gr.skip(), *[gr.skip()] * len(FORMATS)
    reader = reader_of(request)
    shown = transcript_html.finished(progress.transcript, progress.seconds_done, progress.seconds_total, reader)
    if held and held.waits:
        why = say(reader, "quota_asks", reason=held.quota.refusal.to(reader))
        shown = transcript_html.held(progress.transcript, why, reader)
    return *buttons, gr.Row(visible=bool(progress.transcript.turns)), row, shown, *_files(progress.transcript)


def _interrupted(progress, request: gr.Request) -> tuple:
    """The visitor stopped it, or something failed that nobody foresaw and that the log has."""
    start, stop, downloads, decide, shown, *files = _finish(progress, None, request)
    if progress is None:
        shown = alert(say(reader_of(request), "interrupted"))
    return start, stop, downloads, decide, shown, *files


def _live_text(transcript, request: gr.Request) -> tuple:
    """A live session's transcript, as any recording's."""
    if transcript is None:
        return gr.skip(), gr.skip(), *[gr.skip()] * len(FORMATS)
    seconds = transcript.audio.seconds
    shown = transcript_html.finished(transcript, seconds, seconds, reader_of(request))
    return gr.Row(visible=bool(transcript.turns)), shown, *_files(transcript)


def _files(transcript) -> list[Path]:
    """The transcript in each format."""
    first = sound.new_file(f"{Path(transcript.audio.path).stem}.{FORMATS[0]}")
    files = [first.with_suffix(f".{format}") for format in FORMATS]
    for file, format in zip(files, FORMATS, strict=True):
        file.write_bytes(write(transcript, format))
    return files


def _playable(path: str | None, progress):
    """A sound that browsers play, in the place of GSM, G.722 and the like."""
    if not path or progress is None or audio_is_playable(path):
        return gr.skip()
    from speech.audio.rewrite import rewrite

    return str(rewrite(Path(path), sound.new_file(f"{Path(path).stem}.wav")))


def _seek(press: Press) -> gr.Audio:
    return gr.Audio(playback_position=press.number("start"))


def _copied(request: gr.Request) -> None:
    gr.Info(say(reader_of(request), "text_copied"), duration=3)


def _tasks(reader: str) -> list[tuple[str, str]]:
    return [(say(reader, f"task_{task}"), task) for task in ("transcribe", "translate")]
