"""Fine-tuning: LoRA training as a job of its own, and what a model makes of a corpus before and after."""

from common import quiet

quiet.silence()  # before any library that it silences is imported
