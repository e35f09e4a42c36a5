"""Devices of IBM Quantum: accounts, sessions and jobs; loads qiskit-ibm-runtime when needed."""
