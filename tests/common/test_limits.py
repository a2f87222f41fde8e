"""The limits: defaults, the environment's, and what is no limit."""

import re
from pathlib import Path

import pytest

from common import limits
from common.messages import UserError

pytestmark = pytest.mark.fast

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_environment_changes_a_limit(monkeypatch):
    monkeypatch.delenv("ALLO_QUEUE", raising=False)
    assert limits.count("ALLO_QUEUE") == limits.LIMITS["ALLO_QUEUE"]
    monkeypatch.setenv("ALLO_QUEUE", " 7 ")
    assert limits.count("ALLO_QUEUE") == 7
    monkeypatch.setenv("ALLO_QUEUE", "")
    assert limits.count("ALLO_QUEUE") == limits.LIMITS["ALLO_QUEUE"]


@pytest.mark.parametrize("given", ["many", "0", "-3", "nan", "inf", "1e999", "3 4"])
def test_what_is_no_limit_is_said_at_the_start(monkeypatch, given):
    monkeypatch.setenv("ALLO_MAX_MB", given)
    with pytest.raises(UserError, match=r"ALLO_MAX_MB is .*: give a number above 0"):
        limits.check()


@pytest.mark.parametrize("variable", limits.LIMITS)
def test_the_manual_has_each_limit_with_its_default(variable):
    row = re.search(rf"(?m)^\| `{variable}` \| (.*?) \|", README)
    assert row, f"{variable} is not in the README"
    default = limits.LIMITS[variable]
    assert variable == "ALLO_LIVE_VISITORS" or row[1].replace(" ", "") == f"{default:g}"
