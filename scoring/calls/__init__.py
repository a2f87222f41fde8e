"""Whole calls scored: who said what, with what the field measures it by."""
