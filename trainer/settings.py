"""What a training is asked: the presets, and each setting of theirs by its name."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from types import NoneType
from typing import get_args, get_origin, get_type_hints

from common.messages import UserError

ATTENTION = ("q_proj", "v_proj")
ALL_LINEAR = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")  # all but the output layer, tied to the words


@dataclass(frozen=True)
class Settings:
    """The defaults are those of `quick`; a field's comment is its manual. Raises UserError for a value out of range."""

    language: str = "fr"  # Whisper's code of the corpus
    seed: int = 0  # all that is random follows from it

    # the adapter
    rank: int = 32
    alpha: float = 64.0  # its product is scaled by alpha / rank
    dropout: float = 0.0  # of what goes into the adapter: on a CPU, drawing it takes a fifth of the time
    modules: tuple[str, ...] = ALL_LINEAR
    encoder_share: float = 0.5  # of the encoder's layers, the upper ones learn: below them nothing goes backwards
    decoder_part: str = "cross"  # of the decoder its attention to the sound learns; or all of it
    rslora: bool = False  # scaled by alpha / sqrt(rank)
    dora: bool = False  # direction and length learned apart: slower
    strength: float = 0.85  # the share of what was learned with which it is judged and kept: less forgets less

    # the base, which is not trained
    weights_on_cpu: str = "auto"  # bfloat16 where the CPU computes it, else float32; or these, or 8bit, 4bit
    weights_on_cuda: str = "auto"  # what is computed in; or float32, float16, bfloat16, 8bit, 4bit
    compute_on_cuda: str = "auto"  # bfloat16 where the card has it, else float16; or float32, float16, bfloat16
    gradient_checkpointing: bool = False  # less memory, a third more time
    input_require_grads: bool = False  # gradients from the first layer on: for gradient checkpointing

    # the steps
    learning_rate: float = 2e-4
    schedule: str = "constant_with_warmup"  # or constant, or linear or cosine, which end at zero
    averaged: float = 0.5  # the mean of the weights after each of this last share of the steps is judged and kept
    warmup_steps: float = 0.1  # steps, or below 1 a share of all
    weight_decay: float = 0.0
    max_gradient: float = 1.0  # longer gradients are shortened to this norm
    batch_size: int = 8  # clips a step, of all processes together
    frames_at_once: int = 1600  # mel frames (100 a second) of a piece that a batch is heard in: fewer take less memory
    epochs: float = 12.0  # at most: `minutes` and `steps` end it sooner; more forgot more and heard no better
    minutes: float | None = 10.0  # of training and its evaluations on this machine; None: no such end
    steps: int | None = None  # exactly so many, whatever epochs and minutes say

    # what the model is shown
    train_share: float = 1.0  # of the clips to learn from, in whole calls; a smaller share is part of a larger one
    window: str = "short"  # the clip and a margin; or full: 30 s
    margin: float = 0.3  # seconds after the clip, of the window in which the adapter will be heard
    margin_least: float = 0.3  # in training it is drawn anew each time, from here
    margin_most: float = 1.4  # to here: windows are whole seconds and the margin
    full_share: float = 0.03  # of the clips, in the full window: 0 to 1
    timestamps: float = 0.5  # share of the clips whose text comes with its times
    stitched_share: float = 0.03  # of 30-s windows made of a call's turns, with times and the text before
    silence_share: float = 0.02  # of silence, tones and noise, with no text
    kept_share: float = 0.1  # of clips in other languages or to be translated, to stay as the base hears them
    kept_weight: float = 4.0  # of one of their tokens, beside one that is learned
    paced_share: float = 0.5  # of clips up to a tenth faster or slower
    late_share: float = 0.5  # of clips after up to half a second of silence
    line_share: float = 0.0  # of clips through a simulated telephone line
    spec_augment: float = 0.5  # bands and stretches of the mel masked: 0 none, 1 a good deal
    leading_space: bool = True  # before the text, as Whisper itself writes it
    prompt_loss: bool = False  # language, task and mode are learned as well, though they are always given

    # evaluations on the validation split
    evaluations: int = 2  # evenly spread over the second half: before, little is learned yet; 0: one each epoch
    patience: int = 0  # so many without a better WER end the training; 0: never
    generation_length: int | None = None  # tokens at most; None: by the seconds of audio
    validation_clips: int = 64  # at most, drawn once
    report_clips: int | None = None  # of the test split at the end, drawn once; None: all, 0: no report
    forgetting_clips: int = 40  # of each other language, heard at the end to see what was forgotten; 0: not looked at
    logging_steps: int = 10
    checkpoint_steps: int = 50  # a dead run goes on from the last of these

    # each new best adapter also goes to the Hub
    push_to: str | None = None  # OWNER/NAME, with the token in HF_TOKEN; None: nowhere
    push_private: bool = True  # a repository that is for nobody but its owner

    def __post_init__(self):
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise UserError(
                    en=f"The setting {name} is {value}: give {least:g} to {most:g}.",
                    fr=f"Le réglage {name} vaut {value} : donnez de {least:g} à {most:g}.",
                )
        for name, known in CHOICES.items():
            values = getattr(self, name)
            for value in values if isinstance(values, tuple) else (values,):
                if value not in known:
                    raise UserError(
                        en=f"The setting {name} has no {value!r}: choose {', '.join(known)}.",
                        fr=f"Le réglage {name} n'a pas de {value!r} : choisissez {', '.join(known)}.",
                    )
        if not self.modules or self.margin_least > self.margin_most:
            raise UserError(
                en="Give one module at least, and a margin_least that is not above margin_most.",
                fr="Donnez au moins un module, et un margin_least qui n'est pas au-dessus de margin_most.",
            )

    @property
    def decoding_margin(self) -> float | None:
        """As speech.decoding.decode.Options has it: None is the full window."""
        return None if self.window == "full" else self.margin

    def to_dict(self) -> dict:
        return asdict(self) | {"modules": list(self.modules)}


