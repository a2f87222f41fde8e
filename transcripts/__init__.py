"""What was said, as data, and the formats in which people keep it."""
