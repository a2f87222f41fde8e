"""The page for programs that speak OpenAI's API: recordings in by HTTP, transcripts out."""
