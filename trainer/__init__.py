"""The trainer teaches: LoRA fine-tuning as a job of its own, and what a model makes of a corpus before and after."""
