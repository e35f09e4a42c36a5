"""Jobs of a run: sent once, kept as they arrive, picked up again after a failure."""
