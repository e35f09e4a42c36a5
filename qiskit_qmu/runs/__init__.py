"""The folder of a run: what it holds, read without torch and qiskit, so that looking is quick."""
