"""Numbers of someone, found by the digits that are said in a row, however they are written."""
