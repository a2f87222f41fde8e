"""Recordings: decoded, resampled, split by channel and by voice activity."""
