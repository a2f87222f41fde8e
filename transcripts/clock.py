"""Seconds as people and files write them: 01:02:03,004."""

import re

CLOCK = r"(?:(\d+):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9}))?"
_CLOCK = re.compile(rf"\s*{CLOCK}\s*")


def clock(seconds: float, point: str = ".") -> str:
    """Hours, minutes, seconds and milliseconds, rounded as Python rounds to three digits: 0.0025 s are 3 ms."""
    milliseconds = round(round(seconds, 3) * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def seconds(text: str) -> float | None:
    """The seconds of a clock or of a plain number, with a point or a comma; None where it is neither."""
    if match := _CLOCK.fullmatch(text):
        hours, minutes, whole, fraction = match.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + int(whole) + float(f"0.{fraction or 0}")
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None
