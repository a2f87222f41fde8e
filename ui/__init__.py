"""What visitors see: one file a tab, components and callbacks only."""

import os

import speech  # noqa: F401  its settings come before any other library

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # gradio reads it when it is imported
