"""Quantum machine unlearning and membership-privacy audits for Qiskit."""
