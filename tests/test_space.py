"""The page as a Space serves it: the card, and a recording transcribed by its API on the kinds of hardware.

`make check-space` does the same in an environment that is made as the platform makes it.
"""

import pytest

from tests.kit import space


def test_the_card_is_one_that_the_hub_takes():
    space.check_card()


@pytest.mark.parametrize("kind", ["cpu-basic", "zero-a10g"])  # a GPU that is none is a CPU
def test_a_space_serves_a_recording(kind):
    assert "en ligne" in space.asked_of(kind)
