"""Live transcription: sound comes in as it is spoken, and words go out while the speaker still talks."""
