"""Many programs ask one page at once, as bench/flood.py lets them by the hundred: each gets its own words."""

from bench import flood


def test_each_of_many_programs_gets_its_own_words(server):
    outcome = flood.flood(server.address, requests=8, clients=4)
    assert outcome.failures == []
    assert len(outcome.seconds) == 8
