"""Measurement outcomes, and readout-error mitigation."""
