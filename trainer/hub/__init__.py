"""Adapters on the Hub, their card, and trainings as Hugging Face Jobs."""
