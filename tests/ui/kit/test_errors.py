"""What visitors are told has no way to a file of the server in it, whatever the folders are called."""

import pytest

from common.messages import Message
from ui.kit.errors import for_visitors

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("name", ["plain", "with spaces", "Jean's “own” folder", "été, (2)", "a: b"])
@pytest.mark.parametrize("file", ["call.wav", "my call, two.wav", "gone.wav"])
@pytest.mark.parametrize(
    "sentence",
    [
        "{} is no recording: name another.",
        "There is no file '{}'.",
        "[Errno 2] No such file or directory: '{}'",
        "The weights of {} do not load ({}).",
        "Le fichier « {} » n’existe pas.",
    ],
)
def test_names_remain_of_paths(tmp_path, name, file, sentence):
    folder = tmp_path / name / "deep er"
    folder.mkdir(parents=True)
    for each in ("call.wav", "my call, two.wav"):
        (folder / each).touch()
    shown = for_visitors(Message(*[sentence.replace("{}", str(folder / file))] * 2))
    assert shown == Message(*[sentence.replace("{}", file)] * 2)


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("The model openai/whisper-small is 1/3 done.", None),
        ("See https://huggingface.co/openai/whisper-small/tree/main.", None),
        ("Rates (CER and/or WER) are in percent, 24 km/h.", None),
        ("The cache folder /nowhere/at/all cannot be written.", "The cache folder all cannot be written."),
        ("“/nowhere/at all/a b.wav” is gone.", "“a b.wav” is gone."),
        ("Give the codec (--raw-codec) or the rate (--rate).", "Give the codec or the rate."),
        ("There is no / here.", None),
    ],
)
def test_what_is_no_path_stays(sentence, shown):
    assert for_visitors(Message(sentence, sentence)).en == (shown or sentence)
