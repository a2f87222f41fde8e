"""What a training reports while it runs: to its folder, and in lines for people."""

import sys
import time

from accelerate import PartialState
from transformers import TrainerCallback
from transformers.trainer_callback import ExportableState

from common.messages import Message, locale_language


def say(message: Message) -> None:
    """Prints a line for people on standard error, from the main process alone."""
    if PartialState().is_main_process:
        print(f"trainer: {message.to(locale_language())}", file=sys.stderr)


class RunProgress(TrainerCallback):
    """Writes state.json, metrics.jsonl and the log, and counts the seconds of training alone.

    Neither evaluations nor checkpoints count as training.
    """

    def __init__(self, trainer):
        self.trainer = trainer

    def on_train_begin(self, args, state, control, **_):
        state.eval_steps = args.eval_steps  # the checkpoint of an earlier version holds another number
        for each in (control, *self.trainer.callback_handler.callbacks):  # and states of fewer callbacks, or none
            if isinstance(each, ExportableState):
                state.stateful_callbacks.setdefault(type(each).__name__, each.state())
        self.began, self.first_step = time.perf_counter(), state.global_step
        self.last, self.logged_step, self.logged_seconds = self.began, state.global_step, self.trainer.seconds
        if self.trainer.run:
            self.trainer.run.mark("running", step=state.global_step, steps=state.max_steps)

    def on_step_end(self, args, state, control, **_):
        now = time.perf_counter()
        self.trainer.seconds += now - self.last
        self.last = now
        if self.trainer.run:
            seconds_a_step = (now - self.began) / (state.global_step - self.first_step)
            left = seconds_a_step * (state.max_steps - state.global_step)
            self.trainer.run.mark(step=state.global_step, eta=round(left))

    def on_log(self, args, state, control, logs, **_):
        step = f"{state.global_step}/{state.max_steps}"
        if "loss" in logs:
            clips = (state.global_step - self.logged_step) * self.trainer.settings.optimisation.batch_size
            speed = clips / (self.trainer.seconds - self.logged_seconds)
            self.logged_step, self.logged_seconds = state.global_step, self.trainer.seconds
            line = {name: logs[name] for name in ("loss", "learning_rate")} | {"clips_per_second": speed}
            loss = f"{logs['loss']:.3f}"
            message = Message(
                en=f"step {step}: loss {loss}, {speed:.2f} clips/s",
                fr=f"pas {step} : perte {loss}, {speed:.2f} extraits/s",
            )
        elif "eval_wer" in logs:
            line = {"wer": logs["eval_wer"], "cer": logs["eval_cer"]}
            message = Message(en=f"step {step}: WER {line['wer']:.1f} %", fr=f"pas {step} : WER {line['wer']:.1f} %")
        else:
            return
        if self.trainer.run:
            place = {"step": state.global_step, "epoch": state.epoch, "seconds": self.trainer.seconds}
            self.trainer.run.append_metrics(place | line)
        say(message)

    def on_evaluate(self, args, state, control, **_):
        self.last = time.perf_counter()

    def on_save(self, args, state, control, **_):
        self.trainer.accelerator.wait_for_everyone()
        if self.trainer.run:
            self.trainer.run.seal(self.trainer.run.checkpoints / f"checkpoint-{state.global_step}")
        self.last = time.perf_counter()


class SaveBestAdapter(TrainerCallback):
    """Saves the adapter where an evaluation gives a lower WER than all before it."""

    def __init__(self, trainer):
        self.trainer = trainer

    def on_evaluate(self, args, state, control, metrics, **_):
        if self.trainer.run and (state.best_metric is None or metrics["eval_wer"] < state.best_metric):
            self.trainer.save_adapter()
