"""Messages of the libraries that nobody has to act on: these are not printed, and all others are."""

import logging
import warnings

UNWANTED = {  # a logger, and what the message begins with
    "bitsandbytes.backends.cpu.ops": "Failed to load CPU gemm_4bit_forward",  # a faster product for 4-bit, not needed
    "transformers.trainer_callback": "Using EarlyStoppingCallback without load_best",  # each best one is saved already
}


def silence() -> None:
    """Drops the messages of UNWANTED, and that peft calls transformers the old way; some come while a library loads."""
    for name, beginning in UNWANTED.items():
        logger = logging.getLogger(name)
        if not any(isinstance(each, _Without) for each in logger.filters):
            logger.addFilter(_Without(beginning))
    warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)


class _Without(logging.Filter):
    """Lets all records pass but those that begin so."""

    def __init__(self, beginning: str):
        super().__init__()
        self.beginning = beginning

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith(self.beginning)
