"""Readouts of states from a finite number of shots."""
