"""What a run writes down of itself: config.json at its start, allo.json beside each adapter, and its first line."""

from dataclasses import asdict

from accelerate import PartialState

from common.messages import Message
from corpus import Corpus
from speech.models import adapters
from speech.models.checkpoint import Choice
from trainer.data.splits import Splits, split_hash
from trainer.evaluation.selection import TRAINED
from trainer.settings import Settings
from trainer.train.loop import LoraTrainer
from trainer.train.plan import TrainingPlan
from trainer.train.request import TrainingRequest

FORMAT = {"allo": 1}  # the version of these files


def asked(request: TrainingRequest) -> dict:
    """config.json before anything is loaded."""
    return {**FORMAT, **request.to_dict()}


def chosen(
    request: TrainingRequest, corpus: Corpus, splits: Splits, choice: Choice, plan: TrainingPlan, trainer: LoraTrainer
) -> dict:
    """config.json: the whole request, and what was chosen where it was left open."""
    formats = trainer.engine.formats
    return {
        **asked(request),
        "chosen": {
            "corpus": corpus.source,
            "fingerprint": corpus.fingerprint,
            "model": choice.model,
            "revision": adapters.revision(choice),
            "numbers": asdict(formats) | {"reason": formats.reason._asdict()},
        },
        "plan": plan.to_dict(),
        "split": splits.counts | {"foreign": splits.foreign},
        "left_out": [{"id": name, **message._asdict()} for name, message in trainer.examples.left_out],
        "processes": PartialState().num_processes,
    }


def adapter_facts(settings: Settings, corpus: Corpus, splits: Splits, choice: Choice, trainer: LoraTrainer) -> dict:
    """allo.json: what an adapter says of itself."""
    return {
        **FORMAT,
        "base": choice.model,
        "weights": choice.weights,
        "revision": adapters.revision(choice),
        "margin": settings.decoding_margin,
        "language": settings.data.language,
        "corpus": corpus.source,
        "learned": {name: splits.counts[name] for name in TRAINED},
        "licence": corpus.licence,
        "split_hash": split_hash(corpus, splits),
        "settings": settings.to_dict(),
        "held_by": sorted({clip.language for clip in trainer.examples.replay_clips}),
    }


def opening(trainer: LoraTrainer, plan: TrainingPlan) -> Message:
    """The first line of the log: how many weights, clips and steps."""
    trainable, parameters = trainer.model.get_nb_trainable_parameters()
    clips, left_out, validation = len(trainer.examples), len(trainer.examples.left_out), len(plan.validation)
    return Message(
        en=f"{trainable:,} trainable of {parameters:,} parameters; {clips} clips to train on, {left_out} left out, "
        f"{validation} to evaluate on; {plan.steps} steps",
        fr=f"{trainable:,} paramètres à apprendre sur {parameters:,} ; {clips} extraits pour apprendre, {left_out} "
        f"laissés de côté, {validation} pour évaluer ; {plan.steps} pas",
    )
