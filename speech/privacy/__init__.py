"""Personal data in what was said in French: found, and masked in the text, in its words and in the sound."""
