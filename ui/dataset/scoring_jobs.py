"""What both halves of the Corpus tab do with their scorings in the background: show how far they are, and stop them."""

import gradio as gr

from ui.kit.i18n import reader_of
from ui.scores import figures_html


def look(jobs: tuple, ended: int, request: gr.Request) -> tuple:
    """How far the jobs are; what they found is shown once none is left."""
    over = not any(job.alive for job in jobs)
    return *working(jobs, request), ended + 1 if over else gr.skip()


def working(jobs: tuple, request: gr.Request) -> tuple:
    """The jobs, what the page shows of them, the timer that looks again, and the button that stops them."""
    alive = any(job.alive for job in jobs)
    return jobs, figures_html.jobs(jobs, reader_of(request)), gr.Timer(active=alive), gr.Button(visible=alive)


def cancel(jobs: tuple, request: gr.Request) -> str:
    for job in jobs:
        job.stop()
    return figures_html.jobs(jobs, reader_of(request))
