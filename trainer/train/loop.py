"""The training loop: transformers' Seq2SeqTrainer with our batches, our loss and our decoder."""

import gc
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import current_process
from pathlib import Path

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from peft import PeftModel
from peft.helpers import rescale_adapter_scale
from torch.nn.utils.rnn import pad_sequence
from transformers import (
    EarlyStoppingCallback,
    EvalPrediction,
    PrinterCallback,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
)

from common.files import write_json
from common.messages import Message, UserError
from scoring.metric import WordErrorRate
from speech.decoding.decode import Options, decode
from trainer.data.batches import Batches, Loader
from trainer.data.examples import IGNORED, Examples
from trainer.hub import card
from trainer.runs.folder import Run, config
from trainer.train import lora
from trainer.train.loss import base_logprobs, token_loss
from trainer.train.memory import halved, peak_memory, pieces_of
from trainer.train.plan import TrainingPlan
from trainer.train.progress import RunProgress, SaveBestAdapter, say
from trainer.train.stop import Cancelled, Complete, StopBetweenSteps, StopFlag, TimeLimit
from trainer.train.weight_averaging import AverageLastSteps, WeightAverage

CLIPS_AT_ONCE = 64  # of an evaluation: their waveforms wait in memory for batches of like length


class LoraTrainer(Seq2SeqTrainer):
    """Trains an adapter, and evaluates it on generated text by the normalised WER.

    Steps, optimizer, schedule, checkpoints, evaluations, the choice of the best and early stopping are transformers'.
    Three steps are ours: `training_step` cuts a batch into pieces where memory is short, `compute_loss` adds replay,
    and `prediction_step` generates with the decoder that users get, since Whisper's own generate() would pad each
    window to 30 s and knows neither our prompt nor our length limit.
    """

    def __init__(
        self,
        model: PeftModel,
        examples: Examples,
        validation: Sequence[int],
        folder: Path,
        run: Run | None,
        stop: StopFlag,
    ):
        """`validation`: rows of the examples' corpus. `run`: None in other processes, and where nothing is kept."""
        self.examples, self.corpus, self.engine = examples, examples.corpus, examples.engine
        self.settings, self.validation = examples.settings, list(validation)
        self.folder, self.run, self.stop = folder, run, stop
        state, self.frames_at_once = PartialState(), self.settings.optimisation.frames_at_once
        self.processes, self.process = state.num_processes, state.process_index
        self.started, self.seconds = False, 0.0  # of training, without evaluations and checkpoints
        self.metric = WordErrorRate("french")
        super().__init__(
            model=model,
            args=self._arguments(),
            data_collator=_rows,
            train_dataset=examples,
            eval_dataset=self.validation,
            compute_loss_func=token_loss,
            compute_metrics=self._metrics,
        )
        self.average = WeightAverage(model)
        self.remove_callback(PrinterCallback)  # it writes on standard output, where the report goes
        self.add_callback(AverageLastSteps(self.average, self.settings.optimisation.average_last))
        self.add_callback(RunProgress(self))
        self.add_callback(SaveBestAdapter(self))
        if self.settings.evaluation.patience:
            self.add_callback(EarlyStoppingCallback(self.settings.evaluation.patience))

    def _arguments(self) -> Seq2SeqTrainingArguments:
        optimisation, formats = self.settings.optimisation, self.engine.formats
        return Seq2SeqTrainingArguments(
            output_dir=str(self.folder / "checkpoints"),
            per_device_train_batch_size=-(-optimisation.batch_size // self.processes),
            learning_rate=optimisation.learning_rate,
            lr_scheduler_type=optimisation.schedule,
            warmup_steps=optimisation.warmup_steps,
            weight_decay=optimisation.weight_decay,
            max_grad_norm=optimisation.max_gradient,
            seed=optimisation.seed,
            fp16=formats.compute == "float16",
            bf16=formats.compute == "bfloat16",
            use_cpu=formats.device == "cpu",
            activation_checkpointing=optimisation.gradient_checkpointing,
            save_strategy="steps",
            save_steps=optimisation.checkpoint_steps,
            save_total_limit=2,  # the one before as well, in case the process dies while the last is written
            restore_callback_states_from_checkpoint=True,  # early stopping goes on counting
            logging_steps=optimisation.logging_steps,
            logging_nan_inf_filter=False,  # it would hide what `training_step` looks for
            eval_strategy="steps",
            metric_for_best_model="wer",
            greater_is_better=False,
            remove_unused_columns=False,
            label_names=["labels"],
            report_to="none",
            disable_tqdm=True,
            dataloader_num_workers=4 if formats.device == "cuda" and not current_process().daemon else 0,
            ddp_find_unused_parameters=False,
        )

    def train(self, plan: TrainingPlan, facts: dict) -> dict:
        """Trains to the plan's end, from the last whole checkpoint on; gives what training.json holds.

        `facts` go into the adapter's allo.json. Raises Cancelled where a stop was requested.
        """
        self._follow(plan)
        self.facts, self.started = facts, True
        checkpoint, self.seconds = self._last_checkpoint()
        torch.manual_seed(self.settings.optimisation.seed)
        with suppress(Cancelled, Complete):  # in the middle of an evaluation; before a first step
            super().train(resume_from_checkpoint=checkpoint)
        if self.run and not self.run.adapter.exists():  # it was stopped before its first evaluation
            self.save_adapter()
        if self.stop.requested:
            raise Cancelled
        trainable, parameters = self.model.get_nb_trainable_parameters()
        clips = self.state.global_step * self.settings.optimisation.batch_size
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

    def _follow(self, plan: TrainingPlan) -> None:
        self.eval_dataset, self.frames_at_once = list(plan.validation), plan.frames_at_once
        self.args.max_steps = plan.steps
        optimisation = self.settings.optimisation
        if optimisation.minutes is not None and optimisation.steps is None:
            last_evaluation = len(plan.validation) * (plan.seconds_a_clip or 0.0) / self.processes
            self.add_callback(TimeLimit(self, 60 * optimisation.minutes, last_evaluation))
        self.args.eval_strategy = "steps" if plan.evaluate_every else "no"
        self.args.eval_steps, self.args.eval_delay = plan.evaluate_every, plan.evaluate_from
        self.evaluate_after = plan.evaluate_after
        self.add_callback(StopBetweenSteps(self))  # the last, for it puts off an evaluation that is due
        clips_a_process = -(-len(self.eval_dataset) // self.processes)  # a larger batch would be filled up with repeats
        self.args.per_device_eval_batch_size = max(1, min(CLIPS_AT_ONCE, clips_a_process))

    def _last_checkpoint(self) -> tuple[str | None, float]:
        """The last whole checkpoint, the same for all processes, and the seconds of training up to it."""
        found = [None, 0.0]
        if self.run:
            checkpoint, broken = self.run.last_checkpoint()
            for path in broken:
                say(
                    Message(
                        en=f"{path.name} is cut short, so the run resumes from the one before",
                        fr=f"{path.name} est coupé : l'entraînement reprend de celui d'avant",
                    )
                )
            step = int(checkpoint.name.partition("-")[2]) if checkpoint else 0
            lines = self.run.drop_metrics_after(step)
            found = [str(checkpoint) if checkpoint else None, lines[-1]["seconds"] if lines else 0.0]
        if self.processes > 1:
            broadcast_object_list(found)
        return found[0], found[1]

    def save_adapter(self) -> None:
        """Saves the adapter as it was evaluated, with its card."""
        with self.average.in_place():
            lora.save(self.model, self.run.adapter, self.facts, self.settings.adapter.lora_scale)
        card.write(self.folder)
        self.run.on_new_best()

    # Training

    def get_train_dataloader(self) -> Loader:
        return Loader(
            self.examples,
            batch_sampler=Batches(self.examples, self.processes, self.process),
            collate_fn=self.examples.collate,
            num_workers=self.args.dataloader_num_workers,
            pin_memory=self.engine.formats.device == "cuda",
        )

    def training_step(self, model, inputs, num_items_in_batch=None) -> torch.Tensor:
        loss = self.gradients(model, inputs, num_items_in_batch)
        if not torch.isfinite(loss):
            raise self._diverged()
        return loss

    def gradients(self, model, inputs: dict[str, torch.Tensor], tokens: torch.Tensor) -> torch.Tensor:
        """Adds a batch's gradients to the model's and gives its loss; in smaller pieces where memory runs out."""
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
        *pieces, last = pieces_of(inputs, self.frames_at_once)
        with self.accelerator.no_sync(model):  # the processes add up their gradients once a step
            losses = [super(LoraTrainer, self).training_step(model, piece, tokens) for piece in pieces]
        return sum(losses, super().training_step(model, last, tokens))

    def _halve(self, inputs: dict[str, torch.Tensor], error: torch.OutOfMemoryError) -> None:
        """Smaller pieces from now on, also where the run resumes."""
        self.frames_at_once = halved(inputs, self.frames_at_once, self.processes, error)
        if self.started:
            stored = config(self.folder)
            stored["plan"]["frames_at_once"] = self.frames_at_once
            write_json(self.folder / "config.json", stored)
        say(
            Message(
                en=f"memory ran out: from now on batches come in pieces of {self.frames_at_once} frames",
                fr=f"la mémoire est épuisée : les lots viennent désormais en morceaux de {self.frames_at_once} trames",
            )
        )

    def compute_loss(self, model, inputs: dict[str, torch.Tensor], *more, **how) -> torch.Tensor:
        replayed = inputs.pop("replayed")
        inputs["learned"] = inputs["labels"] != IGNORED
        adapted = self.accelerator.unwrap_model(model)
        base = base_logprobs(adapted, inputs, replayed, self.engine.formats.autocast)
        weight = self.settings.data.replay_weight
        self.compute_loss_func = partial(token_loss, replayed=replayed, base_logprobs=base, weight=weight)
        return super().compute_loss(model, inputs, *more, **how)

    def _diverged(self) -> UserError:
        kept = Message(en="the best adapter so far is saved", fr="le meilleur adaptateur est conservé")
        if self.run and not self.run.adapter.exists():
            kept = Message(
                en="none was evaluated yet, so there is no adapter", fr="aucun adaptateur n'avait encore été évalué"
            )
        rate = self.settings.optimisation.learning_rate / 3
        steps, lower = self.state.global_step, f"--set learning_rate={rate:.1g}"
        return UserError(
            en=f"The loss is no number any more after {steps} steps: lower the rate ({lower}); {kept.en}.",
            fr=f"La perte n'est plus un nombre après {steps} pas : baissez le taux ({lower}) ; {kept.fr}.",
        )

    # Evaluation

    def lacks_evaluation(self) -> bool:
        """Whether the plan has an evaluation after this step that was not made before its checkpoint was written."""
        made = {line["step"] for line in self.state.log_history if "eval_wer" in line}
        return self.state.global_step in self.evaluate_after and self.state.global_step not in made

    def evaluate_now(self, resumed: bool = False) -> None:
        """Evaluates at the step of the last checkpoint, and writes that checkpoint anew with what was found."""
        if resumed:  # draws go on from where they were
            self._load_rng_state(str(self.folder / "checkpoints" / f"checkpoint-{self.state.global_step}"))
        self._determine_best_metric(self._evaluate(None, None), None)
        self._save_checkpoint(self.model, None)
        self.control = self.callback_handler.on_save(self.args, self.state, self.control)

    def prediction_step(self, model, inputs, prediction_loss_only, ignore_keys=None, **_):
        """No loss, the generated tokens (clips, tokens) and the rows of the clips, as Seq2SeqTrainer gives them."""
        texts = self.transcribe(inputs["rows"].tolist())
        ids = self.engine.tokenizer(texts, add_special_tokens=False).input_ids
        tokens = pad_sequence([torch.tensor(each, dtype=torch.long) for each in ids], True, IGNORED)
        return None, tokens.to(self.args.device), inputs["rows"].to(self.args.device)

    def transcribe(self, rows: Sequence[int], least_margin: float = 0.0) -> list[str]:
        """The text of each clip at `rows`, in the adapter's own window, greedy and without a second attempt.

        A second attempt in the full window would hide what the short one loses; beams would take time from steps.
        """
        margin = self.settings.decoding_margin
        options = Options(
            language=self.settings.data.language,
            timestamps=self.settings.data.timestamps > 0,
            unsure_beam=1,
            margin=margin if margin is None else max(margin, least_margin),
            temperatures=(0.0,) if margin is None else (),
        )
        self.model.eval()
        texts = [""] * len(rows)
        scaled = rescale_adapter_scale(self.model, self.settings.adapter.lora_scale)
        with torch.random.fork_rng(), self.average.in_place(), scaled:  # as it is saved; training draws the same after
            for batch in decode(self.engine, [self.corpus.clip(row) for row in rows], options):
                for at, clip in batch:
                    texts[at] = clip.text
                self.stop.check()
                if self.run:
                    self.run.mark()
        return texts

    def _metrics(self, prediction: EvalPrediction) -> dict[str, float]:
        """WER and CER in percent, by our `evaluate.Metric`."""
        rows = [int(row) for row in prediction.label_ids]
        ids = [[int(token) for token in tokens if token != IGNORED] for tokens in prediction.predictions]
        texts = dict(zip(rows, self.engine.tokenizer.batch_decode(ids), strict=True))  # processes may repeat a clip
        references = [self.corpus.rows["text"][row] for row in texts]
        found = self.metric.compute(predictions=[*texts.values()], references=references)
        return {"wer": 100.0 if found["wer"] is None else found["wer"], "cer": found["cer"] or 0.0}

    # Checkpoints

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        """The adapter's part of a checkpoint."""
        if self.args.should_save:
            lora.save(self.model, Path(output_dir))
            self.average.save(Path(output_dir))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model=None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        self.average.load(Path(resume_from_checkpoint))


def _rows(rows: list[int]) -> dict[str, torch.Tensor]:
    """A batch of an evaluation."""
    return {"rows": torch.tensor(rows)}
