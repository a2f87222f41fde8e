"""A Whisper's tokens by the tokenizers library itself: transformers, which wraps it, takes seconds to import."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

FILE = "tokenizer.json"


class Vocabulary:
    def __init__(self, folder: Path):
        """Reads that of a checkpoint; transformers makes one for an older checkpoint, which has words and merges.

        Raises ValueError where it cannot be read.
        """
        if (folder / FILE).is_file():
            try:
                self._tokenizer = Tokenizer.from_file(str(folder / FILE))
            except Exception as error:  # the library has no class of its own
                raise ValueError(f"{FILE}: {error}") from error
        else:
            from transformers import WhisperTokenizer

            self._tokenizer = WhisperTokenizer.from_pretrained(folder).backend_tokenizer

    def ids(self, text: str) -> list[int]:
        """The ids of a text, without special tokens around it."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def text(self, ids: Sequence[int]) -> str:
        return self._tokenizer.decode(list(ids), skip_special_tokens=False)

    def id(self, name: str) -> int:
        """The id of a special token by its name, "<|fr|>"; of an unknown one the end token's, as in transformers."""
        found = self._tokenizer.token_to_id(name)
        return self._tokenizer.token_to_id("<|endoftext|>") if found is None else found
