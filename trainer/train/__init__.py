"""The training itself: what was asked, the loop, and what it needs."""
