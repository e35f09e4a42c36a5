"""The folder of a run and its files, without torch and qiskit, so that imports are quick."""
