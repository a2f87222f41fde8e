"""The model from inside: its size, its layers, and the tokens that its decoder starts from."""

from functools import cache

import gradio as gr

from common.messages import UserError
from ui.kit.engine_pool import DETECT, loading
from ui.kit.errors import refused
from ui.kit.events import PRIVATE
from ui.kit.format import number
from ui.kit.html import render
from ui.kit.i18n import label, reader_of, say


def accordion(language: gr.Dropdown, task: gr.Radio, timestamps: gr.Checkbox) -> None:
    with gr.Accordion(label("model"), open=False, elem_id="model") as box:
        inside = gr.HTML(apply_default_css=False)
    chosen = [language, task, timestamps]
    events = [box.expand, *[component.input for component in chosen]]  # not by the page, which fills them as it opens
    gr.on(events, _inside, chosen, inside, trigger_mode="always_last", **PRIVATE)


def _inside(language: str, task: str, timestamps: bool, request: gr.Request) -> str:
    reader = reader_of(request)
    try:
        engine = loading().result().engine
    except UserError as refusal:
        return refused(refusal, reader)
    layers = _layers(engine)
    figures = [
        (f"{number(layers.total_params / 1e6, reader)} M", "parameters"),
        (engine.precision, "precision"),
        (f"{number(engine.memory / 1e6, reader, 0)} {say(reader, 'megabytes')}", "memory"),
        (f"{engine.config.encoder_layers} + {engine.config.decoder_layers}", "layers"),
    ]
    tokens = _prompt(engine, language, task, timestamps)
    return render("transcribe/model.html", reader, figures=figures, tokens=tokens, layers=str(layers))


def _prompt(engine, language: str, task: str, timestamps: bool) -> list[str]:
    ids = engine.prompt("fr" if language == DETECT else language, task, timestamps)
    tokens = engine.tokenizer.convert_ids_to_tokens(ids)
    return [tokens[0], "<|?|>", *tokens[2:]] if language == DETECT else tokens


@cache
def _layers(engine):
    """torchinfo's table of the layers. The output layer is the token table once more and is not counted twice."""
    import torch
    from torchinfo import summary
    from transformers import WhisperModel

    with torch.device("meta"):  # no weights, no memory
        return summary(WhisperModel(engine.config), depth=3, verbose=0)
