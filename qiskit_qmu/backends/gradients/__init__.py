"""Gradients that a device can measure."""
