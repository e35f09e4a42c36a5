"""Devices of IBM Quantum: accounts, sessions and jobs; imports qiskit-ibm-runtime when needed."""
