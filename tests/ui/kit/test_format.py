"""Numbers as each language writes them."""

import pytest

from ui.kit.format import clock, number, percent

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("value", "decimals", "french", "english"),
    [
        (1234.5, 1, "1\u202f234,5", "1,234.5"),
        (-0.84, 1, "\u22120,8", "\u22120.8"),
        (-12, 0, "\u221212", "\u221212"),
        (1e6, 0, "1\u202f000\u202f000", "1,000,000"),
        (0.125, 3, "0,125", "0.125"),
    ],
)
def test_numbers(value, decimals, french, english):
    assert (number(value, "fr", decimals), number(value, "en", decimals)) == (french, english)


@pytest.mark.parametrize(
    ("rate", "shown"),
    [(12.34, "12,3\u00a0%"), (0, "0,0\u00a0%"), (None, ""), (float("nan"), ""), (float("inf"), "∞")],
)
def test_rates(rate, shown):
    assert percent(rate, "fr") == shown


@pytest.mark.parametrize(("seconds", "shown"), [(7.9, "0:07"), (754, "12:34"), (3723, "1:02:03"), (0, "0:00")])
def test_times(seconds, shown):
    assert clock(seconds) == shown
