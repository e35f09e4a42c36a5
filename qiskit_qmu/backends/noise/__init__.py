"""Simulation of noise models."""
