"""Scores of a corpus on the page: computed in the background, stored, shown."""
