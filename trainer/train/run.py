"""A whole training in its run folder: claim it, wait for the device, train, report."""

import gc
import json
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list

import corpus
from common.files import write_json
from common.messages import Message, UserError
from corpus import Corpus
from speech.decoding.decode import check_language
from speech.models import adapters
from speech.models.checkpoint import Choice
from speech.models.choose import choose
from trainer.data.examples import Examples
from trainer.data.splits import Splits, splits_of
from trainer.evaluation.report import report
from trainer.hub import card
from trainer.hub.publish import check_pushing, pushing
from trainer.runs.folder import TRAINED, Run, claimed, config, disk_full
from trainer.runs.queue import turn
from trainer.settings import Settings
from trainer.train import lora, record
from trainer.train.engine import TrainingEngine
from trainer.train.loop import LoraTrainer
from trainer.train.plan import TrainingPlan, plan_training
from trainer.train.precision import precision
from trainer.train.progress import say
from trainer.train.request import TrainingRequest
from trainer.train.stop import Cancelled, StopFlag, stop_on_signals

CANCELLED = Message(
    en="cancelled, as requested; the best adapter so far is saved, and --resume goes on",
    fr="annulé, comme demandé ; le meilleur adaptateur est conservé, et --resume poursuit",
)


def train(request: TrainingRequest, folder: Path, resume: bool = False) -> dict:
    """Trains in `folder` and gives its report. Under `accelerate launch` all processes call it alike.

    Raises UserError for what cannot be trained, and Cancelled where a stop was requested; the best adapter so far is
    in the folder all the same.
    """
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())  # before the folder says whose it is, and it can be asked to stop
        run = claim(stack, request.settings, folder, resume)
        with recorded(run):
            if run and not resume:
                write_json(folder / "config.json", record.asked(request))
            _wait(stack, folder, run, stop)
            result = _train_and_report(request, folder, run, stop)
        if run:
            run.mark("completed", eta=0)
        return result


def claim(stack: ExitStack, settings: Settings, folder: Path, resume: bool) -> Run | None:
    """The run in the main process, None in the others; a refusal is raised in all of them."""
    run, refused = None, [None]
    if PartialState().is_main_process:
        try:
            if not resume:
                check_pushing(settings.hub)
            run = stack.enter_context(claimed(folder, resume))
            run.on_new_best = stack.enter_context(pushing(run.adapter, settings.hub, say))
        except UserError as refusal:
            refused = [refusal.message]
    if PartialState().num_processes > 1:
        broadcast_object_list(refused)
    if refused[0]:
        raise UserError(*refused[0])
    return run


def _wait(stack: ExitStack, folder: Path, run: Run | None, stop: StopFlag) -> None:
    """Waits until no other training has the device; the main process waits for all."""
    said = []

    def on_wait(before: int) -> None:
        run.mark("queued")
        if said != [before]:
            said[:] = [before]
            say(Message(en=f"queued: {before} before this one", fr=f"en attente : {before} avant celui-ci"))
        if stop.requested:
            raise Cancelled

    if run:
        stack.enter_context(turn("cuda" if torch.cuda.is_available() else "cpu", folder, on_wait))
        run.mark("running")
    PartialState().wait_for_everyone()
    stop.check()


@contextmanager
def recorded(run: Run | None) -> Iterator[None]:
    """Writes to state.json and the log why a training ends before its end."""
    try:
        yield
    except Exception as error:
        full = run is not None and run.is_full(error)
        ended = disk_full() if full else error
        _record_end(run, ended)
        if full:
            raise ended from error
        raise


def _record_end(run: Run | None, error: Exception) -> None:
    if run is None:
        return
    if isinstance(error, Cancelled):
        say(CANCELLED)  # first: a reader of the status finds the whole log
        run.mark("cancelled", eta=None)
    elif isinstance(error, UserError):
        run.fail(error.message)
    else:
        traceback.print_exception(error)
        run.fail(Message(f"{type(error).__name__}: {error}", f"{type(error).__name__} : {error}"))


