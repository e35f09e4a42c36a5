"""One function of a whole step, compiled once for all circuits: the engine of small steps."""
