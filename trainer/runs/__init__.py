"""Run folders, and the trainings that run in the background and write them."""
