"""What a press brings is taken by its kind, whoever sends it."""

import gradio as gr
import pytest

from ui.kit.events import AT_ONCE, ONCE, PRIVATE, SEVERAL, Press, written

pytestmark = pytest.mark.fast

ODD = [None, 3, [], "row", {}, {"row": None}, {"row": []}, {"row": {"a": 1}}, {"row": float("nan")}, {"row": 1e999}]


@pytest.mark.parametrize("data", ODD)
def test_what_no_script_of_ours_sends_is_refused(data):
    for read in (Press(None, data).number, Press(None, data).text):
        with pytest.raises(gr.Error, match="row"):
            read("row")


def test_what_it_sends_is_read():
    press = Press(None, {"row": 3, "name": "été"})
    assert press.number("row") == 3 and press.text("name") == "été"
    with pytest.raises(gr.Error):
        press.number("name")


def test_a_field_holds_text_or_nothing():
    assert [written(value) for value in (" petit ", "", None, 3, ["petit"], {"a": "petit"})] == ["petit", *[""] * 5]


def test_a_private_event_marks_no_component_as_at_work():
    """For each that any event ever marked, gradio's page does the work again with every later event."""
    with gr.Blocks() as page:
        button, answer = gr.Button(), gr.HTML()
        for how in (PRIVATE, SEVERAL, AT_ONCE, ONCE):
            button.click(str, None, answer, **how)
    events = page.get_config_file()["dependencies"]
    assert [(each["show_progress"], each["show_progress_on"]) for each in events] == [("hidden", [])] * 4
