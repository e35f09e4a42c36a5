"""Shots: compared, planned, and studied for how much they leak."""
