"""Small networks that listen before Whisper does, and their spectrograms, in numpy: torch takes seconds to import."""
