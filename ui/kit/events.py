"""How handlers run: keyword arguments of gradio's events, alike in all tabs."""

PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}
SEVERAL = PRIVATE | {  # visitors at once; of a visitor's own requests the last one counts, where gradio would drop it
    "concurrency_limit": None,
    "trigger_mode": "always_last",
}
AT_ONCE = SEVERAL | {"queue": False}  # for what takes no time
ONCE = SEVERAL | {"trigger_mode": "once"}  # pressed again before it is done, it is the same press
FOUR_AT_ONCE = {"concurrency_limit": 4, "concurrency_id": "engine"}  # the engine itself takes a batch at a time
POLL = 1.0  # seconds between two looks at a job
