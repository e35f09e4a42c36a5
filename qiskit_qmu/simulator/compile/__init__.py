"""Compiles circuits to fused programs, on as few qubits and in as few steps as possible."""
