"""The tokens of a checkpoint are those that transformers has for it."""

import shutil

import pytest
from transformers import WhisperTokenizer
from transformers.models.whisper.tokenization_whisper import _split_tokens_on_unicode

from speech.decoding.word_timestamps import _characters
from speech.engines.vocabulary import Vocabulary
from speech.models import bundled

TEXTS = (" L'été, n'est-ce pas ?", "日本語のテキスト", " Привет, où ça ? 🎉🎊", "", "  a\n b")


@pytest.fixture(scope="module")
def theirs():
    return WhisperTokenizer.from_pretrained(bundled.transformers_folder())


def test_the_ids_are_those_of_transformers(theirs, tmp_path):
    """Also of an older checkpoint, which has no tokenizer.json."""
    theirs.save_vocabulary(str(tmp_path))
    shutil.copy(bundled.transformers_folder() / "tokenizer_config.json", tmp_path)
    for ours in (Vocabulary(bundled.transformers_folder()), Vocabulary(tmp_path)):
        for text in TEXTS:
            ids = ours.ids(text)
            assert ids == theirs(text, add_special_tokens=False).input_ids
            assert ours.text(ids) == theirs.decode(ids)
        assert ours.id("<|endoftext|>") == theirs.convert_tokens_to_ids("<|endoftext|>")


def test_letters_of_several_tokens_are_whole(int8, theirs):
    for text in TEXTS:
        ids = int8.vocabulary.ids(text)
        for some in (ids, ids[1:], ids[:-1], ids[2:]):  # a cut letter is no letter
            found, _, places = _split_tokens_on_unicode(theirs, some)
            assert list(_characters(int8, some)) == list(zip(found, places, strict=True))
