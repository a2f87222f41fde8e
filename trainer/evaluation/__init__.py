"""A corpus through a model: its score, and what an adapter gained and forgot."""
