"""The folder of a run, its files and its progress, without torch and qiskit: imports are quick."""
