"""Windows of speech become text with timestamps, and text that nobody said is found."""
