"""python -m trainer train : LoRA on Whisper with transformers' Seq2SeqTrainer, in a run folder, to be gone on with.

What transformers does, it does: steps, optimizer, schedule, checkpoints. Ours are the batches, the loss over all
processes, the evaluation by generated and normalised WER, and the run folder.
"""

import argparse
import gc
import hashlib
import json
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather_object
from peft.helpers import rescale_adapter_scale
from torch.nn.functional import cross_entropy, kl_div
from transformers import PrinterCallback, Seq2SeqTrainer, Seq2SeqTrainingArguments, TrainerCallback
from transformers.utils.logging import disable_progress_bar

import corpus
from common.messages import Message, UserError, locale_language
from corpus import Corpus
from scoring.measures import rates
from speech.decoding.decode import MAX_CLIP, Options, check_language, decode
from speech.models import adapters
from speech.models.checkpoint import Choice
from speech.models.choose import choose
from trainer.data.examples import IGNORED, Batches, Examples, Loader, Parts, Place, divided
from trainer.evaluation.report import report, summary
from trainer.hub import card
from trainer.hub.push import check, pushing
from trainer.runs.folder import FULL, Run, claimed, config, write_json
from trainer.runs.queue import turn
from trainer.settings import PRESETS, Settings, from_dict, preset
from trainer.train import lora
from trainer.train.weight_averaging import Mean

warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)  # peft asks transformers the old way

AT_ONCE = 64  # clips of an evaluation decoded and waiting
EVALUATION_SHARE = 0.25  # of the minutes, at most
TRIED = (0.1, 0.5, 0.9)  # the batches, by length, that are timed to count the steps that fit


@dataclass(frozen=True)
class Job:
    """What was asked."""

    corpus: str | None  # as corpus.load takes it
    audio: str | None
    text: str | None
    unit: str | None
    model: str | None  # as speech.models.choose takes it
    preset: str
    settings: Settings

    def to_dict(self) -> dict:
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {"settings": self.settings.to_dict()}

    @classmethod
    def from_dict(cls, given: dict) -> "Job":
        asked = {name: given[name] for name in cls.__dataclass_fields__}
        return cls(**asked | {"settings": from_dict(given["settings"])})


class Cancelled(Exception):
    """Somebody asked the training to stop."""


class Stop:
    """SIGTERM or Ctrl-C is a wish, granted at the next good moment."""

    def __init__(self):
        self.wished = False

    def wish(self, *_) -> None:
        self.wished = True

    def check(self) -> None:
        """Raises Cancelled where it is wished. Several processes agree at the end of a step, and not in between, where
        one would leave the others waiting."""
        if self.wished and PartialState().num_processes == 1:
            raise Cancelled


