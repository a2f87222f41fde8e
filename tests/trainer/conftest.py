"""What the trainer's tests share, made once."""

from pathlib import Path

import pytest

from tests.kit.training import asked, prompt_calls, tiny_whisper


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    return prompt_calls(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    return tiny_whisper(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def done(corpus, tiny, tmp_path_factory) -> Path:
    """A run of six steps that nothing disturbed."""
    from trainer.train.run import train

    folder = tmp_path_factory.mktemp("done") / "run"
    train(asked(corpus, tiny), folder)
    return folder
