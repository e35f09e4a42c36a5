"""One repetition of an experiment: original, oracle and methods, with their records."""