@contextmanager
def listening() -> Iterator[Stop]:
    stop = Stop()
    before = {number: signal.signal(number, stop.wish) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def train(job: Job, folder: Path, resume: bool = False) -> dict:
    """Trains in `folder` and gives its report. Under `accelerate launch` all processes call it alike.

    Raises UserError for what cannot be trained, and Cancelled where it was asked to stop; the best adapter so far is in
    the folder all the same.
    """
    with ExitStack() as stack:
        stop = stack.enter_context(listening())  # before the folder says whose it is: then it may be asked to stop
        run = _claim(stack, job.settings, folder, resume)
        try:
            if run and not resume:
                write_json(folder / "config.json", {"allo": 1, **job.to_dict()})
            _wait(stack, folder, run, stop)
            told = _train(job, folder, run, resume, stop)
        except Exception as error:
            full = run is not None and run.is_full(error)
            _last_word(run, FULL if full else error)
            if full:
                raise FULL from error
            raise
        if run:
            run.mark("completed", eta=0)
        return told


def _claim(stack: ExitStack, settings: Settings, folder: Path, resume: bool) -> Run | None:
    """The run in the main process; the refusal that it meets in all of them."""
    run, refused = None, [None]
    if PartialState().is_main_process:
        try:
            if not resume:
                check(settings)
            run = stack.enter_context(claimed(folder, resume))
            run.kept = stack.enter_context(pushing(run.adapter, settings, say))
        except UserError as refusal:
            refused = [refusal.message]
    if PartialState().num_processes > 1:
        broadcast_object_list(refused)
    if refused[0]:
        raise UserError(*refused[0])
    return run


def _wait(stack: ExitStack, folder: Path, run: Run | None, stop: Stop) -> None:
    """Until no other training has the device; the main process waits for all."""
    told = []

    def tell(before: int) -> None:
        run.mark("queued")
        if told != [before]:
            told[:] = [before]
            say(Message(en=f"waiting: {before} before this one", fr=f"en attente : {before} avant celui-ci"))
        if stop.wished:
            raise Cancelled

    if run:
        stack.enter_context(turn("cuda" if torch.cuda.is_available() else "cpu", folder, tell))
        run.mark("running")
    PartialState().wait_for_everyone()
    stop.check()


def _last_word(run: Run | None, error: Exception) -> None:
    """What state.json and the log say of a training that ended before its end."""
    if run is None:
        return
    if isinstance(error, Cancelled):
        say(CANCELLED)  # first: who reads that it has ended finds its whole log
        run.mark("cancelled", eta=None)
    elif isinstance(error, UserError):
        run.fail(error.message)
    else:
        traceback.print_exception(error)
        run.fail(Message(f"{type(error).__name__}: {error}", f"{type(error).__name__} : {error}"))


def _train(job: Job, folder: Path, run: Run | None, resume: bool, stop: Stop) -> dict:
    if (folder / "report.json").exists():  # it had come to its end
        return json.loads((folder / "report.json").read_text(encoding="utf-8"))
    asked = config(folder) if resume else {}
    with PartialState().main_process_first():  # what is fetched or built once is there for the others
        clips = corpus.load(job.corpus, audio=job.audio, text=job.text, unit=job.unit or "segment")
        choice = choose(job.model)
    parts = divided(clips, job.settings.language, job.settings.train_share)
    if "chosen" in asked:
        _check_same(asked, clips, choice)
    if not (folder / "training.json").exists():
        _learn(job, clips, parts, choice, folder, run, asked, stop)
    gc.collect()  # the model that was trained makes room for those that are heard
    training = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    told = report(folder, clips, parts, choice, job.settings, training, stop.check)
    if run:
        write_json(folder / "report.json", told)
        card.write(folder)
        run.kept()  # with its last card
    return told


def _check_same(asked: dict, clips: Corpus, choice: Choice) -> None:
    """Raises UserError where the corpus or the base is no longer what the run began with."""
    was, now = asked["chosen"], {"fingerprint": clips.fingerprint, "revision": adapters.revision(choice)}
    for name, thing in (("fingerprint", clips.source), ("revision", choice.model)):
        if was[name] != now[name]:
            raise UserError(
                en=f"{thing} has changed since this run began: put it back, or begin another run.",
                fr=f"{thing} a changé depuis le début de cet entraînement : remettez-le, ou commencez-en un autre.",
            )


def _learn(
    job: Job, clips: Corpus, parts: Parts, choice: Choice, folder: Path, run: Run | None, asked: dict, stop: Stop
) -> None:
    """The training itself, to training.json; `asked` is the run's config.json where it is gone on with, else empty."""
    settings, state = job.settings, PartialState()
    if settings.batch_size < state.num_processes:
        raise UserError(
            en=f"A batch of {settings.batch_size} clips cannot be dealt out to {state.num_processes} processes: "
            "--set batch_size=...",
            fr=f"Un lot de {settings.batch_size} extraits ne peut être réparti entre {state.num_processes} processus : "
            "--set batch_size=...",
        )
    teacher = prepared(settings, clips, parts, choice, folder, run, stop)
    formats, plan = teacher.formats, asked.get("plan") or teacher.planned()
    if run and "plan" not in asked:
        write_json(folder / "config.json", _config(job, clips, parts, choice, plan, teacher))
    say(Message(en=f"{formats.weights}: {formats.reason.en}", fr=f"{formats.weights} : {formats.reason.fr}"))
    say(_opening(teacher, plan))
    held_by = sorted({other.language for other in teacher.examples.others})
    ended = teacher.teach(plan, _facts(settings, clips, parts, choice) | {"held_by": held_by})
    if run:
        write_json(folder / "training.json", ended)


def prepared(
    settings: Settings, clips: Corpus, parts: Parts, choice: Choice, folder: Path, run: Run | None, stop: Stop
) -> "Teacher":
    """The base with a new adapter, and what it is to learn. Raises UserError where the base does not fit."""
    formats = lora.numbers(settings)
    model = lora.adapted(lora.base(choice, formats), settings)
    engine = lora.Live(choice, model, formats, settings.generation_length)
    check_language(engine, settings.language)
    examples = Examples(clips, parts.train, engine, settings)
    return Teacher(model, engine, examples, clips, parts.validation, formats, folder, run, stop)


def _config(job: Job, clips: Corpus, parts: Parts, choice: Choice, plan: dict, teacher: "Teacher") -> dict:
    """What was asked, whole, and what was chosen where it was left open."""
    formats = teacher.formats
    chosen = {
        "corpus": clips.source,
        "fingerprint": clips.fingerprint,
        "model": choice.model,
        "revision": adapters.revision(choice),
        "numbers": asdict(formats) | {"reason": formats.reason._asdict()},
    }
    left_out = [{"id": name, **said._asdict()} for name, said in teacher.examples.left_out]
    return {
        "allo": 1,
        **job.to_dict(),
        "chosen": chosen,
        "plan": plan,
        "split": parts.counts | {"foreign": parts.foreign},
        "left_out": left_out,
        "processes": PartialState().num_processes,
    }


def _facts(settings: Settings, clips: Corpus, parts: Parts, choice: Choice) -> dict:
    """allo.json: what the adapter has to say of itself."""
    ids = clips.rows["id"]
    named = [[name, sorted(ids[i] for i in getattr(parts, name))] for name in parts.counts]
    return {
        "allo": 1,
        "base": choice.model,
        "weights": choice.weights,
        "revision": adapters.revision(choice),
        "margin": settings.decoding_margin,
        "language": settings.language,
        "corpus": clips.source,
        "licence": clips.licence,
        "split_hash": hashlib.sha256(json.dumps(named).encode()).hexdigest()[:16],
        "settings": settings.to_dict(),
    }


def _opening(teacher: "Teacher", plan: dict) -> Message:
    trainable, parameters = teacher.model.get_nb_trainable_parameters()
    clips, left_out = len(teacher.examples), len(teacher.examples.left_out)
    return Message(
        en=f"{trainable:,} trainable of {parameters:,}; {clips} clips to learn from, {left_out} left out, "
        f"{len(teacher.validation)} to judge by; {plan['steps']} steps",
        fr=f"{trainable:,} paramètres à apprendre sur {parameters:,} ; {clips} extraits pour apprendre, {left_out} "
        f"laissés de côté, {len(teacher.validation)} pour juger ; {plan['steps']} pas",
    )


class Teacher(Seq2SeqTrainer):
    """transformers' Trainer with our batches, our loss and our evaluation."""

    def __init__(self, model, engine, examples, clips, validation, formats, folder, run, stop):
        self.engine, self.examples, self.clips, self.validation = engine, examples, clips, validation
        self.settings, self.formats, self.folder, self.run, self.stop = examples.settings, formats, folder, run, stop
        state, self.at_once, self.started = PartialState(), examples.settings.frames_at_once, False
        self.parts, self.part = state.num_processes, state.process_index
        super().__init__(
            model=model,
            args=self._arguments(),
            train_dataset=examples,
            compute_loss_func=token_loss,
        )
        self.remove_callback(PrinterCallback)  # it writes on standard output, where the report goes
        self.mean = Mean(model)

    def _arguments(self) -> Seq2SeqTrainingArguments:
        settings = self.settings
        return Seq2SeqTrainingArguments(
            output_dir=str(self.folder / "checkpoints"),
            per_device_train_batch_size=-(-settings.batch_size // self.parts),
            learning_rate=settings.learning_rate,
            lr_scheduler_type=settings.schedule,
            warmup_steps=settings.warmup_steps,
            weight_decay=settings.weight_decay,
            max_grad_norm=settings.max_gradient,
            seed=settings.seed,
            fp16=self.formats.compute == "float16",
            bf16=self.formats.compute == "bfloat16",
            use_cpu=self.formats.device == "cpu",
            activation_checkpointing=settings.gradient_checkpointing,
            save_strategy="steps",
            save_steps=settings.checkpoint_steps,
            save_total_limit=2,  # the one before, should a death meet the writing of the last
            logging_steps=settings.logging_steps,
            logging_nan_inf_filter=False,  # it would hide what `training_step` looks for
            metric_for_best_model="wer",
            greater_is_better=False,
            predict_with_generate=True,
            generation_max_length=settings.generation_length,
            remove_unused_columns=False,
            label_names=["labels"],
            report_to="none",
            disable_tqdm=True,
            dataloader_num_workers=4 if self.formats.device == "cuda" else 0,
            ddp_find_unused_parameters=False,
        )

    def planned(self) -> dict:
        """How many steps, and after which of them the adapter is judged: counted once, at the start.

        A budget in minutes becomes steps by timing a few of them, so that the learning rate comes to its end, and a run
        that goes on after a death has the same plan.
        """
        settings, an_epoch = self.settings, len(Batches(self.examples))
        steps = settings.steps or max(1, round(settings.epochs * an_epoch))
        drawn = self._drawn()
        timed = {}
        if settings.minutes is not None and settings.steps is None:
            step, clip = (max(gather_object([value])) for value in (self.seconds_a_step(), self.seconds_a_clip()))
            budget, times = 60 * settings.minutes, max(1, settings.evaluations)
            drawn = drawn[: max(8, int(EVALUATION_SHARE * budget / (times * clip)))]
            steps = min(steps, max(1, int((budget - times * len(drawn) * clip) / step)))
            timed = {"seconds_a_step": round(step, 3), "seconds_a_clip": round(clip, 3)}
        if settings.evaluations:
            parts = 2 * settings.evaluations
            points = {round(steps * k / parts) for k in range(settings.evaluations + 1, parts + 1)} - {0}
        else:
            points = {*range(an_epoch, steps, an_epoch), steps}
        return {
            "steps": steps,
            "evaluate_after": sorted(points),
            "validation": sorted(drawn),
            "frames_at_once": self.at_once,
            **timed,
        }

    def _drawn(self) -> list[int]:
        """The validation clips that the adapter is judged by."""
        order = np.random.default_rng(self.settings.seed).permutation(len(self.validation))
        drawn = [self.validation[at] for at in order[: self.settings.validation_clips]]
        audible = [i for i in drawn if _is_audible(self.clips, i)]
        if not self.examples or not audible:
            raise UserError(
                en=f"{self.clips.name} has no clip that can be heard to learn from or to judge by: give segments of at "
                "most 30 s, with at most 448 tokens of text.",
                fr=f"{self.clips.name} n'a aucun extrait audible dont apprendre ou par lequel juger : donnez des "
                "segments de 30 s au plus, avec 448 tokens de texte au plus.",
            )
        return audible

    def teach(self, plan: dict, facts: dict) -> dict:
        """Trains to the plan's end, from the last whole checkpoint on; what there is to report of it.

        `facts` go into the adapter's allo.json. Raises Cancelled where it was stopped.
        """
        self.args.max_steps, self.validation, self.facts = plan["steps"], plan["validation"], facts
        self.at_once, self.started = plan["frames_at_once"], True
        self.add_callback(Progress(self, set(plan["evaluate_after"])))
        checkpoint, self.seconds = self._to_go_on_from()
        torch.manual_seed(self.settings.seed)
        with suppress(Cancelled):  # in the middle of an evaluation
            self.train(resume_from_checkpoint=checkpoint)
        if self.run and not self.run.adapter.exists():  # it was stopped before it was judged
            self._keep()
        if self.stop.wished:
            raise Cancelled
        trainable, parameters = self.model.get_nb_trainable_parameters()
        clips = self.state.global_step * self.settings.batch_size
        return {
            "steps": self.state.global_step,
            "epochs": round(self.state.epoch, 3),
            "seconds": round(self.seconds, 1),
            "clips_per_second": round(clips / self.seconds, 3),
            "peak_memory_mb": round(peak_memory() / 1e6),
            "trainable": trainable,
            "parameters": parameters,
            "best_step": self.state.best_global_step,
            "best_wer": self.state.best_metric,
        }

    def _to_go_on_from(self) -> tuple[str | None, float]:
        """The checkpoint, the same for all processes, and the seconds of training that it stands for."""
        found = [None, 0.0]
        if self.run:
            checkpoint, broken = self.run.last_checkpoint()
            for path in broken:
                say(
                    Message(
                        en=f"{path.name} is cut short, so the run goes on from the one before",
                        fr=f"{path.name} est coupé : l'entraînement reprend de celui d'avant",
                    )
                )
            step = int(checkpoint.name.partition("-")[2]) if checkpoint else 0
            lines = self.run.forget_after(step)
            found = [str(checkpoint) if checkpoint else None, lines[-1]["seconds"] if lines else 0.0]
        if self.parts > 1:
            broadcast_object_list(found)
        return found[0], found[1]

    # What transformers calls

    def get_train_dataloader(self) -> Loader:
        batches = Batches(self.examples, self.parts, self.part)
        workers = self.args.dataloader_num_workers
        return Loader(
            self.examples,
            batch_sampler=batches,
            collate_fn=self.examples.collate,
            num_workers=workers,
            pin_memory=self.formats.device == "cuda",
        )

    def training_step(self, model, inputs, num_items_in_batch=None) -> torch.Tensor:
        loss = self._learned(model, inputs, num_items_in_batch)
        if not torch.isfinite(loss):
            raise self._broken()
        return loss

    def _broken(self) -> UserError:
        kept = Message(en="the best adapter so far is kept", fr="le meilleur adaptateur est conservé")
        if self.run and not self.run.adapter.exists():
            kept = Message(
                en="none was judged yet, so there is no adapter", fr="aucun adaptateur n'avait encore été jugé"
            )
        steps, lower = self.state.global_step, f"--set learning_rate={self.settings.learning_rate / 3:.1g}"
        return UserError(
            en=f"The loss is no number any more after {steps} steps: lower the rate ({lower}); {kept.en}.",
            fr=f"La perte n'est plus un nombre après {steps} pas : baissez le taux ({lower}) ; {kept.fr}.",
        )

    def _learned(self, model, inputs: dict[str, torch.Tensor], tokens: torch.Tensor) -> torch.Tensor:
        """The gradients of a batch; where memory runs out, again in smaller pieces."""
        while True:
            try:
                return self._in_pieces(model, inputs, tokens)
            except torch.OutOfMemoryError as error:
                self._halve(inputs, error)
            model.zero_grad()  # outside of `except`, whose traceback holds the memory
            gc.collect()
            torch.cuda.empty_cache()

    def _in_pieces(self, model, inputs: dict[str, torch.Tensor], tokens: torch.Tensor) -> torch.Tensor:
        """The losses of the pieces are shares of the whole batch's, and add up."""
        *pieces, last = pieces_of(inputs, self.at_once)
        with self.accelerator.no_sync(model):  # the processes add up their gradients once a step
            losses = [super(Teacher, self).training_step(model, piece, tokens) for piece in pieces]
        return sum(losses, super().training_step(model, last, tokens))

    def compute_loss(self, model, inputs: dict[str, torch.Tensor], *more, **how) -> torch.Tensor:
        kept = inputs.pop("kept")
        inputs["learned"] = inputs["labels"] != IGNORED
        answers = self._of_the_base(model, {name: values[kept] for name, values in inputs.items()}, kept)
        self.compute_loss_func = partial(token_loss, kept=kept, answers=answers, weight=self.settings.kept_weight)
        return super().compute_loss(model, inputs, *more, **how)

    def _of_the_base(self, model, inputs: dict[str, torch.Tensor], kept: torch.Tensor) -> torch.Tensor | None:
        """Log-probabilities (tokens, vocabulary) of what is to be kept, without the adapter; None where nothing is."""
        if not kept.any():
            return None
        del inputs["labels"]
        adapted = self.accelerator.unwrap_model(model)
        with torch.no_grad(), adapted.disable_adapter(), self.engine.compute:
            return adapted(**inputs).logits.float().log_softmax(-1)

    def _halve(self, inputs: dict[str, torch.Tensor], error: Exception) -> None:
        """Memory ran out: smaller pieces from now on, also where the run is gone on with."""
        shapes = [piece["input_features"].shape for piece in pieces_of(inputs, self.at_once)]
        clips, _, frames = max(shapes, key=lambda shape: shape[0] * shape[2])
        if clips == 1 or self.parts > 1:
            raise UserError(
                en=f"Memory ran out: --set frames_at_once={self.at_once // 2}, --set gradient_checkpointing=true, or a "
                "smaller model.",
                fr=f"La mémoire est épuisée : --set frames_at_once={self.at_once // 2}, "
                "--set gradient_checkpointing=true, ou un modèle plus petit.",
            ) from error
        self.at_once = clips // 2 * frames
        if self.started:
            asked = config(self.folder)
            asked["plan"]["frames_at_once"] = self.at_once
            write_json(self.folder / "config.json", asked)
        say(
            Message(
                en=f"memory ran out: from now on batches come in pieces of {self.at_once} frames",
                fr=f"la mémoire est épuisée : les lots viennent désormais en morceaux de {self.at_once} trames",
            )
        )

    def evaluate(self, *_, **__) -> dict[str, float]:
        """Hears the validation clips, divided among the processes, as users will hear: eval_wer in percent."""
        started = time.perf_counter()
        mine = self.validation[self.part :: self.parts]
        with torch.random.fork_rng():  # hearing draws nothing from what training draws from
            heard = gather_object(self._heard(mine))
        found = rates([self.clips.rows["text"][i] for i, _ in heard], [text for _, text in heard])
        metrics = {"eval_wer": found["wer"] if found["wer"] is not None else 100.0, "eval_cer": found["cer"] or 0.0}
        metrics["eval_seconds"] = time.perf_counter() - started
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _heard(self, indices: list[int], margin: float = 0.0) -> list[tuple[int, str]]:
        self.model.eval()
        options, found = self._options(margin), []
        with self.mean.shown(), rescale_adapter_scale(self.model, self.settings.strength):  # as it will be kept
            for start in range(0, len(indices), AT_ONCE):
                some = indices[start : start + AT_ONCE]
                for batch in decode(self.engine, [self.clips.clip(i) for i in some], options):
                    found += [(some[at], heard.text) for at, heard in batch]
                    self.stop.check()
                    if self.run:
                        self.run.mark()
        return found

    def _options(self, margin: float = 0.0) -> Options:
        """The adapter's own window, one look: a second look in the full one would hide what the short one loses.

        Greedy alone: what beams take is better spent on steps.
        """
        settings = self.settings
        own = settings.decoding_margin
        return Options(
            language=settings.language,
            timestamps=settings.timestamps > 0,
            unsure_beam=1,
            margin=own if own is None else max(own, margin),
            temperatures=(0.0,) if own is None else (),
        )

    def _determine_best_metric(self, metrics: dict[str, float], trial) -> bool:
        """Keeps the adapter where it is the best so far, and ends the training where none has been for too long."""
        best = super()._determine_best_metric(metrics, trial)
        if best and self.run:
            self._keep()
        since = [e for e in self.state.log_history if "eval_wer" in e and e["step"] > self.state.best_global_step]
        if self.settings.patience and len(since) >= self.settings.patience:
            self.control.should_training_stop = True
        return best

    def _keep(self) -> None:
        """The adapter as it was judged, with what there is to say of it so far."""
        with self.mean.shown():
            lora.save(self.model, self.run.adapter, self.facts, self.settings.strength)
        card.write(self.folder)
        self.run.kept()

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        """The adapter's part of a checkpoint."""
        if self.args.should_save:
            lora.save(self.model, Path(output_dir))
            self.mean.save(Path(output_dir))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model=None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        self.mean.load(Path(resume_from_checkpoint))

    # How long things take

    def seconds_a_step(self) -> float:
        """Mean over an epoch's batches, from a few that are timed: a batch takes as long as its window is."""
        batches = Batches(self.examples, self.parts, self.part)
        whole = sorted(batches.whole(), key=lambda batch: batch[0].frames)
        tried = [whole[int(share * len(whole))] for share in (TRIED[0], *TRIED)]  # the first one warms up
        times = [self._seconds_of(batch) for batch in tried][1:]
        frames = [batch[0].frames for batch in tried][1:]
        slope, start = np.polyfit(frames, times, 1) if len(set(frames)) > 1 else (0.0, float(np.mean(times)))
        return max(min(times), float(np.mean([start + slope * batch[0].frames for batch in whole])))

    def _seconds_of(self, batch: list[Place]) -> float:
        started = time.perf_counter()
        inputs = self.examples.collate([self.examples[place] for place in batch[self.part :: self.parts]])
        with self.engine.compute:
            self._learned(self.model, inputs, (inputs["labels"] != IGNORED).sum())
        self.model.zero_grad()
        if self.formats.device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - started

    def seconds_a_clip(self) -> float:
        """Of an evaluation. An untrained model runs away in the short window, a trained one does not: it is timed in a
        longer one."""
        by_length = sorted(self.validation, key=lambda i: self.clips.rows["seconds"][i])
        middle = len(by_length) // 2
        some = by_length[max(0, middle - 4) : middle + 4]
        started = time.perf_counter()
        self._heard(some, margin=Options.margin)
        return (time.perf_counter() - started) / len(some) / self.parts


def _is_audible(clips: Corpus, row: int) -> bool:
    try:
        return 0 < len(clips.clip(row)) <= MAX_CLIP
    except UserError:
        return False


def pieces_of(inputs: dict[str, torch.Tensor], at_once: int) -> list[dict[str, torch.Tensor]]:
    """A batch as Examples.collate gives it, whole or in pieces of at most `at_once` mel frames (one clip at least).

    A piece has the window and the tokens that its own clips need.
    """
    whole = {name: values for name, values in inputs.items() if name != "frames"}
    clips, _, window = whole["input_features"].shape
    if clips * window <= at_once or clips == 1:
        return [whole]
    pieces: list[list[int]] = [[]]
    frames = inputs["frames"].tolist()
    for clip in sorted(range(clips), key=lambda clip: frames[clip]):
        if pieces[-1] and (len(pieces[-1]) + 1) * frames[clip] > at_once:
            pieces.append([])
        pieces[-1].append(clip)
    return [_cut(whole, piece, max(frames[clip] for clip in piece)) for piece in pieces]


def _cut(whole: dict[str, torch.Tensor], clips: list[int], frames: int) -> dict[str, torch.Tensor]:
    piece = {name: values[clips] for name, values in whole.items()}
    tokens = int((piece["labels"] != IGNORED).any(0).nonzero().max()) + 1
    cut = {name: piece[name][:, :tokens] for name in ("decoder_input_ids", "labels")}
    return piece | cut | {"input_features": piece["input_features"][:, :, :frames]}


def token_loss(
    outputs,
    labels: torch.Tensor,
    num_items_in_batch: torch.Tensor,
    kept: torch.Tensor,
    answers: torch.Tensor | None,
    weight: float = 1.0,
) -> torch.Tensor:
    """Cross-entropy a token of the whole batch, of all its pieces and processes; transformers counts the tokens.

    The logits are those of the labels that are learned alone. For the clips of `kept` (batch,) it is `weight` times the
    divergence (Kullback and Leibler's) from the base's `answers`, log-probabilities.
    """
    here = labels != IGNORED
    of_kept = kept[:, None].expand_as(labels)[here]
    logits = outputs.logits.float()
    loss = cross_entropy(logits[~of_kept], labels[here][~of_kept], reduction="sum")
    if answers is not None:
        loss = loss + weight * kl_div(logits[of_kept].log_softmax(-1), answers, reduction="sum", log_target=True)
    return loss / num_items_in_batch


class Progress(TrainerCallback):
    """Tells the run folder and the reader how it goes, asks for evaluations when they are due, and passes a stop on."""

    def __init__(self, teacher: Teacher, points: set[int]):
        self.teacher, self.points = teacher, points

    def on_train_begin(self, args, state, control, **_):
        self.began, self.before = time.perf_counter(), state.global_step
        self.last, self.told, self.told_at = self.began, state.global_step, self.teacher.seconds
        if self.teacher.run:
            self.teacher.run.mark("running", step=state.global_step, steps=state.max_steps)

    def on_step_end(self, args, state, control, **_):
        now = time.perf_counter()
        self.teacher.seconds += now - self.last
        self.last = now
        if self.teacher.run:
            left = (now - self.began) / (state.global_step - self.before) * (state.max_steps - state.global_step)
            self.teacher.run.mark(step=state.global_step, eta=round(left))
        if state.global_step > (1 - self.teacher.settings.averaged) * state.max_steps:
            self.teacher.mean.count()
        control.should_evaluate = state.global_step in self.points
        if self._stop_wished():
            control.should_training_stop = control.should_save = True
            control.should_evaluate = False
            if self.teacher.run:
                self.teacher.run.mark("cancelling")

    def _stop_wished(self) -> bool:
        stop, accelerator = self.teacher.stop, self.teacher.accelerator
        if accelerator.num_processes > 1:
            wishes = torch.tensor(float(stop.wished), device=accelerator.device)
            stop.wished = bool(accelerator.reduce(wishes, "sum") > 0)
        return stop.wished

    def on_log(self, args, state, control, logs, **_):
        if "loss" in logs:
            clips = (state.global_step - self.told) * self.teacher.settings.batch_size
            speed = clips / (self.teacher.seconds - self.told_at)
            self.told, self.told_at = state.global_step, self.teacher.seconds
            self._tell(state, {name: logs[name] for name in ("loss", "learning_rate")} | {"clips_per_second": speed})
        elif "eval_wer" in logs:
            self._tell(state, {"wer": logs["eval_wer"], "cer": logs["eval_cer"]})

    def _tell(self, state, line: dict) -> None:
        if self.teacher.run:
            facts = {"step": state.global_step, "epoch": state.epoch, "seconds": self.teacher.seconds}
            self.teacher.run.measured(facts | line)
        step = f"{state.global_step}/{state.max_steps}"
        if "wer" in line:
            say(Message(en=f"step {step}: WER {line['wer']:.1f} %", fr=f"pas {step} : WER {line['wer']:.1f} %"))
            return
        loss, speed = f"{line['loss']:.3f}", f"{line['clips_per_second']:.1f}"
        say(
            Message(
                en=f"step {step}: loss {loss}, {speed} clips/s", fr=f"pas {step} : perte {loss}, {speed} extraits/s"
            )
        )

    def on_evaluate(self, args, state, control, **_):
        self.last = time.perf_counter()  # neither evaluations nor checkpoints count as training

    def on_save(self, args, state, control, **_):
        self.teacher.accelerator.wait_for_everyone()
        if self.teacher.run:
            self.teacher.run.seal(self.teacher.run.checkpoints / f"checkpoint-{state.global_step}")
        self.last = time.perf_counter()


def peak_memory() -> int:
    """Bytes: of the GPU where there is one, else of this process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def say(said: Message) -> None:
    """A line for people, on standard error, by the main process."""
    if PartialState().is_main_process:
        print(f"trainer: {said.to(locale_language())}", file=sys.stderr)


def add_command(commands: argparse._SubParsersAction) -> None:
    """python -m trainer train"""
    command = commands.add_parser("train", help="teach a model a corpus, with LoRA")
    command.set_defaults(command=_command)
    add = command.add_argument
    add("--corpus", help="a Hub id, a folder, a CSV, JSON lines or parquet file, or phone-prompts (default: README)")
    add("--audio", help="its column of audio, where the name is unusual")
    add("--text", help="its column of text, where the name is unusual")
    add("--unit", help="of TalkBank: segment or switch")
    add("--output", type=Path, metavar="RUN", help="the run's folder")
    add("--model", help="a Hub id, a folder, or whisper-base (default: see the README)")
    add("--preset", help=f"{', '.join(PRESETS)} (default: quick)")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="one setting, and again for others")
    add("--resume", action="store_true", help="go on with the run in the folder, as its config.json says")
    add("--estimate", action="store_true", help="time a few steps and say what it would cost; nothing is kept")
    add("--json", action="store_true", help="the report, or the estimate, as one JSON object on standard output")


def _command(asked: argparse.Namespace) -> int:
    disable_progress_bar()  # transformers draws one for a second of loading
    if not asked.output and not asked.estimate:
        raise UserError(
            en="Where shall it be kept? Name the run's folder: --output runs/NAME.",
            fr="Où le garder ? Nommez le dossier de l'entraînement : --output runs/NOM.",
        )
    job = _job(asked)
    if asked.estimate:
        from trainer.cost import estimate  # it stands on this file

        print(json.dumps(estimate(job), ensure_ascii=False, indent=None if asked.json else 2))
        return 0
    try:
        told = train(job, asked.output, asked.resume)
    except Cancelled:
        return 1
    if PartialState().is_main_process:
        print(json.dumps(told, ensure_ascii=False) if asked.json else summary(told))
    return 0


def _job(asked: argparse.Namespace) -> Job:
    """What was asked; with --resume what the run was asked, which nothing may contradict."""
    given = (asked.corpus, asked.audio, asked.text, asked.unit, asked.model)
    if not asked.resume:
        name = asked.preset or "quick"
        return Job(*given, name, preset(name, asked.set))
    job = Job.from_dict(config(asked.output))
    before = (job.corpus, job.audio, job.text, job.unit, job.model)
    same = all(new in (None, old) for new, old in zip(given, before, strict=True))
    if (
        not same
        or asked.preset not in (None, job.preset)
        or (asked.set and preset(job.preset, asked.set) != job.settings)
    ):
        raise UserError(
            en=f"The run in {asked.output} was asked something else (see its config.json): give --resume alone, or "
            "another folder.",
            fr=f"L'entraînement de {asked.output} a reçu une autre demande (voyez son config.json) : donnez --resume "
            "seul, ou un autre dossier.",
        )
    return job


CANCELLED = Message(
    en="cancelled, as it was asked; the best adapter so far is kept, and --resume goes on",
    fr="annulé, comme demandé ; le meilleur adaptateur est conservé, et --resume poursuit",
)
