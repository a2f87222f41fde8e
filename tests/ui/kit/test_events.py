"""What a press brings is taken by its kind, whoever sends it."""

import gradio as gr
import pytest

from ui.kit.events import Press, written

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
