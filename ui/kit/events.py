"""How handlers run: keyword arguments of gradio's events, alike in all tabs, and what a press brings with it."""

import math

import gradio as gr

# Hidden progress is on no component at all: with every event, gradio's page copies each component that any event ever
# marked as at work, two or three times, which takes a browser a fifth of a second.
PRIVATE = {"api_visibility": "private", "show_progress": "hidden", "show_progress_on": []}
SEVERAL = PRIVATE | {  # visitors at once; of a visitor's own requests the last one counts, where gradio would drop it
    "concurrency_limit": None,
    "trigger_mode": "always_last",
}
AT_ONCE = SEVERAL | {"queue": False}  # for what takes no time
ONCE = SEVERAL | {"trigger_mode": "once"}  # pressed again before it is done, it is the same press
FOUR_AT_ONCE = {"concurrency_limit": 4, "concurrency_id": "engine"}  # the engine itself takes a batch at a time
QUEUED = {"concurrency_limit": None}  # for what waits in the line of ui.server.queue, and says so
POLL = 1.0  # seconds between two looks at a job


def written(value: object) -> str:
    """What was typed into a field or chosen of a list that takes more names. What anybody else may send is no text."""
    return value.strip() if isinstance(value, str) else ""


class Press(gr.EventData):
    """What a script of the page sends with an event. Anybody can send anything, so a value is asked for by its kind.

    Raises gr.Error for one that is missing or of another kind, which no script of ours sends.
    """

    def text(self, name: str) -> str:
        found = self._found(name)
        return found if isinstance(found, str) else self._refuse(name)

    def number(self, name: str) -> float:
        found = self._found(name)
        return found if isinstance(found, (int, float)) and math.isfinite(found) else self._refuse(name)

    def _found(self, name: str) -> object:
        return self._data.get(name) if isinstance(self._data, dict) else None

    def _refuse(self, name: str):
        raise gr.Error(f"event_data: {name}?", print_exception=False)
