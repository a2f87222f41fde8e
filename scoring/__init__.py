"""French normalisation, word and character error rates, alignment, intervals: scoring knows texts and nothing else."""
