"""Exact readouts of states: expectation values, register values, probabilities and Jacobians."""
