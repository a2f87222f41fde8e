"""A few of the spoiled files of bench/fuzz.py: what reads them gives their contents or a UserError, soon."""

import pytest

from bench import fuzz

CASES = {"audio": 60, "adapter": 25, "corpus": 40, "transcript": 100}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLO_CACHE", str(tmp_path))  # what is read is not remembered


@pytest.mark.parametrize("door", CASES)
def test_a_spoiled_file_is_read_or_refused(door):
    outcomes = {fuzz.case(door, number) for number in range(CASES[door])}
    assert outcomes == {"taken", "refused"}
