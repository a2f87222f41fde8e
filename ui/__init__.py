"""What visitors see: one file a tab, components and callbacks only."""

import os

# Both are read when a library is imported.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
