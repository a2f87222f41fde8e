"""Labelled telephone speech: where it comes from, its columns, its splits."""

from corpus.sources import default, load
from corpus.table import Corpus

__all__ = ["Corpus", "default", "load"]
