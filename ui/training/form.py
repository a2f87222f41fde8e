"""The form of a training: what to learn from, and how."""

import gradio as gr

from common.messages import UserError
from ui.kit.errors import refused
from ui.kit.events import SEVERAL
from ui.kit.fields import corpus_columns
from ui.kit.i18n import label, reader_of
from ui.training import recipe

PRESETS = ("quick", "thorough", "seed")


def fields() -> tuple[dict[str, gr.components.Component], gr.Textbox]:
    """The fields by the names of recipe.Form, and the token to push with, which is no part of a form."""
    values = dict(zip(("minutes", *recipe.NOTEBOOK), recipe.of_preset(PRESETS[0]), strict=True))
    custom = {"allow_custom_value": True, "min_width": 200}
    with gr.Row():
        corpus = gr.Dropdown([], label=label("source"), info=label("base_hint"), **custom)
        base = gr.Dropdown([], label=label("base_model"), info=label("base_hint"), **custom)
    about = gr.HTML(apply_default_css=False, elem_id="learns")
    with gr.Accordion(label("unusual"), open=False), gr.Row():
        columns = dict(zip(("audio", "text", "unit"), corpus_columns(), strict=True))
    presets = [(label(f"preset_{name}"), name) for name in PRESETS]
    preset = gr.Radio(presets, value=PRESETS[0], label=label("preset"))
    with gr.Row():
        minutes = gr.Number(values["minutes"], label=label("minutes"), info=label("minutes_hint"), min_width=140)
        name = gr.Textbox("", label=label("run_name"), info=label("run_name_hint"), max_lines=1, min_width=140)
    with gr.Accordion(label("recipe"), open=False, elem_id="recipe"), gr.Row():
        settings = {key: _field(key, values[key]) for key in recipe.NOTEBOOK}
        hint = {"info": label("set_others_hint"), "placeholder": "seed=1", "lines": 2, "min_width": 260}
        others = gr.Textbox("", label=label("set_others"), **hint)
    push_to, token = _push()
    form = {"name": name, "corpus": corpus, "base": base, "preset": preset, "minutes": minutes}
    form |= settings | {"others": others, "push_to": push_to} | columns
    _wire(form, about)
    return form, token


def _field(key: str, value) -> gr.components.Component:
    """A setting of the original recipe, with the sentence that says what it does."""
    from trainer.settings import ALL_LINEAR

    told = {"label": label(f"set_{key}"), "info": label(f"set_{key}_hint"), "min_width": 190}
    if key == "modules":
        return gr.CheckboxGroup(ALL_LINEAR, value=value, **told)
    if key == "window":
        return gr.Radio([(label(f"window_{name}"), name) for name in ("short", "full")], value=value, **told)
    return gr.Number(value, **told)


def _push() -> tuple[gr.Textbox, gr.Textbox]:
    """Where each new best adapter goes, and with which token."""
    with gr.Accordion(label("push_best"), open=False, elem_id="push-best"), gr.Row():
        hint = {"info": label("push_to_hint"), "placeholder": "OWNER/NAME", "max_lines": 1, "min_width": 180}
        repository = gr.Textbox("", label=label("repository"), **hint)
        secret = {"type": "password", "info": label("push_token_hint"), "max_lines": 1, "min_width": 180}
        return repository, gr.Textbox("", label=label("token"), **secret)


def _wire(form: dict, about: gr.HTML) -> None:
    corpus, audio, text, unit = (form[key] for key in ("corpus", "audio", "text", "unit"))
    changed = [corpus.change, audio.submit, audio.blur, text.submit, text.blur, unit.input]
    gr.on(changed, _about, [corpus, audio, text, unit], about, **SEVERAL)
    settings = [form[key] for key in ("minutes", *recipe.NOTEBOOK)]
    form["preset"].input(recipe.of_preset, form["preset"], settings, **SEVERAL)


def _about(corpus: str | None, audio: str, text: str, unit: str, request: gr.Request) -> str:
    reader = reader_of(request)
    try:
        return recipe.learned_from(corpus, audio, text, unit, reader)
    except UserError as refusal:
        return refused(refusal, reader)