RANGES = {
    "rank": (1, 512),
    "alpha": (0, 4096),
    "encoder_share": (0, 1),
    "dropout": (0, 0.9),
    "strength": (0.01, 1),
    "learning_rate": (0, 1),
    "warmup_steps": (0, 1e6),
    "averaged": (0, 1),
    "weight_decay": (0, 1),
    "max_gradient": (0, 1e6),
    "batch_size": (1, 4096),
    "frames_at_once": (1, 10_000_000),
    "epochs": (0.01, 10_000),
    "minutes": (0.1, 10_000),
    "steps": (1, 10_000_000),
    "train_share": (0.01, 1),
    "margin": (0, 30),
    "margin_least": (0, 30),
    "margin_most": (0, 30),
    "full_share": (0, 1),
    "timestamps": (0, 1),
    "stitched_share": (0, 1),
    "silence_share": (0, 1),
    "kept_share": (0, 1),
    "kept_weight": (0, 1000),
    "paced_share": (0, 1),
    "late_share": (0, 1),
    "line_share": (0, 1),
    "spec_augment": (0, 1),
    "evaluations": (0, 1000),
    "patience": (0, 1000),
    "generation_length": (1, 448),
    "validation_clips": (1, 1_000_000),
    "report_clips": (0, 1_000_000),
    "forgetting_clips": (0, 10_000),
    "logging_steps": (1, 1_000_000),
    "checkpoint_steps": (1, 1_000_000),
}
CHOICES = {
    "modules": ALL_LINEAR,
    "weights_on_cpu": ("auto", "float32", "bfloat16", "8bit", "4bit"),
    "weights_on_cuda": ("auto", "float32", "float16", "bfloat16", "8bit", "4bit"),
    "compute_on_cuda": ("auto", "float32", "float16", "bfloat16"),
    "decoder_part": ("cross", "all"),
    "schedule": ("linear", "cosine", "constant", "constant_with_warmup"),
    "window": ("short", "full"),
}

