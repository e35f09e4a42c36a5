"""States to exact numbers: expectation values, register values, probabilities and Jacobians."""
