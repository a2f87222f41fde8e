"""Messages of libraries: those that nobody has to act on are dropped, and no others."""

import logging
import subprocess
import sys

import pytest

from common.quiet import UNWANTED, silence


@pytest.mark.parametrize(("name", "beginning"), UNWANTED.items())
def test_one_message_is_dropped_and_the_next_is_not(name, beginning, caplog):
    silence()
    logger = logging.getLogger(name)
    logger.propagate, before = True, logger.propagate
    logger.addHandler(caplog.handler)
    try:
        logger.warning(f"{beginning} and so on")
        logger.warning("another message")
    finally:
        logger.removeHandler(caplog.handler)
        logger.propagate = before
    assert {record.message for record in caplog.records} == {"another message"}


def test_importing_the_trainer_prints_nothing():
    ended = subprocess.run([sys.executable, "-c", "import trainer.train.lora"], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
