"""The presets: settings that go together, by name."""

from collections.abc import Iterable

from common.messages import UserError
from trainer.settings import ATTENTION, Adapter, Data, Evaluation, Optimisation, Settings, parsed

PRESETS = {
    "seed": Settings(  # the notebook's recipe to the letter
        Adapter(
            rank=8,
            alpha=32.0,
            dropout=0.1,
            modules=ATTENTION,
            encoder_share=1.0,
            decoder_part="all",
            lora_scale=1.0,
        ),
        Optimisation(
            weights_on_cpu="float32",
            weights_on_cuda="8bit",
            compute_on_cuda="float16",
            input_require_grads=True,
            learning_rate=1e-3,
            warmup_steps=50,
            schedule="linear",
            average_last=0.0,
            batch_size=8,
            frames_at_once=24_000,
            epochs=3.0,
            minutes=None,
            logging_steps=25,
        ),
        Data(
            window="full",
            full_share=0.0,
            timestamps=0.0,
            stitched_share=0.0,
            silence_share=0.0,
            replay_share=0.0,
            speed_probability=0.0,
            delay_probability=0.0,
            spec_augment=0.0,
            leading_space=False,
            prompt_loss=True,
        ),
        Evaluation(evaluations=0, generation_length=128),
    ),
    "quick": Settings(),
    "thorough": Settings(  # hours on a GPU: also shows more of what full windows and long recordings need
        Adapter(dropout=0.05, encoder_share=1.0, decoder_part="all", lora_scale=1.0),
        Optimisation(
            batch_size=16,
            frames_at_once=48_000,
            learning_rate=2e-4,
            schedule="cosine",
            average_last=0.0,
            epochs=10.0,
            minutes=None,
            logging_steps=25,
            checkpoint_steps=100,
        ),
        Data(
            margin_most=2.5,
            full_share=0.1,
            stitched_share=0.1,
            replay_share=0.15,
            telephone_probability=0.2,
            spec_augment=1.0,
        ),
        Evaluation(evaluations=0, patience=3, validation_clips=512),
    ),
}


def preset(name: str, changes: Iterable[str] = ()) -> Settings:
    """The preset with its `changes`, each "key=value". Raises UserError for an unknown name, and for a wrong value."""
    if name not in PRESETS:
        raise UserError(
            en=f"There is no preset {name!r}: choose {', '.join(PRESETS)}.",
            fr=f"Le préréglage {name!r} n'existe pas : choisissez {', '.join(PRESETS)}.",
        )
    pairs = [change.partition("=") for change in changes]
    return PRESETS[name].with_values(**dict(parsed(key, text) for key, _, text in pairs))