def _train_and_report(request: TrainingRequest, folder: Path, run: Run | None, stop: StopFlag) -> dict:
    if (folder / "report.json").exists():  # it had ended
        return json.loads((folder / "report.json").read_text(encoding="utf-8"))
    with PartialState().main_process_first():  # what is fetched or built once is there for the others
        clips, choice = opened(request)
    splits = splits_of(clips, request.settings.data.language, request.settings.data.train_share)
    learn(request, clips, splits, choice, folder, run, stop)
    gc.collect()  # the trained model makes room for those of the report
    training = json.loads((folder / TRAINED).read_text(encoding="utf-8"))
    result = report(folder, clips, splits, choice, request.settings, training, stop.check)
    if run:
        write_json(folder / "report.json", result)
        card.write(folder)
        run.on_new_best()  # with its last card
    return result


def opened(request: TrainingRequest) -> tuple[Corpus, Choice]:
    """The corpus and the base that are asked for."""
    clips = corpus.load(request.corpus, audio=request.audio, text=request.text, unit=request.unit or "segment")
    return clips, choose(request.model)


def _check_same(stored: dict, clips: Corpus, choice: Choice) -> None:
    """Raises UserError where the corpus or the base is no longer what the run began with."""
    was, now = stored["chosen"], {"fingerprint": clips.fingerprint, "revision": adapters.revision(choice)}
    for name, thing in (("fingerprint", clips.source), ("revision", choice.model)):
        if was[name] != now[name]:
            raise UserError(
                en=f"{thing} has changed since this run began: put it back, or begin another run.",
                fr=f"{thing} a changé depuis le début de cet entraînement : remettez-le, ou commencez-en un autre.",
            )


def learn(
    request: TrainingRequest,
    clips: Corpus,
    splits: Splits,
    choice: Choice,
    folder: Path,
    run: Run | None,
    stop: StopFlag,
) -> None:
    """Trains, from where the folder is, up to training.json. Raises Cancelled where a stop was requested."""
    stored = config(folder)
    if "chosen" in stored:
        _check_same(stored, clips, choice)
    if (folder / TRAINED).exists():
        return
    trainer = prepared(request.settings, clips, splits, choice, folder, run, stop)
    plan = stored.get("plan")
    planned = TrainingPlan.from_dict(plan) if plan else plan_training(trainer)
    if run and not plan:
        write_json(folder / "config.json", record.chosen(request, clips, splits, choice, planned, trainer))
    formats = trainer.engine.formats
    say(Message(en=f"{formats.weights}: {formats.reason.en}", fr=f"{formats.weights} : {formats.reason.fr}"))
    say(record.opening(trainer, planned))
    facts = record.adapter_facts(request.settings, clips, splits, choice, trainer)
    ended = trainer.train(planned, facts)
    if run:
        write_json(folder / TRAINED, ended)


def prepared(
    settings: Settings, clips: Corpus, splits: Splits, choice: Choice, folder: Path, run: Run | None, stop: StopFlag
) -> LoraTrainer:
    """The base with a new adapter and its examples, ready to train. Raises UserError where the base does not fit."""
    _check_batch(settings.optimisation.batch_size)
    formats = precision(settings.optimisation)
    model = lora.with_adapter(lora.load_base(choice, formats), settings)
    engine = TrainingEngine(choice, model, formats, settings.evaluation.generation_length)
    check_language(engine, settings.data.language)
    return LoraTrainer(model, Examples(clips, splits.train, engine, settings), splits.validation, folder, run, stop)


def _check_batch(size: int) -> None:
    processes = PartialState().num_processes
    if size < processes:
        raise UserError(
            en=f"A batch of {size} clips cannot be divided among {processes} processes: --set batch_size=...",
            fr=f"Un lot de {size} extraits ne peut être réparti entre {processes} processus : --set batch_size=...",
        )
