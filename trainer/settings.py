"""The settings of a training, in five groups; the comment of each field is its manual.

A setting has one flat name, whatever its group: `--set rank=8` on the command line, `{"rank": 8}` in config.json.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from types import NoneType
from typing import get_args, get_origin, get_type_hints

from common.messages import UserError

ATTENTION = ("q_proj", "v_proj")
FORMATS = ("auto", "float32", "float16", "bfloat16")
ALL_LINEAR = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")  # all but the output layer, tied to the words


def _number(default: object, least: float, most: float):
    """A field whose value, unless it is None, has to lie between `least` and `most`."""
    return field(default=default, metadata={"range": (least, most)})


def _one_of(default: object, *choices: str):
    """A field whose value, or each of whose values, has to be one of the `choices`."""
    return field(default=default, metadata={"choices": choices})


@dataclass(frozen=True)
class Adapter:
    """What is trained: a LoRA adapter, and which layers of Whisper it changes."""

    rank: int = _number(32, 1, 512)
    alpha: float = _number(64.0, 0, 4096)  # the adapter's product is scaled by alpha / rank
    dropout: float = _number(0.0, 0, 0.9)  # on the adapter's input; on a CPU, drawing it takes a fifth of the time
    modules: tuple[str, ...] = _one_of(ALL_LINEAR, *ALL_LINEAR)  # the layers that get an adapter
    encoder_share: float = _number(0.5, 0, 1)  # of the encoder's layers, from the top: below them nothing is computed
    decoder_part: str = _one_of("cross", "cross", "all")  # of the decoder: its attention to the sound, or all of it
    rslora: bool = False  # scales by alpha / sqrt(rank) instead
    dora: bool = False  # learns direction and length apart: slower
    lora_scale: float = _number(0.85, 0.01, 1)  # evaluate and save the adapter at this scale: less forgets less


@dataclass(frozen=True)
class Optimisation:
    """How it is trained: number formats, learning rate, batches, and how long."""

    seed: int = 0  # all that is random follows from it
    # the base's weights, which are not trained; auto: bfloat16 where the CPU computes it, else float32
    weights_on_cpu: str = _one_of("auto", "auto", "float32", "bfloat16", "8bit", "4bit")
    weights_on_cuda: str = _one_of("auto", *FORMATS, "8bit", "4bit")  # auto: as compute_on_cuda
    compute_on_cuda: str = _one_of("auto", *FORMATS)  # auto: bfloat16 where the GPU has it, else float16
    gradient_checkpointing: bool = False  # less memory, a third more time
    input_require_grads: bool = False  # gradients from the first layer on, as gradient checkpointing needs them
    learning_rate: float = _number(2e-4, 0, 1)
    schedule: str = _one_of("constant_with_warmup", "linear", "cosine", "constant", "constant_with_warmup")
    warmup_steps: float = _number(0.1, 0, 1e6)  # steps, or below 1 a share of all
    average_last: float = _number(0.5, 0, 1)  # average the weights over this last share of the steps; 0: do not
    weight_decay: float = _number(0.0, 0, 1)
    max_gradient: float = _number(1.0, 0, 1e6)  # longer gradients are shortened to this norm
    batch_size: int = _number(8, 1, 4096)  # clips a step, of all processes together
    frames_at_once: int = _number(1600, 1, 10_000_000)  # mel frames (100 a second) a pass: fewer take less memory
    epochs: float = _number(12.0, 0.01, 10_000)  # at most; more forgot more and gained nothing
    minutes: float | None = _number(10.0, 0.1, 10_000)  # of training and validation at most; None: no limit
    steps: int | None = _number(None, 1, 10_000_000)  # exactly so many, whatever epochs and minutes say
    logging_steps: int = _number(10, 1, 1_000_000)
    checkpoint_steps: int = _number(50, 1, 1_000_000)  # an interrupted run resumes from the last of these


@dataclass(frozen=True)
class Data:
    """What the model is trained on: corpus, windows, replay, augmentation. Shares are of the clips, 0 to 1."""

    language: str = "fr"  # Whisper's code of the corpus
    train_share: float = _number(1.0, 0.01, 1)  # of the train split, in whole calls; a larger share contains a smaller
    window: str = _one_of("short", "short", "full")  # short: the clip and a margin; full: Whisper's 30 s
    margin: float = _number(0.3, 0, 30)  # seconds of window after the clip when the adapter is used
    margin_least: float = _number(0.3, 0, 30)  # seconds; in training the margin is drawn anew each time, from here
    margin_most: float = _number(1.4, 0, 30)  # seconds; to here: windows are whole seconds and the margin
    full_share: float = _number(0.03, 0, 1)  # of clips in the full window
    timestamps: float = _number(0.5, 0, 1)  # share of clips whose text has timestamps
    stitched_share: float = _number(0.03, 0, 1)  # of 30-s windows made of a call's turns, timestamped
    silence_share: float = _number(0.02, 0, 1)  # of silence, tones and noise, with an empty text
    replay_share: float = _number(0.1, 0, 1)  # of clips in other languages or to translate, against forgetting
    replay_weight: float = _number(4.0, 0, 1000)  # of a replayed token in the loss, beside 1 of any other
    speed_probability: float = _number(0.5, 0, 1)  # that a clip is played up to a tenth faster or slower
    delay_probability: float = _number(0.5, 0, 1)  # that up to half a second of silence comes before a clip
    telephone_probability: float = _number(0.0, 0, 1)  # that a clip passes through a simulated telephone line
    spec_augment: float = _number(0.5, 0, 1)  # strength of SpecAugment's masks; 0: none
    leading_space: bool = True  # before the text, as Whisper itself writes it
    prompt_loss: bool = False  # learn the language, task and timestamp tokens too, though they are always given


@dataclass(frozen=True)
class Evaluation:
    """How it is measured: on the validation split while it trains, on the test split at the end."""

    evaluations: int = _number(2, 0, 1000)  # spread over the second half: before, little is learned; 0: each epoch
    patience: int = _number(0, 0, 1000)  # stop after so many evaluations without a better WER; 0: never
    generation_length: int | None = _number(None, 1, 448)  # tokens at most; None: by the seconds of audio
    validation_clips: int = _number(64, 1, 1_000_000)  # at most, drawn once
    report_clips: int | None = _number(None, 0, 1_000_000)  # of the test split, drawn once; None: all, 0: no report
    forgetting_clips: int = _number(40, 0, 10_000)  # of each other language, after the training; 0: not measured


@dataclass(frozen=True)
class Hub:
    """Where each new best adapter is also pushed while the training goes on."""

    push_to: str | None = None  # OWNER/NAME, with the token in HF_TOKEN; None: nowhere
    push_private: bool = True  # the repository is private


@dataclass(frozen=True)
class Settings:
    """All groups; the defaults are those of `quick`. Raises UserError for a value out of range."""

    adapter: Adapter = Adapter()
    optimisation: Optimisation = Optimisation()
    data: Data = Data()
    evaluation: Evaluation = Evaluation()
    hub: Hub = Hub()

    def __post_init__(self):
        for setting, value in self._each():
            _check(setting.name, value, **setting.metadata)
        if not self.adapter.modules or self.data.margin_least > self.data.margin_most:
            raise UserError(
                en="Give one module at least, and a margin_least that is not above margin_most.",
                fr="Donnez au moins un module, et un margin_least qui n'est pas au-dessus de margin_most.",
            )

    def _each(self) -> Iterator[tuple]:
        """Each setting's dataclass field and its value."""
        for group in fields(self):
            values = getattr(self, group.name)
            yield from ((setting, getattr(values, setting.name)) for setting in fields(values))

    @property
    def decoding_margin(self) -> float | None:
        """As speech.decoding.decode.Options has it: None is the full window."""
        return None if self.data.window == "full" else self.data.margin

    def with_values(self, **values: object) -> "Settings":
        """These settings with others in place of some, by their flat names. KeyError for a name that is none."""
        groups: dict[str, dict] = {}
        for name, value in values.items():
            groups.setdefault(GROUP_OF[name], {})[name] = value
        return replace(self, **{group: replace(getattr(self, group), **some) for group, some in groups.items()})

    def to_dict(self) -> dict:
        """For JSON, flat: {"rank": 32, ...}."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for group in asdict(self).values()
            for name, value in group.items()
        }


GROUP_OF = {setting.name: group.name for group in fields(Settings) for setting in fields(group.type)}
KINDS = {name: kind for group in fields(Settings) for name, kind in get_type_hints(group.type).items()}

RENAMED = {  # what settings were called before, in stored files and on command lines
    "strength": "lora_scale",
    "averaged": "average_last",
    "kept_share": "replay_share",
    "kept_weight": "replay_weight",
    "paced_share": "speed_probability",
    "late_share": "delay_probability",
    "line_share": "telephone_probability",
}
BEFORE = {  # what runs did before these were settings
    "decoder_part": "all",
    "lora_scale": 1.0,
    "average_last": 0.0,
    "speed_probability": 0.0,
    "delay_probability": 0.0,
}


def from_dict(stored: Mapping) -> Settings:
    """The settings that `to_dict` stored, in this version or an earlier one. Raises UserError as `parsed` does."""
    values = BEFORE | {RENAMED.get(name, name): value for name, value in stored.items()}
    texts = {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in values.items()}
    return Settings().with_values(**dict(parsed(name, text) for name, text in texts.items()))


def parsed(name: str, text: str) -> tuple[str, object]:
    """The present name of a setting, and its value from text: "none" is None, commas separate several words.

    Raises UserError for a name that is none, and for a text that is no such value.
    """
    now = RENAMED.get(name, name)
    if now not in KINDS:
        raise UserError(
            en=f"There is no setting {name!r}: choose from {', '.join(KINDS)}.",
            fr=f"Le réglage {name!r} n'existe pas : choisissez parmi {', '.join(KINDS)}.",
        )
    if get_origin(KINDS[now]) is tuple:
        return now, tuple(word.strip() for word in text.split(",") if word.strip())
    possible = get_args(KINDS[now]) or (KINDS[now],)
    if NoneType in possible and text.lower() in ("none", "null"):
        return now, None
    return now, _value(name, text, possible[0])


def _value(name: str, text: str, kind: type) -> object:
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text)
    except (KeyError, ValueError) as error:
        wanted = {bool: ("true or false", "true ou false"), int: ("a whole number", "un nombre entier")}
        en, fr = wanted.get(kind, ("a number", "un nombre"))
        raise UserError(
            en=f"The setting {name} is {text!r}: give {en}.", fr=f"Le réglage {name} vaut {text!r} : donnez {fr}."
        ) from error


def _check(name: str, value: object, range: tuple[float, float] | None = None, choices: tuple[str, ...] = ()) -> None:
    if range and value is not None and not range[0] <= value <= range[1]:
        least, most = range
        raise UserError(
            en=f"The setting {name} is {value}: give {least:g} to {most:g}.",
            fr=f"Le réglage {name} vaut {value} : donnez de {least:g} à {most:g}.",
        )
    for one in value if isinstance(value, tuple) else (value,):
        if choices and one not in choices:
            raise UserError(
                en=f"The setting {name} has no {one!r}: choose {', '.join(choices)}.",
                fr=f"Le réglage {name} n'a pas de {one!r} : choisissez {', '.join(choices)}.",
            )
