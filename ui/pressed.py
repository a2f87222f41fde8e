"""Presses in HTML that changes while it is looked at."""

from pathlib import Path

PRESSED = (Path(__file__).parent.parent / "assets/pressed.js").read_text()  # before other code of a gr.HTML
