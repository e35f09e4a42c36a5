"""PUBs of Qiskit's V2 primitives: grouped by circuit, so that each circuit is simulated once."""
