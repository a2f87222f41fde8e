"""Numbers as the visitor's language writes them."""


def number(value: float, reader: str, decimals: int = 1) -> str:
    """1 234,5 for French readers, 1,234.5 for English ones; a negative number has a minus sign and no hyphen."""
    text = f"{value:,.{decimals}f}".replace("-", "\N{MINUS SIGN}")
    return text.translate({ord(","): "\N{NARROW NO-BREAK SPACE}", ord("."): ","}) if reader == "fr" else text


def percent(rate: float | None, reader: str, decimals: int = 1) -> str:
    """ "12,3 %"; nothing where there is no rate, and a sign where edits stand over no words."""
    if rate is None or rate != rate:
        return ""
    return "∞" if rate == float("inf") else f"{number(rate, reader, decimals)}\N{NO-BREAK SPACE}%"


def clock(seconds: float) -> str:
    """0:07, 12:34, 1:02:03."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