BEFORE = {"decoder_part": "all", "strength": 1.0, "averaged": 0.0, "paced_share": 0.0, "late_share": 0.0}
# what runs did before these were settings

PRESETS = {
    "seed": Settings(  # the notebook's recipe to the letter
        rank=8,
        alpha=32.0,
        dropout=0.1,
        modules=ATTENTION,
        encoder_share=1.0,
        decoder_part="all",
        strength=1.0,
        weights_on_cpu="float32",
        weights_on_cuda="8bit",
        compute_on_cuda="float16",
        input_require_grads=True,
        learning_rate=1e-3,
        warmup_steps=50,
        schedule="linear",
        averaged=0.0,
        batch_size=8,
        frames_at_once=24_000,
        epochs=3.0,
        minutes=None,
        window="full",
        full_share=0.0,
        timestamps=0.0,
        stitched_share=0.0,
        silence_share=0.0,
        kept_share=0.0,
        paced_share=0.0,
        late_share=0.0,
        spec_augment=0.0,
        leading_space=False,
        prompt_loss=True,
        evaluations=0,
        generation_length=128,
        logging_steps=25,
    ),
    "quick": Settings(),
    "thorough": Settings(  # hours on a GPU: what serves full windows and long recordings is shown as well
        dropout=0.05,
        encoder_share=1.0,
        decoder_part="all",
        strength=1.0,
        batch_size=16,
        frames_at_once=48_000,
        learning_rate=2e-4,
        schedule="cosine",
        averaged=0.0,
        epochs=10.0,
        minutes=None,
        margin_most=2.5,
        full_share=0.1,
        stitched_share=0.1,
        kept_share=0.15,
        line_share=0.2,
        spec_augment=1.0,
        evaluations=0,
        patience=3,
        validation_clips=512,
        logging_steps=25,
        checkpoint_steps=100,
    ),
}


def preset(name: str, changes: Iterable[str] = ()) -> Settings:
    """The preset with its `changes`, each "key=value". Raises UserError for what there is not, and for wrong values."""
    if name not in PRESETS:
        raise UserError(
            en=f"There is no preset {name!r}: choose {', '.join(PRESETS)}.",
            fr=f"Le préréglage {name!r} n'existe pas : choisissez {', '.join(PRESETS)}.",
        )
    pairs = [change.partition("=") for change in changes]
    return replace(PRESETS[name], **{key: _value(key, text) for key, _, text in pairs})


def from_dict(given: Mapping) -> Settings:
    """The settings that `to_dict` wrote down. Raises UserError as `preset` does."""
    given = BEFORE | dict(given)
    texts = {key: ",".join(value) if isinstance(value, list) else str(value) for key, value in given.items()}
    return Settings(**{key: _value(key, text) for key, text in texts.items()})


def _value(key: str, text: str) -> object:
    """The text of a value as its field has it: null is None, several words stand with commas between them."""
    kinds = get_type_hints(Settings)
    if key not in kinds:
        known = ", ".join(field.name for field in fields(Settings))
        raise UserError(
            en=f"There is no setting {key!r}: choose from {known}.",
            fr=f"Le réglage {key!r} n'existe pas : choisissez parmi {known}.",
        )
    if get_origin(kinds[key]) is tuple:
        return tuple(word.strip() for word in text.split(",") if word.strip())
    possible = get_args(kinds[key]) or (kinds[key],)
    if NoneType in possible and text.lower() in ("none", "null"):
        return None
    kind = possible[0]
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text)
    except (KeyError, ValueError) as error:
        wanted = {bool: ("true or false", "true ou false"), int: ("a whole number", "un nombre entier")}
        en, fr = wanted.get(kind, ("a number", "un nombre"))
        raise UserError(
            en=f"The setting {key} is {text!r}: give {en}.", fr=f"Le réglage {key} vaut {text!r} : donnez {fr}."
        ) from error
